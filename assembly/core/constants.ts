// Tables that are only read: they lie in the board's flash, not in the module's memory, and cost nothing but their octets.
//
//   const RATES = constant<u16>([10, 20]);        constantRead(RATES + 2, at, 2)
//
// host/build/constants.mjs puts each table into the custom section `constants` and its offset, never 0, in the place of the call.
import { constantRead } from "./host";

/** The offset of a list of whole numbers, little-endian.  Only as the whole value of a const at the top level of a file. */
export function constant<T>(values: T[]): u32 {
  ERROR("a constant table is the whole value of a const at the top level, and the compiler runs with host/build/constants.mjs");
  return 0;
}

/** The offset of a counted string in ISO 8859-1: | size | characters |.  As above. */
export function constantText<T>(text: T): u32 {
  ERROR("a constant text is the whole value of a const at the top level, and the compiler runs with host/build/constants.mjs");
  return 0;
}

/** Copies a counted string with its size to where there is room for `capacity` octets; answers how many these were. */
export function constantString(text: u32, at: usize, capacity: u32): u32 {
  constantRead(text, at, 1);
  let size: u32 = load<u8>(at) + 1;
  assert(size <= capacity);
  constantRead(text, at, size);
  return size;
}
