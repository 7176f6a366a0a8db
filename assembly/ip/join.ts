// How a device gets into a network: scan, choose, authenticate through the parent, make a link with it.
//
//   Resting --its time--> Scanning --the best beacon--> Authenticating --the network's key--> Linking --a link--> Registering --> Done
//     ^                      |                             |                                   |                     |
//     |--- nobody -----------/        refused, silent: that parent is put aside, the next best or a new scan --------/
//     \--- lost ------------------------------------------------------------------------------------------------------ Done
//
// A device that still has the network's key begins with the link, and authenticates when nobody answers under that key.
// Between two tries are at most fifteen minutes.  A device that was in a network looks for that one alone for an hour: whoever else has a
// certificate of the same root, a neighbour's hub, does not get it meanwhile.
import { Record, storeRead, storeWrite } from "../core/host";
import { NEVER } from "../core/timers";
import { MAC_SHORT } from "../mac/frame";
import { MAC_CHANNELS } from "../mac/scan";
import { ADDRESS_SIZE, NO_SHORT, addressLinkLocal, addressLinkLocalShort } from "./address";
import { keysIndex } from "./keys";
import { CANDIDATES_MAX } from "./limits";
import { BEACON_JOIN, IpBeacon, NETWORK_ID_SIZE, ipBeaconParse } from "./link/beacon";
import { linkHeard, radioOpen, radioScan } from "./link/radio";
import { MleHeard, mleHeard } from "./mle/mle";
import { mleAsk } from "./mle/requests";
import { networkBorder } from "./nd/network";
import { LINK_PARENT } from "./neighbours";
import { ClientAsk, ClientHeard, clientAsk, clientReset, clientStart, clientStop } from "./pana/client";
import { randomBelow } from "./random";

export enum JoinHeard {
  None = 0,
  /** There is a link with the parent, `joinParent`: an address is next. */
  Linked,
  /** What there was of a network is gone. */
  Lost,
}

enum Step { Resting = 0, Scanning, Authenticating, Linking, Registering, Done }

const REST_MS: i64 = 5_000;
const REST_MAX_MS: i64 = 900_000; // a quarter of an hour
/** A parent that refused us, or did not answer, is not asked again for so long. */
const ASIDE_MS: i64 = 300_000;
const LINK_MS: i64 = 30_000;
/** So long a device looks for the network that it was in before it tries another. */
const FAITHFUL_MS: i64 = 3_600_000;
/** The agent hears where we are so soon, and is asked for a newer key so often: a host is not told of one. */
const TELL_MS: i64 = 2_000;
const ASK_KEY_MS: i64 = 900_000;
/** Anybody can name a key that there is not. */
const ASK_AGAIN_MS: i64 = 30_000;
/** An address and a way. */
const REGISTER_MS: i64 = 180_000;

@unmanaged @final
class Candidate {
  address: u64;
  asideUntil: i64;
  panId: u16;
  mode: u8;
  channel: u8;
  lqi: u8;
  /** Heard in this scan. */
  isHere: u8;
}
const ROW: u32 = (offsetof<Candidate>() + 7 & ~7) + NETWORK_ID_SIZE;
const candidates = memory.data(CANDIDATES_MAX * ROW, 8);

@unmanaged @final
class Join {
  due: i64;
  /** When another network than our own will do. */
  anyAt: i64;
  /** When a key may be asked for again, because a frame named one that we have not. */
  askAt: i64;
  parent: u64;
  chosen: Candidate;
  step: i32;
  tries: u32;
  /** The key that we had is tried without authentication first. */
  isWarm: u32;
}
const join = changetype<Join>(memory.data(offsetof<Join>(), 8));
const address = memory.data(ADDRESS_SIZE, 8);
const networkId = memory.data(NETWORK_ID_SIZE, 8);
/** The network that we were in last, as the store has it. */
const ownId = memory.data(NETWORK_ID_SIZE, 8);

export function joinReset(): void {
  memory.fill(candidates, 0, CANDIDATES_MAX * ROW);
  memory.fill(changetype<usize>(join), 0, offsetof<Join>());
  clientReset();
  join.due = NEVER;
}

/** Begins to look for a network. */
export function joinStart(now: i64): void {
  join.isWarm = u32(keysIndex() != 0);
  join.anyAt = storeRead(Record.IpMember, ownId, NETWORK_ID_SIZE) == NETWORK_ID_SIZE ? now + FAITHFUL_MS : now;
  scan(now);
}

/** EUI-64 of the parent, after `Linked`. */
export function joinParent(): u64 { return join.parent; }
export function joinChannel(): u32 { return join.chosen ? join.chosen.channel : 0; }
export function joinNetworkId(): usize { return networkId; }
export function joinDeadline(): i64 { return join.due; }

/** A router says what network it is in: `linkHeard`. */
export function joinBeacon(now: i64): void {
  if (join.step != Step.Scanning || ipBeaconParse(linkHeard.payload, linkHeard.size) < 0) return;
  let beacon = changetype<IpBeacon>(linkHeard.payload);
  if (!(beacon.flags & BEACON_JOIN)) return;
  let row = place(now);
  if (!row) return;
  row.address = linkHeard.from;
  row.mode = <u8>linkHeard.fromMode;
  row.panId = <u16>linkHeard.panId;
  row.channel = <u8>linkHeard.channel;
  row.lqi = <u8>linkHeard.lqi;
  row.isHere = 1;
  memory.copy(idOf(row), beacon.networkId, NETWORK_ID_SIZE);
}

/** The scan is over. */
export function joinScanned(now: i64): i32 {
  if (join.step != Step.Scanning) return JoinHeard.None;
  return next(now);
}

/** The client of PANA says something. */
export function joinClient(heard: i32, now: i64): i32 {
  switch (heard) {
    case ClientHeard.Joined: {
      if (join.step != Step.Authenticating) return JoinHeard.None;
      join.isWarm = 0;
      return link(now);
    }
    case ClientHeard.Refused:
    case ClientHeard.Lost: return join.step == Step.Authenticating ? failed(now) : JoinHeard.None;
    case ClientHeard.Ended: {
      joinAgain(now);
      join.isWarm = 0; // the agent wants to see who we are
      return JoinHeard.Lost;
    }
    default: return JoinHeard.None;
  }
}

/** MLE says something. */
export function joinMle(heard: i32, now: i64): i32 {
  switch (heard) {
    case MleHeard.Linked: {
      if (join.step != Step.Linking || !isChosen()) return JoinHeard.None;
      join.parent = mleHeard.neighbour.extended;
      mleHeard.neighbour.flags |= <u8>LINK_PARENT;
      join.step = Step.Registering;
      join.due = now + REGISTER_MS;
      return JoinHeard.Linked;
    }
    case MleHeard.Failed: {
      if (join.step == Step.Linking) join.due = now;
      return JoinHeard.None;
    }
    case MleHeard.Lost: return join.parent && mleHeard.extended == join.parent ? joinAgain(now) : JoinHeard.None;
    default: return JoinHeard.None;
  }
}

export function joinTick(now: i64): i32 {
  if (join.due > now) return JoinHeard.None;
  switch (join.step) {
    case Step.Resting: { scan(now); return JoinHeard.None; }
    case Step.Linking:
      if (join.isWarm) { // nobody knows that key any more
        join.isWarm = 0;
        authenticate(now);
        return JoinHeard.None;
      }
      return failed(now);
    case Step.Authenticating:
    case Step.Registering: return failed(now);
    case Step.Done: {
      join.due = now + ASK_KEY_MS;
      clientAsk(ClientAsk.OtherKey, networkBorder(), now);
      return JoinHeard.None;
    }
    default: { join.due = NEVER; return JoinHeard.None; }
  }
}

/** There is an address and a way.  A host stays with its parent; a router's changes, and it forgets the first one. */
export function joinDone(keepsParent: bool, now: i64): void {
  join.step = Step.Done;
  if (memory.compare(ownId, networkId, NETWORK_ID_SIZE) != 0) {
    memory.copy(ownId, networkId, NETWORK_ID_SIZE);
    storeWrite(Record.IpMember, ownId, NETWORK_ID_SIZE);
  }
  join.due = now + TELL_MS;
  join.tries = 0;
  if (!keepsParent) join.parent = 0;
}

/**
 * A frame of our parent is under a key that we have not: we slept through its change.  It is asked for in the clear, for what is said under
 * the old one is answered under the new one.
 */
export function joinKey(now: i64): void {
  if (join.step != Step.Done || now < join.askAt) return;
  join.askAt = now + ASK_AGAIN_MS;
  addressLinkLocal(address, join.parent);
  clientAsk(ClientAsk.OtherKey, address, now);
}

/** Everything is lost: from the beginning, with the key that there is. */
export function joinAgain(now: i64): i32 {
  join.isWarm = u32(keysIndex() != 0);
  if (join.step == Step.Done) join.anyAt = now + FAITHFUL_MS;
  rest(now);
  return JoinHeard.Lost;
}

function scan(now: i64): void {
  clientStop();
  join.step = Step.Scanning;
  join.parent = 0;
  join.due = NEVER;
  for (let index: u32 = 0; index < CANDIDATES_MAX; index++) at(index).isHere = 0;
  radioScan(MAC_CHANNELS, now);
}

/** The best of those that were heard and are not put aside; without one we rest. */
function next(now: i64): i32 {
  let best = changetype<Candidate>(0);
  for (let index: u32 = 0; index < CANDIDATES_MAX; index++) {
    let row = at(index);
    if (join.anyAt > now && memory.compare(idOf(row), ownId, NETWORK_ID_SIZE) != 0) continue;
    if (row.isHere && row.asideUntil <= now && (!best || row.lqi > best.lqi)) best = row;
  }
  if (!best) { rest(now); return JoinHeard.None; }
  join.chosen = best;
  memory.copy(networkId, idOf(best), NETWORK_ID_SIZE);
  radioOpen(best.channel, best.panId, NO_SHORT, true);
  if (join.isWarm) return link(now);
  authenticate(now);
  return JoinHeard.None;
}

function authenticate(now: i64): void {
  join.step = Step.Authenticating;
  join.due = NEVER; // the client has its own
  if (join.chosen.mode == MAC_SHORT) addressLinkLocalShort(address, <u32>join.chosen.address);
  else addressLinkLocal(address, join.chosen.address);
  clientStart(address, now);
}

function link(now: i64): i32 {
  join.step = Step.Linking;
  join.due = now + LINK_MS;
  let isShort = join.chosen.mode == MAC_SHORT;
  mleAsk(isShort ? 0 : join.chosen.address, isShort ? <u32>join.chosen.address : NO_SHORT, now);
  return JoinHeard.None;
}

/** This parent is put aside. */
function failed(now: i64): i32 {
  let was = join.step == Step.Registering;
  join.chosen.asideUntil = now + ASIDE_MS;
  join.chosen.isHere = 0;
  join.parent = 0;
  clientStop();
  next(now);
  return was ? JoinHeard.Lost : JoinHeard.None;
}

function rest(now: i64): void {
  clientStop();
  join.step = Step.Resting;
  join.parent = 0;
  let wait = min<i64>(REST_MS << min<u32>(join.tries, 8), REST_MAX_MS - (REST_MAX_MS >> 3));
  join.tries++;
  join.due = now + wait + randomBelow(<u32>(wait >> 3) + 1);
}

function isChosen(): bool {
  let row = mleHeard.neighbour;
  return join.chosen.mode == MAC_SHORT ? row.short == <u32>join.chosen.address : row.extended == join.chosen.address;
}

/** The row of who is heard, a free one, or that of the worst; null when we have better ones. */
function place(now: i64): Candidate {
  let worst = at(0);
  for (let index: u32 = 0; index < CANDIDATES_MAX; index++) {
    let row = at(index);
    if (row.address == linkHeard.from && row.panId == linkHeard.panId && row.channel == linkHeard.channel) return row;
    if (value(row, now) < value(worst, now)) worst = row;
  }
  if (value(worst, now) >= linkHeard.lqi + 2) return changetype<Candidate>(0);
  memory.fill(changetype<usize>(worst), 0, ROW);
  return worst;
}

/** What a row is worth keeping: one put aside more than an empty one, one that is here by how well it is heard. */
function value(row: Candidate, now: i64): u32 {
  if (row.isHere) return row.lqi + 2;
  return row.asideUntil > now ? 1 : 0;
}

function at(index: u32): Candidate { return changetype<Candidate>(candidates + index * ROW); }
function idOf(row: Candidate): usize { return changetype<usize>(row) + (ROW - NETWORK_ID_SIZE); }
