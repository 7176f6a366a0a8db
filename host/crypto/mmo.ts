// AES-MMO and its keyed hash: 05-3474 annexes B.6 and B.1.4.
import { AES_BLOCK, aesEncrypt, scheduleOf } from "./aes.ts";

const BLOCK = AES_BLOCK;
const SHORT_LIMIT_BITS = 0x1_0000; // B.6: from here on, the length takes four octets and two zero octets follow it
const BITS_MAX = 0xffff_ffff;

/** The Matyas-Meyer-Oseas hash of a message that comes in parts, of less than 2^32 bits. */
export class MmoHash {
  private hash: Buffer = Buffer.alloc(BLOCK);
  private readonly rest = Buffer.alloc(BLOCK);
  private size = 0;

  update(data: Uint8Array): this {
    let at = 0;
    const begun = this.size % BLOCK;
    if (begun > 0) {
      at = Math.min(BLOCK - begun, data.length);
      this.rest.set(data.subarray(0, at), begun);
      if (begun + at === BLOCK) this.block(this.rest);
    }
    for (; at + BLOCK <= data.length; at += BLOCK) this.block(data.subarray(at, at + BLOCK));
    if (at < data.length) this.rest.set(data.subarray(at));
    this.size += data.length;
    return this;
  }

  /** The hash of all that came; more may come afterwards. */
  digest(): Buffer {
    const ended = this.copy();
    ended.update(padding(this.size));
    return ended.hash;
  }

  /** One that has seen the same, for messages that begin alike. */
  copy(): MmoHash {
    const twin = new MmoHash();
    twin.hash = Buffer.from(this.hash);
    twin.rest.set(this.rest);
    twin.size = this.size;
    return twin;
  }

  private block(block: Uint8Array): void {
    const hash = encryptBlock(this.hash, block);
    for (let index = 0; index < BLOCK; index++) hash[index] = (hash[index] as number) ^ (block[index] as number);
    this.hash = hash;
  }
}

/** The hash of a message of any length below 2^32 bits. */
export function hashMmo(data: Uint8Array): Buffer {
  return new MmoHash().update(data).digest();
}

/** The keyed hash; a key longer than a block is hashed first, a shorter one is filled with zeros (FIPS 198). */
export function hmacMmo(key: Uint8Array, data: Uint8Array): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.set(key.length > BLOCK ? hashMmo(key) : key);
  const inner = hashMmo(Buffer.concat([block.map((octet) => octet ^ 0x36), data]));
  return hashMmo(Buffer.concat([block.map((octet) => octet ^ 0x5c), inner]));
}

/** The key as CCM* uses it: 0 the key itself, 1 its key-transport key, 2 its key-load key (05-3474 section 4.5.3). */
export function keyVariant(key: Uint8Array, variant: number): Buffer {
  if (variant === 0) return Buffer.from(key);
  if (variant === 1) return hmacMmo(key, Uint8Array.of(0x00));
  if (variant === 2) return hmacMmo(key, Uint8Array.of(0x02));
  throw new RangeError(`no key variant ${variant}: there are 0, 1 and 2`);
}

/** What follows a message of `size` octets: a one, zeros, and its length in bits up to the end of a block. */
function padding(size: number): Buffer {
  const bits = size * 8;
  if (bits > BITS_MAX) throw new RangeError(`AES-MMO takes messages below 2^32 bits (05-3474 annex B.6), and this one has ${size} octets`);
  const long = bits >= SHORT_LIMIT_BITS;
  const tail = long ? 6 : 2;
  const padded = Buffer.alloc(Math.ceil((size + 1 + tail) / BLOCK) * BLOCK - size);
  padded[0] = 0x80;
  if (long) padded.writeUInt32BE(bits, padded.length - tail);
  else padded.writeUInt16BE(bits, padded.length - tail);
  return padded;
}

const words = new Int32Array(BLOCK / 4);

function encryptBlock(key: Uint8Array, block: Uint8Array): Buffer {
  const at = Buffer.from(block.buffer, block.byteOffset, BLOCK);
  for (let index = 0; index < words.length; index++) words[index] = at.readInt32LE(4 * index);
  aesEncrypt(scheduleOf(key), words);
  const out = Buffer.alloc(BLOCK);
  for (let index = 0; index < words.length; index++) out.writeInt32LE(words[index], 4 * index);
  return out;
}
