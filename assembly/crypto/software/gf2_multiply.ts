// The carry-less product as a module of its own: the body of the import `gf2_multiply` where a board has none (V8).
//
// It is linked on the device's memory, owns no octet of it and calls nothing, so all that it needs is in its locals.
//
// Integer multiplication serves as carry-less multiplication where the operands have holes: with every fourth bit kept,
// at most eight products meet in a column, their sum stays within the four bits of the hole, and its low bit is the
// exclusive or.  Three words at a time are multiplied with six products instead of nine (Karatsuba), and so are blocks of
// three words; other lengths go word by word.  No branch and no address depends on the operands' bits.
// boards/common/gf2.c is the same in C.

const WORDS_MAX: u32 = 9;
const RESERVED: i32 = -4; // Err.Reserved

const M0: u64 = 0x1111_1111;
const HOLES: u64 = 0x1111_1111_1111_1111;

/** out[2 * words] = a[words] * b[words], least significant word first.  out is apart from a and b; a may be b. */
export function gf2_multiply(a: usize, b: usize, out: usize, words: u32): i32 {
  if (words - 1 >= WORDS_MAX) return RESERVED;
  if (a == b) square(a, out, words);
  else if (words % 3 == 0) multiplyBlocks(a, b, out, words / 3);
  else multiplyWords(a, b, out, words);
  return 0;
}

/** Squaring puts a zero between any two bits. */
function square(a: usize, out: usize, words: u32): void {
  for (let index: u32 = 0; index < words; index++) {
    let value: u64 = load<u32>(a + (index << 2));
    value = (value | (value << 16)) & 0x0000_ffff_0000_ffff;
    value = (value | (value << 8)) & 0x00ff_00ff_00ff_00ff;
    value = (value | (value << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    value = (value | (value << 2)) & 0x3333_3333_3333_3333;
    value = (value | (value << 1)) & 0x5555_5555_5555_5555;
    store<u64>(out + (index << 3), value);
  }
}

function multiplyWords(a: usize, b: usize, out: usize, words: u32): void {
  memory.fill(out, 0, words << 3);
  for (let i: u32 = 0; i < words; i++) {
    for (let j: u32 = 0; j < words; j++) {
      let at = out + ((i + j) << 2);
      store<u64>(at, load<u64>(at) ^ multiplyWord(load<u32>(a + (i << 2)), load<u32>(b + (j << 2))));
    }
  }
}

/**
 * Blocks of 96 bits.  The product of blocks i and i belongs to places 2i and, as what Karatsuba takes away, to i + j for
 * every other j; the product of the sums of blocks i and j belongs to place i + j.
 */
function multiplyBlocks(a: usize, b: usize, out: usize, blocks: u32): void {
  memory.fill(out, 0, blocks * 24);
  for (let i: u32 = 0; i < blocks; i++) {
    for (let j = i; j < blocks; j++) addBlockProduct(a + i * 12, a + j * 12, b + i * 12, b + j * 12, out, i, j, blocks);
  }
}

function addBlockProduct(a: usize, a2: usize, b: usize, b2: usize, out: usize, i: u32, j: u32, blocks: u32): void {
  let one: u32 = i == j ? 0 : 0xffffffff; // block i itself, or its sum with block j
  let a0 = load<u32>(a) ^ (load<u32>(a2) & one);
  let a1 = load<u32>(a, 4) ^ (load<u32>(a2, 4) & one);
  let ah = load<u32>(a, 8) ^ (load<u32>(a2, 8) & one);
  let b0 = load<u32>(b) ^ (load<u32>(b2) & one);
  let b1 = load<u32>(b, 4) ^ (load<u32>(b2, 4) & one);
  let bh = load<u32>(b, 8) ^ (load<u32>(b2, 8) & one);
  let p0 = multiplyWord(a0, b0);
  let p1 = multiplyWord(a1, b1);
  let p2 = multiplyWord(ah, bh);
  let m1 = multiplyWord(a0 ^ a1, b0 ^ b1) ^ p0 ^ p1;
  let m2 = multiplyWord(a0 ^ ah, b0 ^ bh) ^ p0 ^ p1 ^ p2;
  let m3 = multiplyWord(a1 ^ ah, b1 ^ bh) ^ p1 ^ p2;
  let low = p0 ^ (m1 << 32);
  let middle = m2 ^ (m1 >>> 32) ^ (m3 << 32);
  let high = p2 ^ (m3 >>> 32);
  if (i != j) {
    addAt(out + (i + j) * 12, low, middle, high);
  } else {
    for (let place = i; place < i + blocks; place++) addAt(out + place * 12, low, middle, high);
  }
}

function addAt(at: usize, low: u64, middle: u64, high: u64): void {
  store<u64>(at, load<u64>(at) ^ low);
  store<u64>(at, load<u64>(at, 8) ^ middle, 8);
  store<u64>(at, load<u64>(at, 16) ^ high, 16);
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
