// The characters that a stretch of XML stands for: references, sections of CDATA, ends of lines (XML 1.0 sections 2.7, 2.11, 3.3.3, 4.6).
import { isCharacter, utf8Get, utf8Size } from "./unicode";

export const NO_MORE: i32 = -1;
/** What stands there is no character. */
export const BAD: i32 = -2;

/** "<![CDATA[" behind its first two, and "]]>". */
const CDATA: u64 = 0x5b41_5441_4443_5b21;
const CDATA_SIZE: u32 = 9;
const CDATA_END: u32 = 0x3e_5d5d;
const REFERENCE_MAX: u32 = 10;

@unmanaged @final
class Characters {
  at: usize;
  end: usize;
  isAttribute: u32;
  isCdata: u32;
}
const characters = changetype<Characters>(memory.data(offsetof<Characters>(), 4));

export function charactersBegin(at: usize, end: usize, isAttribute: bool): void {
  characters.at = at;
  characters.end = end;
  characters.isAttribute = isAttribute;
  characters.isCdata = 0;
}

/** What stands at a "<" of content that is no tag: where it ends, 0 when it does not or is a declaration. */
export function miscEnd(at: usize, end: usize): usize {
  let last: u32 = 0, mask: u32 = 0xff_ffff;
  if (isCdata(at, end)) last = CDATA_END;
  else if (end - at >= 4 && load<u32>(at) == 0x2d2d_213c) last = 0x3e_2d2d; // <!-- -->
  else if (end - at >= 2 && load<u16>(at) == 0x3f3c) { // <? ?>
    last = 0x3e3f;
    mask = 0xffff;
  }
  let size: u32 = mask == 0xffff ? 2 : 3;
  if (last == 0) return 0;
  for (at += size == 2 ? 2 : 4; at + size <= end; at++) {
    let octets: u32 = load<u16>(at);
    if (size == 3) octets |= <u32>load<u8>(at, 2) << 16;
    if (octets == last) return at + size;
  }
  return 0;
}

function isCdata(at: usize, end: usize): bool { return end - at >= CDATA_SIZE && load<u64>(at + 1) == CDATA; }

/** The next character, NO_MORE or BAD. */
export function charactersNext(): i32 {
  for (;;) {
    let at = characters.at, end = characters.end;
    if (at >= end) return NO_MORE;
    let octet: u32 = load<u8>(at);
    if (characters.isCdata) {
      if (octet == 0x5d && end - at >= 3 && load<u16>(at, 1) == CDATA_END >> 8) {
        characters.at = at + 3;
        characters.isCdata = 0;
        continue;
      }
    } else if (octet == 0x26) return reference(at + 1, end);
    else if (octet == 0x3c) {
      characters.isCdata = isCdata(at, end);
      characters.at = characters.isCdata ? at + CDATA_SIZE : miscEnd(at, end);
      if (characters.at == 0) return BAD;
      continue;
    }
    let code = utf8Get(at, end);
    if (code < 0) return BAD;
    at += utf8Size(code);
    if (code == 13) {
      if (at < end && load<u8>(at) == 10) at++;
      code = 10;
    }
    characters.at = at;
    return characters.isAttribute && code < 0x20 ? 0x20 : code;
  }
}

/** The character of a reference, behind its "&". */
function reference(at: usize, end: usize): i32 {
  let word: u64 = 0, code: u32 = 0, base: u32 = 0, from = at;
  for (; ; at++) {
    if (at >= end || at - from > REFERENCE_MAX) return BAD;
    let octet: u32 = load<u8>(at);
    if (octet == 0x3b) break;
    word = word << 8 | octet;
    if (at == from && octet == 0x23) base = 10;
    else if (at == from + 1 && base && octet == 0x78) base = 16;
    else if (base) {
      let digit = octet - 0x30;
      if (digit > 9) digit = base == 16 && (octet | 0x20) - 0x61 < 6 ? (octet | 0x20) - 0x57 : base;
      if (digit >= base) return BAD;
      code = code * base + digit;
      if (code > 0x10ffff) return BAD;
    }
  }
  characters.at = at + 1;
  if (base) return isCharacter(code) ? <i32>code : BAD;
  if (word == 0x6c74) return 0x3c;
  if (word == 0x6774) return 0x3e;
  if (word == 0x616d70) return 0x26;
  if (word == 0x71756f74) return 0x22;
  return word == 0x61706f73 ? 0x27 : BAD;
}
