// Echo and errors: RFC 4443 sections 2.4, 3 and 4.  Each answer is made of the packet that asks for it, in its place.
import { putBe32 } from "../../core/bytes";
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { addressCopy, addressIsMulticast, addressIsUnspecified, addressScope, SCOPE_LINK } from "../address";
import {
  HOPS_DEFAULT, IPV6_HEADER_SIZE, Ipv6, NEXT_DESTINATION, NEXT_FRAGMENT, NEXT_HOPS, NEXT_ICMP, NEXT_ROUTING, ipv6Emit,
} from "../ipv6/header";
import { ipv6Heard } from "../ipv6/receive";
import { PACKET_MTU, Packet, packetPrepend } from "../packet";
import {
  ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_HEADER_SIZE, ICMP_INFORMATION, ICMP_MESSAGE_SIZE, ICMP_PARAMETER_PROBLEM, ICMP_TOO_BIG, Icmp,
  icmpEmit, icmpParse,
} from "./message";

export enum IcmpHeard {
  Drop = 0,
  /** The packet is the answer now, to be sent. */
  Reply,
  /** For another procedure: `Icmp` lies at `ipv6Heard.payload`. */
  Message,
}

/** Errors at a time, and the time after which there is one more: section 2.4 (f). */
const ERRORS_MAX: u32 = 10;
const ERROR_MS: i64 = 100;
const BAD_OPTION: u32 = 2;

@unmanaged @final
class Bucket {
  /** When it was as full as `errors` says. */
  since: i64;
  errors: u32;
}
const bucket = changetype<Bucket>(memory.data(offsetof<Bucket>(), 8));
const addresses = memory.data(32, 8);

export function icmpReset(now: i64): void {
  bucket.since = now;
  bucket.errors = ERRORS_MAX;
}

/** Looks at a packet for us whose payload `ipv6Heard` names; `own` is what an echo to a group is answered from. */
export function icmpInput(packet: Packet, own: usize): i32 {
  let ipv6 = changetype<Ipv6>(packet.at);
  let at = ipv6Heard.payload;
  let size = icmpParse(at, ipv6Heard.size, ipv6.source);
  if (size < 0) return drop(Drop.Malformed);
  if (changetype<Icmp>(at).type != ICMP_ECHO_REQUEST) return IcmpHeard.Message;
  let target = ipv6.target;
  if (addressIsMulticast(target)) {
    if (addressScope(target) > SCOPE_LINK) return drop(Drop.Refused); // a question to a whole network would flood it
    target = own;
  }
  if (addressIsUnspecified(ipv6.source)) return drop(Drop.Malformed);
  addressCopy(addresses + 16, ipv6.source);
  addressCopy(addresses, target);
  reply(packet, at - IPV6_HEADER_SIZE, <u32>size + ICMP_HEADER_SIZE);
  icmpEmit(at, ICMP_ECHO_REPLY, 0, <u32>size, addresses);
  return IcmpHeard.Reply;
}

/**
 * Makes of a packet the error about it, from the address `own`; false when none may be sent, and the packet is to be freed.  Never about an
 * error, a group, everyone's frame, a source that is nobody, what was not authentic, or too many at a time: section 2.4 (e), (f).
 */
export function icmpError(packet: Packet, type: u32, code: u32, parameter: u32, own: usize, now: i64): bool {
  let ipv6 = changetype<Ipv6>(packet.at);
  let isForAll = addressIsMulticast(ipv6.target) || packet.toAll;
  if (isForAll && type != ICMP_TOO_BIG && (type != ICMP_PARAMETER_PROBLEM || code != BAD_OPTION)) return false;
  if (!packet.secured || addressIsUnspecified(ipv6.source) || addressIsMulticast(ipv6.source)) return false;
  if (isError(packet) || !take(now)) return false;
  let room = PACKET_MTU - IPV6_HEADER_SIZE - ICMP_MESSAGE_SIZE;
  if (packet.size > room) packet.size = room;
  addressCopy(addresses + 16, ipv6.source);
  addressCopy(addresses, own);
  let size = packet.size + ICMP_MESSAGE_SIZE;
  if (!packetPrepend(packet, IPV6_HEADER_SIZE + ICMP_MESSAGE_SIZE)) return false;
  let at = packet.at + IPV6_HEADER_SIZE;
  putBe32(at + ICMP_HEADER_SIZE, parameter);
  icmpEmit(at, type, code, size - ICMP_HEADER_SIZE, addresses);
  reply(packet, packet.at, size);
  return true;
}

/** A header of ours at `at` in front of an ICMP message of `size` octets, between `addresses`. */
function reply(packet: Packet, at: usize, size: u32): void {
  packet.at = at;
  packet.size = IPV6_HEADER_SIZE + size;
  packet.hopMode = 0;
  ipv6Emit(at, size, NEXT_ICMP, HOPS_DEFAULT);
  memory.copy(at + 8, addresses, 32);
}

/** Whether a packet is, or may be, an ICMP error: behind its extension headers, or where they leave it; what is too short may be one. */
function isError(packet: Packet): bool {
  let end = packet.at + packet.size;
  let at = packet.at + IPV6_HEADER_SIZE;
  let next = changetype<Ipv6>(packet.at).next;
  while (at + 8 <= end) {
    switch (next) {
      case NEXT_HOPS:
      case NEXT_ROUTING:
      case NEXT_DESTINATION: break;
      case NEXT_ICMP: return load<u8>(at) < ICMP_INFORMATION;
      case NEXT_FRAGMENT: return load<u8>(at) == NEXT_ICMP;
      default: return false;
    }
    next = load<u8>(at);
    at += (<u32>load<u8>(at, 1) + 1) << 3;
  }
  return true;
}

/** Takes a right to send an error; false when there is none. */
function take(now: i64): bool {
  let more = (now - bucket.since) / ERROR_MS;
  bucket.since += more * ERROR_MS;
  bucket.errors = <u32>min<i64>(ERRORS_MAX, bucket.errors + more);
  if (bucket.errors == 0) {
    dropped(Layer.Ip, Drop.Exhausted);
    return false;
  }
  bucket.errors--;
  return true;
}

function drop(reason: u32): i32 {
  dropped(Layer.Ip, reason);
  return IcmpHeard.Drop;
}
