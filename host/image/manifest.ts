// A package's manifest: a CBOR map with the names of draft-ietf-suit-manifest where they exist, signed by a release key.

import { ImageReason } from "../abi.ts";
import { Encoding } from "./codec.ts";
import { cborRead, cborWrite } from "./cose.ts";
import { ImageError } from "./image_error.ts";
import { KEY_ID_SIZE } from "./keys.ts";

export { Encoding } from "./codec.ts";

export const MANIFEST_MAX = 640;
const MANIFEST_VERSION = 1;
const ALGORITHM_SHA256 = -16;
const DIGEST_SIZE = 32;
const UUID_SIZE = 16;
const ADDRESS_SIZE = 8;
const U8_MAX = 0xff;
const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;

export interface Manifest {
  /** suit-manifest-sequence-number: the security counter. */
  counter: number;
  vendor: Buffer;
  classId: Buffer;
  role: number;
  phase: number;
  version: number;
  hardware: { minimum: number; maximum: number };
  imageSize: number;
  imageDigest: Buffer;
  payloadSize: number;
  payloadDigest: Buffer;
  encoding: number;
  /** SHA-256 of the module that a delta is against; exactly with `Encoding.Delta`. */
  base?: Buffer;
  hostAbi: { minimum: number; maximum: number };
  /** Octets of linear memory. */
  memory: number;
  nativeMinimum: number;
  /** Seconds since 2000 in UTC. */
  notBefore?: number;
  keyId: Buffer;
  sbomDigest: Buffer;
  /** The header's kind and device; absent in packages that only vendor, class, role and hardware bind. */
  destination?: Destination;
}

export interface Destination {
  manufacturer: number;
  imageType: number;
  /** IEEE address of the only device that may have it. */
  address?: bigint;
}

const Key = {
  ManifestVersion: 1,
  SequenceNumber: 2,
  Vendor: 3,
  Class: 4,
  Role: 5,
  Phase: 6,
  Version: 7,
  Hardware: 8,
  ImageSize: 9,
  ImageDigest: 10,
  PayloadSize: 11,
  PayloadDigest: 12,
  Encoding: 13,
  DeltaBase: 14,
  HostAbi: 15,
  Memory: 16,
  NativeMinimum: 17,
  NotBefore: 18,
  KeyId: 19,
  SbomDigest: 20,
  Destination: 21,
} as const;

export function manifestWrite(m: Manifest): Buffer {
  const map = new Map<number, unknown>([
    [Key.ManifestVersion, MANIFEST_VERSION],
    [Key.SequenceNumber, m.counter],
    [Key.Vendor, m.vendor],
    [Key.Class, m.classId],
    [Key.Role, m.role],
    [Key.Phase, m.phase],
    [Key.Version, m.version],
    [Key.Hardware, [m.hardware.minimum, m.hardware.maximum]],
    [Key.ImageSize, m.imageSize],
    [Key.ImageDigest, [ALGORITHM_SHA256, m.imageDigest]],
    [Key.PayloadSize, m.payloadSize],
    [Key.PayloadDigest, [ALGORITHM_SHA256, m.payloadDigest]],
    [Key.Encoding, m.encoding],
    [Key.HostAbi, [m.hostAbi.minimum, m.hostAbi.maximum]],
    [Key.Memory, m.memory],
    [Key.NativeMinimum, m.nativeMinimum],
    [Key.KeyId, m.keyId],
    [Key.SbomDigest, m.sbomDigest],
  ]);
  if (m.base) map.set(Key.DeltaBase, m.base);
  if (m.notBefore !== undefined) map.set(Key.NotBefore, m.notBefore);
  if (m.destination) map.set(Key.Destination, destinationParts(m.destination));
  return cborWrite(map);
}

/** As the header has them: an IEEE address is little-endian. */
function destinationParts({ manufacturer, imageType, address }: Destination): unknown[] {
  if (address === undefined) return [manufacturer, imageType];
  const octets = Buffer.alloc(ADDRESS_SIZE);
  octets.writeBigUInt64LE(address);
  return [manufacturer, imageType, octets];
}

/** Takes exactly the keys that are known; `offset` is the manifest element's, for errors. */
export function manifestRead(payload: Uint8Array, offset = 0): Manifest {
  const map = new Fields(payload, offset);
  if (map.uint(Key.ManifestVersion, "manifest-version", U32_MAX) !== MANIFEST_VERSION) map.fail("its version is unknown");
  const manifest: Manifest = {
    counter: map.uint(Key.SequenceNumber, "sequence-number", U32_MAX),
    vendor: map.octets(Key.Vendor, "vendor-identifier", UUID_SIZE),
    classId: map.octets(Key.Class, "class-identifier", UUID_SIZE),
    role: map.uint(Key.Role, "role", U8_MAX),
    phase: map.uint(Key.Phase, "phase", U8_MAX),
    version: map.uint(Key.Version, "version", U32_MAX),
    hardware: map.range(Key.Hardware, "hardware", U16_MAX),
    imageSize: map.uint(Key.ImageSize, "image-size", U32_MAX),
    imageDigest: map.digest(Key.ImageDigest, "image-digest"),
    payloadSize: map.uint(Key.PayloadSize, "payload-size", U32_MAX),
    payloadDigest: map.digest(Key.PayloadDigest, "payload-digest"),
    encoding: map.uint(Key.Encoding, "encoding", U8_MAX),
    hostAbi: map.range(Key.HostAbi, "host-abi", U32_MAX),
    memory: map.uint(Key.Memory, "memory", U32_MAX),
    nativeMinimum: map.uint(Key.NativeMinimum, "native-minimum", U32_MAX),
    keyId: map.octets(Key.KeyId, "key-id", KEY_ID_SIZE),
    sbomDigest: map.octets(Key.SbomDigest, "sbom-digest", DIGEST_SIZE),
  };
  if (map.has(Key.NotBefore)) manifest.notBefore = map.uint(Key.NotBefore, "not-before", U32_MAX);
  if (map.has(Key.Destination)) manifest.destination = map.destination(Key.Destination, "destination");
  if (map.has(Key.DeltaBase)) manifest.base = map.octets(Key.DeltaBase, "delta-base", DIGEST_SIZE);
  if ((manifest.encoding === Encoding.Delta) !== (manifest.base !== undefined)) map.fail("delta-base and encoding contradict each other");
  map.end();
  return manifest;
}

class Fields {
  private readonly map: Map<unknown, unknown>;
  private readonly left: Set<unknown>;

  constructor(
    payload: Uint8Array,
    private readonly offset: number,
  ) {
    let value: unknown;
    try {
      value = cborRead(payload);
    } catch (error) {
      this.fail((error as Error).message);
    }
    if (!(value instanceof Map)) this.fail("it is no map");
    this.map = value as Map<unknown, unknown>;
    this.left = new Set(this.map.keys());
  }

  fail(what: string): never {
    throw new ImageError(this.offset, `the manifest is malformed: ${what}`, ImageReason.Manifest);
  }

  has(key: number): boolean {
    return this.map.has(key);
  }

  /** All keys were asked for. */
  end(): void {
    for (const key of this.left) this.fail(`key ${key} is unknown`);
  }

  private take(key: number, name: string): unknown {
    if (!this.map.has(key)) this.fail(`${name} (key ${key}) is missing`);
    this.left.delete(key);
    return this.map.get(key);
  }

  private number(value: unknown, name: string, maximum: number): number {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maximum) return value;
    return this.fail(`${name} is no number from 0 to ${maximum}`);
  }

  uint(key: number, name: string, maximum: number): number {
    return this.number(this.take(key, name), name, maximum);
  }

  octets(key: number, name: string, size: number): Buffer {
    const value = this.take(key, name);
    if (!(value instanceof Uint8Array) || value.length !== size) return this.fail(`${name} has not ${size} octets`);
    return Buffer.from(value);
  }

  range(key: number, name: string, most: number): { minimum: number; maximum: number } {
    const value = this.take(key, name);
    if (!Array.isArray(value) || value.length !== 2) return this.fail(`${name} is no pair`);
    const [minimum, maximum] = value.map((part) => this.number(part, name, most));
    if (minimum > maximum) this.fail(`${name} ends before it begins`);
    return { minimum, maximum };
  }

  destination(key: number, name: string): Destination {
    const value = this.take(key, name);
    if (!Array.isArray(value) || value.length < 2 || value.length > 3) return this.fail(`${name} is neither a pair nor three`);
    const [manufacturer, imageType] = value.slice(0, 2).map((part) => this.number(part, name, U16_MAX));
    if (value.length === 2) return { manufacturer, imageType };
    const octets = value[2];
    if (!(octets instanceof Uint8Array) || octets.length !== ADDRESS_SIZE)
      return this.fail(`${name} has an address that has not ${ADDRESS_SIZE} octets`);
    return { manufacturer, imageType, address: Buffer.from(octets).readBigUInt64LE() };
  }

  /** A SUIT_Digest. */
  digest(key: number, name: string): Buffer {
    const value = this.take(key, name);
    const [algorithm, octets] = Array.isArray(value) && value.length === 2 ? value : [];
    if (algorithm !== ALGORITHM_SHA256) this.fail(`${name} is no SUIT_Digest with SHA-256 (-16)`);
    if (!(octets instanceof Uint8Array) || octets.length !== DIGEST_SIZE) return this.fail(`${name} has not ${DIGEST_SIZE} octets`);
    return Buffer.from(octets);
  }
}

/** "1.2.3" for 0x01020003. */
export function versionText(version: number): string {
  return `${version >>> 24}.${(version >>> 16) & U8_MAX}.${version & U16_MAX}`;
}

/** Takes "1.2.3", or a number as "0x01020003"; NaN for anything else. */
export function versionParse(text: string): number {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number(text);
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,5})$/.exec(text)?.slice(1).map(Number);
  if (!parts || parts[0] > U8_MAX || parts[1] > U8_MAX || parts[2] > U16_MAX) return Number.NaN;
  return ((parts[0] << 24) | (parts[1] << 16) | parts[2]) >>> 0;
}
