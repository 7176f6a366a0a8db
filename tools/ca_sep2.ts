// kilowasm ca authority | device | sign | show: the certificates of phase 2, host/tls/authority.ts.
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { InputError } from "../host/files/input_error.ts";
import { STANDARD_OUTPUT } from "../host/files/output_file.ts";
import { certifyDevice, chainOf, HARDWARE_TYPE, makeAuthority, makeDevice, POLICY } from "../host/tls/authority.ts";
import { chainPem, derIn, privateKeyPem } from "../host/tls/pem.ts";
import { readRequest } from "../host/tls/request.ts";
import { type Certificate, hardwareModuleOf, lfdiOf, policiesOf, readCertificate, sfdiOf } from "../host/tls/x509.ts";
import { readWhole, SMALL_FILE_MAX, writeWhole } from "./image/files.ts";
import { streams } from "./words/exit.ts";

const SEED = "kilowasm test authority";
type Policy = keyof typeof POLICY;

interface Options {
  seed: string;
  out?: string;
  serial?: Buffer;
  policy: Policy;
  request?: string;
  json?: boolean;
}

function parseSerial(text: string): Buffer {
  if (!/^([0-9a-f]{2}){1,32}$/i.test(text)) throw new InvalidArgumentError("A serial number is 1 to 32 octets in hexadecimal.");
  return Buffer.from(text, "hex");
}

function parsePolicy(text: string): Policy {
  if (text in POLICY) return text as Policy;
  throw new InvalidArgumentError(`There are ${Object.keys(POLICY).join(", ")}.`);
}

function runAuthority(options: Options): void {
  const authority = makeAuthority(Buffer.from(options.seed));
  for (const name of ["root", "manufacturer", "issuer"] as const) {
    writeWhole(join(options.out as string, `${name}.pem`), chainPem([authority[name].certificate]));
    writeWhole(join(options.out as string, `${name}.key`), privateKeyPem(authority[name].privateKey), { secret: true });
  }
}

function runDevice(options: Options): void {
  const authority = makeAuthority(Buffer.from(options.seed));
  const device = makeDevice(authority, { serial: options.serial as Buffer, policy: POLICY[options.policy] });
  const name = (options.serial as Buffer).toString("hex");
  writeWhole(join(options.out as string, `${name}.pem`), chainPem(device.chain));
  writeWhole(join(options.out as string, `${name}.key`), privateKeyPem(device.privateKey), { secret: true });
  show(readCertificate(device.chain[0] as Uint8Array), options.json);
}

function runSign(options: Options): void {
  const path = options.request as string;
  const [der] = derIn(readWhole(path, SMALL_FILE_MAX), "CERTIFICATE REQUEST");
  if (!der) throw new InputError(`${path} holds no certificate request.`);
  const request = explained(path, () => readRequest(der));
  const authority = makeAuthority(Buffer.from(options.seed));
  const fields = { serial: request.serial, hardwareType: request.hardwareType, policy: POLICY[options.policy] };
  writeWhole(options.out ?? STANDARD_OUTPUT, chainPem(chainOf(authority, certifyDevice(authority, request.point, fields))));
}

function runShow(path: string, options: Options): void {
  const [der] = derIn(readWhole(path, SMALL_FILE_MAX), "CERTIFICATE");
  if (!der) throw new InputError(`${path} holds no certificate.`);
  show(
    explained(path, () => readCertificate(der)),
    options.json,
  );
}

/** What is wrong with a file, as one sentence that names it. */
function explained<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}.`);
  }
}

function show(certificate: Certificate, json: boolean | undefined): void {
  const lfdi = lfdiOf(certificate.der);
  const module = explained("the certificate", () => hardwareModuleOf(certificate));
  const facts = {
    lfdi: lfdi.toString("hex").toUpperCase(),
    sfdi: sfdiOf(lfdi),
    hardwareType: module?.type ?? null,
    serial: module?.serial.toString("hex") ?? null,
    policies: policiesOf(certificate),
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
  };
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(13)} ${value ?? "none"}\n`);
  streams.out(json ? `${JSON.stringify(facts)}\n` : lines.join(""));
}

/** Adds the commands of phase 2 to `kilowasm ca`. */
export function addSep2(program: Command): void {
  const command = (name: string, about: string): Command =>
    program.command(name).exitOverride().description(about).option("--seed <text>", "the authority is a function of this text", SEED);
  command("authority", "write the root, the manufacturer's and the issuer's certificates and keys of phase 2")
    .requiredOption("--out <directory>", "an existing directory")
    .action(runAuthority);
  command("device", "make a device's key and certificate chain, and show its LFDI and SFDI")
    .requiredOption("--serial <hex>", "serial number of its hardware module", parseSerial)
    .requiredOption("--out <directory>", "an existing directory")
    .option("--policy <name>", Object.keys(POLICY).join(", "), parsePolicy, "generic")
    .option("--json", "show as JSON")
    .action(runDevice);
  command("sign", `sign a device's request (PKCS#10, PEM or DER); hardware type ${HARDWARE_TYPE} is the simulator's`)
    .requiredOption("--request <file>", "what `identity_request` of the device answered")
    .option("--policy <name>", Object.keys(POLICY).join(", "), parsePolicy, "postManufacture")
    .option("--out <file>", "write the chain here instead of to standard output")
    .action(runSign);
  program
    .command("show")
    .exitOverride()
    .description("show LFDI, SFDI, name and policies of a device's certificate")
    .argument("<file>", "PEM or DER; of several certificates the first")
    .option("--json", "as JSON")
    .action(runShow);
}
