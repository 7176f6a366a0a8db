// Certificates as IEEE 2030.5 uses them (section 6.11): RFC 5280 with P-256 and ecdsa-with-SHA256, and nothing else.
import { createHash } from "node:crypto";
import * as asn1js from "asn1js";
import { Alert, TlsAlert } from "./alert.ts";
import { pointOf, publicKeyObject, verifyDer } from "./p256.ts";

export const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  certificatePolicies: "2.5.29.32",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  extensionRequest: "1.2.840.113549.1.9.14",
  hardwareModuleName: "1.3.6.1.5.5.7.8.4",
} as const;
/** Certificates of a chain, the leaf among them. */
export const CHAIN_MAX = 4;

export interface Extension {
  critical: boolean;
  value: Uint8Array;
}

export interface Certificate {
  der: Buffer;
  /** What is signed. */
  tbs: Uint8Array;
  /** Names as they are encoded. */
  issuer: Uint8Array;
  subject: Uint8Array;
  notBefore: number;
  notAfter: number;
  spki: Uint8Array;
  /** Uncompressed. */
  point: Uint8Array;
  signature: Uint8Array;
  extensions: Map<string, Extension>;
}

/** The first 20 octets of its SHA-256: IEEE 2030.5 section 6.3.4. */
export function lfdiOf(der: Uint8Array): Buffer {
  return createHash("sha256").update(der).digest().subarray(0, 20);
}

/** The leftmost 36 bits in decimal with a check digit, twelve digits: section 6.3.3. */
export function sfdiOf(lfdi: Uint8Array): string {
  const number = BigInt(`0x${Buffer.from(lfdi.subarray(0, 5)).toString("hex")}`) >> 4n;
  const sum = [...number.toString()].reduce((total, digit) => total + Number(digit), 0);
  return `${number}${(10 - (sum % 10)) % 10}`.padStart(12, "0");
}

const bad = (message: string): TlsAlert => new TlsAlert(Alert.BadCertificate, message);

/** Does something with DER of strangers: whatever the library makes of it ends as an alert. */
export function judged<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof TlsAlert) throw error;
    throw bad(`a certificate that cannot be read: ${(error as Error).message}`);
  }
}

/** Reads a certificate; throws the alert that its form deserves. */
export function readCertificate(der: Uint8Array): Certificate {
  return judged(() => read(der));
}

function read(der: Uint8Array): Certificate {
  const octets = Buffer.from(der);
  const [tbs, algorithm, signature] = children(wholeOf(octets), "a certificate", 3) as asn1js.BaseBlock[];
  if (algorithmOf(algorithm) !== OID.ecdsaWithSha256)
    throw new TlsAlert(Alert.UnsupportedCertificate, "a certificate is not signed with ecdsa-with-SHA256");
  const fields = children(tbs, "a certificate's body", 7);
  if (fields[0]?.idBlock.tagClass !== 3 || fields[0].idBlock.tagNumber !== 0) throw bad("a certificate is not of version 3");
  if (algorithmOf(fields[2]) !== OID.ecdsaWithSha256) throw bad("a certificate names two signature algorithms");
  const [, , , issuer, validity, subject, key] = fields;
  const [from, until] = children(validity, "a certificate's validity", 2);
  const spki = berOf(key);
  const point = pointOf(spki);
  if (!point) throw new TlsAlert(Alert.UnsupportedCertificate, "a certificate's key is not an uncompressed point of P-256");
  if (!(signature instanceof asn1js.BitString)) throw bad("a certificate has no signature");
  return {
    der: octets,
    tbs: berOf(tbs),
    issuer: berOf(issuer),
    subject: berOf(subject),
    notBefore: timeOf(from),
    notAfter: timeOf(until),
    spki,
    point,
    signature: new Uint8Array(signature.valueBlock.valueHexView),
    extensions: extensionsOf(fields.slice(7)),
  };
}

/** Whether `certificate` bears the signature of `issuer`'s key. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const key = publicKeyObject(issuer.spki);
  return key !== undefined && verifyDer(key, certificate.tbs, certificate.signature);
}

/** The named bits of a KeyUsage, bit 0 first; undefined without the extension. */
export function keyUsageOf(certificate: Certificate): ((bit: number) => boolean) | undefined {
  const extension = certificate.extensions.get(OID.keyUsage);
  if (!extension) return undefined;
  const bits = wholeOf(extension.value);
  if (!(bits instanceof asn1js.BitString)) throw bad("a KeyUsage is no bit string");
  const octets = bits.valueBlock.valueHexView;
  return (bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;
}

/** What BasicConstraints says: whether it is an authority, and how many more may follow below it. */
export function constraintsOf(certificate: Certificate): { authority: boolean; path?: number } {
  const extension = certificate.extensions.get(OID.basicConstraints);
  if (!extension) return { authority: false };
  const [authority, path] = children(wholeOf(extension.value), "BasicConstraints", 0);
  const is = authority instanceof asn1js.Boolean && authority.valueBlock.value;
  return { authority: is, ...(path instanceof asn1js.Integer ? { path: path.valueBlock.valueDec } : {}) };
}

/** The identifiers of the policies that a certificate was issued under. */
export function policiesOf(certificate: Certificate): string[] {
  const extension = certificate.extensions.get(OID.certificatePolicies);
  if (!extension) return [];
  return children(wholeOf(extension.value), "certificatePolicies", 1).map((policy) => identifierOf(children(policy, "a policy", 1)[0]));
}

/** hwType and serial number of the HardwareModuleName (RFC 4108) in a SubjectAltName. */
export function hardwareModuleOf(certificate: Certificate): { type: string; serial: Buffer } | undefined {
  const extension = certificate.extensions.get(OID.subjectAltName);
  return extension && hardwareModuleIn(extension.value);
}

export function hardwareModuleIn(subjectAltName: Uint8Array): { type: string; serial: Buffer } | undefined {
  for (const name of children(wholeOf(subjectAltName), "SubjectAltName", 1)) {
    if (name.idBlock.tagClass !== 3 || name.idBlock.tagNumber !== 0) continue;
    const [kind, wrapped] = children(name, "an otherName", 2);
    if (identifierOf(kind) !== OID.hardwareModuleName) continue;
    const [module] = children(wrapped, "an otherName's value", 1);
    const [type, serial] = children(module, "a HardwareModuleName", 2);
    if (serial instanceof asn1js.OctetString) return { type: identifierOf(type), serial: Buffer.from(serial.valueBlock.valueHexView) };
  }
  return undefined;
}

/** The one DER value that `octets` are. */
export function wholeOf(octets: Uint8Array): asn1js.AsnType {
  const { offset, result } = asn1js.fromBER(octets);
  if (offset !== octets.length) throw bad("DER that does not end where it should");
  return result;
}

/** The parts of a constructed value, `least` or more. */
export function children(block: asn1js.BaseBlock | undefined, what: string, least: number): asn1js.BaseBlock[] {
  const value = (block as { valueBlock?: { value?: unknown } } | undefined)?.valueBlock?.value;
  if (!Array.isArray(value) || value.length < least) throw bad(`${what} has not the parts that it should have`);
  return value as asn1js.BaseBlock[];
}

export function berOf(block: asn1js.BaseBlock | undefined): Uint8Array {
  if (!block) throw bad("a part of a certificate is missing");
  return new Uint8Array(block.valueBeforeDecodeView);
}

export function identifierOf(block: asn1js.BaseBlock | undefined): string {
  if (!(block instanceof asn1js.ObjectIdentifier)) throw bad("an object identifier is missing");
  return block.valueBlock.toString();
}

function algorithmOf(block: asn1js.BaseBlock | undefined): string {
  return identifierOf(children(block, "an algorithm", 1)[0]);
}

function timeOf(block: asn1js.BaseBlock | undefined): number {
  if (block instanceof asn1js.UTCTime || block instanceof asn1js.GeneralizedTime) return block.toDate().getTime();
  throw bad("a certificate's validity is no time");
}

function extensionsOf(optional: asn1js.BaseBlock[]): Map<string, Extension> {
  const holder = optional.find((block) => block.idBlock.tagClass === 3 && block.idBlock.tagNumber === 3);
  return holder ? extensionsIn(children(holder, "the extensions", 1)[0]) : new Map();
}

/** By name; each once. */
export function extensionsIn(sequence: asn1js.BaseBlock | undefined): Map<string, Extension> {
  const found = new Map<string, Extension>();
  for (const extension of children(sequence, "the extensions", 1)) {
    const parts = children(extension, "an extension", 2);
    const [critical, value] = parts.length > 2 ? [parts[1], parts[2]] : [undefined, parts[1]];
    if (!(value instanceof asn1js.OctetString)) throw bad("an extension has no value");
    const name = identifierOf(parts[0]);
    if (found.has(name)) throw bad(`the extension ${name} is there twice`);
    found.set(name, {
      critical: critical instanceof asn1js.Boolean && critical.valueBlock.value,
      value: new Uint8Array(value.valueBlock.valueHexView),
    });
  }
  return found;
}
