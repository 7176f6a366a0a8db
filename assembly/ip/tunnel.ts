// Headers that packets get on their way: the RPL option, a source route, and a tunnel in whose outer header these are put where the packet
// is not ours to change; section 11 of the notes on ZigBee IP, RFC 6553 and 6554, RFC 2473.
import { ADDRESS_SIZE, addressCopy } from "./address";
import { HOPS_DEFAULT, IPV6_HEADER_SIZE, Ipv6, NEXT_HOPS, NEXT_IPV6, NEXT_ROUTING, ipv6Emit } from "./ipv6/header";
import { Packet, packetPrepend } from "./packet";
import { routeHop } from "./rpl/graph";
import { ROUTING_FIXED, RoutingHeader, routingEmit, rplOptionHeaderEmit } from "./rpl/header";

/** Next header, size, and the RPL option, which fills eight octets. */
const OPTION_HEADER_SIZE: u32 = 8;
const PREFIX_SIZE: u32 = 8;
const IDENTIFIER_SIZE: u32 = ADDRESS_SIZE - PREFIX_SIZE;

/** Puts the packet into another one; false when there is no room. */
export function tunnelBegin(packet: Packet, source: usize, target: usize): bool {
  let size = packet.size;
  if (!packetPrepend(packet, IPV6_HEADER_SIZE)) return false;
  ipv6Emit(packet.at, size, NEXT_IPV6, HOPS_DEFAULT);
  addressCopy(changetype<Ipv6>(packet.at).source, source);
  addressCopy(changetype<Ipv6>(packet.at).target, target);
  return true;
}

/** Inserts the RPL option; false when there is no room. */
export function optionInsert(packet: Packet, flags: u32, instance: u32, rank: u32): bool {
  let next = changetype<Ipv6>(packet.at).next;
  let at = insert(packet, OPTION_HEADER_SIZE, NEXT_HOPS);
  if (!at) return false;
  store<u16>(at, next);
  rplOptionHeaderEmit(at + 2, flags, instance, rank);
  return true;
}

/**
 * Inserts a source route over the first `count` hops of `routeHop` to the packet's target, which becomes the header's last address; the
 * packet's target is the first hop then.  False when there is no room.
 */
export function routeInsert(packet: Packet, count: u32): bool {
  let next = changetype<Ipv6>(packet.at).next;
  let end = load<u64>(changetype<Ipv6>(packet.at).target, PREFIX_SIZE);
  let elided = PREFIX_SIZE + alike(count, end);
  let used = count * (ADDRESS_SIZE - elided);
  let at = insert(packet, ROUTING_FIXED + ((used + 7) & ~7), NEXT_ROUTING);
  if (!at) return false;
  routingEmit(at, next, count, count, elided);
  let header = changetype<RoutingHeader>(at);
  for (let index: u32 = 0; index < count; index++) {
    let hop = index + 1 < count ? routeHop(index + 1) : end;
    for (let octet = elided - PREFIX_SIZE, to = header.address(index); octet < IDENTIFIER_SIZE; octet++, to++) {
      store<u8>(to, <u8>(hop >>> (octet << 3)));
    }
  }
  store<u64>(changetype<Ipv6>(packet.at).target, routeHop(0), PREFIX_SIZE);
  return true;
}

/** Octets at the beginning of an identifier that all hops share: at most seven, so that one is left. */
function alike(count: u32, end: u64): u32 {
  let difference: u64 = 0;
  for (let index: u32 = 0; index < count; index++) difference |= routeHop(index) ^ end;
  return min<u32>(<u32>ctz<u64>(difference) >>> 3, IDENTIFIER_SIZE - 1);
}

/** Moves the header forward; answers where there is a gap of `size` octets behind it, or 0. */
function insert(packet: Packet, size: u32, next: u32): usize {
  if (!packetPrepend(packet, size)) return 0;
  memory.copy(packet.at, packet.at + size, IPV6_HEADER_SIZE);
  let ip = changetype<Ipv6>(packet.at);
  ip.payloadSize += size;
  ip.next = next;
  return ip.payload;
}
