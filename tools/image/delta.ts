// `image delta`: what leads from one package's module to another's, as a package of its own.

import type { Command } from "commander";
import { delta } from "../../host/image/codec.ts";
import { coseSign } from "../../host/image/cose.ts";
import { integrityAdd } from "../../host/image/integrity.ts";
import { certificateOpen } from "../../host/image/keys.ts";
import { Encoding, manifestWrite } from "../../host/image/manifest.ts";
import { PackageTag, packageImage, packageOpen, sha256 } from "../../host/image/package.ts";
import { packageAssemble } from "../../host/image/package_build.ts";
import { EXIT_HELP, judging, say } from "../words/exit.ts";
import { readWhole, writeWhole } from "./files.ts";
import { release, type SignerWords, sayDevelopment, signerOptions } from "./keyring.ts";
import { type ProfileWords, profileOptions, profileSigned } from "./profile.ts";
import { moduleOf } from "./source.ts";

interface DeltaWords extends SignerWords, ProfileWords {
  out: string;
}

export function deltaCommand(parent: Command): void {
  const command = parent
    .command("delta <base> <new>")
    .description("make a delta package from a base package or module to a new package")
    .requiredOption("-o, --out <file>", "the delta package");
  profileOptions(signerOptions(command)).addHelpText("after", EXIT_HELP).action(run);
}

async function run(basePath: string, newPath: string, options: DeltaWords): Promise<void> {
  const key = release(options);
  const base = moduleOf(basePath);
  const { opened, image } = judging(newPath, () => {
    const found = packageOpen(readWhole(newPath), { root: null });
    return { opened: found, image: packageImage(found, base) };
  });
  const payload = delta(base, image);
  const manifest = manifestWrite({
    ...opened.manifest,
    encoding: Encoding.Delta,
    base: sha256(base),
    payloadSize: payload.length,
    payloadDigest: sha256(payload),
    keyId: certificateOpen(key.certificate, null).id,
  });
  const plain = packageAssemble(opened.header, key.certificate, coseSign(manifest, key.sign), payload);
  const hadCode = opened.elements.some(({ tag }) => tag === PackageTag.Integrity);
  const file = await profileSigned(hadCode ? integrityAdd(plain) : plain, options);
  writeWhole(options.out, file);
  if (key.development) sayDevelopment("signed with", "give --key and --certificate for a release");
  const share = ((100 * payload.length) / image.length).toFixed(2);
  say(`${options.out}: ${file.length} octets, the delta is ${payload.length}, ${share} % of the module's ${image.length}.`);
}
