// Values that have been in an EXI document: the string table's value partitions, section 7.3.3.  A value is not kept, but where it is.
//
//   | qualified name 13 | bit of its length in the document 19 |
//
// When the table is full, a writer finds nothing in it any more, which every reader takes; a reader reads on until a document
// refers to a value of which it does not know the number.
import { Err } from "../../core/err";
import { utf8Get, utf8Size } from "../values/unicode";
import { STRINGS_MAX } from "../limits";
import { Bits, bitsFail, bitsGet, bitsPut, uintGet, uintPut, width } from "../values/bits";

const PLACE_BITS: u32 = 19;
const PLACE_MASK: u32 = (1 << PLACE_BITS) - 1;
/** Values in the table begin with this length, at least one character. */
const MISS: u32 = 2;

@unmanaged @final
export class Strings {
  /** Of all that have been, also those for which there was no room. */
  count: u32;
}
export const STRINGS_SIZE: u32 = offsetof<Strings>() + 4 * STRINGS_MAX;

/** What stringGet found: so many characters from a bit on. */
@unmanaged @final
class Found {
  at: u32;
  left: u32;
}
export const foundString = changetype<Found>(memory.data(offsetof<Found>(), 4));

function entry(strings: Strings, index: u32): u32 { return load<u32>(changetype<usize>(strings) + 4 * index, offsetof<Strings>()); }

function add(strings: Strings, key: u32, place: u32): void {
  let index = strings.count++;
  if (index < STRINGS_MAX) store<u32>(changetype<usize>(strings) + 4 * index, key << PLACE_BITS | place, offsetof<Strings>());
}

/** Passes over characters; false when one is none. */
function skip(bits: Bits, count: u32): void {
  for (; count > 0 && bits.error == 0; count--) {
    let code = uintGet(bits);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) bitsFail(bits, Err.Reserved);
  }
}

/** A length, less what it is counted from; a document has not so many characters as it has bits. */
export function lengthGet(bits: Bits, from: u32): u32 {
  let length = uintGet(bits);
  if (length - from > bits.end - bits.at) bitsFail(bits, Err.Truncated);
  return bits.error ? 0 : <u32>length - from;
}

/** Passes over a literal string whose length is counted from a number. */
export function literalSkip(bits: Bits, from: u32): void { skip(bits, lengthGet(bits, from)); }

/** Reads a value of a qualified name and remembers it; foundString says where it lies. */
export function stringGet(bits: Bits, strings: Strings, key: u32): void {
  let place = bits.at, length = uintGet(bits);
  if (length < MISS) {
    place = hit(bits, strings, key, length == 0);
    let after = bits.at;
    if (bits.error) return;
    bits.at = place;
    foundString.left = <u32>uintGet(bits) - MISS;
    foundString.at = bits.at;
    bits.at = after;
    return;
  }
  if (bits.error == 0) bits.at = place;
  foundString.left = lengthGet(bits, MISS);
  foundString.at = bits.at;
  skip(bits, foundString.left);
  if (foundString.left > 0) add(strings, key, place);
}

/** Where a value lies that has been before. */
function hit(bits: Bits, strings: Strings, key: u32, local: bool): u32 {
  let count = strings.count;
  if (bits.error) return 0;
  if (local) {
    if (count > STRINGS_MAX) count = 0; // how many there were of this name is not known
    let all = count;
    count = 0;
    for (let index: u32 = 0; index < all; index++) count += <u32>(entry(strings, index) >> PLACE_BITS == key);
  }
  let number = bitsGet(bits, width(count));
  if (number >= count || number >= STRINGS_MAX) {
    bitsFail(bits, strings.count > STRINGS_MAX ? Err.NoBuffer : Err.Reserved);
    return 0;
  }
  if (!local) return entry(strings, number) & PLACE_MASK;
  let index: u32 = 0;
  for (; entry(strings, index) >> PLACE_BITS != key || number-- > 0; index++);
  return entry(strings, index) & PLACE_MASK;
}

/** Whether a value that was written is this text. */
function same(bits: Bits, place: u32, at: usize, end: usize, count: u32): bool {
  let after = bits.at;
  bits.at = place;
  let equal = uintGet(bits) == count + MISS;
  while (equal && at < end) {
    let code = utf8Get(at, end);
    equal = uintGet(bits) == <u64>code;
    at += utf8Size(code);
  }
  bits.at = after;
  return equal;
}

/** Writes a text in UTF-8 as a value of a qualified name, or as the one that it was before. */
export function stringPut(bits: Bits, strings: Strings, key: u32, at: usize, size: u32): void {
  let end = at + size, characters: u32 = 0;
  for (let from = at; from < end; characters++) {
    let code = utf8Get(from, end);
    if (code < 0) {
      bitsFail(bits, Err.Reserved);
      return;
    }
    from += utf8Size(code);
  }
  let count = strings.count, locals: u32 = 0, local: u32 = 0, match: i32 = -1;
  if (count > STRINGS_MAX) count = 0;
  for (let index: u32 = 0; index < count; index++) {
    let one = entry(strings, index), isLocal = one >> PLACE_BITS == key;
    if (match < 0 && same(bits, one & PLACE_MASK, at, end, characters)) {
      match = index;
      local = isLocal ? locals + 1 : 0;
    }
    locals += <u32>isLocal;
  }
  if (match >= 0) {
    bitsPut(bits, local ? 0 : 1, 8);
    bitsPut(bits, local ? local - 1 : match, width(local ? locals : count));
    return;
  }
  let place = bits.at;
  uintPut(bits, characters + MISS);
  for (; at < end;) {
    let code = utf8Get(at, end);
    uintPut(bits, code);
    at += utf8Size(code);
  }
  if (characters > 0) add(strings, key, place);
}
