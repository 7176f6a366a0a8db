// Arithmetic in GF(2^m) for the curve in use: Guide to Elliptic Curve Cryptography, section 2.3.
//
// The carry-less product comes from the board (docs/decisions/0002-binary-curves.md); all else is here.  An element
// has room for nine words whatever the curve; those above the curve's own mean nothing.  Nothing depends on a value.

import { wipe } from "../core/bytes";
import { gf2Multiply } from "../core/host";
import { curve } from "./curve";
import { NUMBER_SIZE, WORDS_MAX, wordsAdd, wordsBit, wordsZeroMask } from "./words";

/** Octets of an element in memory. */
export const ELEMENT: u32 = NUMBER_SIZE;

const wide = memory.data(WORDS_MAX * 8, 4);
const power = memory.data(ELEMENT, 4);
const base = memory.data(ELEMENT, 4);

/** out = a + b, which is also a - b. */
export function fieldAdd(out: usize, a: usize, b: usize): void {
  wordsAdd(out, a, b, curve.words << 2);
}

/** out = a * b; any of them may be the same element. */
export function fieldMultiply(out: usize, a: usize, b: usize): void {
  let status = gf2Multiply(a, b, wide, curve.words);
  assert(status == 0); // the board refuses only a number of words that no curve here has
  reduce(out);
}

/** out = a². */
export function fieldSquare(out: usize, a: usize): void {
  fieldMultiply(out, a, a);
}

/** out = a to the power of 2^count; count is at least 1. */
export function fieldSquareTimes(out: usize, a: usize, count: u32): void {
  fieldSquare(out, a);
  while (--count) fieldSquare(out, out);
}

/**
 * out = 1/a, and 0 for 0: a to the power of 2^m - 2 by Itoh and Tsujii.  With b(k) = a^(2^k - 1) we have
 * b(2k) = b(k)^(2^k) * b(k) and b(k+1) = b(k)² * a, and follow the bits of m - 1 from the top.
 */
export function fieldInvert(out: usize, a: usize): void {
  memory.copy(base, a, ELEMENT);
  memory.copy(out, a, ELEMENT);
  let exponent = curve.degree - 1;
  let known: u32 = 1;
  for (let bit: i32 = 30 - <i32>clz(exponent); bit >= 0; bit--) {
    fieldSquareTimes(power, out, known);
    fieldMultiply(out, power, out);
    known <<= 1;
    if ((exponent >>> bit) & 1) {
      fieldSquare(out, out);
      fieldMultiply(out, out, base);
      known++;
    }
  }
  fieldSquare(out, out);
}

/** out = H(a), the half-trace: where the trace of `a` is 0, a root z of z² + z = a (SEC 1 section 2.3.4).  m is odd. */
export function fieldHalfTrace(out: usize, a: usize): void {
  memory.copy(base, a, ELEMENT);
  memory.copy(out, a, ELEMENT);
  for (let count = curve.degree >>> 1; count; count--) {
    fieldSquareTimes(out, out, 2);
    fieldAdd(out, out, base);
  }
}

/** Forgets what the last operations left. */
export function fieldForget(): void {
  wipe(wide, WORDS_MAX * 8);
  wipe(power, ELEMENT);
  wipe(base, ELEMENT);
}

/** The trace of an element: 0 or 1. */
export function fieldTrace(a: usize): u32 {
  return (load<u32>(a) & 1) ^ wordsBit(a, curve.traceBit);
}

/** All ones where an element is zero, otherwise zero. */
export function fieldZeroMask(a: usize): u32 {
  return wordsZeroMask(a, curve.words << 2);
}

/** Whether a number of nine words is an element, that is, shorter than m bits. */
export function fieldHolds(a: usize): bool {
  let last = (curve.words - 1) << 2;
  return load<u32>(a + last) >>> (curve.degree & 31) == 0; // octets of a coordinate never reach beyond that word
}

/**
 * out = the wide product modulo x^m + x^k1 + x^k2 + x^k3 + 1.  With the product as low + high * x^m, high is added at
 * 0, k1, k2 and k3; what that pushes beyond x^m, at most k1 bits, is added the same way once more.
 *
 * This loop is where a multiplication spends its time in an interpreter, hence three words in a turn, and sums of shifts as
 * shifts of sums: (((h << k1 - k2) + h << k2 - k3) + h << k3) + h.
 */
function reduce(out: usize): void {
  let size = curve.words << 2;
  let k1 = curve.k1, k3 = curve.k3;
  let k12 = k1 - curve.k2, k23 = curve.k2 - k3, carry = 32 - k1;
  let within = curve.degree & 31, beyond = 32 - within;
  let low: usize = wide, high: usize = wide + size;
  let last = load<u32>(high - 4);
  store<u32>(high - 4, last & ((1 << within) - 1));
  let end = high, to = out;
  let h2: u32 = 0;
  do {
    let next = load<u32>(high);
    let h0 = (next << beyond) | (last >>> within);
    last = load<u32>(high, 4);
    let h1 = (last << beyond) | (next >>> within);
    store<u32>(to, ((((((h2 >>> k23) ^ h2) >>> k12) ^ h2) >>> carry) ^ load<u32>(low))
      ^ ((((((h0 << k12) ^ h0) << k23) ^ h0) << k3) ^ h0));
    next = load<u32>(high, 8);
    h2 = (next << beyond) | (last >>> within);
    last = next;
    store<u32>(to, ((((((h0 >>> k23) ^ h0) >>> k12) ^ h0) >>> carry) ^ load<u32>(low, 4))
      ^ ((((((h1 << k12) ^ h1) << k23) ^ h1) << k3) ^ h1), 4);
    store<u32>(to, ((((((h1 >>> k23) ^ h1) >>> k12) ^ h1) >>> carry) ^ load<u32>(low, 8))
      ^ ((((((h2 << k12) ^ h2) << k23) ^ h2) << k3) ^ h2), 8);
    high += 12;
    to += 12;
    low += 12;
  } while (low < end);
  last = load<u32>(to - 4);
  let over = (last >>> within) | (((((((h2 >>> k23) ^ h2) >>> k12) ^ h2) >>> carry)) << beyond);
  store<u32>(to - 4, last & ((1 << within) - 1));
  store<u32>(out, load<u32>(out) ^ ((((((over << k12) ^ over) << k23) ^ over) << k3) ^ over));
}
