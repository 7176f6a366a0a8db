// The ways of the border router, the root of the graph: section 11 of the notes on ZigBee IP.
//
//   ours, to a router            plain, or with a source route in it
//   another's, or to a host      in a tunnel to the router, with a source route, or with the option where the router is a neighbour
//   to a host of ours            plain
//   not to the network           Outside: the other link's business
//
import { Drop } from "../core/host";
import { SCOPE_LINK, addressCopy, addressEqual, addressIsLinkLocal, addressIsMulticast, addressScope } from "./address";
import { RouteHeard, arriveError, arriveStep } from "./arrive";
import { ethernetHas } from "./ethernet/medium";
import { ethernetSend } from "./ethernet/neighbours";
import { IPV6_HEADER_SIZE, Ipv6 } from "./ipv6/header";
import { ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE } from "./icmp/message";
import { ipv6Heard } from "./ipv6/receive";
import { mplDeadline, mplRepeats, mplReset, mplSend, mplTick } from "./mpl/mpl";
import { networkHas } from "./nd/network";
import { RegistrationState, registrationOf } from "./nd/registrations";
import { MODE_ROUTER, neighbourFind } from "./neighbours";
import { OWN_GLOBAL, ownAddress } from "./own";
import { LINK_ETHERNET, Packet } from "./packet";
import { hopSend, neighbourSend, routeDrop, routeNext, routeWaits, routesReset } from "./route";
import { optionCheck } from "./rpl/check";
import { dagRank, dodag } from "./rpl/dodag";
import { graphDoubt, graphRoute, nodeOf, routeHop } from "./rpl/graph";
import { RPL_DOWN } from "./rpl/header";
import { rplLoop } from "./rpl/root";
import { sourceRouteStep } from "./source_route";
import { optionInsert, routeInsert, tunnelBegin } from "./tunnel";

const DEPTH: u32 = 3;
const NO_ROUTE: u32 = 0;

const via = memory.data(16, 8);

export function routeReset(): void {
  routesReset();
  mplReset();
}

/** What a packet of the radio is: for us, or `Forward` for another link, and the caller's; or gone. */
export function routeInput(packet: Packet, now: i64): i32 {
  for (let depth: u32 = 0; depth < DEPTH; depth++) {
    let heard = arriveStep(packet, mplRepeats(), now);
    if (heard == RouteHeard.Taken) return heard;
    if (ipv6Heard.rpl && optionCheck(ipv6Heard.rpl, packet, dagRank(dodag.rank))) {
      rplLoop(now);
      routeDrop(packet, Drop.Expired);
      return RouteHeard.Taken;
    }
    switch (heard) {
      case RouteHeard.Ours: return heard;
      case RouteHeard.Forward: return routeForward(packet, now) ? RouteHeard.Taken : heard;
      case RouteHeard.Routed: {
        sourceRouteStep(packet, now);
        return RouteHeard.Taken;
      }
      default: // what was in a tunnel
    }
  }
  routeDrop(packet, Drop.Refused);
  return RouteHeard.Taken;
}

/** A packet of either link for another node: whether it was for the mesh, and is gone.  Its hop limit is counted down. */
export function routeForward(packet: Packet, now: i64): bool {
  let ip = changetype<Ipv6>(packet.at);
  if (ip.hops <= 1) {
    arriveError(packet, ICMP_TIME_EXCEEDED, 0, 0, now);
    return true;
  }
  ip.hops -= 1;
  if (!networkHas(ip.target)) return false;
  down(packet, now);
  return true;
}

/**
 * A router says that it has no way to the next hop of a source route: `at` is the packet that its error, from `source`, is about, of `have`
 * octets.
 */
export function routeBroken(source: usize, at: usize, have: u32, now: i64): void {
  if (have < IPV6_HEADER_SIZE || !networkHas(source) || !networkHas(changetype<Ipv6>(at).target)) return;
  graphDoubt(load<u64>(source, 8), load<u64>(changetype<Ipv6>(at).target, 8), now);
}

/** The radio could not bring a packet to its next hop.  It is gone. */
export function routeUnsent(packet: Packet, now: i64): void {
  let ip = changetype<Ipv6>(packet.at);
  if (networkHas(ip.target)) graphDoubt(load<u64>(ownAddress(OWN_GLOBAL), 8), load<u64>(ip.target, 8), now);
  routeDrop(packet, Drop.Unsent);
}

/** Sends what waits. */
export function routeTick(now: i64): void {
  for (let packet = routeNext(); packet; packet = routeNext()) {
    let target = changetype<Ipv6>(packet.at).target;
    if (networkHas(target)) down(packet, now);
    else if (isOutside(packet, target)) ethernetSend(packet, now);
    else if (addressIsMulticast(target)) mplSend(packet, mplRepeats(), now);
    else routeDrop(packet, Drop.NoRoute);
  }
  mplTick(now);
}

export function routeDeadline(): i64 { return routeWaits() ? 0 : mplDeadline(); }

/** Of the other link: its prefix, or its neighbours, as those of the radio do not wait. */
function isOutside(packet: Packet, target: usize): bool {
  if (addressIsMulticast(target)) return packet.link == LINK_ETHERNET || addressScope(target) <= SCOPE_LINK;
  return addressIsLinkLocal(target) || ethernetHas(target);
}

/** To an address of the network. */
function down(packet: Packet, now: i64): void {
  let ip = changetype<Ipv6>(packet.at);
  let identifier = load<u64>(ip.target, 8);
  if (toChild(packet, identifier, now)) return;
  let count = graphRoute(identifier, load<u64>(ownAddress(OWN_GLOBAL), 8), now);
  if (count < 0) return arriveError(packet, ICMP_UNREACHABLE, NO_ROUTE, 0, now);
  let node = nodeOf(identifier, now);
  let isOwn = addressEqual(ip.source, ownAddress(OWN_GLOBAL));
  let isTunnel = !isOwn || node.external != 0;
  if (isTunnel) {
    addressCopy(via, ip.target);
    if (node.external) store<u64>(via, routeHop(--count), 8);
    if (!tunnelBegin(packet, ownAddress(OWN_GLOBAL), via)) return routeDrop(packet, Drop.Exhausted);
  }
  let isFit = true;
  if (count > 0) isFit = routeInsert(packet, <u32>count);
  else if (isTunnel) isFit = optionInsert(packet, RPL_DOWN, dodag.instance, dagRank(dodag.rank));
  if (!isFit) return routeDrop(packet, Drop.Exhausted);
  hopSend(packet, changetype<Ipv6>(packet.at).target, now);
}

/** To a host that registered with us. */
function toChild(packet: Packet, identifier: u64, now: i64): bool {
  let row = registrationOf(identifier);
  if (!row || !row.near || row.state != RegistrationState.Registered) return false;
  let link = neighbourFind(row.extended);
  if (!link || link.mode & MODE_ROUTER) return false;
  neighbourSend(packet, row.extended, now);
  return true;
}
