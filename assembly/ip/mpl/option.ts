// The MPL option of hop-by-hop headers: RFC 7731 section 6.1.
//
//   | 0x6d | size | seed size 2, M, V, 0 4 | sequence 1 | seed 0, 2, 8 or 16 | more
//
import { Err } from "../../core/err";

/** The number that the running stack has; the one at the time of ZigBee IP is not confirmed. */
export const MPL_OPTION: u32 = 0x6d;
/** Without a seed: the source of the packet is it. */
export const MPL_OPTION_SIZE: u32 = 4;

/** This is the highest sequence number of the seed. */
export const MPL_LARGEST: u32 = 0x20;
/** Of another version: RFC 7731 says to discard it. */
const OTHER_VERSION: u32 = 0x10;

const HEAD: u32 = 2;
const FIXED: u32 = 2;
const FLAGS: usize = 2;

/** The option where it lies.  Valid only where `mplOptionParse` accepted. */
@unmanaged @final
export class MplOption {
  get flags(): u32 { return load<u8>(changetype<usize>(this), FLAGS); }
  set flags(flags: u32) { store<u8>(changetype<usize>(this), flags, FLAGS); }
  get sequence(): u32 { return load<u8>(changetype<usize>(this), 3); }
  get seedSize(): u32 { return seedSizeOf(this.flags); }
  get seed(): usize { return changetype<usize>(this) + HEAD + FIXED; }
}

/** Accepts an option of `have` octets; answers its size or an `Err`. */
export function mplOptionParse(at: usize, have: u32): i32 {
  if (have < HEAD + FIXED) return Err.Truncated;
  if (load<u8>(at) != MPL_OPTION) return Err.Reserved;
  let flags: u32 = load<u8>(at, FLAGS);
  if (flags & OTHER_VERSION) return Err.Reserved;
  let size: u32 = load<u8>(at, 1);
  if (size < FIXED + seedSizeOf(flags)) return Err.BadLength;
  size += HEAD;
  return size > have ? Err.Truncated : <i32>size;
}

export function mplOptionEmit(at: usize, flags: u32, sequence: u32): u32 {
  store<u8>(at, MPL_OPTION);
  store<u8>(at, FIXED, 1);
  store<u8>(at, flags, FLAGS);
  store<u8>(at, sequence, 3);
  return MPL_OPTION_SIZE;
}

function seedSizeOf(flags: u32): u32 {
  switch (flags >>> 6) {
    case 0: return 0;
    case 1: return 2;
    case 2: return 8;
    default: return 16;
  }
}
