// AES-128 with key schedules that are kept: docs/decisions/0013-aes-in-node.md.  Words are little-endian, as the octets lie.
import { unsafe } from "@noble/ciphers/aes.js";

export const AES_BLOCK = 16;

/** A key as the rounds want it; making one costs as much as five blocks. */
export type Schedule = Uint32Array;

export function scheduleOf(key: Uint8Array): Schedule {
  if (key.length !== AES_BLOCK) throw new RangeError(`an AES-128 key has ${AES_BLOCK} octets, not ${key.length}`);
  return unsafe.expandKeyLE(key);
}

/** One block as four words. */
export const aesEncrypt: (
  schedule: Schedule,
  a: number,
  b: number,
  c: number,
  d: number,
) => { s0: number; s1: number; s2: number; s3: number } = unsafe.encrypt;
