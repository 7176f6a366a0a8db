// Arithmetic modulo the order of the curve in use.  Secrets are scalars: what is executed depends on the curve only.

import { entropy } from "../core/host";
import { wipe } from "../core/bytes";
import { curve } from "./curve";
import { NUMBER_SIZE, wordsBit, wordsFromOctets, wordsSelect, wordsZeroMask } from "./words";

// Drawing a scalar below an order just above a power of two fails every other time (sect163k1); with this many draws
// failing altogether is as likely as guessing a key of 64 bits, and then no exchange takes place.
const DRAWS_MAX: u32 = 64;

const difference = memory.data(NUMBER_SIZE, 4);
const draw = memory.data(NUMBER_SIZE, 4);

/** All ones where 0 < a < order, otherwise zero. */
export function scalarValidMask(a: usize): u32 {
  return belowOrderMask(a) & ~wordsZeroMask(a, NUMBER_SIZE);
}

/**
 * Reads a private key; answers all ones unless it is a multiple of the order.  Keys may have a bit more than the order, as
 * one in the profile's own worked example does, and are taken modulo the order.
 */
export function scalarFromOctets(out: usize, at: usize): u32 {
  wordsFromOctets(out, at, curve.octets);
  addMasked(out, out, out, 0);
  return scalarValidMask(out);
}

/** out = a + b modulo the order, for a and b below it. */
export function scalarAdd(out: usize, a: usize, b: usize): void {
  addMasked(out, a, b, 0xffffffff);
}

/** out = a * b modulo the order, for `a` below it and `b` of at most `bits` bits; out is neither a nor b. */
export function scalarMultiply(out: usize, a: usize, b: usize, bits: u32): void {
  memory.fill(out, 0, NUMBER_SIZE);
  while (bits--) {
    addMasked(out, out, out, 0xffffffff);
    addMasked(out, out, a, 0 - wordsBit(b, bits));
  }
}

/**
 * Draws a secret scalar, evenly from 1 to order - 1, by rejection: candidates have as many random bits as the order and
 * are drawn again until one is in range, so the number of draws tells of rejected candidates and nothing of the accepted one.
 * Answers false when chance gave none.
 */
export function scalarDraw(out: usize): bool {
  let octets = (curve.orderBits + 7) >>> 3;
  let topMask = (2 << ((curve.orderBits - 1) & 7)) - 1;
  for (let count: u32 = 0; count < DRAWS_MAX; count++) {
    entropy(draw, octets);
    store<u8>(draw, load<u8>(draw) & topMask);
    wordsFromOctets(out, draw, octets);
    if (scalarValidMask(out)) {
      return true;
    }
  }
  return false;
}

/** Forgets what the last operations left. */
export function scalarForget(): void {
  wipe(draw, NUMBER_SIZE);
  wipe(difference, NUMBER_SIZE);
}

/** out = (a + (b where `mask` is all ones)) modulo the order: the sum, unless it can spare the order. */
function addMasked(out: usize, a: usize, b: usize, mask: u32): void {
  let order = curve.order;
  let carry: u64 = 0;
  let borrow: i64 = 0;
  for (let offset: u32 = 0; offset < NUMBER_SIZE; offset += 4) {
    carry += <u64>load<u32>(a + offset) + (load<u32>(b + offset) & mask);
    borrow += <i64>(<u32>carry) - <i64>load<u32>(order + offset);
    store<u32>(out + offset, <u32>carry);
    store<u32>(difference + offset, <u32>borrow);
    carry >>>= 32;
    borrow >>= 32;
  }
  wordsSelect(out, difference, ~<u32>borrow);
}

/** All ones where a < order, otherwise zero. */
function belowOrderMask(a: usize): u32 {
  let order = curve.order;
  let borrow: i64 = 0;
  for (let offset: u32 = 0; offset < NUMBER_SIZE; offset += 4) {
    borrow = (borrow + <i64>load<u32>(a + offset) - <i64>load<u32>(order + offset)) >> 32;
  }
  return <u32>borrow;
}
