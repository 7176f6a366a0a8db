// The ways of a router: section 11 of the notes on ZigBee IP, RFC 6550 section 11, RFC 6554 section 4.2.
//
//   to a host of ours            plain, to it
//   ours, to the root            with the RPL option, to the parent
//   anything else                in a tunnel to the root, with the option, to the parent
//   with the option, upwards     checked against our rank, which it has then, to the parent
//   with a source route          to the next of its hops
//
import { Drop } from "../core/host";
import { addressEqual, addressIsMulticast } from "./address";
import { RouteHeard, arriveError, arriveStep } from "./arrive";
import { Ipv6, NEXT_ROUTING } from "./ipv6/header";
import { ICMP_TIME_EXCEEDED, ICMP_UNREACHABLE } from "./icmp/message";
import { ipv6Heard } from "./ipv6/receive";
import { mplDeadline, mplRepeats, mplReset, mplSend, mplTick } from "./mpl/mpl";
import { networkBorder, networkHas } from "./nd/network";
import { Registration, RegistrationState, registrationOf } from "./nd/registrations";
import { OWN_GLOBAL, ownAddress } from "./own";
import { Packet } from "./packet";
import { neighbourSend, routeDrop, routeNext, routeWaits, routesReset } from "./route";
import { dagRank, dodag } from "./rpl/dodag";
import { RPL_DOWN, RplOptionHeader } from "./rpl/header";
import { rplLoop, rplParent } from "./rpl/router";
import { optionCheck } from "./rpl/check";
import { ROUTE_ERROR, sourceRouteStep } from "./source_route";
import { optionInsert, tunnelBegin } from "./tunnel";

/** A tunnel, and one in it that a neighbour made. */
const DEPTH: u32 = 3;
const ADDRESS_UNREACHABLE: u32 = 3;
/** The mark of a packet that goes to the parent, whoever that is. */
const UPWARDS: u8 = 1;

export function routeReset(): void {
  routesReset();
  mplReset();
}

/** What a packet of the radio is: for us, and the caller's, or gone. */
export function routeInput(packet: Packet, now: i64): i32 {
  // What the root sends here is for us or a host of ours; back at the root it would come here again.
  let isDown = false;
  for (let depth: u32 = 0; depth < DEPTH; depth++) {
    let outer = changetype<Ipv6>(packet.at);
    let heard = arriveStep(packet, mplRepeats(), now);
    if (heard == RouteHeard.Taken) return heard;
    if (ipv6Heard.rpl && !isInOrder(packet, now)) return RouteHeard.Taken;
    switch (heard) {
      case RouteHeard.Ours: return heard;
      case RouteHeard.Forward: {
        if (isDown && !toChild(packet, now)) arriveError(packet, ICMP_UNREACHABLE, ADDRESS_UNREACHABLE, 0, now);
        else if (!isDown) forward(packet, now);
        return RouteHeard.Taken;
      }
      case RouteHeard.Routed: {
        sourceRouteStep(packet, now);
        return RouteHeard.Taken;
      }
      default: isDown = addressEqual(outer.source, networkBorder()); // what was in a tunnel
    }
  }
  routeDrop(packet, Drop.Refused);
  return RouteHeard.Taken;
}

/** Sends what waits. */
export function routeTick(now: i64): void {
  for (let packet = routeNext(); packet; packet = routeNext()) {
    if (addressIsMulticast(changetype<Ipv6>(packet.at).target)) mplSend(packet, mplRepeats(), now);
    else send(packet, now);
  }
  mplTick(now);
}

export function routeDeadline(): i64 { return routeWaits() ? 0 : mplDeadline(); }

/**
 * The radio could not bring a packet to its next hop: upwards there may be another one by now, and of a source route the root is told.  The
 * packet is gone.
 */
export function routeUnsent(packet: Packet, now: i64): void {
  let isUp = packet.tag == UPWARDS;
  packet.tag = 0;
  if (isUp && rplParent() && rplParent() != packet.hop) return sendUp(packet, now);
  if (changetype<Ipv6>(packet.at).next == NEXT_ROUTING) arriveError(packet, ICMP_UNREACHABLE, ROUTE_ERROR, 0, now);
  else routeDrop(packet, Drop.Unsent);
}

/** The option's word against our rank; what it has to say next is written.  False when the packet is gone. */
function isInOrder(packet: Packet, now: i64): bool {
  let error = optionCheck(ipv6Heard.rpl, packet, dagRank(dodag.rank));
  if (!error) return true;
  rplLoop(now);
  routeDrop(packet, Drop.Expired);
  return false;
}

/** For another node: from a host of ours, from below with the option, or from a tunnel that ended here. */
function forward(packet: Packet, now: i64): void {
  let ip = changetype<Ipv6>(packet.at);
  if (ip.hops <= 1) return arriveError(packet, ICMP_TIME_EXCEEDED, 0, 0, now);
  ip.hops -= 1;
  if (!ipv6Heard.rpl) return send(packet, now);
  if (changetype<RplOptionHeader>(ipv6Heard.rpl).flags & RPL_DOWN) return routeDrop(packet, Drop.NoRoute); // down without a source route
  toParent(packet, now);
}

function send(packet: Packet, now: i64): void {
  if (toChild(packet, now)) return;
  let ip = changetype<Ipv6>(packet.at);
  let isOwn = addressEqual(ip.source, ownAddress(OWN_GLOBAL));
  let isPlain = isOwn && addressEqual(ip.target, networkBorder());
  if (!isPlain && !tunnelBegin(packet, ownAddress(OWN_GLOBAL), networkBorder())) return routeDrop(packet, Drop.Exhausted);
  if (!optionInsert(packet, 0, dodag.instance, dagRank(dodag.rank))) return routeDrop(packet, Drop.Exhausted);
  toParent(packet, now);
}

/** To an address that was registered with us. */
function toChild(packet: Packet, now: i64): bool {
  let target = changetype<Ipv6>(packet.at).target;
  let row = networkHas(target) ? registrationOf(load<u64>(target, 8)) : changetype<Registration>(0);
  if (!row || !row.near || row.state != RegistrationState.Registered) return false;
  neighbourSend(packet, row.extended, now);
  return true;
}

function toParent(packet: Packet, now: i64): void {
  packet.tag = UPWARDS;
  sendUp(packet, now);
}

function sendUp(packet: Packet, now: i64): void {
  let parent = rplParent();
  if (parent) neighbourSend(packet, parent, now);
  else routeDrop(packet, Drop.NoRoute);
}
