// One step of a source route: RFC 6554 section 4.2.
import { dropped } from "../core/drops";
import { Drop, Layer } from "../core/host";
import { ADDRESS_SIZE, addressCopy, addressIsLinkLocal, addressIsMulticast } from "./address";
import { arriveError, arriveFault } from "./arrive";
import { ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE } from "./icmp/message";
import { Ipv6 } from "./ipv6/header";
import { ipv6Heard } from "./ipv6/receive";
import { ndNeighbour } from "./nd/sender";
import { ownIs } from "./own";
import { Packet } from "./packet";
import { neighbourSend } from "./route";
import { RoutingHeader, routingParse } from "./rpl/header";

/** Error in source routing header: RFC 6550 section 20.18. */
export const ROUTE_ERROR: u32 = 7;

const address = memory.data(ADDRESS_SIZE, 8);

/** We are the packet's target, and its route goes on.  It is gone afterwards. */
export function sourceRouteStep(packet: Packet, now: i64): void {
  let ip = changetype<Ipv6>(packet.at);
  let at = ipv6Heard.routing;
  let header = changetype<RoutingHeader>(at);
  if (routingParse(at, <u32>(packet.at + packet.size - at)) < 0) return refuse(packet, at, now);
  for (let index: u32 = 0; index < header.count; index++) {
    whole(header, index, ip.target);
    // A group has no next hop, what is the link's stays on it, and where we stand twice there is a loop.
    if (addressIsMulticast(address) || addressIsLinkLocal(address) || ownIs(address)) return refuse(packet, header.address(index), now);
  }
  if (ip.hops <= 1) return arriveError(packet, ICMP_TIME_EXCEEDED, 0, 0, now);
  let index = header.count - header.left;
  whole(header, index, ip.target);
  let next = ndNeighbour(address);
  if (!next) return arriveError(packet, ICMP_UNREACHABLE, ROUTE_ERROR, 0, now);
  let elided = header.elided(index);
  memory.copy(header.address(index), ip.target + elided, ADDRESS_SIZE - elided);
  addressCopy(ip.target, address);
  header.left -= 1;
  ip.hops -= 1;
  neighbourSend(packet, next.extended, now);
}

/** The address at `index`, of which the octets that are not there are the target's. */
function whole(header: RoutingHeader, index: u32, target: usize): void {
  let elided = header.elided(index);
  addressCopy(address, target);
  memory.copy(address + elided, header.address(index), ADDRESS_SIZE - elided);
}

function refuse(packet: Packet, at: usize, now: i64): void {
  dropped(Layer.Ip, Drop.Malformed);
  arriveFault(packet, at, now);
}
