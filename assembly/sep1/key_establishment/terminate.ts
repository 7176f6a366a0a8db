// Terminate Key Establishment, both directions: SE profile annex C.3.1.2.3.7.
//
//   | status 1 | wait time 1 | suites 2 |      little-endian
//
import { Err } from "../../core/err";

export const TERMINATE_SIZE: u32 = 4;

export const STATUS_UNKNOWN_ISSUER: u32 = 1;
export const STATUS_BAD_KEY_CONFIRM: u32 = 2;
export const STATUS_BAD_MESSAGE: u32 = 3;
export const STATUS_NO_RESOURCES: u32 = 4;
export const STATUS_UNSUPPORTED_SUITE: u32 = 5;
export const STATUS_INVALID_CERTIFICATE: u32 = 6;

const STATUS: usize = 0;
const WAIT: usize = 1;
const SUITES: usize = 2;

/** The payload where it lies.  Valid only where `terminateParse` accepted or `terminateEmit` wrote. */
@unmanaged @final
export class Terminate {
  get status(): u32 { return load<u8>(changetype<usize>(this) + STATUS); }
  /** Seconds before another attempt is welcome. */
  get wait(): u32 { return load<u8>(changetype<usize>(this) + WAIT); }
  /** The suites that the sender can do. */
  get suites(): u32 { return load<u16>(changetype<usize>(this) + SUITES); }
}

/** Accepts the `have` octets at `at`; answers the size or an `Err`.  A status that is not known ends an exchange as well. */
export function terminateParse(have: u32): i32 {
  if (have < TERMINATE_SIZE) return Err.Truncated;
  if (have > TERMINATE_SIZE) return Err.BadLength;
  return TERMINATE_SIZE;
}

/** Writes a payload; answers its size. */
export function terminateEmit(at: usize, status: u32, wait: u32, suites: u32): u32 {
  store<u8>(at + STATUS, status);
  store<u8>(at + WAIT, wait);
  store<u16>(at + SUITES, suites);
  return TERMINATE_SIZE;
}
