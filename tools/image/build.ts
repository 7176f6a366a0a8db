// `image build`: a module to a package.

import { isUtf8 } from "node:buffer";
import type { Command } from "commander";
import { InputError } from "../../host/files/input_error.ts";
import { isPlainOutput } from "../../host/files/output_file.ts";
import { Encoding, versionText } from "../../host/image/manifest.ts";
import { packageBuild } from "../../host/image/package.ts";
import { roleText } from "../../host/image/package_format.ts";
import { sbomWrite } from "../../host/image/sbom.ts";
import { EXIT_HELP, say } from "../words/exit.ts";
import { defaulted } from "../words/words.ts";
import { fromHere, readWhole, writeWhole } from "./files.ts";
import { release, type SignerWords, sayDevelopment, signerOptions } from "./keyring.ts";
import { type ProfileWords, profileOptions, profileSigned } from "./profile.ts";
import { moduleOf, sourceOf } from "./source.ts";
import * as words from "./words.ts";

const SBOM_MAX = 16 * 1024 * 1024;

interface BuildWords extends SignerWords, ProfileWords {
  out: string;
  role?: number;
  version: number;
  stack?: number;
  counter: number;
  hardware: { minimum: number; maximum: number };
  vendor?: Buffer;
  class?: Buffer;
  manufacturer?: number;
  type?: number;
  encoding: number;
  base?: string;
  notBefore?: number;
  native: number;
  destination?: bigint;
  sbom?: string;
  integrity?: boolean;
}

export function buildCommand(parent: Command): void {
  const command = parent
    .command("build <module>")
    .description("make a package of a module: an entry such as ihd_sep1, a path of one, or a .wasm file")
    .requiredOption("-o, --out <file>", "the package")
    .requiredOption("--version <version>", "file version, such as 1.2.3", words.version("--version"))
    .option("--counter <n>", "security counter; a device never goes back below one it has confirmed", words.whole("--counter"), 1)
    .option("--role <role>", `${words.ROLES} (default: as the module's name begins)`, words.role("--role"))
    .option("--stack <n>", "ZigBee stack version: 2 PRO, 3 IP (default: as the module's name ends)", words.whole("--stack", 3, 2))
    .addOption(
      defaulted(
        "--hardware <range>",
        "hardware versions it is for, such as 1-3",
        words.hardware("--hardware"),
        { minimum: 1, maximum: 1 },
        "1",
      ),
    )
    .option("--vendor <uuid>", "vendor identifier (default: of kilowasm.example)", words.uuid("--vendor"))
    .option("--class <uuid>", "class identifier (default: of han-node)", words.uuid("--class"))
    .option("--manufacturer <code>", "manufacturer code of the header (default: 0xfff1, for tests)", words.whole("--manufacturer", 0xfffe))
    .option("--type <type>", "image type of the header (default: the role's)", words.whole("--type", 0xffbf))
    .addOption(
      defaulted("--encoding <encoding>", "plain or compressed", words.encoding("--encoding"), Encoding.Compressed as number, "compressed"),
    )
    .option("--base <file>", "make a delta against this module or package")
    .option("--not-before <time>", "may not be activated earlier, ISO 8601", words.time("--not-before"))
    .addOption(defaulted("--native <version>", "the oldest native firmware that runs it", words.version("--native"), 0x0001_0000, "0.1.0"))
    .option("--destination <eui64>", "only for the device with this IEEE address", words.eui64("--destination"))
    .option("--sbom <file>", "bill of materials (default: one is written beside the package, where that is a file)")
    .option("--integrity", "add an image integrity code");
  profileOptions(signerOptions(command)).addHelpText("after", EXIT_HELP).action(run);
}

/** CycloneDX and SPDX are text, whichever of their forms it is. */
function sbomRead(path: string): Buffer {
  const octets = readWhole(path, SBOM_MAX);
  if (octets.length > 0 && isUtf8(octets) && !octets.includes(0)) return octets;
  throw new InputError(`${path} is no bill of materials: ${octets.length > 0 ? "it is not text" : "it is empty"}.`);
}

async function run(module: string, options: BuildWords): Promise<void> {
  const base = options.base === undefined ? undefined : moduleOf(options.base);
  const key = release(options);
  const given = options.sbom === undefined ? undefined : sbomRead(options.sbom);
  const source = await sourceOf(module);
  const role = options.role ?? (source.role === undefined ? undefined : words.role("--role")(source.role));
  if (role === undefined) throw new InputError(`--role is needed: the name ${module} does not begin with hub_, meter_ or ihd_.`);
  const { version } = options;
  const sbom = given ?? sbomWrite({ module: source.wasm, role, version, sources: source.sources });
  const file = packageBuild({
    wasm: source.wasm,
    role,
    version,
    phase: options.stack ?? source.stack,
    counter: options.counter,
    hardware: options.hardware,
    vendor: options.vendor,
    classId: options.class,
    manufacturer: options.manufacturer,
    imageType: options.type,
    encoding: base ? Encoding.Delta : options.encoding,
    base,
    notBefore: options.notBefore,
    nativeMinimum: options.native,
    destination: options.destination,
    sbom,
    integrity: options.integrity,
    certificate: key.certificate,
    sign: key.sign,
  });
  const signed = await profileSigned(file, options);
  writeWhole(options.out, signed);
  if (!given && isPlainOutput(fromHere(options.out))) writeWhole(`${options.out}.cdx.json`, sbom);
  if (key.development) sayDevelopment("signed with", "give --key and --certificate for a release");
  const share = ((100 * signed.length) / source.wasm.length).toFixed(1);
  say(
    `${options.out}: ${roleText(role)} ${versionText(version)}, ${signed.length} octets, ${share} % of the module's ${source.wasm.length}.`,
  );
}
