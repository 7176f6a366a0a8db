// Initiate Key Establishment, request and response: SE profile annex C.3.1.2.3.1 and C.3.1.2.3.2 (one layout).
//
//   | suite 2 | ephemeral generate time 1 | confirm generate time 1 | certificate 48 or 74 |      little-endian
//
import { CERTIFICATE_SIZE_MAX, certificateSize } from "../../crypto/certificate";
import { SUITE_1, SUITE_2 } from "../../crypto/curve";
import { Err } from "../../core/err";

const HEAD: u32 = 4;
export const INITIATE_SIZE_MAX: u32 = HEAD + CERTIFICATE_SIZE_MAX;

const SUITE: usize = 0;
const EPHEMERAL_TIME: usize = 2;
const CONFIRM_TIME: usize = 3;

const TIME_MAX: u32 = 0xfe; // seconds

/** The payload where it lies.  Valid only where `initiateParse` accepted or `initiateEmit` wrote. */
@unmanaged @final
export class Initiate {
  get suite(): u32 { return load<u16>(changetype<usize>(this) + SUITE); }
  get ephemeralTime(): u32 { return load<u8>(changetype<usize>(this) + EPHEMERAL_TIME); }
  get confirmTime(): u32 { return load<u8>(changetype<usize>(this) + CONFIRM_TIME); }
  get certificate(): usize { return changetype<usize>(this) + HEAD; }
}

/** Accepts the `have` octets at `at`; answers the size or an `Err`, `NotFound` for a suite that does not exist here. */
export function initiateParse(at: usize, have: u32): i32 {
  if (have < HEAD) return Err.Truncated;
  let suite: u32 = load<u16>(at + SUITE);
  if (popcnt(suite) != 1) return Err.Reserved; // exactly one suite is proposed
  if (suite != SUITE_1 && suite != SUITE_2) return Err.NotFound;
  if (load<u8>(at + EPHEMERAL_TIME) > TIME_MAX) return Err.Reserved;
  if (load<u8>(at + CONFIRM_TIME) > TIME_MAX) return Err.Reserved;
  let size = HEAD + certificateSize(suite);
  if (have < size) return Err.Truncated;
  if (have > size) return Err.BadLength;
  return <i32>size;
}

/** Writes a payload around a certificate; answers its size. */
export function initiateEmit(at: usize, suite: u32, ephemeralTime: u32, confirmTime: u32, certificate: usize): u32 {
  store<u16>(at + SUITE, suite);
  store<u8>(at + EPHEMERAL_TIME, ephemeralTime);
  store<u8>(at + CONFIRM_TIME, confirmTime);
  memory.copy(at + HEAD, certificate, certificateSize(suite));
  return HEAD + certificateSize(suite);
}
