// Fragments of a packet that is larger than a frame: RFC 4944 section 5.3.
//
//   first   | 11000, size of the packet 11 bits 2 | tag 2 | compressed headers, payload ... |
//   others  | 11100, size                       2 | tag 2 | offset / 8 1 | payload ... |          big-endian
//
import { be16, putBe16 } from "../../core/bytes";
import { Err } from "../../core/err";

export const FRAGMENT_FIRST_SIZE: u32 = 4;
export const FRAGMENT_NEXT_SIZE: u32 = 5;
/** The bits of both, of the first octet. */
export const FRAGMENT: u32 = 0xc0;
export const FRAGMENT_MASK: u32 = 0xd8;

const NEXT: u32 = 0x20;
const SIZE_MASK: u32 = 0x7ff;
/** No packet is smaller than its header. */
const SIZE_MIN: u32 = 40;

/** The header where it lies.  Valid only where `fragmentParse` accepted or `fragmentEmit` wrote. */
@unmanaged @final
export class Fragment {
  get size(): u32 { return be16(changetype<usize>(this)) & SIZE_MASK; }
  get tag(): u32 { return be16(changetype<usize>(this) + 2); }
  get isFirst(): bool { return (load<u8>(changetype<usize>(this)) & NEXT) == 0; }
  /** In octets; 0 for the first. */
  get offset(): u32 { return this.isFirst ? 0 : <u32>load<u8>(changetype<usize>(this), 4) << 3; }
}

/**
 * Accepts a fragment; answers the size of its header, or an `Err`.  One that is not the first has an offset, lies within the packet, and is
 * a multiple of eight octets unless it is the last.
 */
export function fragmentParse(at: usize, have: u32): i32 {
  if (have <= FRAGMENT_FIRST_SIZE) return Err.Truncated;
  if ((load<u8>(at) & FRAGMENT_MASK) != FRAGMENT) return Err.Reserved;
  let fragment = changetype<Fragment>(at);
  if (fragment.size < SIZE_MIN) return Err.BadLength;
  if (fragment.isFirst) return FRAGMENT_FIRST_SIZE;
  if (have <= FRAGMENT_NEXT_SIZE) return Err.Truncated;
  let offset = fragment.offset;
  if (offset == 0) return Err.Reserved;
  let end = offset + have - FRAGMENT_NEXT_SIZE;
  if (end > fragment.size) return Err.BadLength;
  if (end < fragment.size && (have - FRAGMENT_NEXT_SIZE) & 7) return Err.BadLength;
  return FRAGMENT_NEXT_SIZE;
}

/** Writes the header of the piece at `offset`, a multiple of eight; answers its size. */
export function fragmentEmit(at: usize, size: u32, tag: u32, offset: u32): u32 {
  putBe16(at, (FRAGMENT << 8) | (offset ? NEXT << 8 : 0) | size);
  putBe16(at + 2, tag);
  if (offset == 0) return FRAGMENT_FIRST_SIZE;
  store<u8>(at, offset >>> 3, 4);
  return FRAGMENT_NEXT_SIZE;
}
