// AES-128 with key schedules that are kept: docs/decisions/0013-aes-in-node.md.  Words are little-endian, as the octets lie (FIPS 197).
import { unsafe } from "@noble/ciphers/aes.js";

export const AES_BLOCK = 16;
const WORDS = 4;
/** The ninth round's keys end here; the tenth has no MixColumns. */
const LAST = 4 * 10;
/** x^8 + x^4 + x^3 + x + 1. */
const FIELD = 0x11b;

/** A key as the rounds want it; making one costs as much as five blocks. */
export type Schedule = Uint32Array;

export function scheduleOf(key: Uint8Array): Schedule {
  if (key.length !== AES_BLOCK) throw new RangeError(`an AES-128 key has ${AES_BLOCK} octets, not ${key.length}`);
  return unsafe.expandKeyLE(key);
}

/** Twice an octet, in the field. */
const twice = (octet: number): number => (octet << 1) ^ (octet & 0x80 ? FIELD : 0);

/** SubBytes: the inverse in the field, by powers of 3, then the affine map. */
function substitutes(): Uint8Array {
  const powers = new Uint8Array(255);
  for (let index = 0, power = 1; index < 255; index++, power ^= twice(power)) powers[index] = power;
  const box = new Uint8Array(256).fill(0x63);
  for (const [index, octet] of powers.entries()) {
    const inverse = powers[(255 - index) % 255] * 0x101; // twice side by side, so that a shift turns it
    for (let turn = 4; turn <= 8; turn++) box[octet] ^= inverse >>> turn;
  }
  return box;
}

const BOX = substitutes();
/** SubBytes and MixColumns of an octet of each row: 4 KiB in all, which a cache keeps beside everything else that runs. */
const ROWS = Array.from({ length: WORDS }, (_, row) =>
  Int32Array.from(BOX, (octet) => {
    const column = (twice(octet) & 0xff) | (octet << 8) | (octet << 16) | ((twice(octet) ^ octet) << 24);
    return row === 0 ? column : (column << (8 * row)) | (column >>> (32 - 8 * row));
  }),
);
const [ROW0, ROW1, ROW2, ROW3] = ROWS;

/** One block of four words, in place. */
export function aesEncrypt(schedule: Schedule, block: Int32Array): void {
  let a = block[0] ^ schedule[0];
  let b = block[1] ^ schedule[1];
  let c = block[2] ^ schedule[2];
  let d = block[3] ^ schedule[3];
  for (let at = WORDS; at < LAST; at += WORDS) {
    const nextA = ROW0[a & 0xff] ^ ROW1[(b >>> 8) & 0xff] ^ ROW2[(c >>> 16) & 0xff] ^ ROW3[d >>> 24] ^ schedule[at];
    const nextB = ROW0[b & 0xff] ^ ROW1[(c >>> 8) & 0xff] ^ ROW2[(d >>> 16) & 0xff] ^ ROW3[a >>> 24] ^ schedule[at + 1];
    const nextC = ROW0[c & 0xff] ^ ROW1[(d >>> 8) & 0xff] ^ ROW2[(a >>> 16) & 0xff] ^ ROW3[b >>> 24] ^ schedule[at + 2];
    d = ROW0[d & 0xff] ^ ROW1[(a >>> 8) & 0xff] ^ ROW2[(b >>> 16) & 0xff] ^ ROW3[c >>> 24] ^ schedule[at + 3];
    a = nextA;
    b = nextB;
    c = nextC;
  }
  block[0] = last(a, b, c, d) ^ schedule[LAST];
  block[1] = last(b, c, d, a) ^ schedule[LAST + 1];
  block[2] = last(c, d, a, b) ^ schedule[LAST + 2];
  block[3] = last(d, a, b, c) ^ schedule[LAST + 3];
}

/** SubBytes and ShiftRows alone. */
function last(a: number, b: number, c: number, d: number): number {
  return BOX[a & 0xff] | (BOX[(b >>> 8) & 0xff] << 8) | (BOX[(c >>> 16) & 0xff] << 16) | (BOX[d >>> 24] << 24);
}
