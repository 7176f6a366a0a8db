// The keys that a command is given: files, another program that signs, or the development keys.

import { spawnSync } from "node:child_process";
import type { Command } from "commander";
import { InputError } from "../../host/files/input_error.ts";
import { es256Signer, es256Verify, SIGNATURE_SIZE, type Signer } from "../../host/image/cose.ts";
import {
  certificateOpen,
  developmentCertificate,
  developmentRelease,
  developmentRoot,
  type KeyPair,
  privateFromPem,
  publicFromPem,
  signatureFromDer,
} from "../../host/image/keys.ts";
import { judging, say } from "../words/exit.ts";
import { folder, readWhole, SMALL_FILE_MAX } from "./files.ts";

const COMMAND_MS = 120_000;

export interface SignerWords {
  key?: string;
  certificate?: string;
  signerCommand?: string;
}

export interface Release {
  sign: Signer;
  certificate: Buffer;
  /** Nobody gave a key. */
  development: boolean;
}

export function signerOptions(command: Command): Command {
  return command
    .option("--key <file>", "the release key, PEM (default: the development key)")
    .option("--certificate <file>", "the release key's certificate, made by keygen certify")
    .option("--signer-command <command>", "a program that signs: gets the digest in hex, answers the signature (docs/image.md)");
}

export function readPrivate(path: string): KeyPair {
  try {
    return privateFromPem(readWhole(path, SMALL_FILE_MAX));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path} is no P-256 private key: ${(error as Error).message}.`);
  }
}

export function readPublic(path: string): Buffer {
  try {
    return publicFromPem(readWhole(path, SMALL_FILE_MAX));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${path} is no P-256 key: ${(error as Error).message}.`);
  }
}

/** The release key with its certificate. */
export function release(words: SignerWords): Release {
  if (!words.key && !words.signerCommand) {
    if (words.certificate) throw new InputError("--certificate needs --key or --signer-command, which sign with the key it is about.");
    return { sign: es256Signer(developmentRelease().scalar), certificate: developmentCertificate(), development: true };
  }
  if (!words.certificate) throw new InputError("a release key needs --certificate, which the root key makes with keygen certify.");
  const certificate = readWhole(words.certificate, SMALL_FILE_MAX);
  const { point } = judging(words.certificate, () => certificateOpen(certificate, null));
  return { sign: signerFor(words, point, words.certificate), certificate, development: false };
}

/** Signs with a key file or a program; what it answers must verify under `point`. */
export function signerFor(words: SignerWords, point: Buffer, whose: string): Signer {
  if (words.key && words.signerCommand) throw new InputError("--key and --signer-command exclude each other.");
  if (words.signerCommand) return commandSigner(words.signerCommand, point);
  const pair = readPrivate(words.key as string);
  if (!pair.point.equals(point)) throw new InputError(`${words.key} is not the key that ${whose} is about.`);
  return es256Signer(pair.scalar);
}

/** The root key's public point: a PEM file's, or the development root's. */
export function root(path: string | undefined): { point: Buffer; development: boolean } {
  return path ? { point: readPublic(path), development: false } : { point: developmentRoot().point, development: true };
}

/** Behind a refusal, for whoever forgot to say under which key. */
export const DEVELOPMENT_HINT = "; it was judged under the development root, give --root for another one";

export function sayDevelopment(what: string, instead: string): void {
  say(`${what} the development key, which everyone has; ${instead}.`);
}

/** `{digest}` in the command is replaced by the digest in hex, which also comes on standard input. */
export function commandSigner(command: string, point: Buffer): Signer {
  return (digest) => {
    const hex = digest.toString("hex");
    const done = spawnSync(command.replaceAll("{digest}", hex), {
      shell: true,
      cwd: folder,
      input: `${hex}\n`,
      stdio: ["pipe", "pipe", "inherit"],
      timeout: COMMAND_MS,
      maxBuffer: SMALL_FILE_MAX,
    });
    const unread = (done.error as NodeJS.ErrnoException | undefined)?.code === "EPIPE"; // it took the digest from its arguments
    if ((done.error && !unread) || done.status !== 0) {
      const why = done.error && !unread ? done.error.message : `exit code ${done.status ?? `none, ended by ${done.signal}`}`;
      throw new InputError(`the signer command failed: ${why}.`);
    }
    const signature = signatureOf(done.stdout);
    if (!signature)
      throw new InputError(`the signer command answered ${done.stdout.length} octets that are no ES256 signature (r || s or DER).`);
    if (!es256Verify(point, digest, signature))
      throw new InputError("the signer command's signature is not by the key of the certificate.");
    return signature;
  };
}

/** r || s or DER, as octets or as hexadecimal digits or base64. */
function signatureOf(answer: Buffer): Buffer | undefined {
  const text = answer.toString("latin1").replaceAll(/\s/g, "");
  const forms = [answer];
  if (/^([0-9a-f]{2})+$/i.test(text)) forms.push(Buffer.from(text, "hex"));
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text)) forms.push(Buffer.from(text, "base64"));
  for (const form of forms) {
    if (form.length === SIGNATURE_SIZE) return form;
    const signature = signatureFromDer(form);
    if (signature) return signature;
  }
  return undefined;
}
