// Multiplication in GF(2^m) as a module of its own: the body of the import `gf2_multiply` where a board has none (V8).
//
// It is linked on the device's memory, owns no octet of it and calls nothing, so the wide product stands in its globals.
//
// Integer multiplication serves as carry-less multiplication where the operands have holes: with every fourth bit kept,
// at most eight products meet in a column, their sum stays within the four bits of the hole, and its low bit is the
// exclusive or.  Three words at a time are multiplied with six products instead of nine (Karatsuba), and so are the three
// blocks of three words.  No branch and no address depends on the operands' bits.  boards/common/gf2.c is the same in C.

import { Field } from "../../core/host";

const SQUARINGS_MAX: u32 = 282;
const RESERVED: i32 = -4; // Err.Reserved

const M0: u64 = 0x1111_1111;
const HOLES: u64 = 0x1111_1111_1111_1111;

/** The product of two elements, 64 bits a word, least significant first. */
let w0: u64 = 0, w1: u64 = 0, w2: u64 = 0, w3: u64 = 0, w4: u64 = 0, w5: u64 = 0, w6: u64 = 0, w7: u64 = 0, w8: u64 = 0;

/** out = (a * b)^(2^squarings) in a field.  Elements are nine words of 32 bits; out may be a or b. */
export function gf2_multiply(field: u32, a: usize, b: usize, out: usize, squarings: u32): i32 {
  if (squarings > SQUARINGS_MAX) return RESERVED;
  if (field == Field.Sect163k1) {
    let topA: u64 = load<u64>(a, 16) & 0x7_ffff_ffff, topB: u64 = load<u64>(b, 16) & 0x7_ffff_ffff;
    if (a == b) square(load<u64>(a), load<u64>(a, 8), topA, 0, 0);
    else multiply163(a, b, topA, topB);
    reduce163();
    for (; squarings; squarings--) {
      square(w0, w1, w2, 0, 0);
      reduce163();
    }
  } else if (field == Field.Sect283k1) {
    let topA: u64 = load<u32>(a, 32) & 0x07ff_ffff, topB: u64 = load<u32>(b, 32) & 0x07ff_ffff;
    if (a == b) square(load<u64>(a), load<u64>(a, 8), load<u64>(a, 16), load<u64>(a, 24), topA);
    else multiply283(a, b, <u32>topA, <u32>topB);
    reduce283();
    for (; squarings; squarings--) {
      square(w0, w1, w2, w3, w4);
      reduce283();
    }
  } else {
    return RESERVED;
  }
  store<u64>(out, w0);
  store<u64>(out, w1, 8);
  store<u64>(out, w2, 16);
  store<u64>(out, w3, 24);
  store<u32>(out, <u32>w4, 32);
  return 0;
}

/** w = w modulo x^163 + x^7 + x^6 + x^3 + 1: what lies at and above x^163 is added at 0, 3, 6 and 7, and what that pushes there again. */
function reduce163(): void {
  let h0 = (w2 >>> 35) | (w3 << 29), h1 = (w3 >>> 35) | (w4 << 29), h2 = (w4 >>> 35) | (w5 << 29);
  w1 ^= h1 ^ (h1 << 3) ^ (h1 << 6) ^ (h1 << 7) ^ (h0 >>> 61) ^ (h0 >>> 58) ^ (h0 >>> 57);
  w2 = (w2 & 0x7_ffff_ffff) ^ h2 ^ (h2 << 3) ^ (h2 << 6) ^ (h2 << 7) ^ (h1 >>> 61) ^ (h1 >>> 58) ^ (h1 >>> 57);
  h0 ^= w2 >>> 35;
  w0 ^= h0 ^ (h0 << 3) ^ (h0 << 6) ^ (h0 << 7);
  w2 &= 0x7_ffff_ffff;
  w3 = 0;
  w4 = 0;
}

/** The same modulo x^283 + x^12 + x^7 + x^5 + 1. */
function reduce283(): void {
  let h0 = (w4 >>> 27) | (w5 << 37), h1 = (w5 >>> 27) | (w6 << 37), h2 = (w6 >>> 27) | (w7 << 37), h3 = (w7 >>> 27) | (w8 << 37);
  let h4 = w8 >>> 27;
  w1 ^= h1 ^ (h1 << 5) ^ (h1 << 7) ^ (h1 << 12) ^ (h0 >>> 59) ^ (h0 >>> 57) ^ (h0 >>> 52);
  w2 ^= h2 ^ (h2 << 5) ^ (h2 << 7) ^ (h2 << 12) ^ (h1 >>> 59) ^ (h1 >>> 57) ^ (h1 >>> 52);
  w3 ^= h3 ^ (h3 << 5) ^ (h3 << 7) ^ (h3 << 12) ^ (h2 >>> 59) ^ (h2 >>> 57) ^ (h2 >>> 52);
  w4 = (w4 & 0x07ff_ffff) ^ h4 ^ (h4 << 5) ^ (h4 << 7) ^ (h4 << 12) ^ (h3 >>> 59) ^ (h3 >>> 57) ^ (h3 >>> 52);
  h0 ^= w4 >>> 27;
  w0 ^= h0 ^ (h0 << 5) ^ (h0 << 7) ^ (h0 << 12);
  w4 &= 0x07ff_ffff;
}

/** Squaring puts a zero between any two bits. */
function square(a0: u64, a1: u64, a2: u64, a3: u64, a4: u64): void {
  w0 = spread(a0);
  w1 = spread(a0 >>> 32);
  w2 = spread(a1);
  w3 = spread(a1 >>> 32);
  w4 = spread(a2);
  w5 = spread(a2 >>> 32);
  w6 = spread(a3);
  w7 = spread(a3 >>> 32);
  w8 = spread(a4);
}

function spread(value: u64): u64 {
  value &= 0xffff_ffff;
  value = (value | (value << 16)) & 0x0000_ffff_0000_ffff;
  value = (value | (value << 8)) & 0x00ff_00ff_00ff_00ff;
  value = (value | (value << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
  value = (value | (value << 2)) & 0x3333_3333_3333_3333;
  return (value | (value << 1)) & 0x5555_5555_5555_5555;
}

/** Two blocks of 96 bits; the product of block i with itself belongs to places i and, as what Karatsuba takes away, i + 1. */
function multiply163(a: usize, b: usize, topA: u64, topB: u64): void {
  let a0 = load<u32>(a), a1 = load<u32>(a, 4), a2 = load<u32>(a, 8), a3 = load<u32>(a, 12), a4 = <u32>topA, a5 = <u32>(topA >>> 32);
  let b0 = load<u32>(b), b1 = load<u32>(b, 4), b2 = load<u32>(b, 8), b3 = load<u32>(b, 12), b4 = <u32>topB, b5 = <u32>(topB >>> 32);
  clear();
  multiplyBlock(a0, a1, a2, b0, b1, b2);
  add0();
  add1();
  multiplyBlock(a3, a4, a5, b3, b4, b5);
  add1();
  add2();
  multiplyBlock(a0 ^ a3, a1 ^ a4, a2 ^ a5, b0 ^ b3, b1 ^ b4, b2 ^ b5);
  add1();
}

/** Three blocks: the product of block i with itself belongs to places i to i + 2, that of the sums of i and j to place i + j. */
function multiply283(a: usize, b: usize, a8: u32, b8: u32): void {
  let a0 = load<u32>(a), a1 = load<u32>(a, 4), a2 = load<u32>(a, 8), a3 = load<u32>(a, 12);
  let a4 = load<u32>(a, 16), a5 = load<u32>(a, 20), a6 = load<u32>(a, 24), a7 = load<u32>(a, 28);
  let b0 = load<u32>(b), b1 = load<u32>(b, 4), b2 = load<u32>(b, 8), b3 = load<u32>(b, 12);
  let b4 = load<u32>(b, 16), b5 = load<u32>(b, 20), b6 = load<u32>(b, 24), b7 = load<u32>(b, 28);
  clear();
  multiplyBlock(a0, a1, a2, b0, b1, b2);
  add0();
  add1();
  add2();
  multiplyBlock(a3, a4, a5, b3, b4, b5);
  add1();
  add2();
  add3();
  multiplyBlock(a6, a7, a8, b6, b7, b8);
  add2();
  add3();
  add4();
  multiplyBlock(a0 ^ a3, a1 ^ a4, a2 ^ a5, b0 ^ b3, b1 ^ b4, b2 ^ b5);
  add1();
  multiplyBlock(a0 ^ a6, a1 ^ a7, a2 ^ a8, b0 ^ b6, b1 ^ b7, b2 ^ b8);
  add2();
  multiplyBlock(a3 ^ a6, a4 ^ a7, a5 ^ a8, b3 ^ b6, b4 ^ b7, b5 ^ b8);
  add3();
}

/** The product of two blocks. */
let low: u64 = 0, middle: u64 = 0, high: u64 = 0;

function multiplyBlock(a0: u32, a1: u32, a2: u32, b0: u32, b1: u32, b2: u32): void {
  let p0 = multiplyWord(a0, b0);
  let p1 = multiplyWord(a1, b1);
  let p2 = multiplyWord(a2, b2);
  let m1 = multiplyWord(a0 ^ a1, b0 ^ b1) ^ p0 ^ p1;
  let m2 = multiplyWord(a0 ^ a2, b0 ^ b2) ^ p0 ^ p1 ^ p2;
  let m3 = multiplyWord(a1 ^ a2, b1 ^ b2) ^ p1 ^ p2;
  low = p0 ^ (m1 << 32);
  middle = m2 ^ (m1 >>> 32) ^ (m3 << 32);
  high = p2 ^ (m3 >>> 32);
}

function clear(): void {
  w0 = w1 = w2 = w3 = w4 = w5 = w6 = w7 = w8 = 0;
}

// Adding a block's product at a place, a multiple of 96 bits.

function add0(): void {
  w0 ^= low;
  w1 ^= middle;
  w2 ^= high;
}

function add1(): void {
  w1 ^= low << 32;
  w2 ^= (low >>> 32) | (middle << 32);
  w3 ^= (middle >>> 32) | (high << 32);
  w4 ^= high >>> 32;
}

function add2(): void {
  w3 ^= low;
  w4 ^= middle;
  w5 ^= high;
}

function add3(): void {
  w4 ^= low << 32;
  w5 ^= (low >>> 32) | (middle << 32);
  w6 ^= (middle >>> 32) | (high << 32);
  w7 ^= high >>> 32;
}

function add4(): void {
  w6 ^= low;
  w7 ^= middle;
  w8 ^= high;
}

function multiplyWord(x: u32, y: u32): u64 {
  let x0 = <u64>x & M0, x1 = <u64>x & (M0 << 1), x2 = <u64>x & (M0 << 2), x3 = <u64>x & (M0 << 3);
  let y0 = <u64>y & M0, y1 = <u64>y & (M0 << 1), y2 = <u64>y & (M0 << 2), y3 = <u64>y & (M0 << 3);
  let z0 = (x0 * y0) ^ (x1 * y3) ^ (x2 * y2) ^ (x3 * y1);
  let z1 = (x0 * y1) ^ (x1 * y0) ^ (x2 * y3) ^ (x3 * y2);
  let z2 = (x0 * y2) ^ (x1 * y1) ^ (x2 * y0) ^ (x3 * y3);
  let z3 = (x0 * y3) ^ (x1 * y2) ^ (x2 * y1) ^ (x3 * y0);
  return (z0 & HOLES) | (z1 & (HOLES << 1)) | (z2 & (HOLES << 2)) | (z3 & (HOLES << 3));
}
