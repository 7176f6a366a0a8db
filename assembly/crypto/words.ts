// Numbers of up to nine 32-bit words, least significant word first, and their octets as SEC 1 writes them: most
// significant octet first.  What these functions execute depends on sizes only, never on a value.

export const WORDS_MAX: u32 = 9;
export const NUMBER_SIZE: u32 = WORDS_MAX * 4;

/** Reads `size` octets as a number and fills all its nine words. */
export function wordsFromOctets(out: usize, at: usize, size: u32): void {
  memory.fill(out, 0, NUMBER_SIZE);
  for (let index: u32 = 0; index < size; index++) store<u8>(out + index, load<u8>(at + size - 1 - index));
}

/** Writes the low `size` octets of a number. */
export function wordsToOctets(at: usize, number: usize, size: u32): void {
  for (let index: u32 = 0; index < size; index++) store<u8>(at + index, load<u8>(number + size - 1 - index));
}

/** out = a + b without carries, over `size` octets, a multiple of three words. */
export function wordsAdd(out: usize, a: usize, b: usize, size: u32): void {
  let end = out + size;
  do {
    store<u32>(out, load<u32>(a) ^ load<u32>(b));
    store<u32>(out, load<u32>(a, 4) ^ load<u32>(b, 4), 4);
    store<u32>(out, load<u32>(a, 8) ^ load<u32>(b, 8), 8);
    a += 12;
    b += 12;
    out += 12;
  } while (out < end);
}

/** All ones where the number is zero, otherwise zero. */
export function wordsZeroMask(number: usize, size: u32): u32 {
  let any: u32 = 0;
  for (let offset: u32 = 0; offset < size; offset += 4) any |= load<u32>(number + offset);
  return ((any | (0 - any)) >>> 31) - 1;
}

/** Replaces `out` by `other` where `mask` is all ones; keeps it where `mask` is zero. */
export function wordsSelect(out: usize, other: usize, mask: u32): void {
  for (let offset: u32 = 0; offset < NUMBER_SIZE; offset += 4) {
    let kept = load<u32>(out + offset);
    store<u32>(out + offset, kept ^ ((kept ^ load<u32>(other + offset)) & mask));
  }
}

/** Exchanges two ranges of `size` octets, a multiple of two words, where `mask` is all ones; leaves them where it is zero. */
export function wordsExchange(a: usize, b: usize, size: u32, mask: u32): void {
  let end = a + size;
  do {
    let difference = (load<u32>(a) ^ load<u32>(b)) & mask;
    store<u32>(a, load<u32>(a) ^ difference);
    store<u32>(b, load<u32>(b) ^ difference);
    difference = (load<u32>(a, 4) ^ load<u32>(b, 4)) & mask;
    store<u32>(a, load<u32>(a, 4) ^ difference, 4);
    store<u32>(b, load<u32>(b, 4) ^ difference, 4);
    a += 8;
    b += 8;
  } while (a < end);
}

/** Bit `index` of a number. */
export function wordsBit(number: usize, index: u32): u32 {
  return (load<u32>(number + ((index >>> 5) << 2)) >>> (index & 31)) & 1;
}
