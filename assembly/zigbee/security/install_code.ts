// Install codes: 07-5356 section 5.4.8.1.  The preconfigured link key is the hash of the code and its CRC.
//
//   | code (6, 8, 12 or 16) | CRC-16 of ITU-T X.25, little-endian |
import { Err } from "../../core/err";
import { hashMmo } from "../../core/host";

export const INSTALL_CODE_SIZE_MAX: u32 = 18;
const POLYNOMIAL: u32 = 0x8408; // reflected 0x1021

/** Accepts a code with its CRC; answers its size or an `Err`. */
export function installCodeParse(at: usize, have: u32): i32 {
  if (have != 8 && have != 10 && have != 14 && have != 18) return Err.BadLength;
  if (crc(at, have - 2) != <u32>load<u16>(at + have - 2)) return Err.BadChecksum;
  return have;
}

/** Writes the 16 octets of the preconfigured key of an accepted code. */
export function installCodeKey(at: usize, size: u32, key: usize): void {
  hashMmo(at, size, key);
}

function crc(at: usize, size: u32): u32 {
  let value: u32 = 0xffff;
  for (let index: u32 = 0; index < size; index++) {
    value ^= load<u8>(at + index);
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
  }
  return value ^ 0xffff;
}
