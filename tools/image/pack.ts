// `image pack`: one module in the form that a way of distribution takes.

import { basename } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../host/files/input_error.ts";
import { isPlainOutput } from "../../host/files/output_file.ts";
import { es256Signer } from "../../host/image/cose.ts";
import { forWhom } from "../../host/image/destination.ts";
import { developmentRelease } from "../../host/image/keys.ts";
import { Encoding, versionText } from "../../host/image/manifest.ts";
import { type McubootVersion, mcubootBuild } from "../../host/image/mcuboot.ts";
import { type Package, packageOpen } from "../../host/image/package.ts";
import { EXIT_HELP, judging, say } from "../words/exit.ts";
import { defaulted } from "../words/words.ts";
import { fromHere, readWhole, writeWhole } from "./files.ts";
import { commandSigner, DEVELOPMENT_HINT, readPrivate, readPublic, root, sayDevelopment } from "./keyring.ts";
import { sep2FileXml } from "./sep2_file.ts";
import { region, SECTOR_SIZE, slotContent } from "./slot_image.ts";
import { moduleOf } from "./source.ts";
import * as words from "./words.ts";

const PROFILES = ["zigbee", "2030.5", "raw", "mcuboot"] as const;
const MODEL_MAX = 32;
const DEVELOPMENT_ENTERPRISE = 0; // reserved by IANA

interface PackWords {
  profile: (typeof PROFILES)[number];
  out: string;
  root?: string;
  base?: string;
  uri?: string;
  lfdi?: Buffer;
  enterprise: number;
  model: string;
  region?: number;
  version?: McubootVersion;
  headerSize: number;
  loadAddress?: number;
  counter?: number;
  key?: string;
  publicKey?: string;
  signerCommand?: string;
}

export function packCommand(parent: Command): void {
  parent
    .command("pack <file>")
    .description("bring a package, or for mcuboot a native firmware binary, into the form that a way of distribution takes")
    .requiredOption("--profile <profile>", PROFILES.join(", "), words.oneOf("--profile", PROFILES))
    .requiredOption("-o, --out <file>", "what is made; 2030.5 writes FILE.xml beside it")
    .option("--root <file>", "the root key that the package must verify under, PEM (default: the development root)")
    .option("--base <file>", "raw: the module or package that a delta is against")
    .option(
      "--region <sectors>",
      `raw: the whole flash region with slots of so many sectors of ${SECTOR_SIZE}`,
      words.whole("--region", 4096, 1),
    )
    .option("--uri <uri>", "2030.5: where clients get the file (default: /fw/ and its name)")
    .option("--lfdi <hex>", "2030.5: only for the device with this LFDI", lfdi)
    .option(
      "--enterprise <n>",
      "2030.5: mfID, the maker's IANA private enterprise number",
      words.whole("--enterprise"),
      DEVELOPMENT_ENTERPRISE,
    )
    .option("--model <text>", "2030.5: mfModel", "kilowasm")
    .option("--version <version>", "mcuboot: image version, such as 1.2.3+4", words.firmwareVersion("--version"))
    .addOption(
      defaulted(
        "--header-size <octets>",
        "mcuboot: from the slot's start to the image",
        words.whole("--header-size", 0xffff, 32),
        0x200,
        "0x200",
      ),
    )
    .option("--load-address <address>", "mcuboot: where the loader puts an image that runs from RAM", words.whole("--load-address"))
    .option("--counter <n>", "mcuboot: security counter, a protected TLV", words.whole("--counter"))
    .option("--key <file>", "mcuboot: signing key, PEM (default: the development key)")
    .option("--signer-command <command>", "mcuboot: a program that signs, with --public-key (docs/image.md)")
    .option("--public-key <file>", "mcuboot: the public half of the signer command's key, PEM")
    .addHelpText("after", EXIT_HELP)
    .action(run);
}

function lfdi(word: string): Buffer {
  if (/^[0-9a-f]{40}$/i.test(word)) return Buffer.from(word, "hex");
  throw new InputError(`--lfdi takes 40 hexadecimal digits, not "${word}".`);
}

function run(path: string, options: PackWords): void {
  const octets = readWhole(path);
  if (options.profile === "mcuboot") {
    mcuboot(octets, options);
    return;
  }
  const { point, development } = root(options.root);
  const opened = judging(path, () => packageOpen(octets, { root: point }), development ? DEVELOPMENT_HINT : "");
  if (development) sayDevelopment("verified under", "give --root for a release");
  if (options.profile === "raw") {
    raw(path, opened, options);
    return;
  }
  if (options.profile === "2030.5" && !isPlainOutput(fromHere(options.out)))
    throw new InputError(`2030.5 writes FILE.xml beside its output; --out takes the name of a file, not "${options.out}".`);
  writeWhole(options.out, octets);
  if (options.profile === "2030.5") sep2(opened, options);
  say(`${options.out}: ${octets.length} octets, ${forWhom(opened.manifest)}.`);
}

function raw(path: string, opened: Package, options: PackWords): void {
  const needsBase = opened.manifest.encoding === Encoding.Delta;
  const base = options.base ? moduleOf(options.base) : undefined;
  if (needsBase && !base) throw new InputError(`${path} is a delta; raw needs --base, the module that it is against.`);
  const slot = judging(path, () => slotContent(opened, needsBase ? base : undefined));
  const made = options.region === undefined ? slot : region(slot, options.region);
  if (!made) throw new InputError(`the slot's content has ${slot.length} octets; ${options.region} sectors of ${SECTOR_SIZE} are too few.`);
  writeWhole(options.out, made);
  say(`${options.out}: ${made.length} octets, ${forWhom(opened.manifest)}.`);
}

function sep2(opened: Package, options: PackWords): void {
  const { model } = options;
  if (Buffer.byteLength(model) > MODEL_MAX) throw new InputError(`--model takes at most ${MODEL_MAX} octets.`);
  const { manifest } = opened;
  const xml = sep2FileXml({
    uri: options.uri ?? `/fw/${encodeURIComponent(basename(options.out))}`,
    ...(manifest.notBefore === undefined ? {} : { activateTime: manifest.notBefore + words.EPOCH_2000_S }),
    lfdi: options.lfdi,
    hardwareVersion: String(manifest.hardware.maximum),
    manufacturerId: options.enterprise,
    model,
    version: versionText(manifest.version),
    size: opened.file.length,
  });
  writeWhole(`${options.out}.xml`, xml);
}

function mcuboot(image: Buffer, options: PackWords): void {
  if (!options.version) throw new InputError("mcuboot needs --version, such as 1.2.3+4.");
  if (image.length === 0) throw new InputError("the firmware binary is empty.");
  const { point, sign } = mcubootKey(options);
  const { version, headerSize, loadAddress, counter } = options;
  const made = mcubootBuild({ image, version, headerSize, loadAddress, counter, point, sign });
  writeWhole(options.out, made);
  say(`${options.out}: ${made.length} octets.`);
}

function mcubootKey(options: PackWords) {
  const { key, publicKey, signerCommand } = options;
  if (key && signerCommand) throw new InputError("--key and --signer-command exclude each other.");
  if (signerCommand) {
    if (!publicKey) throw new InputError("--signer-command needs --public-key, whose hash the image names.");
    const point = readPublic(publicKey);
    return { point, sign: commandSigner(signerCommand, point) };
  }
  if (!key) sayDevelopment("signed with", "give --key for a release");
  const pair = key ? readPrivate(key) : developmentRelease();
  return { point: pair.point, sign: es256Signer(pair.scalar) };
}
