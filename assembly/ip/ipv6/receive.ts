// A packet on its way up: its header and its extension headers, RFC 8200 section 4.
//
//   header -> hop-by-hop options -> not ours: Forward
//                                -> ours: (destination options, routing header that is done) ... -> what it carries: ForUs, or Tunnel
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { addressIsMulticast } from "../address";
import { Packet } from "../packet";
import {
  IPV6_HEADER_SIZE, Ipv6, NEXT_DESTINATION, NEXT_FRAGMENT, NEXT_HOPS, NEXT_IPV6, NEXT_NONE, NEXT_ROUTING, ipv6Parse,
} from "./header";

export enum Ipv6Heard {
  /** Whose packet it is may ask for an ICMP error: `ipv6Heard.fault`. */
  Drop = 0,
  ForUs,
  /** For another node. */
  Forward,
  /** Came here by a source route that goes on: RFC 6554. */
  Routed,
  /** The header around it is gone, and so the packet is another one now: look at it again. */
  Tunnel,
}

@unmanaged @final
export class Ipv6Indication {
  /** What it carries, and where that lies. */
  next: u32;
  payload: usize;
  size: u32;
  /** Options of routing and of multicast, from their type on, and the routing header; 0 where there is none. */
  rpl: usize;
  mpl: usize;
  routing: usize;
  /** Dropped: type << 8 | code of the error that is due, 0 for none, and what that points at. */
  fault: u32;
  pointer: u32;
}

export const ipv6Heard = changetype<Ipv6Indication>(memory.data(offsetof<Ipv6Indication>(), 4));

/** Extension headers in one packet. */
const EXTENSIONS_MAX: u32 = 8;

// Options
const OPTION_PAD1: u32 = 0x00;
const OPTION_PADN: u32 = 0x01;
export const OPTION_RPL: u32 = 0x63;
export const OPTION_MPL: u32 = 0x6d;
/** What to do with an option that is not known, by its two highest bits: section 4.2. */
const ACTION_SHIFT: u32 = 6;
const ACTION_SKIP: u32 = 0;
const ACTION_TELL: u32 = 2;
const ACTION_TELL_ONE: u32 = 3;

// A parameter problem and its codes, RFC 4443 section 3.4
const PARAMETER_PROBLEM: u32 = 4;
const BAD_FIELD: u32 = 0;
const BAD_NEXT: u32 = 1;
const BAD_OPTION: u32 = 2;

/** Looks at a packet whose target `isOurs`, an own address or a group that we are in; what it answers is in `ipv6Heard`. */
export function ipv6Input(packet: Packet, isOurs: bool): i32 {
  memory.fill(changetype<usize>(ipv6Heard), 0, offsetof<Ipv6Indication>());
  let size = ipv6Parse(packet.at, packet.size);
  if (size < 0) return drop(Drop.Malformed);
  packet.size = <u32>size;
  let at = packet.at + IPV6_HEADER_SIZE;
  let end = packet.at + packet.size;
  let next = packet.at + 6; // where the kind of the header at `at` stands
  for (let count: u32 = 0; count <= EXTENSIONS_MAX; count++) {
    let kind: u32 = load<u8>(next);
    if (kind != NEXT_HOPS && !isOurs) return Ipv6Heard.Forward;
    switch (kind) {
      case NEXT_HOPS:
      case NEXT_DESTINATION:
      case NEXT_ROUTING: break;
      // A packet fits the MTU: nobody has to fragment it.
      case NEXT_FRAGMENT: return fault(packet, BAD_NEXT, next);
      case NEXT_NONE: return drop(Drop.Foreign);
      default: return found(packet, kind, at, end);
    }
    if (kind == NEXT_HOPS && count > 0) return fault(packet, BAD_NEXT, next);
    let have = <u32>(end - at);
    if (have < 8) return drop(Drop.Malformed);
    let octets = (<u32>load<u8>(at, 1) + 1) << 3;
    if (have < octets) return drop(Drop.Malformed);
    if (kind == NEXT_ROUTING) {
      if (load<u8>(at, 3) != 0) return routed(packet, at);
    } else if (!options(packet, at + 2, at + octets, kind == NEXT_HOPS)) return Ipv6Heard.Drop;
    next = at;
    at += octets;
  }
  return drop(Drop.Refused);
}

/** The kind of a packet and where its payload lies; for a tunnel the packet is what was in it. */
function found(packet: Packet, kind: u32, at: usize, end: usize): i32 {
  ipv6Heard.next = kind;
  ipv6Heard.payload = at;
  ipv6Heard.size = <u32>(end - at);
  if (kind != NEXT_IPV6) return Ipv6Heard.ForUs;
  packet.at = at;
  packet.size = ipv6Heard.size;
  return Ipv6Heard.Tunnel;
}

/** Segments are left: a source route of RPL is for the layer of routes, any other is refused. */
function routed(packet: Packet, at: usize): i32 {
  if (load<u8>(at, 2) != 3) return fault(packet, BAD_FIELD, at + 2);
  ipv6Heard.routing = at;
  return Ipv6Heard.Routed;
}

/** Walks over options; false when the packet is dropped. */
function options(packet: Packet, at: usize, end: usize, isHops: bool): bool {
  while (at < end) {
    let type: u32 = load<u8>(at);
    if (type == OPTION_PAD1) {
      at++;
      continue;
    }
    if (end - at < 2 || end - at - 2 < <usize>load<u8>(at, 1)) {
      drop(Drop.Malformed);
      return false;
    }
    if (isHops && type == OPTION_RPL && !ipv6Heard.rpl) ipv6Heard.rpl = at;
    else if (isHops && type == OPTION_MPL && !ipv6Heard.mpl) ipv6Heard.mpl = at;
    else if (type != OPTION_PADN && type >>> ACTION_SHIFT != ACTION_SKIP) {
      let action = type >>> ACTION_SHIFT;
      let isGroup = addressIsMulticast(changetype<Ipv6>(packet.at).target);
      if (action == ACTION_TELL || (action == ACTION_TELL_ONE && !isGroup)) fault(packet, BAD_OPTION, at);
      else drop(Drop.Refused);
      return false;
    }
    at += 2 + <u32>load<u8>(at, 1);
  }
  return true;
}

function fault(packet: Packet, code: u32, at: usize): i32 {
  ipv6Heard.fault = (PARAMETER_PROBLEM << 8) | code;
  ipv6Heard.pointer = <u32>(at - packet.at);
  return drop(Drop.Refused);
}

function drop(reason: u32): i32 {
  dropped(Layer.Ip, reason);
  return Ipv6Heard.Drop;
}
