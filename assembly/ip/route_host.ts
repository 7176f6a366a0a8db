// The ways of a host: to its parent, which knows the rest; section 11 of the notes on ZigBee IP.
import { Drop } from "../core/host";
import { addressIsMulticast } from "./address";
import { RouteHeard, arriveStep } from "./arrive";
import { Ipv6 } from "./ipv6/header";
import { mplReset, mplSend } from "./mpl/mpl";
import { member } from "./nd/member";
import { Packet } from "./packet";
import { neighbourSend, routeDrop, routeNext, routeWaits, routesReset } from "./route";

/** A host repeats nothing. */
const REPEATS: u32 = 0;
/** A tunnel to a group has one more packet in it. */
const DEPTH: u32 = 2;

export function routeReset(): void {
  routesReset();
  mplReset();
}

/** What a packet of the radio is: for us, and the caller's, or gone. */
export function routeInput(packet: Packet, now: i64): i32 {
  for (let depth: u32 = 0; depth < DEPTH; depth++) {
    let heard = arriveStep(packet, REPEATS, now);
    if (heard == RouteHeard.Ours || heard == RouteHeard.Taken) return heard;
    if (heard != RouteHeard.Tunnel) break;
  }
  routeDrop(packet, Drop.Foreign); // we pass nothing on
  return RouteHeard.Taken;
}

/** Sends what waits. */
export function routeTick(now: i64): void {
  for (let packet = routeNext(); packet; packet = routeNext()) {
    if (addressIsMulticast(changetype<Ipv6>(packet.at).target)) mplSend(packet, REPEATS, now);
    else if (member.parent) neighbourSend(packet, member.parent, now);
    else routeDrop(packet, Drop.NoRoute);
  }
}

export function routeDeadline(): i64 { return routeWaits() ? 0 : i64.MAX_VALUE; }
