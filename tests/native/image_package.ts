// Packages by a second hand: docs/image.md's format from node's own crypto and cborg, without host/image, so that both writers are checked.
import { createECDH, createHash, createPrivateKey, sign } from "node:crypto";
import { encode } from "cborg";
import { ABI_VERSION, Role } from "../../host/abi.ts";
import type { Identity } from "../../host/image/keys.ts";

export interface Key {
  scalar: Buffer;
  point: Buffer;
}

export const sha256 = (octets: Uint8Array): Buffer => createHash("sha256").update(octets).digest();

export function key(label: string): Key {
  const ecdh = createECDH("prime256v1");
  const scalar = sha256(Buffer.from(label));
  ecdh.setPrivateKey(scalar);
  return { scalar, point: ecdh.getPublicKey().subarray(1) };
}

export const ROOT = key("a root key of tests");
export const RELEASE = key("a release key of tests");

export const IDENTITY: Identity = {
  root: ROOT.point,
  vendor: Buffer.alloc(16, 0x11),
  classId: Buffer.alloc(16, 0x22),
  manufacturer: 0xfff1,
  type: 3,
  hardware: 7,
  role: Role.Ihd,
  phases: 1 << 2,
  nativeVersion: 0x01000000,
  memoryMax: 65536,
};

function es256(octets: Uint8Array, by: Key): Buffer {
  const part = (at: number): string => by.point.subarray(at, at + 32).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: part(0), y: part(32), d: by.scalar.toString("base64url") };
  return sign("sha256", octets, { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" });
}

/** COSE_Sign1 of RFC 9052, tag 18. */
export function cose(payload: Buffer, by: Key): Buffer {
  const protectedHeader = Buffer.from("a10126", "hex");
  const signed = encode(["Signature1", protectedHeader, Buffer.alloc(0), payload]);
  const four = [protectedHeader, new Map(), payload, es256(signed, by)];
  return Buffer.concat([Buffer.of(0xd2), Buffer.from(encode(four))]);
}

export const keyId = (by: Key): Buffer => sha256(Buffer.concat([Buffer.of(4), by.point])).subarray(0, 8);

export interface Making {
  wasm: Buffer;
  version: number;
  counter?: number;
  epoch?: number;
  root?: Key;
  release?: Key;
  /** What the certificate is about, where that is another one. */
  certified?: Key;
  encoding?: number;
  payload?: Buffer;
  base?: Buffer;
  memory?: number;
  notBefore?: number;
  imageDigest?: Buffer;
  payloadDigest?: Buffer;
  imageSize?: number;
  vendor?: Buffer;
  hardware?: [number, number];
  type?: number;
  /** What the manifest signs of the destination; nothing when absent. */
  destination?: [manufacturer: number, type: number, address?: Buffer];
  /** Behind the image element. */
  tail?: Buffer;
}

export function element(tag: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(tag);
  head.writeUInt32LE(data.length, 2);
  return Buffer.concat([head, data]);
}

function manifestOf(m: Making, payload: Buffer): Buffer {
  const encoding = m.encoding ?? 0;
  const entries: [number, unknown][] = [
    [1, 1],
    [2, m.counter ?? 1],
    [3, m.vendor ?? IDENTITY.vendor],
    [4, IDENTITY.classId],
    [5, IDENTITY.role],
    [6, 2],
    [7, m.version],
    [8, m.hardware ?? [7, 7]],
    [9, m.imageSize ?? m.wasm.length],
    [10, [-16, m.imageDigest ?? sha256(m.wasm)]],
    [11, payload.length],
    [12, [-16, m.payloadDigest ?? sha256(payload)]],
    [13, encoding],
    ...(encoding === 2 ? [[14, sha256(m.base ?? Buffer.alloc(0))] as [number, unknown]] : []),
    [15, [ABI_VERSION, ABI_VERSION | 0xffff]],
    [16, m.memory ?? 65536],
    [17, 0x01000000],
    ...(m.notBefore === undefined ? [] : [[18, m.notBefore] as [number, unknown]]),
    [19, keyId(m.release ?? RELEASE)],
    [20, sha256(Buffer.from("a bill of materials"))],
    ...(m.destination ? [[21, m.destination] as [number, unknown]] : []),
  ];
  return Buffer.from(encode(new Map(entries)));
}

export function makePackage(m: Making): Buffer {
  const payload = m.payload ?? m.wasm;
  const release = m.release ?? RELEASE;
  const about = m.certified ?? release;
  const [least, most] = m.hardware ?? [7, 7];
  const certificate = new Map<number, unknown>([
    [1, 1],
    [2, keyId(about)],
    [3, m.epoch ?? 1],
    [4, about.point],
  ]);
  const elements = Buffer.concat([
    element(0xf001, cose(Buffer.from(encode(certificate)), m.root ?? ROOT)),
    element(0xf000, cose(manifestOf(m, payload), release)),
    element(0, payload),
    m.tail ?? Buffer.alloc(0),
  ]);
  const address = m.destination?.[2] ?? Buffer.alloc(0);
  const header = Buffer.alloc(60 + address.length);
  header.writeUInt32LE(0x0beef11e, 0);
  header.writeUInt16LE(0x0100, 4);
  header.writeUInt16LE(header.length, 6);
  header.writeUInt16LE(address.length > 0 ? 6 : 4, 8);
  header.writeUInt16LE(IDENTITY.manufacturer, 10);
  header.writeUInt16LE(m.type ?? IDENTITY.type, 12);
  header.writeUInt32LE(m.version, 14);
  header.writeUInt16LE(2, 18);
  header.write("a test", 20, "latin1");
  header.writeUInt32LE(header.length + elements.length, 52);
  address.copy(header, 56);
  header.writeUInt16LE(least, 56 + address.length);
  header.writeUInt16LE(most, 58 + address.length);
  return Buffer.concat([header, elements]);
}

/** What announces a package: the 12 octets of image_begin. */
export function keyOf(file: Buffer): Buffer {
  return Buffer.concat([file.subarray(10, 18), file.subarray(52, 56)]);
}
