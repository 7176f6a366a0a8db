// Certificates of IEEE 2030.5 section 6.11 for tests and simulated homes: a root, a manufacturer, an issuer, devices.
//
//   root (SERCA) -> manufacturer (MCA) -> issuer (MICA) -> device
//
// An authority is a function of its seed, so a run repeats to the bit.  It knows every private key that it makes; a device's own key it
// signs from a request (request.ts) and never sees.
import { createHash, createHmac } from "node:crypto";
import * as asn1js from "asn1js";
import { publicPoint, signDer, subjectPublicKeyInfo } from "./p256.ts";
import type { TlsIdentity } from "./session.ts";
import { OID, wholeOf } from "./x509.ts";

/** Policies of section 6.11.7. */
export const POLICY = {
  generic: "1.3.6.1.4.1.40732.1.1",
  mobile: "1.3.6.1.4.1.40732.1.2",
  postManufacture: "1.3.6.1.4.1.40732.1.3",
} as const;
/** hwType of the simulated devices: below the documentation arc of RFC 5612. */
export const HARDWARE_TYPE = "1.3.6.1.4.1.32473.1";
const COMMON_NAME = "2.5.4.3";
const NOT_BEFORE = new Date(Date.UTC(2020, 0, 1));
/** RFC 5280 section 4.1.2.5: no well-defined end. */
export const NO_END = new Date(Date.UTC(9999, 11, 31, 23, 59, 59));

export interface Issued {
  privateKey: Buffer;
  certificate: Buffer;
}

export interface Authority {
  seed: Buffer;
  root: Issued;
  manufacturer: Issued;
  issuer: Issued;
}

/** What a device's certificate says.  The rest is for certificates that must be refused. */
export interface DeviceFields {
  serial: Uint8Array;
  hardwareType?: string;
  policy?: string;
  notBefore?: Date;
  notAfter?: Date;
  /** Extensions that are not critical though they should be, or left out. */
  uncritical?: string[];
  without?: string[];
}

type Extension = [name: string, critical: boolean, value: asn1js.BaseBlock];

export function makeAuthority(seed: Uint8Array): Authority {
  const keyOf = (label: string): Buffer => scalarFrom(seed, label);
  const root = keyOf("root");
  const manufacturer = keyOf("manufacturer");
  const issuer = keyOf("issuer");
  const names = { root: "kilowasm test SERCA", manufacturer: "kilowasm test MCA", issuer: "kilowasm test MICA" };
  const make = (subject: string, key: Buffer, by: string, byKey: Buffer, path: number | undefined): Issued => ({
    privateKey: key,
    certificate: certify({
      serial: serialFrom(seed, subject),
      issuer: nameOf(by),
      subject: nameOf(subject),
      point: publicPoint(key),
      notBefore: NOT_BEFORE,
      notAfter: NO_END,
      extensions: authorityExtensions(publicPoint(key), publicPoint(byKey), path),
      signWith: byKey,
    }),
  });
  return {
    seed: Buffer.from(seed),
    root: make(names.root, root, names.root, root, undefined),
    manufacturer: make(names.manufacturer, manufacturer, names.root, root, 1),
    issuer: make(names.issuer, issuer, names.manufacturer, manufacturer, 0),
  };
}

/** A device with a key that the authority makes: what a factory does. */
export function makeDevice(authority: Authority, fields: DeviceFields): TlsIdentity {
  const privateKey = scalarFrom(authority.seed, `device ${Buffer.from(fields.serial).toString("hex")}`);
  return { privateKey, chain: chainOf(authority, certifyDevice(authority, publicPoint(privateKey), fields)) };
}

/** A certificate for a device's own public key. */
export function certifyDevice(authority: Authority, point: Uint8Array, fields: DeviceFields): Buffer {
  const keyOf = createHash("sha256").update(point).digest("hex");
  const kept = deviceExtensions(authority, fields).filter(([name]) => !fields.without?.includes(name));
  return certify({
    serial: serialFrom(authority.seed, `device ${Buffer.from(fields.serial).toString("hex")} ${keyOf}`),
    issuer: nameOf("kilowasm test MICA"),
    subject: new asn1js.Sequence({ value: [] }), // empty, section 6.11.8.3
    point,
    notBefore: fields.notBefore ?? NOT_BEFORE,
    notAfter: fields.notAfter ?? NO_END,
    extensions: kept.map(([name, critical, value]) => [name, critical && !fields.uncritical?.includes(name), value]),
    signWith: authority.issuer.privateKey,
  });
}

/** What a device sends: its certificate and those above it, without the root. */
export function chainOf(authority: Authority, certificate: Buffer): Buffer[] {
  return [certificate, authority.issuer.certificate, authority.manufacturer.certificate];
}

interface Body {
  serial: Buffer;
  issuer: asn1js.BaseBlock;
  subject: asn1js.BaseBlock;
  point: Uint8Array;
  notBefore: Date;
  notAfter: Date;
  extensions: Extension[];
  signWith: Uint8Array;
}

function certify(body: Body): Buffer {
  const extensions = new asn1js.Sequence({ value: body.extensions.map(extension) });
  const tbs = new asn1js.Sequence({
    value: [
      tagged(0, [new asn1js.Integer({ value: 2 })]),
      new asn1js.Integer({ valueHex: arrayBuffer(body.serial) }),
      signatureAlgorithm(),
      body.issuer,
      new asn1js.Sequence({ value: [time(body.notBefore), time(body.notAfter)] }),
      body.subject,
      wholeOf(subjectPublicKeyInfo(body.point)),
      tagged(3, [extensions]),
    ],
  });
  return sign(tbs, body.signWith);
}

/** A SEQUENCE of something, its algorithm and its signature: certificates and requests. */
export function sign(body: asn1js.BaseBlock, privateKey: Uint8Array): Buffer {
  const signature = signDer(privateKey, derOf(body));
  return derOf(
    new asn1js.Sequence({ value: [body, signatureAlgorithm(), new asn1js.BitString({ valueHex: arrayBuffer(signature), unusedBits: 0 })] }),
  );
}

/** SubjectAltName with a HardwareModuleName, RFC 4108 section 5. */
export function hardwareModuleName(type: string, serial: Uint8Array): asn1js.BaseBlock {
  const module = new asn1js.Sequence({
    value: [new asn1js.ObjectIdentifier({ value: type }), new asn1js.OctetString({ valueHex: arrayBuffer(serial) })],
  });
  return new asn1js.Sequence({
    value: [tagged(0, [new asn1js.ObjectIdentifier({ value: OID.hardwareModuleName }), tagged(0, [module])])],
  });
}

export function derOf(block: asn1js.BaseBlock): Buffer {
  return Buffer.from(block.toBER());
}

function deviceExtensions(authority: Authority, fields: DeviceFields): Extension[] {
  const policy = new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: fields.policy ?? POLICY.generic })] });
  return [
    [OID.authorityKeyIdentifier, false, authorityKey(publicPoint(authority.issuer.privateKey))],
    [OID.keyUsage, true, bits(0x88, 3)], // digitalSignature, keyAgreement
    [OID.certificatePolicies, true, new asn1js.Sequence({ value: [policy] })],
    [OID.subjectAltName, true, hardwareModuleName(fields.hardwareType ?? HARDWARE_TYPE, fields.serial)],
  ];
}

function authorityExtensions(point: Uint8Array, issuerPoint: Uint8Array, path: number | undefined): Extension[] {
  const limit = path === undefined ? [] : [new asn1js.Integer({ value: path })];
  return [
    [OID.authorityKeyIdentifier, false, authorityKey(issuerPoint)],
    [OID.subjectKeyIdentifier, false, new asn1js.OctetString({ valueHex: arrayBuffer(keyIdentifier(point)) })],
    [OID.basicConstraints, true, new asn1js.Sequence({ value: [new asn1js.Boolean({ value: true }), ...limit] })],
    [OID.keyUsage, true, bits(0x06, 1)], // keyCertSign, cRLSign
  ];
}

function authorityKey(point: Uint8Array): asn1js.BaseBlock {
  const identifier = new asn1js.Primitive({ idBlock: { tagClass: 3, tagNumber: 0 }, valueHex: arrayBuffer(keyIdentifier(point)) });
  return new asn1js.Sequence({ value: [identifier] });
}

/** RFC 5280 section 4.2.1.2, method 2: four bits 0100 and the last 60 of the key's SHA-1. */
function keyIdentifier(point: Uint8Array): Buffer {
  const digest = createHash("sha1").update(point).digest().subarray(12);
  digest[0] = 0x40 | ((digest[0] as number) & 0x0f);
  return digest;
}

function extension([name, critical, value]: Extension): asn1js.BaseBlock {
  return new asn1js.Sequence({
    value: [
      new asn1js.ObjectIdentifier({ value: name }),
      ...(critical ? [new asn1js.Boolean({ value: true })] : []),
      new asn1js.OctetString({ valueHex: arrayBuffer(derOf(value)) }),
    ],
  });
}

function signatureAlgorithm(): asn1js.BaseBlock {
  return new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: OID.ecdsaWithSha256 })] });
}

function nameOf(commonName: string): asn1js.BaseBlock {
  const attribute = new asn1js.Sequence({
    value: [new asn1js.ObjectIdentifier({ value: COMMON_NAME }), new asn1js.Utf8String({ value: commonName })],
  });
  return new asn1js.Sequence({ value: [new asn1js.Set({ value: [attribute] })] });
}

export function tagged(number: number, value: asn1js.BaseBlock[]): asn1js.BaseBlock {
  return new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber: number }, value });
}

/** UTCTime until 2049, GeneralizedTime from then on: RFC 5280 section 4.1.2.5. */
function time(date: Date): asn1js.BaseBlock {
  return date.getUTCFullYear() < 2050 ? new asn1js.UTCTime({ valueDate: date }) : new asn1js.GeneralizedTime({ valueDate: date });
}

function bits(octet: number, unusedBits: number): asn1js.BaseBlock {
  return new asn1js.BitString({ valueHex: arrayBuffer(Buffer.of(octet)), unusedBits });
}

export function arrayBuffer(octets: Uint8Array): ArrayBuffer {
  return new Uint8Array(octets).buffer;
}

/** A positive number of eight octets. */
function serialFrom(seed: Uint8Array, label: string): Buffer {
  const digest = derive(seed, `serial ${label}`).subarray(0, 8);
  digest[0] = ((digest[0] as number) & 0x3f) | 0x40;
  return digest;
}

/** Below the order of P-256, whose first 32 bits are ones. */
function scalarFrom(seed: Uint8Array, label: string): Buffer {
  const scalar = derive(seed, `key ${label}`);
  scalar[0] = (scalar[0] as number) & 0x7f;
  scalar[31] = (scalar[31] as number) | 1;
  return scalar;
}

function derive(seed: Uint8Array, label: string): Buffer {
  return createHmac("sha256", seed).update(`kilowasm test authority of phase 2, ${label}`).digest();
}
