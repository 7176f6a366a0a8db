// Makes a package of a module.  The same input gives the same octets: nothing of it is random or of this day.

import { ABI_BASE, ABI_VERSION } from "../abi.ts";
import { memoryNeed } from "../memory_need.ts";
import { compress, delta } from "./codec.ts";
import { coseSign, es256Signer, type Signer } from "./cose.ts";
import { integrityAdd } from "./integrity.ts";
import {
  certificateOpen,
  DEVELOPMENT_CLASS,
  DEVELOPMENT_VENDOR,
  developmentCertificate,
  developmentRelease,
  IMAGE_TYPES,
  MANUFACTURER_TEST,
  STACK_VERSION_PRO,
} from "./keys.ts";
import { Encoding, MANIFEST_MAX, type Manifest, manifestWrite } from "./manifest.ts";
import { type OtaHeader, otaWrite } from "./ota_file.ts";
import { headerString, PackageTag, sha256 } from "./package_format.ts";
import { sbomWrite } from "./sbom.ts";

/** Of WebAssembly: what a module that says nothing may need. */
const PAGE_SIZE = 65_536;

export interface PackageOptions {
  wasm: Uint8Array;
  /** `Role` of docs/abi.md. */
  role: number;
  version: number;
  /** The security counter, rising with every release that closes a hole. */
  counter: number;
  encoding?: number;
  /** The module that a delta is against. */
  base?: Uint8Array;
  manufacturer?: number;
  imageType?: number;
  phase?: number;
  hardware?: { minimum: number; maximum: number };
  vendor?: Buffer;
  classId?: Buffer;
  hostAbi?: { minimum: number; maximum: number };
  /** What the module's section `han` says, when absent. */
  memory?: number;
  nativeMinimum?: number;
  /** Seconds since 2000 in UTC; may not be activated earlier. */
  notBefore?: number;
  /** IEEE address of the only device that may have it. */
  destination?: bigint;
  /** The release key's, with the function that signs with it; the development ones when absent. */
  certificate?: Buffer;
  sign?: Signer;
  /** The bill of materials; a small one is written when absent. */
  sbom?: Uint8Array;
  /** Adds an image integrity code; a profile signature is profileSign's work, on the finished file. */
  integrity?: boolean;
}

export function packageBuild(options: PackageOptions): Buffer {
  const payload = encode(options);
  const certificate = options.certificate ?? developmentCertificate();
  const sign = options.sign ?? es256Signer(developmentRelease().scalar);
  const manifest = manifestOf(options, payload, certificateOpen(certificate, null).id);
  const file = packageAssemble(headerOf(options, manifest), certificate, coseSign(manifestWrite(manifest), sign), payload);
  return options.integrity ? integrityAdd(file) : file;
}

/** Lays signed parts out as a file. */
export function packageAssemble(header: OtaHeader, certificate: Buffer, message: Buffer, payload: Buffer): Buffer {
  if (message.length > MANIFEST_MAX) throw new RangeError(`the manifest would have ${message.length} octets; ${MANIFEST_MAX} are allowed`);
  return otaWrite(header, [
    { tag: PackageTag.ReleaseKey, data: certificate },
    { tag: PackageTag.Manifest, data: message },
    { tag: PackageTag.Image, data: payload },
  ]);
}

function encode(options: PackageOptions): Buffer {
  const wasm = Buffer.from(options.wasm);
  switch (options.encoding ?? Encoding.Plain) {
    case Encoding.Plain:
      return wasm;
    case Encoding.Compressed:
      return compress(wasm);
    case Encoding.Delta:
      if (!options.base) throw new Error("a delta needs the module that it is against");
      return delta(Buffer.from(options.base), wasm);
    default:
      throw new Error(`encoding ${options.encoding} is unknown`);
  }
}

function headerOf(options: PackageOptions, manifest: Manifest): OtaHeader {
  return {
    ...kindOf(options),
    fileVersion: manifest.version,
    stackVersion: manifest.phase,
    headerString: headerString(options.role, options.version),
    ...(options.destination === undefined ? {} : { destination: options.destination }),
    hardware: manifest.hardware,
  };
}

function kindOf({ manufacturer, imageType, role }: PackageOptions): { manufacturer: number; imageType: number } {
  return { manufacturer: manufacturer ?? MANUFACTURER_TEST, imageType: imageType ?? IMAGE_TYPES[role] ?? role };
}

function manifestOf(options: PackageOptions, payload: Buffer, keyId: Buffer): Manifest {
  const encoding = options.encoding ?? Encoding.Plain;
  const phase = options.phase ?? STACK_VERSION_PRO;
  const sbom = options.sbom ?? sbomWrite({ module: options.wasm, role: options.role, version: options.version });
  return {
    counter: options.counter,
    vendor: options.vendor ?? DEVELOPMENT_VENDOR,
    classId: options.classId ?? DEVELOPMENT_CLASS,
    role: options.role,
    phase,
    version: options.version,
    hardware: options.hardware ?? { minimum: 1, maximum: 1 },
    imageSize: options.wasm.length,
    imageDigest: sha256(options.wasm),
    payloadSize: payload.length,
    payloadDigest: sha256(payload),
    encoding,
    ...(encoding === Encoding.Delta && options.base ? { base: sha256(options.base) } : {}),
    hostAbi: options.hostAbi ?? { minimum: phase === STACK_VERSION_PRO ? ABI_BASE : ABI_VERSION, maximum: (ABI_VERSION | 0xffff) >>> 0 },
    memory: options.memory ?? (memoryNeed(options.wasm) || PAGE_SIZE),
    nativeMinimum: options.nativeMinimum ?? 0x0001_0000,
    ...(options.notBefore === undefined ? {} : { notBefore: options.notBefore }),
    keyId,
    sbomDigest: sha256(sbom),
    destination: { ...kindOf(options), ...(options.destination === undefined ? {} : { address: options.destination }) },
  };
}
