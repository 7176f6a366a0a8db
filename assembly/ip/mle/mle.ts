// Links with the devices around: draft-kelsey-intarea-mesh-link-establishment-06 sections 4, 7 and 8.
//
//   none --a response to a challenge of ours--> Linked --rejected, or silent for its time--> none
//                                                 a router asks at half of its time, a host asks its parent before the end
//
// What an authentic message says is believed when it is new: its counter is higher than the last one, or it has a response to a challenge
// of ours.  A request proves nothing by itself, so one that is not new changes nothing that is known.
import { be16, be32, be64 } from "../../core/bytes";
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { mac } from "../../mac/mac";
import { addressExtended, addressIsLinkLocal, addressIsMulticast, ADDRESS_SIZE, addressShort, NO_SHORT } from "../address";
import { HOPS_MAX } from "../ipv6/header";
import { KeyRank, keysRank, keysSwitch } from "../keys";
import { LINKS_MAX } from "../limits";
import {
  ETX_ONE, LINK_CHILD, LINK_PARENT, LinkState, MODE_ROUTER, Neighbour, neighbourAt, neighbourFind, neighbourFree, neighbourName,
  neighbourTake,
} from "../neighbours";
import { randomBelow } from "../random";
import { Handshake, handshakeFree, handshakeOf, HandshakeState, handshakeTake, handshakeWith } from "./handshakes";
import {
  CHALLENGE_SIZE, Mle, MLE_ACCEPT, MLE_ACCEPT_AND_REQUEST, MLE_ADVERTISEMENT, MLE_CLEAR, MLE_HEADER_SIZE, MLE_REJECT, MLE_REQUEST,
  mleCommandParse, mleFind, mleParse, Tlv, TLV_CHALLENGE, TLV_COUNTER, TLV_MODE, TLV_QUALITY, TLV_RESPONSE, TLV_SOURCE, TLV_TIMEOUT,
} from "./message";
import { qualityHear, qualityOf } from "./quality";
import {
  accept, ANSWER_MS, askWhom, isRouter, mleReject, requestsDeadline, requestsDone, requestsReset, requestsTick, serves,
} from "./requests";
import { mleOpen } from "./send";

export enum MleHeard {
  None,
  /** `mleHeard.neighbour` has a link now, or has it again. */
  Linked,
  /** The link with `mleHeard.extended` has ended. */
  Lost,
  /** Whom we asked does not answer: `mleHeard.extended`, 0 for a parent that is known by its short address. */
  Failed,
}

@unmanaged @final
export class MleSays {
  extended: u64;
  neighbour: Neighbour;
}
export const mleHeard = changetype<MleSays>(memory.data(offsetof<MleSays>(), 8));

/** Seconds that a link lives without a sign of life. */
const ROUTER_S: u32 = 128;
const HOST_S: u32 = 400;
const TIMEOUT_MAX_S: u32 = 86_400;
/** A host asks its parent so long before the end. */
const RENEW_MS: i64 = 12_000;
/** Links as bad as this make room for others. */
const ETX_BAD: u32 = 3 * ETX_ONE;

/** The message that is looked at. */
@unmanaged @final
class Input {
  extended: u64;
  now: i64;
  message: Mle;
  command: usize;
  size: u32;
  lqi: u32;
  row: Neighbour;
  /** Whether it is from a link, and higher than what came before. */
  isNew: bool;
  toAll: bool;
}
const input = changetype<Input>(memory.data(offsetof<Input>(), 8));

/** Without links under way; neighbours are reset elsewhere. */
export function mleReset(mode: u32, timeout: u32): void { requestsReset(mode, timeout); }

export function mleDeadline(): i64 {
  let earliest = requestsDeadline();
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    let row = neighbourAt(index);
    if (row.state == LinkState.Linked) earliest = min<i64>(earliest, row.deadline);
  }
  return earliest;
}

/** Does what is due until there is something to say. */
export function mleTick(now: i64): MleHeard {
  let unanswered = requestsTick(now);
  if (unanswered) {
    let row = neighbourFind(unanswered.extended);
    if (row && row.state == LinkState.Linked) return lose(row); // who does not answer has no link with us
    mleHeard.extended = unanswered.extended;
    return unanswered.wasHeard ? MleHeard.None : MleHeard.Failed;
  }
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    let row = neighbourAt(index);
    if (row.state == LinkState.Linked && now >= row.deadline && isOver(row, now)) return lose(row);
  }
  return MleHeard.None;
}

/** Whether a link's time is over; before that it is asked for, by who has to. */
function isOver(row: Neighbour, now: i64): bool {
  let end = row.heard + <i64>row.timeout * 1000;
  if (now >= end) return true;
  let isMine = isRouter() ? (row.mode & MODE_ROUTER) != 0 : (row.flags & LINK_PARENT) != 0;
  let askAt = askTime(row);
  row.deadline = isMine && now < askAt ? askAt : end;
  if (isMine && now >= askAt) askWhom(row.extended, NO_SHORT, false, now);
  return false;
}

function askTime(row: Neighbour): i64 {
  let whole = <i64>row.timeout * 1000;
  return row.heard + (isRouter() ? whole >> 1 : whole - RENEW_MS);
}

function lose(row: Neighbour): MleHeard {
  mleHeard.extended = row.extended;
  mleHeard.neighbour = row;
  neighbourFree(row);
  return MleHeard.Lost;
}

/** Takes a message of `size` octets between two addresses, source before target, that came with a hop limit and a link quality. */
export function mleInput(at: usize, size: u32, addresses: usize, hops: u32, lqi: u32, now: i64): MleHeard {
  let extended = addressExtended(addresses);
  if (hops != HOPS_MAX || !addressIsLinkLocal(addresses) || addressShort(addresses) != NO_SHORT) return drop(Drop.Foreign);
  if (extended == mac.extended) return drop(Drop.Foreign);
  if (mleParse(at, size) < 0) return drop(Drop.Malformed);
  let message = changetype<Mle>(at);
  if (message.suite == MLE_CLEAR) return drop(Drop.Unsecured);
  let rank = keysRank(message.keyIndex);
  if (rank == KeyRank.None) return drop(Drop.NoKey);
  let opened = mleOpen(at, size, addresses);
  if (opened < 0) return drop(Drop.BadMic);
  input.command = at + MLE_HEADER_SIZE;
  if (mleCommandParse(input.command, opened) < 0) return drop(Drop.Malformed);
  input.size = opened;
  input.message = message;
  input.extended = extended;
  input.now = now;
  input.lqi = lqi;
  input.toAll = addressIsMulticast(addresses + ADDRESS_SIZE);
  input.row = neighbourFind(extended);
  input.isNew = isNew();
  // Whoever uses the key to come, it has come.
  if (rank == KeyRank.Next) keysSwitch(message.keyIndex);
  switch (<u32>load<u8>(input.command)) {
    case MLE_REQUEST: return takeRequest();
    case MLE_ACCEPT:
    case MLE_ACCEPT_AND_REQUEST: return takeAccept();
    case MLE_REJECT: return input.isNew ? lose(input.row) : drop(Drop.Replayed);
    case MLE_ADVERTISEMENT: return takeAdvertisement();
    default: return drop(Drop.Refused);
  }
}

function drop(reason: u32): MleHeard {
  dropped(Layer.Control, reason);
  return MleHeard.None;
}

/** From a link, under a key not older than its last one, and with a higher counter. */
function isNew(): bool {
  let row = input.row;
  if (!row || row.state != LinkState.Linked) return false;
  let index = input.message.keyIndex;
  if (index == <u32>row.mleKeyIndex) return input.message.counter > row.mleCounter;
  return keysRank(index) > keysRank(row.mleKeyIndex);
}

function find(type: u32): Tlv { return mleFind(input.command, input.size, type); }

/** What every authentic and new message of a link shows. */
function live(row: Neighbour): void {
  row.mleCounter = input.message.counter;
  row.mleKeyIndex = <u8>input.message.keyIndex;
  row.heard = input.now;
  row.deadline = min<i64>(row.deadline, input.now + <i64>row.timeout * 1000);
  qualityHear(row, input.lqi);
}

/** What a device says of itself; one that asked for a time says it in its request. */
function learn(row: Neighbour, asked: u32): void {
  let mode = find(TLV_MODE);
  let source = find(TLV_SOURCE);
  if (mode) row.mode = load<u8>(mode.value);
  if (source && be16(source.value) < NO_SHORT - 1) neighbourName(row, be16(source.value));
  let isHost = (row.mode & MODE_ROUTER) == 0;
  row.timeout = isHost ? HOST_S : ROUTER_S;
  if (isHost && asked) row.timeout = min(max(asked, ROUTER_S >> 2), TIMEOUT_MAX_S);
  row.flags = <u8>(isHost ? row.flags | LINK_CHILD : row.flags & ~LINK_CHILD);
  live(row);
  row.deadline = askTime(row);
  hears(row);
}

/** How a device says that it hears us; false when it says that it does not. */
function hears(row: Neighbour): bool {
  let list = find(TLV_QUALITY);
  let quality = list ? qualityOf(list, mac.extended, mac.short) : -1;
  if (quality >= 0) row.idrOut = <u8>quality;
  return quality != 0;
}

function takeRequest(): MleHeard {
  let challenge = find(TLV_CHALLENGE);
  if (!challenge || !find(TLV_MODE)) return drop(Drop.Malformed);
  if (!serves()) return drop(Drop.Refused);
  let row = input.row;
  let timeout = find(TLV_TIMEOUT);
  let asked: u32 = timeout ? be32(timeout.value) : 0;
  if (input.isNew) {
    learn(row, asked);
    if (!input.toAll) {
      accept(input.extended, challenge.value, challenge.size, changetype<Handshake>(0), input.now);
      mleHeard.neighbour = row;
      return MleHeard.Linked;
    }
  }
  let owed = handshakeWith(input.extended);
  if (owed && owed.state != HandshakeState.Owing && owed.state != HandshakeState.Offered) owed = changetype<Handshake>(0);
  // An offer that is out stays as it is: a replay must not take its challenge away.
  if (owed && owed.state == HandshakeState.Offered) return drop(Drop.Repeated);
  if (!owed) owed = handshakeTake(HandshakeState.Owing);
  if (!owed) return drop(Drop.Exhausted);
  owed.extended = input.extended;
  owed.isKnown = input.isNew;
  owed.timeout = asked;
  owed.theirSize = <u8>challenge.size;
  memory.copy(owed.theirs, challenge.value, challenge.size);
  owed.due = input.toAll ? input.now + randomBelow(ANSWER_MS) : input.now;
  return MleHeard.None;
}

/** A response to a challenge of ours: its sender lives, has the key, and is who it says it is. */
function takeAccept(): MleHeard {
  let response = find(TLV_RESPONSE);
  let counter = find(TLV_COUNTER);
  if (!response || !counter || !find(TLV_MODE)) return drop(Drop.Malformed);
  let handshake = response.size == CHALLENGE_SIZE ? handshakeOf(be64(response.value), input.extended) : changetype<Handshake>(0);
  if (!handshake) return drop(Drop.Refused);
  if (handshake.state == HandshakeState.Done && !input.isNew) return drop(Drop.Replayed);
  let challenge = find(TLV_CHALLENGE);
  let asksToo = <u32>load<u8>(input.command) == MLE_ACCEPT_AND_REQUEST;
  if (asksToo && !challenge) return drop(Drop.Malformed);
  let isOfOne = handshake.extended != 0 || <u32>handshake.short != NO_SHORT;
  let timeout = handshake.timeout;
  if (handshake.state == HandshakeState.Offered) handshakeFree(handshake);
  else if (isOfOne) requestsDone(handshake, input.extended, input.now);
  let row = takeRow(isOfOne);
  if (!row) {
    mleReject(NO_SHORT, input.extended, input.now);
    return drop(Drop.Exhausted);
  }
  row.state = <u8>LinkState.Linked;
  row.macCounter = be32(counter.value);
  row.keyIndex = <u8>input.message.keyIndex;
  learn(row, timeout);
  if (asksToo) accept(input.extended, challenge.value, challenge.size, changetype<Handshake>(0), input.now);
  mleHeard.neighbour = row;
  return MleHeard.Linked;
}

/** The row of the sender, or one that a bad link with a router makes free for it. */
function takeRow(isWanted: bool): Neighbour {
  let row = neighbourTake(input.extended);
  if (row || !isWanted) return row;
  let worst = changetype<Neighbour>(0);
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    row = neighbourAt(index);
    let isBad = (row.flags & (LINK_PARENT | LINK_CHILD)) == 0 && <u32>row.etx >= ETX_BAD;
    if (isBad && (!worst || row.etx > worst.etx)) worst = row;
  }
  if (!worst) return worst;
  neighbourFree(worst);
  return neighbourTake(input.extended);
}

function takeAdvertisement(): MleHeard {
  let mode = find(TLV_MODE);
  if (!mode || !find(TLV_QUALITY)) return drop(Drop.Malformed);
  let row = input.row;
  let isLinked = changetype<usize>(row) != 0 && row.state == LinkState.Linked;
  if (isLinked && !input.isNew) return drop(Drop.Replayed);
  if (isLinked) {
    live(row);
    if (hears(row)) return MleHeard.None;
  }
  // It does not know us: hosts want their parent, routers every router.
  let isWanted = isRouter() ? (load<u8>(mode.value) & MODE_ROUTER) != 0 : isLinked && (row.flags & LINK_PARENT) != 0;
  if (isWanted && serves()) askWhom(input.extended, NO_SHORT, true, input.now);
  return MleHeard.None;
}
