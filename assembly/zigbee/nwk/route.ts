// The routing table: 05-3474 section 3.6.3.  A frame gets its next hop, and a route that failed goes.
import { Err } from "../../core/err";
import { macHeard } from "../../mac/mac";
import { NO_ADDRESS, UNICAST_END } from "../address";
import { ROUTES_MAX } from "../limits";
import { nwkIsSleepyChild } from "./addresses";
import { broadcastStart } from "./broadcast";
import { NWK_ROUTE_RECORD, NWK_STATUS_LINK_FAILURE, NWK_STATUS_NO_ROUTE, nwkNetworkStatusEmit } from "./command";
import { discover } from "./discovery";
import { slotHold } from "./indirect";
import { isChild, isNear, linkFailed } from "./neighbours";
import { NWK_COMMAND } from "./frame";
import { receivedFrame, receivedFrom } from "./receive";
import { RADIUS, Slot, commandOut, relayFrame, sendCommand, slotEnd, slotReady } from "./send";
import { Drop, NwkHeard, network, nwkDrop, nwkHeard } from "./state";

@unmanaged @final
class Route {
  /** `NO_ADDRESS`: the row is free. */
  target: u16;
  nextHop: u16;
}

const routes = memory.data(ROUTES_MAX * offsetof<Route>(), 4);
@unmanaged @final
class Routing {
  /** The route to give up next when all are taken. */
  turn: u32;
}
const routing = changetype<Routing>(memory.data(offsetof<Routing>(), 4));

export function routesClear(): void {
  memory.fill(routes, 0xff, ROUTES_MAX * offsetof<Route>());
}

/** Gives a slot its next hop; answers what there is to tell when it ends here. */
export function routeSlot(slot: Slot, now: i64): i32 {
  let frame = slot.frame;
  let target = frame.target;
  if (network.address == NO_ADDRESS) return slotEnd(slot, Err.NotFound);
  if (target >= UNICAST_END) return broadcastStart(slot, now);
  if (frame.isRouted) {
    slotReady(slot, nextRelay(slot), now);
    return NwkHeard.None;
  }
  if (nwkIsSleepyChild(target)) return slotHold(slot, target, now);
  let nextHop = isNear(target) ? target : routeOf(target);
  if (nextHop != NO_ADDRESS) {
    slotReady(slot, nextHop, now);
    return NwkHeard.None;
  }
  if (network.keys != 0 && (frame.discovers || (slot.relayed && isChild(frame.source))) && discover(slot, now)) {
    return NwkHeard.None;
  }
  nwkDrop(Drop.NoRoute);
  if (slot.relayed) reportRoute(frame.source, NWK_STATUS_NO_ROUTE, target);
  return slotEnd(slot, Err.NotFound);
}

/** A frame did not reach its next hop. */
export function routeFailed(slot: Slot): void {
  let nextHop: u32 = slot.nextHop;
  if (slot.repeats != 0) return;
  linkFailed(nextHop);
  for (let row: u32 = 0; row < ROUTES_MAX; row++) {
    if (routeAt(row).nextHop == <u16>nextHop) routeAt(row).target = <u16>NO_ADDRESS;
  }
  if (slot.relayed) reportRoute(slot.frame.source, NWK_STATUS_LINK_FAILURE, slot.frame.target);
}

/** Passes a frame on. */
export function routeForward(): void {
  let frame = receivedFrame();
  if (frame.radius <= 1 || (frame.type == NWK_COMMAND && load<u8>(nwkHeard.payload) == NWK_ROUTE_RECORD && !sign())) return;
  let slot = relayFrame(frame, nwkHeard.payload, nwkHeard.size);
  if (slot) slot.neighbours = <u32>1 << receivedFrom();
}

/**
 * A route record: | 5 | count | relays 2 each |, to which each relay adds itself, 3.6.3.5.4.  Our address takes the place of the MIC
 * of the frame as it came.  False where it is none.
 */
function sign(): bool {
  let count: u32 = load<u8>(nwkHeard.payload, 1);
  let size = nwkHeard.size;
  if (!nwkHeard.secured || size != 2 + (count << 1)) return false;
  store<u8>(nwkHeard.payload, count + 1, 1);
  store<u16>(nwkHeard.payload + size, network.address);
  nwkHeard.size = size + 2;
  return true;
}

/** Somebody on the way could not pass our frame on: the route goes. */
export function routeForget(target: u32): void {
  for (let row: u32 = 0; row < ROUTES_MAX; row++) {
    if (routeAt(row).target == target) routeAt(row).target = <u16>NO_ADDRESS;
  }
}

/** Notes the way to a device. */
export function routeSet(target: u32, nextHop: u32): void {
  let row = changetype<Route>(0);
  for (let index: u32 = 0; index < ROUTES_MAX; index++) {
    let at = routeAt(index);
    if (at.target == target) { row = at; break; }
    if (at.target == NO_ADDRESS) row = at;
  }
  if (!row) row = routeAt(routing.turn++ % ROUTES_MAX);
  row.target = <u16>target;
  row.nextHop = <u16>nextHop;
}

/** Writes row `index` of the table as it is told: | target 2 | active 1 | next hop 2 |; answers its size, 0 where there is none. */
export function nwkRoutePut(index: u32, at: usize): u32 {
  if (index >= ROUTES_MAX || routeAt(index).target == NO_ADDRESS) return 0;
  store<u16>(at, routeAt(index).target);
  store<u8>(at, 0, 2);
  store<u16>(at, routeAt(index).nextHop, 3);
  return 5;
}

function routeOf(target: u32): u32 {
  for (let row: u32 = 0; row < ROUTES_MAX; row++) {
    if (routeAt(row).target == target) return routeAt(row).nextHop;
  }
  return NO_ADDRESS;
}

function routeAt(row: u32): Route {
  return changetype<Route>(routes + row * offsetof<Route>());
}

function reportRoute(source: u32, code: u32, target: u32): void {
  sendCommand(source, RADIUS, true, nwkNetworkStatusEmit(commandOut, code, target));
}

/** The next relay of a source route, section 3.6.3.3.2; the index counts down to the relay beside the target. */
function nextRelay(slot: Slot): u32 {
  let route = slot.frame.route;
  let index: u32 = load<u8>(route, 1);
  if (index == 0) return slot.frame.target;
  store<u8>(route, index - 1, 1);
  return load<u16>(route + (index << 1));
}
