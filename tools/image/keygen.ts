// `image keygen`: the root key that native firmware holds, release keys, and the root key's word for them.

import { lstatSync } from "node:fs";
import type { Command } from "commander";
import { InputError } from "../../host/files/input_error.ts";
import { isPlainOutput } from "../../host/files/output_file.ts";
import type { Signer } from "../../host/image/cose.ts";
import { certificateOpen, certify, keyGenerate, keyId, privatePem, publicPem } from "../../host/image/keys.ts";
import { EXIT_HELP, judging, print, say } from "../words/exit.ts";
import { fromHere, readWhole, SMALL_FILE_MAX, writeWhole } from "./files.ts";
import { commandSigner, readPublic, signerFor } from "./keyring.ts";
import * as words from "./words.ts";

const OCTETS_A_LINE = 16;

interface CertifyWords {
  root?: string;
  rootPublic?: string;
  signerCommand?: string;
  release: string;
  epoch: number;
  out: string;
}

export function keygenCommand(parent: Command): void {
  const command = parent.command("keygen").description("make keys and certificates").addHelpText("after", EXIT_HELP);
  for (const [name, what] of [
    ["root", "make a root key: FILE, and FILE.pub to build into native firmware"],
    ["release", "make a release key: FILE, and FILE.pub to certify"],
  ] as const) {
    command
      .command(name)
      .description(what)
      .requiredOption("-o, --out <file>", "the private key, PEM (PKCS #8); the public one is FILE.pub")
      .addHelpText("after", EXIT_HELP)
      .action((options: { out: string }) => make(options.out));
  }
  command
    .command("certify")
    .description("certify a release key with the root key")
    .option("--root <file>", "the root key, PEM")
    .option("--signer-command <command>", "a program that signs with the root key (docs/image.md)")
    .option("--root-public <file>", "with --signer-command: the root key's public half, PEM")
    .requiredOption("--release <file>", "the release key, PEM, its public half is enough")
    .requiredOption("--epoch <n>", "devices refuse keys of a lower epoch than they have seen confirmed", words.whole("--epoch"))
    .requiredOption("-o, --out <file>", "the certificate, COSE_Sign1")
    .addHelpText("after", EXIT_HELP)
    .action(certifyRun);
  command
    .command("show <file>")
    .description("show a key or certificate; --c writes a public key as the octets of struct kw_image_identity's root")
    .option("--c", "x and y as C")
    .addHelpText("after", EXIT_HELP)
    .action(show);
}

/** Keys are not to be made twice over each other. */
function make(name: string): void {
  for (const path of [name, `${name}.pub`])
    if (lstatSync(fromHere(path), { throwIfNoEntry: false })) throw new InputError(`${path} exists; a key is never written over.`);
  if (!isPlainOutput(name)) throw new InputError(`--out takes the name of a file, for the public key is written beside it, not "${name}".`);
  const pair = keyGenerate();
  writeWhole(name, privatePem(pair), { secret: true, fresh: true });
  writeWhole(`${name}.pub`, publicPem(pair.point), { fresh: true });
  say(`${name}: private key, ${name}.pub: public key, key id ${keyId(pair.point).toString("hex")}.`);
}

function certifyRun(options: CertifyWords): void {
  const point = readPublic(options.release);
  const certificate = certify(rootSigner(options), point, options.epoch);
  writeWhole(options.out, certificate);
  say(`${options.out}: key ${keyId(point).toString("hex")}, epoch ${options.epoch}.`);
}

function rootSigner(options: CertifyWords): Signer {
  if (options.signerCommand && options.root) throw new InputError("--root and --signer-command exclude each other.");
  if (options.root) return signerFor({ key: options.root }, readPublic(options.root), options.root);
  if (!options.signerCommand || !options.rootPublic) throw new InputError("certify needs --root, or --signer-command with --root-public.");
  return commandSigner(options.signerCommand, readPublic(options.rootPublic));
}

function show(file: string, options: { c?: boolean }): void {
  const octets = readWhole(file, SMALL_FILE_MAX);
  if (octets.includes("-----BEGIN")) {
    const point = readPublic(file);
    print(options.c ? asC(point) : `key id  ${keyId(point).toString("hex")}\nx       ${hex(point, 0)}\ny       ${hex(point, 32)}`);
    return;
  }
  const key = judging(file, () => certificateOpen(octets, null));
  print(
    options.c
      ? asC(key.point)
      : `key id  ${key.id.toString("hex")}\nepoch   ${key.epoch}\nx       ${hex(key.point, 0)}\ny       ${hex(key.point, 32)}`,
  );
}

function hex(point: Buffer, from: number): string {
  return point.subarray(from, from + 32).toString("hex");
}

function asC(point: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < point.length; at += OCTETS_A_LINE) {
    const octets = [...point.subarray(at, at + OCTETS_A_LINE)].map((octet) => `0x${octet.toString(16).padStart(2, "0")}`);
    lines.push(`    ${octets.join(", ")},`);
  }
  return `{\n${lines.join("\n")}\n}`;
}
