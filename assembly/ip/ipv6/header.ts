// IPv6 header: RFC 8200 section 3.
//
//   0                    4        6      7      8           24          40
//   | version 4 bits,    | size   | next | hops | source 16 | target 16 | ...          big-endian
//   | traffic 8, flow 20 |        |      |      |           |           |
import { be16, be32, putBe16, putBe32 } from "../../core/bytes";
import { Err } from "../../core/err";
import { addressIsLoopback, addressIsMulticast, addressIsUnspecified, addressScope } from "../address";

export const IPV6_HEADER_SIZE: u32 = 40;

// Next headers
export const NEXT_HOPS: u32 = 0;
export const NEXT_UDP: u32 = 17;
export const NEXT_TCP: u32 = 6;
export const NEXT_IPV6: u32 = 41;
export const NEXT_ROUTING: u32 = 43;
export const NEXT_FRAGMENT: u32 = 44;
export const NEXT_ICMP: u32 = 58;
export const NEXT_NONE: u32 = 59;
export const NEXT_DESTINATION: u32 = 60;
export const NEXT_MOBILITY: u32 = 135;

/** What neighbours say to each other, and nobody from further away can: RFC 4861 section 11.2. */
export const HOPS_MAX: u32 = 255;
export const HOPS_DEFAULT: u32 = 64;

const VERSION: u32 = 6;
const SIZE: usize = 4;
const NEXT: usize = 6;
const HOPS: usize = 7;
const SOURCE: usize = 8;
const TARGET: usize = 24;

/** The header where it lies.  Valid only where `ipv6Parse` accepted or `ipv6Emit` wrote. */
@unmanaged @final
export class Ipv6 {
  get traffic(): u32 { return (be32(changetype<usize>(this)) >>> 20) & 0xff; }
  get flow(): u32 { return be32(changetype<usize>(this)) & 0xf_ffff; }
  get payloadSize(): u32 { return be16(changetype<usize>(this) + SIZE); }
  set payloadSize(value: u32) { putBe16(changetype<usize>(this) + SIZE, value); }
  get next(): u32 { return load<u8>(changetype<usize>(this), NEXT); }
  set next(value: u32) { store<u8>(changetype<usize>(this), value, NEXT); }
  get hops(): u32 { return load<u8>(changetype<usize>(this), HOPS); }
  set hops(value: u32) { store<u8>(changetype<usize>(this), value, HOPS); }
  get source(): usize { return changetype<usize>(this) + SOURCE; }
  get target(): usize { return changetype<usize>(this) + TARGET; }
  get payload(): usize { return changetype<usize>(this) + IPV6_HEADER_SIZE; }
}

/**
 * Accepts the `have` octets at `at` as a packet from another node; answers the size of the whole, at the most `have`, or an `Err`.
 * Loopback, an unspecified target, a source that is a group, and groups of this node alone are never on a link: RFC 4291 section 2.
 */
export function ipv6Parse(at: usize, have: u32): i32 {
  if (have < IPV6_HEADER_SIZE) return Err.Truncated;
  if (<u32>load<u8>(at) >>> 4 != VERSION) return Err.Reserved;
  let size = IPV6_HEADER_SIZE + be16(at + SIZE);
  if (size > have) return Err.BadLength;
  let source = at + SOURCE;
  let target = at + TARGET;
  if (addressIsMulticast(source) || addressIsLoopback(source)) return Err.Refused;
  if (addressIsUnspecified(target) || addressIsLoopback(target)) return Err.Refused;
  if (addressIsMulticast(target) && addressScope(target) < 2) return Err.Refused;
  return <i32>size;
}

/** Writes all but the addresses; answers the header's size. */
export function ipv6Emit(at: usize, payloadSize: u32, next: u32, hops: u32): u32 {
  putBe32(at, VERSION << 28);
  putBe16(at + SIZE, payloadSize);
  store<u8>(at, next, NEXT);
  store<u8>(at, hops, HOPS);
  return IPV6_HEADER_SIZE;
}
