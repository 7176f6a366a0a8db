// Which way a packet of ours takes.  What stays on the link goes to the radio at once; for the rest, which way it takes is the role's
// business: it waits here until `routeTick` of route_host.ts, route_router.ts or route_border.ts takes it.
import { Err } from "../core/err";
import { dropped } from "../core/drops";
import { Drop, Layer } from "../core/host";
import { MAC_EXTENDED, MAC_NONE, MAC_SHORT } from "../mac/frame";
import {
  ADDRESS_SIZE, NO_SHORT, SCOPE_LINK, addressExtended, addressIsLinkLocal, addressIsMulticast, addressLinkLocal, addressScope, addressShort,
} from "./address";
import { Ipv6 } from "./ipv6/header";
import { radioSend } from "./link/radio";
import { LINK_RADIO, NO_PACKET, Packet, packetFree } from "./packet";

@unmanaged @final
class Waiting {
  first: Packet;
  last: Packet;
}
const hop = memory.data(ADDRESS_SIZE, 8);
const waiting = changetype<Waiting>(memory.data(offsetof<Waiting>(), 8));

export function routesReset(): void {
  waiting.first = changetype<Packet>(NO_PACKET);
}

/** Sends a packet of ours, whole but for the headers of its way.  It is no longer the caller's. */
export function routeSend(packet: Packet, now: i64): i32 {
  let target = changetype<Ipv6>(packet.at).target;
  let isNear = addressIsMulticast(target) ? addressScope(target) <= SCOPE_LINK : addressIsLinkLocal(target);
  if (isNear && packet.link == LINK_RADIO) return linkSend(packet, now);
  packet.next = changetype<Packet>(NO_PACKET);
  if (waiting.first) waiting.last.next = packet;
  else waiting.first = packet;
  waiting.last = packet;
  return Err.Ok;
}

/** The next of those that wait, or null. */
export function routeNext(): Packet {
  let packet = waiting.first;
  if (packet) waiting.first = packet.next;
  return packet;
}

export function routeWaits(): bool { return waiting.first != changetype<Packet>(NO_PACKET); }

/** Hands a packet to the neighbour of its target address, which is mapped straight to the MAC's; multicast to all. */
export function linkSend(packet: Packet, now: i64): i32 {
  return hopSend(packet, changetype<Ipv6>(packet.at).target, now);
}

/** Hands a packet to the neighbour that has `address`. */
export function hopSend(packet: Packet, address: usize, now: i64): i32 {
  let short = addressShort(address);
  if (addressIsMulticast(address)) packet.hopMode = <u8>MAC_NONE;
  else packet.hopMode = <u8>(short != NO_SHORT ? MAC_SHORT : MAC_EXTENDED);
  packet.hop = short != NO_SHORT ? <u64>short : addressExtended(address);
  packet.secured = 1;
  let sent = radioSend(packet, now);
  if (sent == Err.Ok) return Err.Ok;
  packetFree(packet);
  dropped(Layer.Ip, Drop.Unsent);
  return sent;
}

/** The same, to a neighbour by its EUI-64. */
export function neighbourSend(packet: Packet, extended: u64, now: i64): i32 {
  addressLinkLocal(hop, extended);
  return hopSend(packet, hop, now);
}

export function routeDrop(packet: Packet, reason: u32): void {
  packetFree(packet);
  dropped(Layer.Ip, reason);
}
