// UDP header: RFC 768, with the checksum that RFC 8200 section 8.1 makes mandatory.
//
//   0        2        4        6        8
//   | source | target | size   | sum    | payload ...          big-endian
//
import { be16, putBe16 } from "../../core/bytes";
import { Err } from "../../core/err";
import { checksumOf } from "../checksum";
import { NEXT_UDP } from "../ipv6/header";

export const UDP_HEADER_SIZE: u32 = 8;

const TARGET: usize = 2;
const SIZE: usize = 4;
const CHECKSUM: usize = 6;

/** The header where it lies.  Valid only where `udpParse` accepted or `udpEmit` wrote. */
@unmanaged @final
export class Udp {
  get source(): u32 { return be16(changetype<usize>(this)); }
  get target(): u32 { return be16(changetype<usize>(this) + TARGET); }
  get payloadSize(): u32 { return be16(changetype<usize>(this) + SIZE) - UDP_HEADER_SIZE; }
  get payload(): usize { return changetype<usize>(this) + UDP_HEADER_SIZE; }
}

/** Accepts the `have` octets at `at` between the two addresses at `addresses`; answers the payload's size or an `Err`. */
export function udpParse(at: usize, have: u32, addresses: usize): i32 {
  if (have < UDP_HEADER_SIZE) return Err.Truncated;
  let size = be16(at + SIZE);
  if (size < UDP_HEADER_SIZE || size > have) return Err.BadLength;
  if (load<u16>(at, CHECKSUM) == 0) return Err.BadChecksum; // "not computed" is for IPv4
  if (checksumOf(at, size, addresses, NEXT_UDP) != 0) return Err.BadChecksum;
  return <i32>(size - UDP_HEADER_SIZE);
}

/** Writes the header in front of a payload that is there already; answers the size of both. */
export function udpEmit(at: usize, source: u32, target: u32, payloadSize: u32, addresses: usize): u32 {
  let size = UDP_HEADER_SIZE + payloadSize;
  putBe16(at, source);
  putBe16(at + TARGET, target);
  putBe16(at + SIZE, size);
  store<u16>(at, 0, CHECKSUM);
  let sum = checksumOf(at, size, addresses, NEXT_UDP);
  store<u16>(at, sum ? sum : 0xffff, CHECKSUM); // a sum of zero travels as ones
  return size;
}
