// Characters: UTF-8 in a document of XML and in the values of its users, code points in EXI.

/** Not even a character, or one that XML has not (XML 1.0 section 2.2). */
export const NO_CHARACTER: i32 = -1;

export function isCharacter(code: u32): bool {
  if (code < 0x20) return code == 9 || code == 10 || code == 13;
  return code < 0xd800 || (code >= 0xe000 && code < 0xfffe) || (code >= 0x10000 && code <= 0x10ffff);
}

/** Octets of a character. */
export function utf8Size(code: u32): u32 { return 1 + <u32>(code >= 0x80) + <u32>(code >= 0x800) + <u32>(code >= 0x10000); }

/** Where so many octets are. */
export function utf8Put(at: usize, code: u32): void {
  let size = utf8Size(code);
  for (let index = size - 1; index > 0; index--) {
    store<u8>(at + index, code & 0x3f | 0x80);
    code >>= 6;
  }
  store<u8>(at, size > 1 ? code | (0xff00 >> size) : code);
}

/** The character at a place, or NO_CHARACTER: cut short, longer than it need be, a half of a pair. */
export function utf8Get(at: usize, end: usize): i32 {
  let code: u32 = load<u8>(at), size = clz<u32>(~(code << 24));
  if (size == 0) return isCharacter(code) ? <i32>code : NO_CHARACTER;
  if (size == 1 || size > 4 || size > <u32>(end - at)) return NO_CHARACTER;
  code &= 0x7f >> size;
  for (let index: u32 = 1; index < size; index++) {
    let octet: u32 = load<u8>(at + index);
    if ((octet & 0xc0) != 0x80) return NO_CHARACTER;
    code = code << 6 | octet & 0x3f;
  }
  return utf8Size(code) == size && isCharacter(code) ? <i32>code : NO_CHARACTER;
}
