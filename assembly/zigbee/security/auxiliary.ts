// Auxiliary header of a secured APS frame: 05-3474 section 4.5.1.
//
//   | control | frame counter (4) | source (0 or 8) | ciphertext ... | integrity code (4) |     little-endian
//
//   control:  level 0..2 (zeros on the air, 5 in the nonce), key 3..4, extended nonce 5
import { Err } from "../../core/err";

export const AUXILIARY_SIZE_MIN: u32 = 5;
/** What we send: with our IEEE address, so that a partner that forgot it still finds the key. */
export const AUXILIARY_SIZE: u32 = 13;
export const INTEGRITY_SIZE: u32 = 4;

// Key identifier, table 4.31
export const KEY_DATA: u32 = 0;
export const KEY_NETWORK: u32 = 1;
export const KEY_TRANSPORT: u32 = 2;
export const KEY_LOAD: u32 = 3;

export const SECURITY_LEVEL: u32 = 5;
export const EXTENDED_NONCE: u32 = 0x20;
const LEVEL_MASK: u32 = 0x07;
const CONTROL_RESERVED: u32 = 0xc0;

/** The header where it lies.  Valid only where `auxiliaryParse` accepted or `auxiliaryEmit` wrote. */
@unmanaged @final
export class Auxiliary {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get key(): u32 { return (this.control >>> 3) & 3; }
  get counter(): u32 { return load<u32>(changetype<usize>(this), 1); }
  get hasSource(): bool { return (this.control & EXTENDED_NONCE) != 0; }
  get source(): u64 { return load<u64>(changetype<usize>(this), 5); }
  /** The level does not travel, section 4.4.1.2: every network of ours is at level 5. */
  setLevel(): void { store<u8>(changetype<usize>(this), (this.control & ~LEVEL_MASK) | SECURITY_LEVEL); }
  clearLevel(): void { store<u8>(changetype<usize>(this), this.control & ~LEVEL_MASK); }
}

/** Accepts an auxiliary header with at least an integrity code after it; answers its size or an `Err`. */
export function auxiliaryParse(at: usize, have: u32): i32 {
  if (have < AUXILIARY_SIZE_MIN) return Err.Truncated;
  let control: u32 = load<u8>(at);
  if (control & CONTROL_RESERVED) return Err.Reserved;
  if (((control >>> 3) & 3) == KEY_NETWORK) return Err.Reserved; // the network key secures the NWK layer only
  let size = control & EXTENDED_NONCE ? AUXILIARY_SIZE : AUXILIARY_SIZE_MIN;
  if (have < size + INTEGRITY_SIZE) return Err.Truncated;
  return <i32>size;
}

/** Writes a header with our address and the level in place for sealing; answers its size. */
export function auxiliaryEmit(at: usize, key: u32, counter: u32, source: u64): u32 {
  store<u8>(at, SECURITY_LEVEL | (key << 3) | EXTENDED_NONCE);
  store<u32>(at, counter, 1);
  store<u64>(at, source, 5);
  return AUXILIARY_SIZE;
}
