// Names of DNS: RFC 1035 sections 3.1 and 4.1.4.
//
//   | size 0..63 | label | size | label | ... | 0 |        or, in the place of what is left:        | 11 | where that stands, 14 bits |
//
// A name that goes on elsewhere goes on further ahead than its last part began: so it ends, whatever it says.
import { be16 } from "../../core/bytes";
import { Err } from "../../core/err";

/** Octets of a name, its sizes and its end among them. */
export const NAME_MAX: u32 = 255;
/** Octets of the names that we read whole, without their end. */
export const NAME_OURS_MAX: u32 = 96;
export const DNS_HEADER_SIZE: u32 = 12;
const LABEL_MAX: u32 = 63;
const POINTER: u32 = 0xc0;
const POINTER_SIZE: u32 = 2;
const PLACE: u32 = 0x3fff;

/** Accepts the name at `at` of a message that ends at `end`; answers the octets that stand there, or an `Err`. */
export function nameParse(message: usize, at: usize, end: usize): i32 {
  let size: u32 = 0;
  let whole: u32 = 0;
  let began = at;
  for (let read = at; read < end;) {
    let octets: u32 = load<u8>(read);
    if (octets >= POINTER) {
      if (<u32>(end - read) < POINTER_SIZE) return Err.Truncated;
      if (!size) size = <u32>(read - at) + POINTER_SIZE;
      let place = be16(read) & PLACE;
      if (place < DNS_HEADER_SIZE || message + place >= began) return Err.Reserved;
      began = read = message + place;
      continue;
    }
    if (octets > LABEL_MAX) return Err.Reserved;
    whole += octets + 1;
    if (whole > NAME_MAX) return Err.BadLength;
    read += octets + 1;
    if (octets == 0) return <i32>(size ? size : <u32>(read - at));
  }
  return Err.Truncated;
}

/** Octets of a name that was accepted, where it stands. */
export function nameSize(at: usize): u32 {
  let read = at;
  for (let octets: u32 = load<u8>(read); octets > 0; octets = load<u8>(read)) {
    if (octets >= POINTER) return <u32>(read - at) + POINTER_SIZE;
    read += octets + 1;
  }
  return <u32>(read - at) + 1;
}

/** Writes a name that was accepted in one piece, in lower case, without its end; answers its size, 0 for one that is too long for us. */
export function nameFlat(message: usize, at: usize, to: usize): u32 {
  let size: u32 = 0;
  for (let octets: u32 = load<u8>(at); octets > 0; octets = load<u8>(at)) {
    if (octets >= POINTER) {
      at = message + (be16(at) & PLACE);
      continue;
    }
    if (size + octets + 1 > NAME_OURS_MAX) return 0;
    store<u8>(to + size, octets);
    for (let index: u32 = 1; index <= octets; index++) store<u8>(to + size + index, lower(load<u8>(at + index)));
    size += octets + 1;
    at += octets + 1;
  }
  return size;
}

/** RFC 6762 section 16: A to Z are a to z, and nothing else is anything else. */
function lower(octet: u32): u32 { return octet - 0x41 < 26 ? octet | 0x20 : octet; }
