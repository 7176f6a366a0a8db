// Ephemeral Data, request and response: SE profile annex C.3.1.2.3.3 and C.3.1.2.3.4 (one layout).
//
//   | compressed ephemeral public key 22 or 37 |
//
import { Err } from "../../core/err";
import { SUITE_1 } from "../../crypto/curve";

export const EPHEMERAL_SIZE_MAX: u32 = 37;
const SIZE_1: u32 = 22;

/** Octets of the payload under a suite. */
export function ephemeralSize(suite: u32): u32 {
  return suite == SUITE_1 ? SIZE_1 : EPHEMERAL_SIZE_MAX;
}

/** Accepts the `have` octets at `at`; answers the size or an `Err`.  Whether they are a point is for the computation to say. */
export function ephemeralParse(suite: u32, at: usize, have: u32): i32 {
  let size = ephemeralSize(suite);
  if (have < size) return Err.Truncated;
  if (have > size) return Err.BadLength;
  if ((load<u8>(at) & ~1) != 2) return Err.Reserved; // only the compressed form travels
  return <i32>size;
}

/** Writes a payload; answers its size. */
export function ephemeralEmit(at: usize, suite: u32, key: usize): u32 {
  memory.copy(at, key, ephemeralSize(suite));
  return ephemeralSize(suite);
}
