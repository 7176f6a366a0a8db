// Joining and rejoining: 05-3474 sections 3.6.1.4 and 3.6.1.4.3.
//
//   Idle -> Scanning -> Associating -> Idle (Joined)            a candidate that fails is followed by JoinFailed; nwkJoinNext goes on
//                   \-> Rejoining   -> Idle (Joined, status 1)
//
// Who is in a network and looks for another keeps the record of the old one until the key of the new one is here: a try that comes to
// nothing, at any step, leaves the device where it was.
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { associateDeadline, associateResponse, associateSent, associateStart, associateStop, associateTick } from "../../mac/associate";
import { MacBeacon } from "../../mac/beacon";
import { MAC_ASSOCIATION_RESPONSE, MAC_CAPABLE_ROUTER, MacCommand } from "../../mac/command";
import { macHeard, macOpen } from "../../mac/mac";
import { scanChannel, scanDeadline, scanStart, scanTick } from "../../mac/scan";
import { NO_ADDRESS, NO_EXTENDED, UNICAST_END } from "../address";
import { CANDIDATES_MAX } from "../limits";
import { addressesClear } from "./addresses";
import { NwkBeacon, nwkBeaconParse } from "./beacon";
import { NWK_LEAVE_REJOIN, NwkCommand, nwkLeaveEmit, nwkRejoinRequestEmit } from "./command";
import { costOf, neighbourSetParent } from "./neighbours";
import { HANDLE_LEAVE, commandOut, queueReset, sendCommand, slotReady } from "./send";
import { NwkHeard, network, networkClear, networkErase, networkLoad, networkSave, nwkHeard, nwkState, nwkTell } from "./state";

enum State { Idle = 0, Scanning, Associating, Rejoining }

@unmanaged @final
class Candidate {
  extendedPanId: u64;
  panId: u16;
  short: u16;
  channel: u8;
  depth: u8;
  updateId: u8;
  /** 0: the row is free. */
  score: u8;
}

const candidates = memory.data(CANDIDATES_MAX * 16, 8);

if (offsetof<Candidate>() != 16) ERROR("a candidate does not fill its row");

@unmanaged @final
class Join {
  deadline: i64;
  /** The network looked for; 0: any that lets us in. */
  wanted: u64;
  state: i32;
  /** Our capability octet, IEEE 802.15.4 figure 56. */
  capability: u32;
  rejoin: bool;
  secured: bool;
  parent: Candidate;
  /** The parent before a rejoin. */
  formerParent: u32;
  /** NWK_LEAVE_REJOIN when we leave to come back. */
  leaving: u32;
}

const join = changetype<Join>(memory.data(offsetof<Join>(), 8));

/** How long a rejoin response may take; a parent answers in the time of an association. */
const REJOIN_WAIT_MS: i64 = 1500;

export function joinReset(capability: u32): void {
  join.state = State.Idle;
  join.capability = capability;
  candidatesClear();
}

/** Whether a scan, an association or a rejoin is under way. */
export function joinBusy(): bool { return join.state != State.Idle; }
/** Whether we wait for the rejoin response of the parent. */
export function joinRejoining(): bool { return join.state == State.Rejoining; }

/** Looks for a network on the channels of the mask and joins the best; `extendedPanId` 0: any that permits joining. */
export function nwkJoinStart(channelMask: u32, extendedPanId: u64, now: i64): i32 {
  if (joinBusy()) return Err.BadState;
  join.wanted = extendedPanId;
  join.rejoin = false;
  return search(channelMask, now);
}

/** Looks for a parent in our network; mask 0 is the present channel.  Unsecured: a trust-centre rejoin. */
export function nwkRejoinStart(secured: bool, channelMask: u32, now: i64): i32 {
  if (joinBusy() || network.address == NO_ADDRESS || network.extendedPanId == 0) return Err.BadState;
  if (secured && network.keys == 0) return Err.NoKey;
  join.wanted = network.extendedPanId;
  join.rejoin = true;
  join.secured = secured;
  return search(channelMask ? channelMask : 1 << network.channel, now);
}

/** Tries the next best network of the last scan; `NotFound` when none is left. */
export function nwkJoinNext(now: i64): i32 {
  if (joinBusy()) return Err.BadState;
  let best = changetype<Candidate>(0);
  for (let index: u32 = 0; index < CANDIDATES_MAX; index++) {
    let row = candidateAt(index);
    if (row.score && (!best || row.score > best.score)) best = row;
  }
  if (!best) return Err.NotFound;
  best.score = 0;
  join.parent = best;
  if (join.rejoin) return askRejoin(now);
  forget();
  join.state = State.Associating;
  associateStart(best.channel, best.panId, best.short, join.capability);
  return Err.Ok;
}

/** The network key did not come: back to the network that we were in, if there was one. */
export function nwkJoinUndo(): void {
  if (!nwkState.open) return;
  networkLoad();
  resume();
}

function resume(): void {
  nwkState.open = 0;
  macOpen(network.channel, network.panId, network.address);
}

/** The parent does not want us: true where that ends a join or a rejoin in clear, false for a member. */
export function joinTurnedAway(): bool {
  if (!nwkState.open) return false;
  nwkJoinUndo();
  return true;
}

/** Announces that we leave; `Left` follows when the announcement is out. */
export function nwkLeave(): i32 {
  return leave(0);
}

/** Leaves as the parent asked; with `rejoin` the network is kept for a rejoin. */
export function leave(options: u32): i32 {
  join.leaving = options & NWK_LEAVE_REJOIN;
  let slot = sendCommand(network.parent, 1, network.keys != 0, nwkLeaveEmit(commandOut, join.leaving));
  if (!slot) return Err.NoBuffer;
  slot.handle = <u16>HANDLE_LEAVE;
  return Err.Ok;
}

/** The announcement has left or cannot: forgets the network, unless we are to come back. */
export function leaveEnd(): i32 {
  if (!join.leaving) {
    networkErase();
    forget();
  }
  return nwkTell(NwkHeard.Left, network.address, 0, 0, join.leaving != 0);
}

export function joinDeadline(): i64 {
  switch (join.state) {
    case State.Scanning: return scanDeadline();
    case State.Associating: return associateDeadline();
    case State.Rejoining: return join.deadline;
    default: return NEVER;
  }
}

export function joinTick(now: i64): i32 {
  switch (join.state) {
    case State.Scanning: return scanTick(now) ? afterScan(now) : NwkHeard.None;
    case State.Associating: return associationEnd(associateTick(now));
    case State.Rejoining: return join.deadline <= now ? joinFailed(Err.Timeout) : NwkHeard.None;
    default: return NwkHeard.None;
  }
}

/** A request of ours has left. */
export function joinSent(): i32 {
  return join.state == State.Associating ? associationEnd(associateSent()) : NwkHeard.None;
}

/** Notes the sender of a beacon as a candidate. */
export function joinBeacon(): void {
  if (join.state != State.Scanning) return;
  if (nwkBeaconParse(macHeard.payload, macHeard.size) < 0) return;
  let beacon = changetype<MacBeacon>(macHeard.beacon);
  let ours = changetype<NwkBeacon>(macHeard.payload);
  let extended = ours.extendedPanId;
  if (join.wanted != 0 && extended != join.wanted) return;
  if (join.rejoin && macHeard.source == network.address) return; // somebody has our address, or an echo
  let takes = join.capability & MAC_CAPABLE_ROUTER ? ours.takesRouters : ours.takesEndDevices;
  if (!join.rejoin && !(takes && beacon.permits)) return;
  let score = ((9 - costOf(macHeard.lqi)) << 3) - ours.depth + (join.rejoin && join.secured ? lateness(ours.updateId) : 0);
  let row = candidateFor(score);
  if (!row) return;
  row.extendedPanId = extended;
  row.panId = <u16>macHeard.panId;
  row.short = <u16>macHeard.source;
  row.channel = <u8>scanChannel();
  row.depth = <u8>ours.depth;
  row.updateId = <u8>ours.updateId;
  row.score = <u8>score;
}

/** Takes a MAC command heard while joining. */
export function joinCommand(): i32 {
  let heard = changetype<MacCommand>(macHeard.payload);
  if (join.state != State.Associating || heard.identifier != MAC_ASSOCIATION_RESPONSE) return NwkHeard.None;
  let address = associateResponse(heard);
  if (address == Err.BadState) return NwkHeard.None;
  associateStop();
  if (address < 0) return joinFailed(address);
  return joined(address, macHeard.frame.sourceExtended, 0);
}

/** Takes a rejoin response in `nwkHeard`. */
export function joinRejoined(heard: NwkCommand): i32 {
  if (join.state != State.Rejoining || nwkHeard.source != join.parent.short || (join.secured && !nwkHeard.secured)) return NwkHeard.None;
  if (nwkHeard.extended == NO_EXTENDED) return NwkHeard.None;
  if (heard.rejoinStatus != 0) return joinFailed(Err.Refused);
  return joined(heard.rejoinAddress, nwkHeard.extended, 1);
}

/** The part of our network that knows of later updates is the better one; a clear rejoin, the last resort, takes what is near. */
function lateness(updateId: u32): u32 {
  let ahead = <i8>(updateId - <u32>network.updateId);
  return ahead > 0 ? 128 : ahead == 0 ? 64 : 0;
}

function afterScan(now: i64): i32 {
  join.state = State.Idle;
  return nwkJoinNext(now) < 0 ? joinFailed(Err.NotFound) : <i32>NwkHeard.None;
}

function search(channelMask: u32, now: i64): i32 {
  candidatesClear();
  join.state = State.Scanning;
  scanStart(channelMask, now);
  return Err.Ok;
}

function associationEnd(status: i32): i32 {
  return status == Err.Busy ? <i32>NwkHeard.None : joinFailed(status);
}

function askRejoin(now: i64): i32 {
  let parent = join.parent;
  let size = nwkRejoinRequestEmit(commandOut, join.capability);
  let slot = sendCommand(parent.short, 1, join.secured, size);
  if (!slot) return Err.NoBuffer;
  macOpen(parent.channel, parent.panId, network.address);
  slotReady(slot, parent.short, now);
  join.state = State.Rejoining;
  join.deadline = now + REJOIN_WAIT_MS;
  join.formerParent = network.parent;
  network.parent = parent.short;
  if (!join.secured) nwkState.open = 1;
  return Err.Ok;
}

function joined(address: u32, parentExtended: u64, rejoined: i32): i32 {
  if (address >= UNICAST_END) return joinFailed(Err.Refused);
  let parent = join.parent;
  join.state = State.Idle;
  if (!rejoined) nwkState.open = 1;
  network.extendedPanId = parent.extendedPanId;
  network.panId = parent.panId;
  network.address = <u16>address;
  network.parent = parent.short;
  network.channel = parent.channel;
  network.depth = <u8>min(parent.depth + 1, 15);
  network.updateId = parent.updateId;
  neighbourSetParent(parentExtended, parent.short);
  macOpen(network.channel, network.panId, address);
  if (!nwkState.open) networkSave();
  return nwkTell(NwkHeard.Joined, parent.short, parentExtended, 0, rejoined);
}

function joinFailed(status: i32): i32 {
  if (join.state == State.Rejoining) network.parent = <u16>join.formerParent;
  join.state = State.Idle;
  associateStop();
  if (network.keys == 0) networkLoad();
  resume();
  return nwkTell(NwkHeard.JoinFailed, network.address, 0, 0, status);
}

/** Takes another short address, which all must hear of. */
export function readdress(short: u32): i32 {
  let former: u32 = network.address;
  network.address = <u16>short;
  macOpen(network.channel, network.panId, short);
  networkSave();
  return nwkTell(NwkHeard.AddressConflict, former, nwkState.extended, 0, 0);
}

/** A device that associates anew knows nothing of the network before, but for its record. */
function forget(): void {
  networkClear();
  addressesClear();
  queueReset();
  resume();
}

function candidateAt(index: u32): Candidate {
  return changetype<Candidate>(candidates + (index << 4));
}

function candidatesClear(): void {
  memory.fill(candidates, 0, CANDIDATES_MAX << 4);
}

/** The row for the sender of the beacon in `macHeard`: its own, the worst one below `score`, or 0. */
function candidateFor(score: u32): Candidate {
  let worst = candidateAt(0);
  for (let index: u32 = 0; index < CANDIDATES_MAX; index++) {
    let row = candidateAt(index);
    let same = row.panId == macHeard.panId && row.short == macHeard.source && row.channel == scanChannel();
    if (row.score && same) return row;
    if (row.score < worst.score) worst = row;
  }
  return worst.score < score ? worst : changetype<Candidate>(0);
}
