// Ethernet frames that carry IPv6: RFC 2464 sections 3, 4 and 7.
//
//   0        6        12     14
//   | target | source | 86dd | packet, and what fills a short frame |          big-endian
//
// An address is a number of 48 bits whose most significant octet is the first on the wire.
import { be16, be64, putBe16, putBe32, putBe64 } from "../../core/bytes";
import { Err } from "../../core/err";
import { IPV6_HEADER_SIZE } from "../ipv6/header";

export const ETHERNET_HEADER_SIZE: u32 = 14;
/** A group of IPv6, by the last four octets of its address: section 7. */
const GROUP: u64 = 0x3333_0000_0000;
const IS_GROUP: u64 = 0x0100_0000_0000;
const IS_LOCAL: u64 = 0x0200_0000_0000;
const IPV6: u32 = 0x86dd;

const SOURCE: usize = 6;
const TYPE: usize = 12;

/** The header where it lies.  Valid only where `ethernetParse` accepted or `ethernetEmit` wrote. */
@unmanaged @final
export class Ethernet {
  get target(): u64 { return be64(changetype<usize>(this)) >>> 16; }
  get source(): u64 { return ethernetAddress(changetype<usize>(this) + SOURCE); }
  get content(): usize { return changetype<usize>(this) + ETHERNET_HEADER_SIZE; }
}

/** Accepts `have` octets; answers the size of the content, in which there may be more than the packet, or an `Err`. */
export function ethernetParse(at: usize, have: u32): i32 {
  if (have < ETHERNET_HEADER_SIZE + IPV6_HEADER_SIZE) return Err.Truncated;
  if (be16(at + TYPE) != IPV6) return Err.Reserved;
  if (changetype<Ethernet>(at).source & IS_GROUP) return Err.Refused;
  return <i32>(have - ETHERNET_HEADER_SIZE);
}

export function ethernetEmit(at: usize, target: u64, source: u64): u32 {
  putBe64(at, (target << 16) | (source >>> 32));
  putBe32(at + 8, <u32>source);
  putBe16(at + TYPE, IPV6);
  return ETHERNET_HEADER_SIZE;
}

export function ethernetAddress(at: usize): u64 { return be64(at - 2) & 0xffff_ffff_ffff; }
export function ethernetGroup(address: usize): u64 { return GROUP | (be64(address + 8) & 0xffff_ffff); }
export function ethernetIsGroup(address: u64): bool { return (address & IS_GROUP) != 0; }

/** Our address there: of our EUI-64 its first and its last three octets, by no registry but ours. */
export function ethernetOf(extended: u64): u64 {
  return (((extended >>> 16) & 0xffff_ff00_0000) | (extended & 0xff_ffff) | IS_LOCAL) & ~IS_GROUP;
}

/** The EUI-64 that interface identifiers are made of: section 4. */
export function ethernetExtended(address: u64): u64 {
  return ((address >>> 24) << 40) | 0xff_fe00_0000 | (address & 0xff_ffff);
}
