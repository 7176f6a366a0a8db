// Arithmetic in GF(2^m) for the curve in use: Guide to Elliptic Curve Cryptography, section 2.3.
//
// Products and runs of squarings come from the board (docs/decisions/0002-binary-curves.md); all else is here.  An element
// has nine words whatever the curve; those above the curve's own are zero.  Nothing depends on a value.

import { wipe } from "../core/bytes";
import { gf2Multiply } from "../core/host";
import { curve } from "./curve";
import { NUMBER_SIZE, wordsAdd, wordsBit, wordsZeroMask } from "./words";

/** Octets of an element in memory. */
export const ELEMENT: u32 = NUMBER_SIZE;

const power = memory.data(ELEMENT, 4);
const base = memory.data(ELEMENT, 4);

/** out = a + b, which is also a - b. */
export function fieldAdd(out: usize, a: usize, b: usize): void {
  wordsAdd(out, a, b, curve.words << 2);
}

/** out = a * b; any of them may be the same element. */
export function fieldMultiply(out: usize, a: usize, b: usize): void {
  fieldMultiplySquare(out, a, b, 0);
}

/** out = a * b to the power of 2^squarings. */
export function fieldMultiplySquare(out: usize, a: usize, b: usize, squarings: u32): void {
  let status = gf2Multiply(curve.suite, a, b, out, squarings);
  assert(status == 0); // the board refuses only another field and longer runs of squarings than an inversion has
}

/** out = a to the power of 2^count; count is at least 1. */
export function fieldSquareTimes(out: usize, a: usize, count: u32): void {
  fieldMultiplySquare(out, a, a, count - 1);
}

/** out = a². */
export function fieldSquare(out: usize, a: usize): void {
  fieldSquareTimes(out, a, 1);
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
    let odd = (exponent >>> bit) & 1;
    fieldMultiplySquare(out, power, out, odd);
    known <<= 1;
    if (odd) {
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
