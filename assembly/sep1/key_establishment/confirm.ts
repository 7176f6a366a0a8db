// Confirm Key, request and response: SE profile annex C.3.1.2.3.5 and C.3.1.2.3.6 (one layout).
//
//   | keyed hash 16 |
//
import { Err } from "../../core/err";

export const CONFIRM_SIZE: u32 = 16;

/** Accepts the `have` octets at `at`; answers the size or an `Err`. */
export function confirmParse(have: u32): i32 {
  if (have < CONFIRM_SIZE) return Err.Truncated;
  if (have > CONFIRM_SIZE) return Err.BadLength;
  return CONFIRM_SIZE;
}

/** Writes a payload; answers its size. */
export function confirmEmit(at: usize, hash: usize): u32 {
  memory.copy(at, hash, CONFIRM_SIZE);
  return CONFIRM_SIZE;
}
