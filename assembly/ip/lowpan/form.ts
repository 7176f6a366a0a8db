// What compressed headers are made of: RFC 6282 sections 3 and 4.
//
//   IPHC    | 011 TF 2 NH 1 HLIM 2 | CID 1 SAC 1 SAM 2 M 1 DAC 1 DAM 2 | contexts 0/1 |
//                                                              traffic 0/1/3/4 | next 0/1 | hops 0/1 | source | target |
//   NHC     | 1110 EID 3 NH 1 | next 0/1 | size 1 | ... |         an extension header;  0xee: another IPHC follows
//           | 11110 C 1 P 2 | ports 4/3/3/1 | checksum 2 |        UDP
//
// A unicast address has its first half from a context, or is link-local; its interface identifier is in-line (mode 1), made of the 16 bits
// in-line (mode 2), or what the header around it says (mode 3): its MAC address, or the tunnel's IPv6 address.
import { Context, contextMask } from "./contexts";

// The first octet, section 3.1.1
export const DISPATCH_IPV6: u32 = 0x41;
export const IPHC: u32 = 0x60;
export const IPHC_MASK: u32 = 0xe0;
export const TRAFFIC_SHIFT: u32 = 3;
export const IPHC_NEXT: u32 = 0x04;
export const HOPS_MASK: u32 = 0x03;
// The second octet
export const CONTEXTS: u32 = 0x80;
export const SOURCE_CONTEXT: u32 = 0x40;
export const SOURCE_SHIFT: u32 = 4;
export const MULTICAST: u32 = 0x08;
export const TARGET_CONTEXT: u32 = 0x04;

// Modes of an address
export const MODE_WHOLE: u32 = 0;
export const MODE_IDENTIFIER: u32 = 1;
export const MODE_SHORT: u32 = 2;
export const MODE_NOTHING: u32 = 3;

// Traffic class and flow label, figure 2
export const TRAFFIC_ALL: u32 = 0;
export const TRAFFIC_FLOW: u32 = 1;
export const TRAFFIC_CLASS: u32 = 2;
export const TRAFFIC_NONE: u32 = 3;

// Next headers, section 4
export const NHC_EXTENSION: u32 = 0xe0;
export const NHC_EXTENSION_MASK: u32 = 0xf0;
export const NHC_NEXT: u32 = 0x01;
export const NHC_IPV6: u32 = 0xee;
export const NHC_UDP: u32 = 0xf0;
export const NHC_UDP_MASK: u32 = 0xf8;
export const NHC_UDP_NO_CHECKSUM: u32 = 0x04;
export const NHC_UDP_PORTS: u32 = 0x03;
/** Ports that are sent as eight, and as four bits. */
export const PORTS_8: u32 = 0xf000;
export const PORTS_4: u32 = 0xf0b0;

const LINK_LOCAL: u64 = 0x80fe;
const SHORT_HEAD: u64 = 0x0000_00fe_ff00_0000;

/** In-line octets of an address of a mode. */
export function modeSize(mode: u32): u32 {
  return mode == MODE_WHOLE ? 16 : mode == MODE_IDENTIFIER ? 8 : mode == MODE_SHORT ? 2 : 0;
}

/**
 * Writes the address that modes 1 to 3 stand for: `inline` is where its in-line octets lie, `around` the interface identifier of the header
 * around it, as it lies; without a context it is link-local.
 */
export function addressExpand(to: usize, mode: u32, context: Context, inline: usize, around: u64): void {
  let identifier = around;
  if (mode == MODE_IDENTIFIER) identifier = load<u64>(inline);
  if (mode == MODE_SHORT) identifier = SHORT_HEAD | (<u64>load<u16>(inline) << 48);
  let prefix = LINK_LOCAL;
  if (context) {
    let mask = contextMask(context);
    prefix = context.prefix;
    identifier = (identifier & ~mask) | context.rest;
  }
  store<u64>(to, prefix);
  store<u64>(to, identifier, 8);
}
