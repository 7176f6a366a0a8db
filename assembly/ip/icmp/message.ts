// ICMPv6 messages: RFC 4443.
//
//   | type 1 | code 1 | checksum 2 | ... |          errors: | parameter 4 | as much of the packet as fits |
//                                                   echo:   | identifier 2 | sequence 2 | octets |
import { Err } from "../../core/err";
import { checksumOf } from "../checksum";
import { NEXT_ICMP } from "../ipv6/header";

export const ICMP_HEADER_SIZE: u32 = 4;
/** An error and an echo, without what follows. */
export const ICMP_MESSAGE_SIZE: u32 = 8;

// Types
export const ICMP_UNREACHABLE: u32 = 1;
export const ICMP_TOO_BIG: u32 = 2;
export const ICMP_TIME_EXCEEDED: u32 = 3;
export const ICMP_PARAMETER_PROBLEM: u32 = 4;
/** Those below are errors. */
export const ICMP_INFORMATION: u32 = 128;
export const ICMP_ECHO_REQUEST: u32 = 128;
export const ICMP_ECHO_REPLY: u32 = 129;

const CODE: usize = 1;
const CHECKSUM: usize = 2;

/** The message where it lies.  Valid only where `icmpParse` accepted or `icmpEmit` wrote. */
@unmanaged @final
export class Icmp {
  get type(): u32 { return load<u8>(changetype<usize>(this)); }
  get code(): u32 { return load<u8>(changetype<usize>(this), CODE); }
  get isError(): bool { return this.type < ICMP_INFORMATION; }
  get body(): usize { return changetype<usize>(this) + ICMP_HEADER_SIZE; }
}

/** Accepts the `have` octets at `at` between the two addresses at `addresses`; answers the size of what follows the header, or an `Err`. */
export function icmpParse(at: usize, have: u32, addresses: usize): i32 {
  if (have < ICMP_HEADER_SIZE) return Err.Truncated;
  if (checksumOf(at, have, addresses, NEXT_ICMP) != 0) return Err.BadChecksum;
  let type: u32 = load<u8>(at);
  let isLong = type < ICMP_INFORMATION || type <= ICMP_ECHO_REPLY;
  return isLong && have < ICMP_MESSAGE_SIZE ? Err.Truncated : <i32>(have - ICMP_HEADER_SIZE);
}

/** Writes the header in front of a body of `bodySize` octets that is there already; answers the size of both. */
export function icmpEmit(at: usize, type: u32, code: u32, bodySize: u32, addresses: usize): u32 {
  let size = ICMP_HEADER_SIZE + bodySize;
  store<u32>(at, type | (code << 8));
  store<u16>(at, checksumOf(at, size, addresses, NEXT_ICMP), CHECKSUM);
  return size;
}
