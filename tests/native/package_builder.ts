// Builds packages for the tests of boards/common, with cborg and node:crypto and nothing of host/image: a second reading of docs/image.md.
import { createECDH, createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { encode } from "cborg";
import type { Identity } from "../../host/image/keys.ts";
import type { PackageTakeOptions } from "../../host/native/addon.ts";

export interface KeyPair {
  key: KeyObject;
  /** x and y. */
  point: Buffer;
}

export const sha256 = (octets: Uint8Array): Buffer => createHash("sha256").update(octets).digest();

export function keyPair(label: string): KeyPair {
  const d = sha256(Buffer.from(label));
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(d);
  const point = ecdh.getPublicKey().subarray(1);
  const text = (octets: Buffer): string => octets.toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", d: text(d), x: text(point.subarray(0, 32)), y: text(point.subarray(32)) };
  return { key: createPrivateKey({ key: jwk, format: "jwk" }), point };
}

export const ROOT_KEY = keyPair("root of the package tests");
export const RELEASE_KEY = keyPair("release of the package tests");
export const OTHER_KEY = keyPair("nobody's key");

export const keyId = (point: Uint8Array): Buffer => sha256(Buffer.concat([Buffer.from([4]), point])).subarray(0, 8);

export type CborMap = Map<number, unknown>;

const PROTECTED = Buffer.from("a10126", "hex");

/** COSE_Sign1 as RFC 9052 has it; `payload` may be octets that are no map at all. */
export function sign1(payload: Uint8Array, by: KeyPair): Buffer {
  const toBeSigned = encode(["Signature1", PROTECTED, new Uint8Array(0), payload]);
  const signature = sign("sha256", toBeSigned, { key: by.key, dsaEncoding: "ieee-p1363" });
  return Buffer.concat([Buffer.from([0xd2]), encode([PROTECTED, new Map(), payload, signature])]);
}

export function certificateMap(release: KeyPair = RELEASE_KEY, epoch = 3): CborMap {
  return new Map<number, unknown>([
    [1, 1],
    [2, keyId(release.point)],
    [3, epoch],
    [4, release.point],
  ]);
}

export const VENDOR = sha256(Buffer.from("vendor")).subarray(0, 16);
export const CLASS = sha256(Buffer.from("class")).subarray(0, 16);

/** The board that `standard()` is for. */
export const BOARD: Identity = {
  root: ROOT_KEY.point,
  vendor: VENDOR,
  classId: CLASS,
  manufacturer: 0xfff1,
  type: 3,
  hardware: 0x0102,
  role: 3,
  phases: 1 << 2,
  nativeVersion: 0x0001_0002,
  memoryMax: 65536,
};

export interface Content {
  image: Uint8Array;
  payload: Uint8Array;
  encoding: number;
  base?: Uint8Array;
  version: number;
  counter: number;
  notBefore?: number;
}

export const content = (more: Partial<Content> = {}): Content => {
  const image = more.image ?? Buffer.alloc(300, "an image");
  return { image, payload: image, encoding: 0, version: 0x01020003, counter: 7, ...more };
};

export function manifestMap(c: Content, release: KeyPair = RELEASE_KEY): CborMap {
  const map: CborMap = new Map<number, unknown>([
    [1, 1],
    [2, c.counter],
    [3, VENDOR],
    [4, CLASS],
    [5, BOARD.role],
    [6, 2],
    [7, c.version],
    [8, [0x0101, 0x0103]],
    [9, c.image.length],
    [10, [-16, sha256(c.image)]],
    [11, c.payload.length],
    [12, [-16, sha256(c.payload)]],
    [13, c.encoding],
  ]);
  if (c.base) map.set(14, sha256(c.base));
  map.set(15, [0x00020000, 0x0002ffff]);
  map.set(16, 40000);
  map.set(17, 0x0001_0000);
  if (c.notBefore !== undefined) map.set(18, c.notBefore);
  map.set(19, keyId(release.point));
  map.set(20, sha256(Buffer.from("bill of materials")));
  return map;
}

export interface Header {
  identifier: number;
  headerVersion: number;
  headerLength: number;
  control: number;
  manufacturer: number;
  type: number;
  version: number;
  stack: number;
  total: number;
  destination: Buffer;
  hardware: [number, number];
}

/** Octets as `h` says; `total` and `headerLength` are right when they are left out. */
export function headerOctets(h: Partial<Header>, elementsSize: number): Buffer {
  const control = h.control ?? 4;
  const options = [
    control & 1 ? Buffer.from([2]) : Buffer.alloc(0),
    control & 2 ? (h.destination ?? Buffer.alloc(8, 0x11)) : Buffer.alloc(0),
    control & 4 ? u16s(h.hardware ?? [0x0101, 0x0103]) : Buffer.alloc(0),
  ];
  const head = Buffer.alloc(56);
  const size = head.length + options.reduce((sum, option) => sum + option.length, 0);
  head.writeUInt32LE(h.identifier ?? 0x0beef11e, 0);
  head.writeUInt16LE(h.headerVersion ?? 0x0100, 4);
  head.writeUInt16LE(h.headerLength ?? size, 6);
  head.writeUInt16LE(control, 8);
  head.writeUInt16LE(h.manufacturer ?? BOARD.manufacturer, 10);
  head.writeUInt16LE(h.type ?? BOARD.type, 12);
  head.writeUInt32LE(h.version ?? 0x01020003, 14);
  head.writeUInt16LE(h.stack ?? 2, 18);
  head.write("kilowasm test", 20, "latin1");
  head.writeUInt32LE(h.total ?? size + elementsSize, 52);
  return Buffer.concat([head, ...options]);
}

function u16s(values: number[]): Buffer {
  const octets = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) octets.writeUInt16LE(value, 2 * index);
  return octets;
}

export interface Element {
  tag: number;
  data: Uint8Array;
  /** What the element says of its size, when that is not so. */
  size?: number;
}

export function elementOctets({ tag, data, size }: Element): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt16LE(tag, 0);
  head.writeUInt32LE(size ?? data.length, 2);
  return Buffer.concat([head, data]);
}

export function file(header: Partial<Header>, elements: Element[]): Buffer {
  const octets = Buffer.concat(elements.map(elementOctets));
  return Buffer.concat([headerOctets(header, octets.length), octets]);
}

/** What may be other than in a package that BOARD takes. */
export interface Change {
  content?: Partial<Content>;
  header?: Partial<Header>;
  certificate?: (map: CborMap) => void;
  manifest?: (map: CborMap) => void;
  rootKey?: KeyPair;
  releaseKey?: KeyPair;
  /** The key that the certificate is about. */
  certified?: KeyPair;
  elements?: (elements: Element[]) => Element[];
}

export function standard(change: Change = {}): Buffer {
  const c = content(change.content);
  const release = change.releaseKey ?? RELEASE_KEY;
  const certificate = certificateMap(change.certified ?? release);
  change.certificate?.(certificate);
  const manifest = manifestMap(c, release);
  change.manifest?.(manifest);
  const elements: Element[] = [
    { tag: 0xf001, data: sign1(encode(certificate), change.rootKey ?? ROOT_KEY) },
    { tag: 0xf000, data: sign1(encode(manifest), release) },
    { tag: 0x0000, data: c.payload },
  ];
  return file({ version: c.version, ...change.header }, change.elements?.(elements) ?? elements);
}

/** What BOARD is told of a standard file, and has stored. */
export function takeOptions(octets: Uint8Array, more: Partial<PackageTakeOptions> = {}): PackageTakeOptions {
  return {
    board: BOARD,
    manufacturer: BOARD.manufacturer,
    type: BOARD.type,
    version: 0x01020003,
    size: octets.length,
    epoch: 3,
    counter: 7,
    running: 0x01020002,
    ...more,
  };
}
