// The parts of a tag of XML: names, attributes, space.
import { Err } from "../../core/err";

/** A place in the document, and what was passed last. */
@unmanaged @final
class Part {
  at: usize;
  end: usize;
  /** A name's prefix, of size 0 when it has none, and what follows. */
  prefix: usize;
  prefixSize: u32;
  name: usize;
  size: u32;
  /** An attribute's value, without its quotes. */
  from: usize;
  to: usize;
}
export const part = changetype<Part>(memory.data(offsetof<Part>(), 4));

/** Passes over space; answers the octet behind it, 0 at the end. */
export function partSpace(): u32 {
  for (; part.at < part.end; part.at++) {
    let octet: u32 = load<u8>(part.at);
    if (octet > 0x20 || (octet != 0x20 && octet != 9 && octet != 10 && octet != 13)) return octet;
  }
  return 0;
}

/** Passes over a name; false when there is none. */
export function partName(): bool {
  part.prefixSize = 0;
  part.prefix = part.name = part.at;
  for (; part.at < part.end; part.at++) {
    let octet: u32 = load<u8>(part.at);
    if (octet == 0x3a) { // ":"
      if (part.name != part.prefix) return false;
      part.prefixSize = <u32>(part.at - part.prefix);
      part.name = part.at + 1;
      if (part.prefixSize == 0) return false;
      continue;
    }
    let isLater = octet - 0x30 < 10 || octet == 0x2d || octet == 0x2e; // a name does not begin with a digit, "-" or "."
    if (!(isLater ? part.at > part.name : octet >= 0x80 || octet == 0x5f || (octet | 0x20) - 0x61 < 26)) break;
  }
  part.size = <u32>(part.at - part.name);
  return part.size > 0;
}

/** Passes over an attribute: 1, or 0 at the end of the tag, or an `Err`. */
export function partAttribute(): i32 {
  let before = part.at, octet = partSpace();
  if (octet == 0x2f || octet == 0x3e) return 0; // "/", ">"
  if (part.at == before || !partName() || partSpace() != 0x3d) return octet ? <i32>Err.Reserved : <i32>Err.Truncated;
  part.at++;
  let quote = partSpace();
  if (quote != 0x22 && quote != 0x27) return Err.Reserved;
  part.from = ++part.at;
  for (; part.at < part.end; part.at++) {
    octet = load<u8>(part.at);
    if (octet == 0x3c) return Err.Reserved; // "<"
    if (octet == quote) {
      part.to = part.at++;
      return 1;
    }
  }
  return Err.Truncated;
}
