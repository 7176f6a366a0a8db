// AES-MMO and its keyed hash: 05-3474 annexes B.6 and B.1.4, over the AES of node:crypto.

import { createCipheriv } from "node:crypto";

const BLOCK = 16;
const SHORT_LIMIT_BITS = 0x1_0000; // B.6: from here on, the length takes four octets and two zero octets follow it

/** The Matyas-Meyer-Oseas hash of a message of any length. */
export function hashMmo(data: Uint8Array): Buffer {
  const padded = padMmo(data);
  let hash: Buffer = Buffer.alloc(BLOCK);
  for (let at = 0; at < padded.length; at += BLOCK) {
    const block = padded.subarray(at, at + BLOCK);
    hash = encryptBlock(hash, block);
    for (let index = 0; index < BLOCK; index++) hash[index] = (hash[index] as number) ^ (block[index] as number);
  }
  return hash;
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

function padMmo(data: Uint8Array): Buffer {
  const bits = data.length * 8;
  const long = bits >= SHORT_LIMIT_BITS;
  const tail = long ? 6 : 2;
  const size = Math.ceil((data.length + 1 + tail) / BLOCK) * BLOCK;
  const padded = Buffer.alloc(size);
  padded.set(data);
  padded[data.length] = 0x80;
  if (long) padded.writeUInt32BE(bits >>> 0, size - tail);
  else padded.writeUInt16BE(bits, size - tail);
  return padded;
}

function encryptBlock(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createCipheriv("aes-128-ecb", key, null);
  cipher.setAutoPadding(false);
  return cipher.update(block);
}
