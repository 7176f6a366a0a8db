// `image sign`: another release key's signature on a package, or one on a manifest that was written elsewhere.

import type { Command } from "commander";
import { InputError } from "../../host/files/input_error.ts";
import { coseDigest, coseSign } from "../../host/image/cose.ts";
import { integrityAdd } from "../../host/image/integrity.ts";
import { certificateOpen } from "../../host/image/keys.ts";
import { manifestRead, manifestWrite } from "../../host/image/manifest.ts";
import { PackageTag, packageOpen } from "../../host/image/package.ts";
import { packageAssemble } from "../../host/image/package_build.ts";
import { profileSigned as profileOf } from "../../host/image/profile_signature.ts";
import { EXIT_HELP, judging, print, say } from "../words/exit.ts";
import { readWhole, SMALL_FILE_MAX, writeWhole } from "./files.ts";
import { release, type SignerWords, sayDevelopment, signerOptions } from "./keyring.ts";
import { type ProfileWords, profileOptions, profileSigned } from "./profile.ts";
import { isOta } from "./source.ts";

interface SignWords extends SignerWords, ProfileWords {
  out?: string;
  digest?: boolean;
}

export function signCommand(parent: Command): void {
  const command = parent
    .command("sign <file>")
    .description("sign a package's manifest anew, or a manifest that stands alone (CBOR, without its signature)")
    .option("-o, --out <file>", "the signed package, or the manifest as COSE_Sign1")
    .option("--digest", "only print the digest that is to be signed, in hex; of a package with --certificate");
  profileOptions(signerOptions(command)).addHelpText("after", EXIT_HELP).action(run);
}

async function run(path: string, options: SignWords): Promise<void> {
  if (!options.out && !options.digest) throw new InputError("sign needs --out, or --digest to only print what is to be signed.");
  if (options.digest) {
    printDigest(path, options);
    return;
  }
  const key = release(options);
  const octets = readWhole(path);
  const { id } = certificateOpen(key.certificate, null);
  if (!isOta(octets)) {
    signManifest(path, octets, options, key.sign, id);
    return;
  }
  const opened = judging(path, () => packageOpen(octets, { root: null }));
  const payload = manifestWrite({ ...opened.manifest, keyId: id });
  const file = packageAssemble(opened.header, key.certificate, coseSign(payload, key.sign), opened.payload);
  const hadCode = opened.elements.some(({ tag }) => tag === PackageTag.Integrity);
  const signed = await profileSigned(hadCode ? integrityAdd(file) : file, options);
  writeWhole(options.out as string, signed);
  if (key.development) sayDevelopment("signed with", "give --key and --certificate for a release");
  if (options.suite === undefined && profileOf(opened.elements))
    say("the profile's signature does not fit the new file and was left out; make it with --suite.");
  say(`${options.out}: signed by key ${id.toString("hex")}, ${signed.length} octets.`);
}

/** What is signed names its key, so the certificate has to be known; the key itself may be elsewhere. */
function printDigest(path: string, options: SignWords): void {
  const octets = readWhole(path);
  const certificate = options.certificate ? readWhole(options.certificate, SMALL_FILE_MAX) : undefined;
  const id = certificate && judging(options.certificate as string, () => certificateOpen(certificate, null)).id;
  if (!isOta(octets)) {
    if (octets.length > SMALL_FILE_MAX) throw new InputError(`${path} is neither a package nor a manifest.`);
    const { keyId } = judging(path, () => manifestRead(octets));
    if (id && !keyId.equals(id)) throw new InputError(otherKey(path, keyId, id));
    print(coseDigest(octets).toString("hex"));
    return;
  }
  if (!id) throw new InputError("--digest of a package needs --certificate: what is signed names the key that signs.");
  const { manifest } = judging(path, () => packageOpen(octets, { root: null }));
  print(coseDigest(manifestWrite({ ...manifest, keyId: id })).toString("hex"));
}

function otherKey(path: string, named: Buffer, id: Buffer): string {
  return `${path} names the key ${named.toString("hex")}; the certificate is ${id.toString("hex")}'s.`;
}

function signManifest(path: string, octets: Buffer, options: SignWords, sign: (digest: Buffer) => Buffer, id: Buffer): void {
  if (octets.length > SMALL_FILE_MAX) throw new InputError(`${path} is neither a package nor a manifest.`);
  const manifest = judging(path, () => manifestRead(octets));
  if (!manifest.keyId.equals(id)) throw new InputError(otherKey(path, manifest.keyId, id));
  writeWhole(options.out as string, coseSign(octets, sign));
  say(`${options.out}: manifest signed by key ${id.toString("hex")}.`);
}
