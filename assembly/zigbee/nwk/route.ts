// Finding the way: 05-3474 section 3.6.3.  Links are taken as symmetric (nwkSymLink of the PRO stack profile), so a route request
// leaves a route back to its originator behind it.
import { Err } from "../../core/err";
import { entropy } from "../../core/host";
import { NEVER } from "../../core/timers";
import { MAC_CAPABLE_AWAKE } from "../../mac/command";
import { MAC_BROADCAST } from "../../mac/frame";
import { macHeard } from "../../mac/mac";
import { BROADCAST_ALL, BROADCAST_ROUTERS, NO_ADDRESS, UNICAST_END } from "../address";
import { nwkIsSleepyChild } from "./addresses";
import { broadcastNote } from "./broadcast";
import {
  NWK_MANY_TO_ONE, NWK_STATUS_LINK_FAILURE, NWK_STATUS_NO_ROUTE, NwkCommand, nwkLinkEmit, nwkLinkStatusEmit, nwkNetworkStatusEmit,
  nwkRouteReplyEmit, nwkRouteRequestEmit,
} from "./command";
import { NWK_COMMAND, NwkFrame } from "./frame";
import { slotHold } from "./indirect";
import { Relation, costOf, linkAt, neighbourOfShort } from "./neighbours";
import { receivedFrame, receivedFrom } from "./receive";
import {
  NWK_NO_CONFIRM, RADIUS, SLOTS, Slot, SlotState, commandOut, queueLand, relayFrame, sendCommand, slotAt, slotCopy, slotEnd, slotReady,
} from "./send";
import { Drop, NEIGHBOURS_MAX, NwkHeard, neighbourAt, network, nwkDrop, nwkHeard, nwkTell } from "./state";

@unmanaged @final
class Route {
  target: u16;
  nextHop: u16;
}

@unmanaged @final
class Discovery {
  /** The row is free from then on. */
  expiry: i64;
  originator: u16;
  /** Who passed the best request on to us. */
  sender: u16;
  request: u8;
  forwardCost: u8;
  /** Best cost of a reply to us. */
  residualCost: u8;
}

const ROUTES_MAX: u32 = 8;
const DISCOVERIES_MAX: u32 = 4;
const routes = memory.data(ROUTES_MAX * 4);
const discoveries = memory.data(DISCOVERIES_MAX * 16, 8);

if (offsetof<Route>() != 4) ERROR("a route does not fill its row");
if (offsetof<Discovery>() > 16) ERROR("a discovery does not fit its row");

@unmanaged @final
class Routing {
  /** When the next link status is due. */
  status: i64;
  random: u32;
  request: u32;
  /** The route to give up next when all are taken. */
  turn: u32;
}

const routing = changetype<Routing>(memory.data(offsetof<Routing>(), 8));

/** nwkcRouteDiscoveryTime is 10 s; what waits longer than the layers above retry is of no use. */
const DISCOVERY_MS: i64 = 3000;
/** nwkcMaxBroadcastJitter and nwkcMaxRREQJitter, table 3.43. */
const JITTER_MS: u32 = 64;
/** nwkMaxBroadcastRetries, section 3.5.2.1. */
const BROADCAST_REPEATS: u32 = 2;
/** nwkPassiveAckTimeout, table 3.44. */
const PASSIVE_ACK_MS: i64 = 500;
const STATUS_PERIOD_MS: i64 = 15_000;
const STATUS_JITTER_MS: u32 = 1000;
/** nwkRouterAgeLimit: link status periods. */
const AGE_MAX: u32 = 3;

export function routeReset(now: i64): void {
  memory.fill(routes, 0xff, ROUTES_MAX * 4);
  memory.fill(discoveries, 0, DISCOVERIES_MAX * 16);
  routing.status = now + random(STATUS_JITTER_MS);
}

export function routeDeadline(): i64 { return network.keys ? routing.status : NEVER; }

/** Link status, when due; and broadcasts that all neighbours have repeated need no further repetition. */
export function routeTick(now: i64): void {
  let expected = routerMask();
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (slot.state != SlotState.Ready || slot.nextHop != MAC_BROADCAST || slot.repeats >= BROADCAST_REPEATS) continue;
    if (slot.frame.type != NWK_COMMAND && (expected & ~slot.heardBy) == 0) slot.state = SlotState.Free;
  }
  if (routing.status > now || network.keys == 0) return;
  routing.status = now + STATUS_PERIOD_MS + random(STATUS_JITTER_MS);
  sendLinkStatus();
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
  if (network.keys != 0 && (frame.discovers || (slot.relayed && isChild(frame.source))) && discover(target, now)) {
    slot.state = SlotState.Discover;
    slot.due = now + DISCOVERY_MS;
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
  let index = neighbourOfShort(nextHop);
  if (index >= 0) linkAt(index).age = <u8>AGE_MAX;
  for (let row: u32 = 0; row < ROUTES_MAX; row++) {
    if (routeAt(row).nextHop == <u16>nextHop) routeAt(row).target = <u16>NO_ADDRESS;
  }
  if (slot.relayed) reportRoute(slot.frame.source, NWK_STATUS_LINK_FAILURE, slot.frame.target);
}

/** Passes a frame on. */
export function routeForward(): void {
  let frame = receivedFrame();
  if (frame.radius <= 1) return;
  let slot = relayFrame(frame, nwkHeard.payload, nwkHeard.size);
  if (slot) slot.heardBy = <u16>(<u32>1 << receivedFrom());
}

/** A route request: section 3.6.3.5.2. */
export function routeRequest(command: NwkCommand, now: i64): void {
  let sender = macHeard.source;
  let originator = nwkHeard.source;
  if (originator == network.address) return;
  let cost = min(command.requestCost + linkCost(), 0xff);
  let row = discoveryOf(originator, command.request, now);
  if (!row || cost >= row.forwardCost) return;
  row.forwardCost = <u8>cost;
  row.sender = <u16>sender;
  if (!isNear(originator)) routeSet(originator, sender);
  let target = command.routeTarget;
  if (!(command.options & NWK_MANY_TO_ONE) && (target == network.address || isChild(target))) {
    sendReply(row, target, 0);
    return;
  }
  let frame = receivedFrame();
  if (frame.radius <= 1) return;
  command.setRequestCost(cost);
  let slot = relayFrame(frame, nwkHeard.payload, nwkHeard.size);
  if (slot) startRequest(slot, now);
}

/** A route reply: section 3.6.3.5.3. */
export function routeReply(command: NwkCommand, now: i64): void {
  let sender = macHeard.source;
  let row = discoveryOf(command.originator, command.request, now);
  let cost = min(command.replyCost + linkCost(), 0xff);
  if (!row || cost >= row.residualCost) return;
  row.residualCost = <u8>cost;
  routeSet(command.responder, sender);
  if (command.originator != network.address) {
    if (row.sender != NO_ADDRESS) sendReply(row, command.responder, cost);
    return;
  }
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (slot.state == SlotState.Discover && slot.frame.target == command.responder) slot.state = SlotState.Route;
  }
}

/** Somebody on the way could not pass our frame on: the route goes. */
export function routeForget(target: u32): void {
  for (let row: u32 = 0; row < ROUTES_MAX; row++) {
    if (routeAt(row).target == target) routeAt(row).target = <u16>NO_ADDRESS;
  }
}

/** What a neighbour hears of others, and of us: section 3.6.3.4.2. */
export function routeLinkStatus(command: NwkCommand): void {
  let index = receivedFrom();
  if (index < 0 || neighbourAt(index).short != nwkHeard.source) return;
  let link = linkAt(index);
  link.age = 0;
  link.outgoingCost = 0;
  for (let entry: u32 = 0; entry < command.linkCount; entry++) {
    let told = command.link(entry);
    if (told.neighbour == network.address) link.outgoingCost = <u8>told.incomingCost;
  }
}

function routeAt(row: u32): Route {
  return changetype<Route>(routes + (row << 2));
}

function routeOf(target: u32): u32 {
  for (let row: u32 = 0; row < ROUTES_MAX; row++) {
    if (routeAt(row).target == target) return routeAt(row).nextHop;
  }
  return NO_ADDRESS;
}

function routeSet(target: u32, nextHop: u32): void {
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

/** Whether a device hears us without help: a child, or a neighbour heard lately. */
function isNear(short: u32): bool {
  let index = neighbourOfShort(short);
  return index >= 0 && (neighbourAt(index).relation >= Relation.Child || linkAt(index).age < AGE_MAX);
}

function isChild(short: u32): bool {
  let index = neighbourOfShort(short);
  return index >= 0 && neighbourAt(index).relation >= Relation.Child;
}

/** Cost of the link over which the frame came, the worse of both directions. */
function linkCost(): u32 {
  let cost = costOf(macHeard.lqi);
  let index = receivedFrom();
  return index < 0 ? cost : max<u32>(cost, linkAt(index).outgoingCost);
}

/** The row of a request; made for a new one; 0 when all are taken. */
function discoveryOf(originator: u32, request: u32, now: i64): Discovery {
  let free = changetype<Discovery>(0);
  for (let index: u32 = 0; index < DISCOVERIES_MAX; index++) {
    let row = changetype<Discovery>(discoveries + (index << 4));
    if (row.expiry <= now) free = row;
    else if (row.originator == originator && row.request == request) return row;
  }
  if (!free) { nwkDrop(Drop.NoBuffer); return free; }
  free.expiry = now + DISCOVERY_MS;
  free.originator = <u16>originator;
  free.request = <u8>request;
  free.sender = <u16>NO_ADDRESS;
  free.forwardCost = 0xff;
  free.residualCost = 0xff;
  return free;
}

function discover(target: u32, now: i64): bool {
  routing.request = (routing.request + 1) & 0xff;
  if (!discoveryOf(network.address, routing.request, now)) return false;
  let slot = sendCommand(BROADCAST_ROUTERS, RADIUS, true, nwkRouteRequestEmit(commandOut, routing.request, target));
  if (!slot) return false;
  startRequest(slot, now);
  return true;
}

/** A route request is sent twice; nobody acknowledges it. */
function startRequest(slot: Slot, now: i64): void {
  slotReady(slot, MAC_BROADCAST, now + random(JITTER_MS));
  slot.repeats = 1;
}

function sendReply(row: Discovery, responder: u32, cost: u32): void {
  let size = nwkRouteReplyEmit(commandOut, row.request, row.originator, responder, cost);
  let slot = sendCommand(row.sender, RADIUS, true, size);
  if (slot) slotReady(slot, row.sender, 0);
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

/** Our broadcast, or one that we pass on; those for everybody are held for sleepy children as well: section 3.6.5. */
function broadcastStart(slot: Slot, now: i64): i32 {
  let frame = slot.frame;
  if (!slot.relayed && broadcastNote(frame.source, frame.sequence, now) != Err.Ok) return slotEnd(slot, Err.NoBuffer);
  if (frame.target == BROADCAST_ALL) {
    for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
      let row = neighbourAt(index);
      if (row.relation != Relation.Child || row.capability & MAC_CAPABLE_AWAKE || row.short == frame.source) continue;
      let copy = slotCopy(slot);
      if (copy) slotHold(copy, row.short, now);
    }
  }
  slot.repeats = frame.radius > 1 ? <u8>BROADCAST_REPEATS : 0;
  slotReady(slot, MAC_BROADCAST, slot.relayed ? now + random(JITTER_MS) : now);
  return NwkHeard.None;
}

/** A broadcast has left; it is repeated while neighbours that should pass it on were not heard to: section 3.6.5. */
export function broadcastSent(slot: Slot, now: i64): i32 {
  queueLand();
  if (slot.repeats == 0) return slotEnd(slot, macHeard.status);
  slot.repeats--;
  slotReady(slot, MAC_BROADCAST, now + PASSIVE_ACK_MS);
  if (slot.handle == NWK_NO_CONFIRM) return NwkHeard.None;
  let handle = slot.handle;
  slot.handle = <u16>NWK_NO_CONFIRM;
  return nwkTell(NwkHeard.Sent, slot.frame.target, 0, handle, macHeard.status);
}

/** A neighbour repeats a broadcast that we are sending: passive acknowledgement. */
export function broadcastHeardAgain(frame: NwkFrame): void {
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (slot.state == SlotState.Free || slot.nextHop != MAC_BROADCAST) continue;
    if (slot.frame.source != frame.source || slot.frame.sequence != frame.sequence) continue;
    slot.heardBy = <u16>(<u32>slot.heardBy | (1 << receivedFrom()));
  }
}

/** Neighbours that pass broadcasts on, a bit each. */
function routerMask(): u32 {
  let mask: u32 = 0;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    let relation: u32 = neighbourAt(index).relation;
    if ((relation == Relation.Sibling || relation == Relation.Parent) && linkAt(index).age < AGE_MAX) mask |= 1 << index;
  }
  return mask;
}

/** Tells the neighbours which of them we hear, in the order of their addresses: section 3.4.8. */
function sendLinkStatus(): void {
  let routers = routerMask();
  let count: u32 = 0;
  for (let next = nextRouter(routers, 0); next >= 0; next = nextRouter(routers, <u32>neighbourAt(next).short + 1)) {
    nwkLinkEmit(commandOut, count++, neighbourAt(next).short, costOf(linkAt(next).lqi), linkAt(next).outgoingCost);
  }
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (linkAt(index).age < 0xff) linkAt(index).age++;
  }
  sendCommand(BROADCAST_ROUTERS, 1, true, nwkLinkStatusEmit(commandOut, count));
}

/** The router with the lowest address from `first` on, or -1. */
function nextRouter(routers: u32, first: u32): i32 {
  let best = -1;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    let short: u32 = neighbourAt(index).short;
    if ((routers & (1 << index)) == 0 || short < first || short >= UNICAST_END) continue;
    if (best < 0 || short < neighbourAt(best).short) best = index;
  }
  return best;
}

function random(limit: u32): u32 {
  entropy(changetype<usize>(routing) + offsetof<Routing>("random"), 4);
  return routing.random % limit;
}
