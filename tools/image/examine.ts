// What is found in a file, as plain values: `inspect --json` prints them, the tree and the comparison are made of them.

import { destinationText } from "../../host/image/destination.ts";
import { ImageError } from "../../host/image/image_error.ts";
import { integrityMatch } from "../../host/image/integrity.ts";
import { uuidText } from "../../host/image/keys.ts";
import { Encoding, type Manifest, versionText } from "../../host/image/manifest.ts";
import { type OtaExamined, type OtaHeader, otaExamine } from "../../host/image/ota_file.ts";
import { type Package, PackageTag, packageOpen } from "../../host/image/package.ts";
import { roleText, tagText } from "../../host/image/package_format.ts";
import { profileSigned } from "../../host/image/profile_signature.ts";
import { EPOCH_2000_S } from "./words.ts";

export interface Fault {
  offset: number;
  rule: string;
  reason: string;
}

export interface Examined {
  size: number;
  /** "package", or what otaExamine calls the file. */
  kind: string;
  error?: Fault;
  remarks: string[];
  header?: Record<string, string | number>;
  elements: { tag: string; name: string; offset: number; size: number }[];
  releaseKey?: { id: string; epoch: number; point: string };
  manifest?: Record<string, string | number>;
  /** Under the root key that was given. */
  signatures?: "verified" | "not verified";
  integrity?: string;
  profileSignature?: { suite: number; signer: string; issuer: string };
}

export const ENCODING_NAMES: Record<number, string> = {
  [Encoding.Plain]: "plain",
  [Encoding.Compressed]: "compressed",
  [Encoding.Delta]: "delta",
};

const ELEMENT_NAMES: Record<number, string> = {
  [PackageTag.Image]: "image",
  [PackageTag.Signature1]: "profile signature, suite 1",
  [PackageTag.Certificate1]: "profile certificate, suite 1",
  [PackageTag.Integrity]: "integrity code",
  4: "picture",
  [PackageTag.Signature2]: "profile signature, suite 2",
  [PackageTag.Certificate2]: "profile certificate, suite 2",
  [PackageTag.Manifest]: "manifest",
  [PackageTag.ReleaseKey]: "release key's certificate",
};

export function examine(file: Buffer, root: Uint8Array): Examined {
  const found = otaExamine(file);
  const ours = isPackage(found);
  const base: Examined = {
    size: file.length,
    kind: found.kind,
    ...(found.error ? { error: fault(found.error) } : {}),
    remarks: found.remarks,
    ...(found.header ? { header: headerValues(found.header) } : {}),
    elements: found.elements.map(({ tag, offset, data }) => ({
      tag: tagText(tag),
      name: elementName(tag, ours),
      offset,
      size: data.length,
    })),
  };
  if (found.error) return base;
  const integrity = integrityMatch(file, found.elements);
  if (integrity) base.integrity = integrity;
  const signed = profileSigned(found.elements);
  if (signed) base.profileSignature = { suite: signed.suite, signer: hex64(signed.signer), issuer: signed.issuer.toString("hex") };
  return ours ? { ...base, ...packageValues(file, root) } : base;
}

/** Other vendors use the manufacturer's tags for what they want: it takes both of ours. */
function isPackage(found: OtaExamined): boolean {
  return [PackageTag.Manifest, PackageTag.ReleaseKey].every((wanted) => found.elements.some(({ tag }) => tag === wanted));
}

function fault(error: ImageError): Fault {
  return { offset: error.offset, rule: error.rule, reason: error.reasonName };
}

/** A package is read without belief first, so that one with a wrong signature can still be looked at. */
function packageValues(file: Buffer, root: Uint8Array): Partial<Examined> {
  const values: Partial<Examined> = { kind: "package" };
  try {
    const read = packageOpen(file, { root: null });
    values.releaseKey = keyValues(read);
    values.manifest = manifestValues(read.manifest);
    packageOpen(file, { root });
    values.signatures = "verified";
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    values.signatures = "not verified";
    values.error = fault(error);
  }
  return values;
}

function keyValues({ releaseKey }: Package): Examined["releaseKey"] {
  return { id: releaseKey.id.toString("hex"), epoch: releaseKey.epoch, point: releaseKey.point.toString("hex") };
}

function elementName(tag: number, ours: boolean): string {
  if (tag >= PackageTag.Manifest && !ours) return "manufacturer's own";
  return ELEMENT_NAMES[tag] ?? (tag >= PackageTag.Manifest ? "manufacturer's own" : "unknown");
}

function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

export function headerValues(header: OtaHeader): Record<string, string | number> {
  return {
    manufacturer: tagText(header.manufacturer),
    imageType: tagText(header.imageType),
    fileVersion: `0x${header.fileVersion.toString(16).padStart(8, "0")}`,
    stackVersion: header.stackVersion,
    headerString: header.headerString,
    ...(header.credentialVersion === undefined ? {} : { credentialVersion: header.credentialVersion }),
    ...(header.destination === undefined ? {} : { destination: hex64(header.destination) }),
    ...(header.hardware ? { hardware: `${header.hardware.minimum}-${header.hardware.maximum}` } : {}),
  };
}

export function manifestValues(m: Manifest): Record<string, string | number> {
  return {
    sequenceNumber: m.counter,
    vendorIdentifier: uuidText(m.vendor),
    classIdentifier: uuidText(m.classId),
    role: roleText(m.role),
    phase: m.phase,
    version: versionText(m.version),
    hardware: `${m.hardware.minimum}-${m.hardware.maximum}`,
    imageSize: m.imageSize,
    imageDigest: m.imageDigest.toString("hex"),
    payloadSize: m.payloadSize,
    payloadDigest: m.payloadDigest.toString("hex"),
    encoding: ENCODING_NAMES[m.encoding] ?? m.encoding,
    ...(m.base ? { deltaBase: m.base.toString("hex") } : {}),
    hostAbi: `${abiText(m.hostAbi.minimum)}-${abiText(m.hostAbi.maximum)}`,
    memory: m.memory,
    nativeMinimum: versionText(m.nativeMinimum),
    ...(m.notBefore === undefined ? {} : { notBefore: new Date((m.notBefore + EPOCH_2000_S) * 1000).toISOString().replace(".000Z", "Z") }),
    keyId: m.keyId.toString("hex"),
    sbomDigest: m.sbomDigest.toString("hex"),
    ...(m.destination ? { destination: destinationText(m.destination) } : {}),
  };
}

function abiText(version: number): string {
  return `${version >>> 16}.${version & 0xffff}`;
}
