// What MLE asks and answers: draft-kelsey-intarea-mesh-link-establishment-06 sections 4 and 7.
//
//   one side                           the other
//   Request {challenge}        ---->   known, and the message new: Accept {response}                              a link is confirmed
//                                      else: Accept and Request {challenge, response}
//   Accept {response}          <----   a link, for a response shows that the other lives and has the key
//
//   Asked --no answer, three tries--> unanswered        Owing --its time--> answered, or Offered --no answer, two tries--> rejected
import { putBe64 } from "../../core/bytes";
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { Drop, entropy, Layer } from "../../core/host";
import { NEVER } from "../../core/timers";
import { mac } from "../../mac/mac";
import {
  ADDRESS_SIZE, addressLinkLocal, addressLinkLocalShort, addressMulticast, GROUP_ROUTERS, NO_SHORT, SCOPE_LINK,
} from "../address";
import { keysMacCounterNext } from "../keys";
import { MODE_AWAKE, MODE_ROUTER, neighbourFind } from "../neighbours";
import { randomBelow } from "../random";
import {
  Handshake, handshakeAt, handshakeFree, HANDSHAKES_MAX, handshakesReset, HandshakeState, handshakeTake, handshakeWith,
} from "./handshakes";
import {
  CHALLENGE_SIZE, MLE_ACCEPT, MLE_ACCEPT_AND_REQUEST, MLE_ADVERTISEMENT, MLE_REJECT, MLE_REQUEST, TLV_CHALLENGE, TLV_COUNTER, TLV_MODE,
  TLV_RESPONSE, TLV_SOURCE, TLV_TIMEOUT,
} from "./message";
import { qualityPutAll, qualityPutOne } from "./quality";
import { mleBegin, mleEnd, mlePut, mlePut16, mlePut32, mlePut8 } from "./send";

const ASK_TRIES: u32 = 3;
const ASK_ALL_TRIES: u32 = 2;
const OFFER_TRIES: u32 = 2;
const ASK_MS: i64 = 2_000;
const ASK_ALL_MS: i64 = 4_000;
/** Between two offers to those who may be nobody; and what answers to all wait at the most. */
const OFFER_MS: i64 = 1_000;
export const ANSWER_MS: u32 = 1_000;
/** A router tells who is around four times in a link's time. */
const ADVERTISE_MS: i64 = 32_000;
const JITTER_MS: u32 = 3_200;
const REJECTS_MAX: i64 = 2;
const REJECT_MS: i64 = 1_000;

@unmanaged @final
class Requests {
  advertiseAt: i64;
  offerAt: i64;
  /** Rejects could have gone since then, one each `REJECT_MS`. */
  rejectAt: i64;
  /** As element 1 says it; and for one that sleeps how long it may be silent. */
  mode: u32;
  timeout: u32;
  /** Whether others may make a link with us. */
  serves: bool;
}
const requests = changetype<Requests>(memory.data(offsetof<Requests>(), 8));
const target = memory.data(ADDRESS_SIZE, 8);

/** Without any that is under way; what we are: see `mleMode`. */
export function requestsReset(mode: u32, timeout: u32): void {
  handshakesReset();
  memory.fill(changetype<usize>(requests), 0, offsetof<Requests>());
  requests.advertiseAt = NEVER;
  mleMode(mode, timeout);
}

/** `MODE_ROUTER` and `MODE_AWAKE`, and of one that sleeps how many seconds may be between its signs of life.  `mleAsk` tells the parent. */
export function mleMode(mode: u32, timeout: u32): void {
  requests.mode = mode;
  requests.timeout = timeout;
}

export function isRouter(): bool { return (requests.mode & MODE_ROUTER) != 0; }
export function serves(): bool { return requests.serves; }

/** From now on others are answered, and a router tells who is around. */
export function mleServe(now: i64): void {
  requests.serves = true;
  if (requests.mode & MODE_ROUTER) requests.advertiseAt = now + randomBelow(ANSWER_MS);
}

/** Asks for a link: by EUI-64, or where that is 0 by short address, or where that is `NO_SHORT` all routers.  `NoBuffer` when it cannot. */
export function mleAsk(extended: u64, short: u32, now: i64): i32 {
  return askWhom(extended, short, false, now) ? Err.Ok : Err.NoBuffer;
}

/** The same; `wasHeard` when an advertisement led to it, which may be a replay: nobody is told of its end. */
export function askWhom(extended: u64, short: u32, wasHeard: bool, now: i64): bool {
  let row = extended != 0 ? handshakeWith(extended) : changetype<Handshake>(0);
  if (row && row.state == HandshakeState.Done) handshakeFree(row);
  else if (row) return true;
  row = handshakeTake(HandshakeState.Asked);
  if (!row) return false;
  row.extended = extended;
  row.short = <u16>short;
  row.wasHeard = wasHeard;
  entropy(changetype<usize>(row) + offsetof<Handshake>("mine"), CHALLENGE_SIZE);
  row.due = wasHeard ? now + randomBelow(ANSWER_MS) : now;
  return true;
}

export function requestsDeadline(): i64 {
  let earliest = requests.advertiseAt;
  for (let index: u32 = 0; index < HANDSHAKES_MAX; index++) earliest = min<i64>(earliest, handshakeAt(index).due);
  return earliest;
}

/** Has its response: kept for as long as the other side may repeat its offer. */
export function requestsDone(row: Handshake, extended: u64, now: i64): void {
  row.extended = extended;
  row.state = HandshakeState.Done;
  row.due = now + 2 * ASK_ALL_MS;
}

/** Does what is due; answers one of ours that nobody has answered, free and still readable, or null. */
export function requestsTick(now: i64): Handshake {
  if (now >= requests.advertiseAt) mleAdvertise(now);
  for (let index: u32 = 0; index < HANDSHAKES_MAX; index++) {
    let row = handshakeAt(index);
    if (row.state != HandshakeState.Free && now >= row.due && !goOn(row, now)) return row;
  }
  return changetype<Handshake>(0);
}

/** Tells all routers around who we are and how we hear whom. */
export function mleAdvertise(now: i64): void {
  requests.advertiseAt = requests.mode & MODE_ROUTER ? now + ADVERTISE_MS - (JITTER_MS >> 1) + randomBelow(JITTER_MS) : NEVER;
  if (!mleBegin(MLE_ADVERTISEMENT)) return;
  putSource();
  mlePut8(TLV_MODE, requests.mode);
  qualityPutAll();
  addressMulticast(target, SCOPE_LINK, GROUP_ROUTERS);
  mleEnd(target, now);
}

/** The next try of what is under way, or its end; false when it was ours and nobody has answered. */
function goOn(row: Handshake, now: i64): bool {
  if (row.state == HandshakeState.Owing) {
    answer(row, now);
    return true;
  }
  if (row.state == HandshakeState.Done) {
    handshakeFree(row);
    return true;
  }
  let isOffer = row.state == HandshakeState.Offered;
  let toAll = row.extended == 0 && <u32>row.short == NO_SHORT;
  if (<u32>row.tries == (isOffer ? OFFER_TRIES : toAll ? ASK_ALL_TRIES : ASK_TRIES)) {
    handshakeFree(row);
    if (isOffer) mleReject(NO_SHORT, row.extended, now);
    return isOffer || toAll;
  }
  let wait = toAll ? ASK_ALL_MS : ASK_MS << min<i64>(row.tries, 1);
  row.due = now + wait * <i64>(90 + randomBelow(20)) / 100;
  row.tries++;
  if (isOffer) acceptTo(row, now);
  else request(row, now);
  return true;
}

function request(row: Handshake, now: i64): void {
  if (!mleBegin(MLE_REQUEST)) return;
  putBe64(mlePut(TLV_CHALLENGE, CHALLENGE_SIZE), row.mine);
  putSource();
  mlePut8(TLV_MODE, requests.mode);
  mlePut32(TLV_COUNTER, keysMacCounterNext());
  if (!(requests.mode & MODE_AWAKE)) mlePut32(TLV_TIMEOUT, requests.timeout);
  if (row.wasHeard) qualityPutAll();
  if (row.extended) addressLinkLocal(target, row.extended);
  else if (<u32>row.short != NO_SHORT) addressLinkLocalShort(target, row.short);
  else addressMulticast(target, SCOPE_LINK, GROUP_ROUTERS);
  mleEnd(target, now);
}

/** Answers who asked: with an acceptance, or, whom we do not know, with a challenge as well. */
function answer(row: Handshake, now: i64): void {
  if (row.isKnown) {
    acceptTo(row, now);
    handshakeFree(row);
    return;
  }
  if (now < requests.offerAt) {
    row.due = requests.offerAt;
    return;
  }
  requests.offerAt = now + OFFER_MS;
  row.state = HandshakeState.Offered;
  entropy(changetype<usize>(row) + offsetof<Handshake>("mine"), CHALLENGE_SIZE);
  goOn(row, now);
}

function acceptTo(row: Handshake, now: i64): void {
  accept(row.extended, row.theirs, row.theirSize, row.state == HandshakeState.Offered ? row : changetype<Handshake>(0), now);
}

/** Accepts a device that gave a challenge, and with an offer of ours asks it in turn. */
export function accept(extended: u64, theirs: usize, theirSize: u32, offer: Handshake, now: i64): void {
  if (!mleBegin(offer ? MLE_ACCEPT_AND_REQUEST : MLE_ACCEPT)) return;
  if (offer) putBe64(mlePut(TLV_CHALLENGE, CHALLENGE_SIZE), offer.mine);
  mlePut8(TLV_MODE, requests.mode);
  mlePut32(TLV_COUNTER, keysMacCounterNext());
  memory.copy(mlePut(TLV_RESPONSE, theirSize), theirs, theirSize);
  let neighbour = neighbourFind(extended);
  if (neighbour) qualityPutOne(neighbour);
  putSource();
  addressLinkLocal(target, extended);
  mleEnd(target, now);
}

function putSource(): void {
  if (mac.short < NO_SHORT - 1) mlePut16(TLV_SOURCE, mac.short);
}

/** Says that there is no link, to an EUI-64 or, where that is 0, a short address; seldom, and never to all. */
export function mleReject(short: u32, extended: u64, now: i64): void {
  if (requests.rejectAt > now + (REJECTS_MAX - 1) * REJECT_MS) {
    dropped(Layer.Control, Drop.Exhausted);
    return;
  }
  requests.rejectAt = max<i64>(requests.rejectAt, now) + REJECT_MS;
  if (!mleBegin(MLE_REJECT)) return;
  if (extended) addressLinkLocal(target, extended);
  else addressLinkLocalShort(target, short);
  mleEnd(target, now);
}
