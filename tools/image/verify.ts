// `image verify`: whether the root key vouches for a package, and the profile's signature where it is asked about.

import type { Command } from "commander";
import type { Suite } from "../../host/crypto/ca.ts";
import { InputError } from "../../host/files/input_error.ts";
import { forWhom } from "../../host/image/destination.ts";
import { integrityCheck } from "../../host/image/integrity.ts";
import { uuidText } from "../../host/image/keys.ts";
import { Encoding, versionText } from "../../host/image/manifest.ts";
import { isMcuboot, mcubootOpen } from "../../host/image/mcuboot.ts";
import { otaRead } from "../../host/image/ota_file.ts";
import { PackageTag, packageImage, packageOpen } from "../../host/image/package.ts";
import { roleText } from "../../host/image/package_format.ts";
import { profileSigned, profileVerify, TEST_AUTHORITIES } from "../../host/image/profile_signature.ts";
import { EXIT_HELP, judging, print, Refused } from "../words/exit.ts";
import { readWhole } from "./files.ts";
import { DEVELOPMENT_HINT, root, sayDevelopment } from "./keyring.ts";
import { mcubootKey, mcubootVersion } from "./mcuboot_file.ts";
import { authorityOf } from "./profile.ts";
import { moduleOf } from "./source.ts";
import * as words from "./words.ts";

interface VerifyWords {
  root?: string;
  base?: string;
  structure?: boolean;
  ca?: string;
  suite: Suite;
  signers?: bigint[];
}

export function verifyCommand(parent: Command): void {
  parent
    .command("verify <file>")
    .description("verify a package: structure, signatures, digests, and the module that it makes")
    .option("--root <file>", "the root key, PEM (default: the development root)")
    .option("--base <file>", "the module or package that a delta is against")
    .option("--ca <authority>", "also verify the profile's signature: a file of `kilowasm ca`, or ISSUER:PUBLIC-KEY in hex")
    .option("--suite <n>", "the authority's suite", words.suite("--suite"), 1)
    .option("--signers <list>", "IEEE addresses that may sign, with commas (default: any that --ca certifies)", signers)
    .option(
      "--structure",
      "only structure, integrity code and the profile's signature (--ca; the specification's test authorities), for other vendors' files",
    )
    .addHelpText("after", EXIT_HELP)
    .action(run);
}

function signers(word: string): bigint[] {
  return word.split(",").map(words.eui64("--signers"));
}

async function run(path: string, options: VerifyWords): Promise<void> {
  const file = readWhole(path);
  if (isMcuboot(file)) {
    verifyMcuboot(path, file, options);
    return;
  }
  const lines: string[] = [];
  const { elements } = judging(path, () => otaRead(file));
  const integrity = judging(path, () => integrityCheck(file, elements));
  if (integrity) lines.push(`integrity code over what stands ${integrity}`);
  if (!options.structure) {
    if (!elements.some(({ tag }) => tag === PackageTag.Manifest))
      throw new Refused(
        `${path}: well-formed, but no package: there is no manifest to verify (use --structure for another vendor's file).`,
      );
    lines.push(...verifyPackage(path, file, options));
  }
  if (options.signers && !options.ca) throw new InputError("--signers needs --ca, the authority that certified them.");
  if (options.ca || (options.structure && profileSigned(elements))) lines.push(await verifyProfile(path, file, options));
  if (options.structure) lines.unshift(`well-formed, ${elements.length} element${elements.length === 1 ? "" : "s"}`);
  if (!options.structure && !options.root) sayDevelopment("verified under", "give --root for a release");
  print(`${path}: ${lines.join("; ")}.`);
}

function verifyMcuboot(path: string, file: Buffer, options: VerifyWords): void {
  if (options.structure || options.ca || options.base)
    throw new InputError("--structure, --ca and --base are for OTA files; this is an MCUboot image.");
  const { point, development } = mcubootKey(options.root);
  const found = judging(path, () => mcubootOpen(file, point), development ? "; it was judged under the development key, give --root" : "");
  if (development) sayDevelopment("verified under", "give --root, the key that MCUboot was built with");
  const ram = found.loadAddress === undefined ? "" : `, to run at 0x${found.loadAddress.toString(16).padStart(8, "0")}`;
  print(
    `${path}: MCUboot image ${mcubootVersion(found)} of ${found.image.length} octets${ram}; signed by the key with hash ${found.keyHash.toString("hex")}.`,
  );
}

function verifyPackage(path: string, file: Buffer, options: VerifyWords): string[] {
  const { point, development } = root(options.root);
  const opened = judging(path, () => packageOpen(file, { root: point }), development ? DEVELOPMENT_HINT : "");
  const { manifest, releaseKey } = opened;
  const lines = [
    `${roleText(manifest.role)} ${versionText(manifest.version)} of vendor ${uuidText(manifest.vendor)}`,
    forWhom(manifest),
    `signed by key ${releaseKey.id.toString("hex")} of epoch ${releaseKey.epoch}, which the root key certified`,
  ];
  if (manifest.encoding === Encoding.Delta && !options.base) return [...lines, "a delta, whose module is unknown without --base"];
  const base = options.base ? moduleOf(options.base) : undefined;
  const image = judging(path, () => packageImage(opened, manifest.encoding === Encoding.Delta ? base : undefined));
  return [...lines, `module of ${image.length} octets, SHA-256 ${manifest.imageDigest.toString("hex")}`];
}

async function verifyProfile(path: string, file: Buffer, options: VerifyWords): Promise<string> {
  const authorities = options.ca ? [authorityOf(options.ca, options.suite)] : TEST_AUTHORITIES;
  const signed = await profileVerify(file, { authorities, signers: options.signers ?? null }).catch((error: Error) =>
    judging(path, () => {
      throw error;
    }),
  );
  return `profile signature of suite ${signed.suite} by ${signed.signer.toString(16).padStart(16, "0")}`;
}
