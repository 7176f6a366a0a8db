// Native firmware in MCUboot's image format (MCUboot, docs/design.md "Image Format"), for makers who boot with it.  Little-endian.
//
//   header 32, padded to header size | image | protected TLVs: info, entries | TLVs: info, SHA-256, key hash, ECDSA signature
//
//   | magic 4 | load address 4 | header size 2 | protected TLV size 2 | image size 4 | flags 4 | version 1 1 2 4 | 0 4 |

import { ImageReason } from "../abi.ts";
import { es256Verify, type Signer } from "./cose.ts";
import { ImageError } from "./image_error.ts";
import { derFromSignature, signatureFromDer, spki } from "./keys.ts";
import { sha256 } from "./package_format.ts";

const MAGIC = 0x96f3b83d;
const HEADER = 32;
const TLV_INFO = 4;
const TLV_HEAD = 4;
const TLV_MAGIC = 0x6907;
const TLV_PROTECTED_MAGIC = 0x6908;
const TLV_KEY_HASH = 0x01;
const TLV_SHA256 = 0x10;
const TLV_ECDSA = 0x22;
const TLV_SECURITY_COUNTER = 0x50;
const U16_MAX = 0xffff;
/** IMAGE_F_RAM_LOAD: the loader copies the image to the load address and runs it there. */
const FLAG_RAM_LOAD = 0x20;

export interface McubootVersion {
  major: number;
  minor: number;
  revision: number;
  build: number;
}

export interface McubootOptions {
  image: Uint8Array;
  version: McubootVersion;
  /** Octets from the header's start to the image's, as the firmware was linked. */
  headerSize?: number;
  /** Of an image that runs from RAM. */
  loadAddress?: number;
  /** Rollback protection, a protected TLV; none when absent. */
  counter?: number;
  point: Uint8Array;
  sign: Signer;
}

export interface McubootImage {
  version: McubootVersion;
  image: Buffer;
  headerSize: number;
  flags: number;
  /** Where the flag RAM_LOAD is set. */
  loadAddress?: number;
  counter?: number;
  digest: Buffer;
  keyHash: Buffer;
}

/** Signs a binary; with the same input it makes the same octets. */
export function mcubootBuild(options: McubootOptions): Buffer {
  const headerSize = options.headerSize ?? 0x200;
  if (headerSize < HEADER || headerSize > U16_MAX)
    throw new RangeError(`an MCUboot header has ${HEADER} to ${U16_MAX} octets, not ${headerSize}`);
  const shielded =
    options.counter === undefined ? Buffer.alloc(0) : tlvs(TLV_PROTECTED_MAGIC, [[TLV_SECURITY_COUNTER, u32(options.counter)]]);
  const head = Buffer.alloc(headerSize);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(options.loadAddress ?? 0, 4);
  head.writeUInt16LE(headerSize, 8);
  head.writeUInt16LE(shielded.length, 10);
  head.writeUInt32LE(options.image.length, 12);
  head.writeUInt32LE(options.loadAddress === undefined ? 0 : FLAG_RAM_LOAD, 16);
  head.writeUInt8(options.version.major, 20);
  head.writeUInt8(options.version.minor, 21);
  head.writeUInt16LE(options.version.revision, 22);
  head.writeUInt32LE(options.version.build, 24);
  const covered = Buffer.concat([head, options.image, shielded]);
  const digest = sha256(covered);
  const entries: [number, Buffer][] = [
    [TLV_SHA256, digest],
    [TLV_KEY_HASH, sha256(spki(options.point))],
    [TLV_ECDSA, derFromSignature(options.sign(digest))],
  ];
  return Buffer.concat([covered, tlvs(TLV_MAGIC, entries)]);
}

function u32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(value);
  return octets;
}

function tlvs(magic: number, entries: [number, Buffer][]): Buffer {
  const body = entries.map(([type, data]) => {
    const head = Buffer.alloc(TLV_HEAD);
    head.writeUInt16LE(type, 0);
    head.writeUInt16LE(data.length, 2);
    return Buffer.concat([head, data]);
  });
  const info = Buffer.alloc(TLV_INFO);
  info.writeUInt16LE(magic, 0);
  info.writeUInt16LE(TLV_INFO + body.reduce((sum, part) => sum + part.length, 0), 2);
  return Buffer.concat([info, ...body]);
}

export function isMcuboot(file: Buffer): boolean {
  return file.length >= 4 && file.readUInt32LE(0) === MAGIC;
}

/** Reads an image of ours and verifies it under `point`, or under nobody when that is null. */
export function mcubootOpen(file: Buffer, point: Uint8Array | null): McubootImage {
  const need = (size: number): void => {
    if (file.length < size) throw new ImageError(file.length, `the image ends before octet ${size}`, ImageReason.Truncated);
  };
  need(HEADER);
  if (file.readUInt32LE(0) !== MAGIC) throw new ImageError(0, "an MCUboot image begins with 3d b8 f3 96", ImageReason.Identifier);
  const headerSize = file.readUInt16LE(8);
  if (headerSize < HEADER)
    throw new ImageError(8, `a header of ${headerSize} octets is smaller than its ${HEADER}`, ImageReason.HeaderLength);
  const end = headerSize + file.readUInt32LE(12);
  const shieldedSize = file.readUInt16LE(10);
  need(end + shieldedSize);
  const shielded = shieldedSize > 0 ? readTlvs(file, end, TLV_PROTECTED_MAGIC, shieldedSize) : new Map<number, Buffer>();
  const open = readTlvs(file, end + shieldedSize, TLV_MAGIC, file.length - end - shieldedSize);
  const digest = sha256(file.subarray(0, end + shieldedSize));
  const [found, keyHash, signature] = [TLV_SHA256, TLV_KEY_HASH, TLV_ECDSA].map((type) => open.get(type));
  if (!found?.equals(digest)) throw new ImageError(end, "the SHA-256 of header and image is not the TLV's", ImageReason.ImageDigest);
  if (!keyHash || !signature) throw new ImageError(end, "key hash or ECDSA signature is missing", ImageReason.ElementMissing);
  const raw = signatureFromDer(signature);
  if (point && !(keyHash.equals(sha256(spki(point))) && raw && es256Verify(point, digest, raw)))
    throw new ImageError(end, "the image is signed by another key", ImageReason.RootSignature);
  const counter = shielded.get(TLV_SECURITY_COUNTER);
  return {
    version: { major: file[20], minor: file[21], revision: file.readUInt16LE(22), build: file.readUInt32LE(24) },
    image: Buffer.from(file.subarray(headerSize, end)),
    headerSize,
    flags: file.readUInt32LE(16),
    ...(file.readUInt32LE(16) & FLAG_RAM_LOAD ? { loadAddress: file.readUInt32LE(4) } : {}),
    ...(counter?.length === 4 ? { counter: counter.readUInt32LE(0) } : {}),
    digest,
    keyHash,
  };
}

/** An area of TLVs that fills `size` octets. */
function readTlvs(file: Buffer, at: number, magic: number, size: number): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  if (size < TLV_INFO || file.readUInt16LE(at) !== magic || file.readUInt16LE(at + 2) !== size)
    throw new ImageError(at, `no TLV area of ${size} octets with the magic 0x${magic.toString(16)} stands here`, ImageReason.ElementLength);
  const end = at + size;
  for (let entry = at + TLV_INFO; entry < end; ) {
    const length = entry + TLV_HEAD <= end ? file.readUInt16LE(entry + 2) : end;
    const next = entry + TLV_HEAD + length;
    if (next > end) throw new ImageError(entry, "a TLV leaves its area", ImageReason.ElementLength);
    const type = file.readUInt16LE(entry);
    if (found.has(type)) throw new ImageError(entry, `the TLV 0x${type.toString(16)} is there twice`, ImageReason.ElementTwice);
    found.set(type, file.subarray(entry + TLV_HEAD, next));
    entry = next;
  }
  return found;
}
