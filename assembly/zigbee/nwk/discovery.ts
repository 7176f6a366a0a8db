// Route discovery: 05-3474 section 3.6.3.5.  Links are taken as symmetric (nwkSymLink of the PRO stack profile), so a route request
// leaves a route back to its originator behind it.
//
//   request --> each router: better cost? route to the originator, on --> ... --> target, or its parent
//   reply   <-- better cost? route to the target, back to who passed the request on <--
import { MAC_BROADCAST } from "../../mac/frame";
import { macHeard } from "../../mac/mac";
import { BROADCAST_ROUTERS, NO_ADDRESS } from "../address";
import { DISCOVERIES_MAX } from "../limits";
import { JITTER_MS } from "./broadcast";
import { NWK_MANY_TO_ONE, NwkCommand, nwkRouteReplyEmit, nwkRouteRequestEmit } from "./command";
import { costOf, isChild, isNear, isOneWay, linkAt } from "./neighbours";
import { randomBelow } from "./random";
import { receivedFrame, receivedFrom } from "./receive";
import { routeSet } from "./route";
import { RADIUS, SLOTS, Slot, SlotState, commandOut, relayFrame, sendCommand, slotAt, slotReady } from "./send";
import { Drop, network, nwkDrop, nwkHeard } from "./state";

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

const discoveries = memory.data(DISCOVERIES_MAX * offsetof<Discovery>(), 8);
@unmanaged @final
class State {
  /** Number of our last request. */
  request: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 4));

/** nwkcRouteDiscoveryTime is 10 s; what waits longer than the layers above retry is of no use. */
const DISCOVERY_MS: i64 = 3000;

export function discoveriesClear(): void {
  memory.fill(discoveries, 0, DISCOVERIES_MAX * offsetof<Discovery>());
}

/** Looks for the way of a frame, which waits for it; false when there is no room. */
export function discover(slot: Slot, now: i64): bool {
  let number = (state.request + 1) & 0xff;
  state.request = number;
  if (!discoveryOf(network.address, number, now)) return false;
  let request = sendCommand(BROADCAST_ROUTERS, RADIUS, true, nwkRouteRequestEmit(commandOut, number, slot.frame.target));
  if (!request) return false;
  startRequest(request, now);
  slot.state = SlotState.Discover;
  slot.due = now + DISCOVERY_MS;
  return true;
}

/** A route request: section 3.6.3.5.2. */
export function routeRequest(command: NwkCommand, now: i64): void {
  let sender = macHeard.source;
  let originator = nwkHeard.source;
  if (originator == network.address || (receivedFrom() >= 0 && isOneWay(receivedFrom()))) return;
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

/** The row of a request; made for a new one; 0 when all are taken. */
function discoveryOf(originator: u32, request: u32, now: i64): Discovery {
  let free = changetype<Discovery>(0);
  for (let index: u32 = 0; index < DISCOVERIES_MAX; index++) {
    let row = changetype<Discovery>(discoveries + index * offsetof<Discovery>());
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

/** A route request is sent twice; nobody acknowledges it. */
function startRequest(slot: Slot, now: i64): void {
  slotReady(slot, MAC_BROADCAST, now + randomBelow(JITTER_MS));
  slot.repeats = 1;
}

function sendReply(row: Discovery, responder: u32, cost: u32): void {
  let size = nwkRouteReplyEmit(commandOut, row.request, row.originator, responder, cost);
  let slot = sendCommand(row.sender, RADIUS, true, size);
  if (slot) slotReady(slot, row.sender, 0);
}

/** Cost of the link over which the frame came, the worse of both directions. */
function linkCost(): u32 {
  let cost = costOf(macHeard.lqi);
  let index = receivedFrom();
  return index < 0 ? cost : max<u32>(cost, linkAt(index).outgoingCost);
}
