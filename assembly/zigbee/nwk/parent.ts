// A router's or coordinator's duties towards its children: 05-3474 3.6.1.4 (joining), 3.6.1.10 (leaving) and 3.6.10 of revision 21.
import { Err } from "../../core/err";
import {
  MAC_ASSOCIATED, MAC_ASSOCIATION_REQUEST, MAC_BEACON_REQUEST, MAC_CAPABLE_AWAKE, MAC_CAPABLE_ROUTER, MAC_DATA_REQUEST, MAC_PAN_FULL,
  MacCommand,
} from "../../mac/command";
import { MAC_EXTENDED, MAC_SHORT } from "../../mac/frame";
import { macHeard } from "../../mac/mac";
import {
  MAC_PERSISTENCE_MS, RESPONSES_MAX, release, serveBeacon, serveDeadline, serveRequested, serveRespond, serveReset, serveSent, serveTick,
} from "../../mac/serve";
import { NO_ADDRESS, NO_EXTENDED, UNICAST_END } from "../address";
import { JOINING_MAX, NEIGHBOURS_MAX } from "../limits";
import { nwkExtendedOf, nwkForget } from "./addresses";
import { NWK_BEACON_SIZE, nwkBeaconEmit } from "./beacon";
import {
  NWK_LEAVE_REJOIN, NWK_LEAVE_REQUEST, NWK_TIMEOUT_DEFAULT, NWK_TIMEOUT_INDEX_MAX, NwkCommand, nwkLeaveEmit, nwkRejoinResponseEmit,
  nwkTimeoutResponseEmit,
} from "./command";
import { queueForget, queueRelease, slotHold } from "./indirect";
import { Relation, isChild, linkAt, neighbourFree, neighbourOf, neighbourOfShort, neighbourTake } from "./neighbours";
import { randomShort } from "./random";
import { receivedFrom } from "./receive";
import { commandOut, nwkQueued, sendCommand, sendCommandTo, slotReady } from "./send";
import { Arrival, Drop, NwkHeard, neighbourAt, network, networkSave, nwkDrop, nwkHeard, nwkState, nwkTell } from "./state";

/** Rows that children leave to the routers around. */
const ROUTERS_MIN: u32 = NEIGHBOURS_MAX > 8 ? 4 : 0;
/**
 * How long a child may be between association and its first authentic frame: the trust centre may be hops away, and a person may have to
 * type an install code.
 */
const JOINING_MS: i64 = 30_000;
/** 255 would be for ever, which Smart Energy forbids. */
const PERMIT_SECONDS_MAX: u32 = 254;
const TIMEOUT_SHORTEST_MS: i64 = 10_000;
const MINUTE_MS: i64 = 60_000;
/** Keep-alive by data request and by timeout request, figure 3.26c of revision 21. */
const PARENT_INFORMATION: u32 = 3;
const ADDRESS_ATTEMPTS: u32 = 16;

if (JOINING_MAX > RESPONSES_MAX) ERROR("a child that may associate has a response that waits for it");

@unmanaged @final
class Parent {
  /** Joining is permitted until then. */
  permitted: i64;
  /** The next stranger is answered then. */
  strangerAt: i64;
}

const parent = changetype<Parent>(memory.data(offsetof<Parent>(), 8));
const beacon = memory.data(NWK_BEACON_SIZE, 4);

export function parentReset(now: i64): void {
  serveReset();
  parent.permitted = now;
  parent.strangerAt = now;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) refresh(index, now);
}

/** Lets devices associate for so long; 0 ends it. */
export function nwkPermitJoin(seconds: u32, now: i64): void {
  parent.permitted = now + min(seconds, PERMIT_SECONDS_MAX) * 1000;
}

/** Sends a child away; it is ours no more. */
export function nwkRemoveChild(extended: u64, now: i64): i32 {
  let index = neighbourOf(extended);
  if (index < 0) return Err.NotFound;
  let row = neighbourAt(index);
  let short: u32 = row.short;
  let sleepy = (row.capability & MAC_CAPABLE_AWAKE) == 0;
  let slot = sendCommandTo(short, extended, 1, row.relation != Relation.Joining, nwkLeaveEmit(commandOut, NWK_LEAVE_REQUEST));
  // The row goes whether or not the child hears of it.
  forgetChild(index);
  if (!slot) return Err.NoBuffer;
  if (sleepy) slotHold(slot, short, now);
  else slotReady(slot, short, now);
  return Err.Ok;
}

export function parentDeadline(): i64 {
  let earliest = serveDeadline();
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (neighbourAt(index).relation >= Relation.Child) earliest = min(earliest, linkAt(index).deadline);
  }
  return earliest;
}

/** Answers devices that ask, and lets children go that were silent too long. */
export function parentTick(now: i64): i32 {
  nwkBeaconEmit(beacon, network.depth, hasRoom(), network.extendedPanId, network.updateId);
  serveTick(now, network.depth == 0, parent.permitted > now, beacon, NWK_BEACON_SIZE);
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    let row = neighbourAt(index);
    if (row.relation < Relation.Child || linkAt(index).deadline > now) continue;
    if (row.relation == Relation.Child) return childLeft(index);
    nwkDrop(Drop.Expired);
    // A neighbour of ours that failed to join keeps its frame counter.
    if (row.heard) row.relation = Relation.Sibling;
    else forgetChild(index);
  }
  return NwkHeard.None;
}

/** Takes a MAC command. */
export function parentCommand(now: i64): i32 {
  if (network.keys == 0 || nwkState.open) return NwkHeard.None;
  let command = changetype<MacCommand>(macHeard.payload);
  let frame = macHeard.frame;
  switch (command.identifier) {
    case MAC_BEACON_REQUEST: serveBeacon(now); break;
    case MAC_ASSOCIATION_REQUEST:
      if (frame.sourceMode == MAC_EXTENDED) associate(frame.sourceExtended, command.capability, now);
      break;
    case MAC_DATA_REQUEST:
      if (frame.sourceMode == MAC_EXTENDED) serveRequested(frame.sourceExtended);
      else if (frame.sourceMode == MAC_SHORT) childAsks(macHeard.source, now);
      break;
  }
  return NwkHeard.None;
}

/** An association response has left. */
export function parentSent(): i32 {
  let response = serveSent();
  if (!response) return NwkHeard.None;
  let extended = response.extended;
  let short: u32 = response.short;
  let status: u32 = response.status;
  release(response);
  let index = neighbourOf(extended);
  if (status != MAC_ASSOCIATED || index < 0) return NwkHeard.None;
  return nwkTell(NwkHeard.ChildJoined, short, extended, neighbourAt(index).capability, Arrival.Join);
}

/** Takes a rejoin request in `nwkHeard`: section 3.6.1.4.3. */
export function parentRejoin(command: NwkCommand, now: i64): i32 {
  let extended = nwkHeard.extended;
  let secured = nwkHeard.secured != 0;
  let old = nwkHeard.source;
  if (extended == NO_EXTENDED || network.keys == 0 || nwkState.open) return NwkHeard.None;
  queueForget(old); // perhaps that it is to leave
  let short = takeChild(extended, old, command.capability, now);
  let size = nwkRejoinResponseEmit(commandOut, short, short < UNICAST_END ? MAC_ASSOCIATED : MAC_PAN_FULL);
  let slot = sendCommandTo(old, extended, 1, secured, size);
  if (!slot) return NwkHeard.None;
  if (command.capability & MAC_CAPABLE_AWAKE) slotReady(slot, old, now);
  else slotHold(slot, old, now);
  if (short >= UNICAST_END) return NwkHeard.None;
  if (secured) {
    let row = neighbourAt(neighbourOf(extended));
    row.capability = <u8>command.capability; // a device in another mode: an update of last resort sleeps where a router was
    row.relation = command.capability & MAC_CAPABLE_ROUTER ? Relation.Sibling : Relation.Child;
    networkSave();
  }
  return nwkTell(NwkHeard.ChildJoined, short, extended, command.capability, secured ? Arrival.SecuredRejoin : Arrival.ClearRejoin);
}

/** Takes an end-device timeout request: section 3.4.11 of revision 21. */
export function parentTimeout(command: NwkCommand, now: i64): i32 {
  let index = receivedFrom();
  if (index < 0 || neighbourAt(index).relation != Relation.Child || nwkHeard.source != neighbourAt(index).short) {
    strangerAsks(nwkHeard.source, now);
    return NwkHeard.None;
  }
  let known = command.timeout <= NWK_TIMEOUT_INDEX_MAX;
  if (known) neighbourAt(index).timeout = <u8>(command.timeout + 1);
  refresh(index, now);
  let size = nwkTimeoutResponseEmit(commandOut, known ? 0 : 1, PARENT_INFORMATION);
  sendCommandTo(nwkHeard.source, nwkHeard.extended, 1, true, size);
  networkSave();
  return NwkHeard.Command;
}

/** A child, or a neighbour, says that it leaves. */
export function parentLeave(): i32 {
  let index = neighbourOfShort(nwkHeard.source);
  if (index < 0 || index != receivedFrom()) return NwkHeard.Command;
  return childLeft(index);
}

/** A frame of a child was heard: it lives. */
export function refresh(index: i32, now: i64): void {
  let row = neighbourAt(index);
  if (row.relation < Relation.Child) return;
  if (row.relation == Relation.Joining) {
    if (linkAt(index).deadline == 0) linkAt(index).deadline = now + JOINING_MS;
    return;
  }
  let timeout: u32 = row.timeout ? row.timeout - 1 : NWK_TIMEOUT_DEFAULT;
  linkAt(index).deadline = now + (timeout ? MINUTE_MS << timeout : TIMEOUT_SHORTEST_MS);
}

/** Picks an address that nobody we know of has: section 3.6.1.7; `NO_ADDRESS` when chance fails us. */
export function randomAddress(): u32 {
  for (let attempt: u32 = 0; attempt < ADDRESS_ATTEMPTS; attempt++) {
    let address = randomShort();
    if (address != 0 && address < UNICAST_END && nwkExtendedOf(address) == 0) return address;
  }
  return NO_ADDRESS;
}

function associate(extended: u64, capability: u32, now: i64): void {
  if (parent.permitted <= now || extended == NO_EXTENDED) { nwkDrop(Drop.Refused); return; }
  let short = takeChild(extended, NO_ADDRESS, capability, now);
  let status = short < UNICAST_END ? MAC_ASSOCIATED : MAC_PAN_FULL;
  if (serveRespond(extended, short, status, now) < 0) nwkDrop(Drop.NoBuffer);
}

/**
 * Makes a device our child; answers its short address, `NO_ADDRESS` when there is no room.  Anybody can claim to be a child of ours, so
 * the row of one that has proved itself stays as it is until the device proves itself again.
 */
function takeChild(extended: u64, wanted: u32, capability: u32, now: i64): u32 {
  let index = neighbourOf(extended);
  let known = index >= 0 && neighbourAt(index).relation >= Relation.Child;
  if (known) return neighbourAt(index).short;
  // Anybody can ask to rejoin in clear: one place is kept for those who associate.  Who has the key waits for no other.
  let isJoiner = wanted == NO_ADDRESS;
  if (nwkIsFull() || ((isJoiner || !nwkHeard.secured) && count(Relation.Joining) >= JOINING_MAX - u32(!isJoiner))) return NO_ADDRESS;
  let owner = wanted < UNICAST_END && wanted != 0 ? nwkExtendedOf(wanted) : 1;
  let short = owner == 0 || owner == extended ? wanted : randomAddress();
  if (short >= UNICAST_END) return NO_ADDRESS;
  index = neighbourTake(extended);
  if (index < 0) return NO_ADDRESS;
  nwkForget(short);
  let row = neighbourAt(index);
  row.short = <u16>short;
  row.capability = <u8>capability;
  row.relation = Relation.Joining;
  row.timeout = 0;
  linkAt(index).deadline = now + JOINING_MS;
  return short;
}

/** Whether another child can begin to join. */
function hasRoom(): bool { return !nwkIsFull() && count(Relation.Joining) < JOINING_MAX; }

/** Whether there is no room for another child. */
export function nwkIsFull(): bool {
  return count(Relation.None) + count(Relation.Sibling) <= ROUTERS_MIN;
}

function count(relation: u32): u32 {
  let found: u32 = 0;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) found += u32(neighbourAt(index).relation == relation);
  return found;
}

function childAsks(short: u32, now: i64): void {
  if (isChild(short)) refresh(neighbourOfShort(short), now);
  else if (nwkQueued(short, true) == 0) return strangerAsks(short, now);
  queueRelease(short);
}

/**
 * Who takes us for its parent, and is no child of ours (any more), is told to leave and to rejoin: section 3.6.10.4 of revision 21.  The
 * radio has acknowledged its request, so it hears of it in no other way.  One at a time: anybody can ask under any address.
 */
function strangerAsks(short: u32, now: i64): void {
  nwkDrop(Drop.Refused);
  if (parent.strangerAt > now || short >= UNICAST_END || short == network.address) return;
  let slot = sendCommand(short, 1, true, nwkLeaveEmit(commandOut, NWK_LEAVE_REQUEST | NWK_LEAVE_REJOIN));
  if (!slot) return;
  parent.strangerAt = now + MAC_PERSISTENCE_MS;
  slotHold(slot, short, now);
}

/**
 * An end device speaks to its parent only.  One that another router speaks for has found another parent, and asks us for frames no more;
 * one that speaks to us itself is our child again, so nobody takes a child from us for good by repeating what was on the air.
 */
export function childKeep(source: u32, now: i64): void {
  let from = receivedFrom();
  let index = neighbourOfShort(source);
  // Who is another and has the child's address is a matter of conflict.ts.
  let same = index >= 0 && neighbourAt(index).extended == nwkHeard.extended;
  if (same && index != from && neighbourAt(index).relation == Relation.Child) {
    neighbourAt(index).relation = Relation.Sibling;
    neighbourAt(index).short = <u16>NO_ADDRESS;
    linkAt(index).age = 0xff;
    networkSave();
  }
  if (index < 0 || index != from || macHeard.source != source) return;
  let row = neighbourAt(index);
  if (row.relation != Relation.Sibling || row.capability == 0 || row.capability & MAC_CAPABLE_ROUTER) return;
  row.relation = Relation.Child;
  refresh(index, now);
  networkSave();
}

function childLeft(index: i32): i32 {
  let short: u32 = neighbourAt(index).short;
  let extended = neighbourAt(index).extended;
  forgetChild(index);
  networkSave();
  return nwkTell(NwkHeard.ChildLeft, short, extended, 0, 0);
}

/** The frame counter of a device that has proved itself stays known, so that its frames cannot be sent again. */
function forgetChild(index: i32): void {
  let row = neighbourAt(index);
  if (!row.heard) { neighbourFree(index); return; }
  row.relation = Relation.Sibling;
  row.capability = 0;
  row.short = <u16>NO_ADDRESS;
  linkAt(index).age = 0xff;
}
