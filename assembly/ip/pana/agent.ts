// The agent of PANA, which admits: RFC 5191 section 4, RFC 6345, RFC 6786.
//
//   nothing --Initiation--> nothing: the first request is a cookie that its answer brings back, section 4.1
//   nothing --first answer--> Eap --both certificates checked--> Decide --agentAdmit--> Told --answered--> a session
//                              \--refused by either side-------------------------------> Told --answered--> nothing
//
//   an authentication ends after 120 s, four repetitions, or when it is silent and others wait
//
// A device that has a session keeps it until it has been authenticated anew: nobody but itself can end it.
import { be32 } from "../../core/bytes";
import { dropped } from "../../core/drops";
import { Drop, entropy, hmacSha256, keyDerive, Layer } from "../../core/host";
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, addressCopy, addressEqual, addressExtended, addressIsLinkLocal } from "../address";
import { EAP_FAILURE, EAP_SUCCESS, eapEndEmit } from "../eap/packet";
import { eapServerBegin, eapServerClose, eapServerInput, EapServerState } from "../eap/server";
import { EAP_PACKET_MAX, eapTlsPeer } from "../eap/tls";
import { keysIndex, keysMleSlot } from "../keys";
import { AUTHENTICATIONS_MAX } from "../limits";
import { randomBelow } from "../random";
import { agentKey, agentKeyIndex, agentKeysReset } from "./agent_keys";
import {
  Authentication, authenticationAt, authenticationFind, authenticationFree, authenticationsReset, AuthenticationState, authenticationTake,
} from "./authentications";
import {
  panaAlgorithmsFit, panaAppendAlgorithms, panaAppendAuth, panaAuthentic, panaKeysMake, START_MAX, START_SIZE, transcriptAdd,
} from "./keys";
import {
  AVP_EAP, AVP_KEY_ID, AVP_LIFETIME, AVP_NONCE, AVP_RESULT, Pana, PANA_AUTHENTICATION, PANA_COMPLETE,
  PANA_INITIATION, PANA_NOTIFICATION, PANA_RELAY, PANA_REQUEST, PANA_START, PANA_TERMINATION, panaAppend,
  panaAppendNumber, panaBegin, panaFind, panaParse,
} from "./message";
import { networkKeyAppend } from "./network_key";
import { memberEnd, memberInput, membersDeadline, membersReset, membersTick, panaReply, Route } from "./members";
import { relayOpen } from "./relay";
import { SECRET_INITIATION, sessionRow, sessionsReset } from "./sessions";

export enum AgentHeard {
  None,
  /** A device has proved who it is: `agentHeard` says who, and `agentAdmit` is waited for. */
  Asks,
  /** A device is a member now. */
  Joined,
  /** A member said that it leaves. */
  Left,
}

/** Of `Asks`, `Joined` and `Left`: which device, and of `Asks` its LFDI, 20 octets. */
@unmanaged @final
export class AgentSays {
  extended: u64;
  lfdi: usize;
  /** Of `Asks`: the one that waits. */
  asks: Authentication;
}
export const agentHeard = changetype<AgentSays>(memory.data(offsetof<AgentSays>(), 8));

/** Seconds until a member has to be authenticated anew: 30 days. */
const LIFETIME_S: u32 = 2_592_000;
const AUTHENTICATION_MS: i64 = 120_000;
/** A piece of a handshake, and what the client computes of it. */
const WAIT_MS: i64 = 5_000;
const TRIES: u32 = 4;
/** How long, and once more, the answer to an initiation is good. */
const COOKIE_MS: i64 = 30_000;
const NONCE_SIZE: u32 = 16;
const KEY_ID: u32 = 1;
const RESULT_REFUSED: u32 = 1;
const RESULT_NOT_ADMITTED: u32 = 2;
const EAP_END_SIZE: u32 = 4;

/** Of what a first request's numbers are made. */
@unmanaged @final
class Cookie {
  moment: i64;
  port: u32;
  hasRelay: u32;
  // | client 16 | relay 16 |
}
const COOKIE_SIZE: u32 = offsetof<Cookie>() + 2 * ADDRESS_SIZE;
const cookie = changetype<Cookie>(memory.data(COOKIE_SIZE, 8));
const digest = memory.data(32, 8);
const start = memory.data(START_SIZE, 8);
const eap = memory.data(EAP_PACKET_MAX);
const route = changetype<Route>(memory.data(offsetof<Route>(), 4));

/** After `keysReset`: with the keys that the store has, or a first one; answers 0 or an `Err`. */
export function agentReset(now: i64): i32 {
  agentHeard.asks = changetype<Authentication>(0);
  sessionsReset();
  authenticationsReset();
  membersReset();
  let answer = agentKeysReset(now);
  if (answer < 0) return answer;
  entropy(digest, 32);
  return keyDerive(keysMleSlot(keysIndex()), digest, 32, SECRET_INITIATION);
}

export function agentDeadline(): i64 {
  let earliest = membersDeadline();
  for (let index: u32 = 0; index < AUTHENTICATIONS_MAX; index++) {
    let row = authenticationAt(index);
    earliest = min<i64>(earliest, min<i64>(row.due, row.until));
  }
  return earliest;
}

export function agentTick(now: i64): void {
  for (let index: u32 = 0; index < AUTHENTICATIONS_MAX; index++) {
    let row = authenticationAt(index);
    if (now >= row.until || now >= row.due && row.tries == TRIES) authenticationFree(row);
    else if (now >= row.due) repeat(row, now);
  }
  membersTick(now);
}

/**
 * Takes a message of `size` octets from the address and port that it came from.  What does not come from a link-local address must have
 * been sealed with the network's key.
 */
export function agentInput(at: usize, size: u32, from: usize, port: u32, secured: bool, now: i64): AgentHeard {
  let isLocal = addressIsLinkLocal(from);
  if (!isLocal && !secured) return drop(Drop.Unsecured);
  if (panaParse(at, size) < 0) return drop(Drop.Malformed);
  route.client = from;
  route.port = port;
  route.relay = 0;
  let message = changetype<Pana>(at);
  if (message.type == PANA_RELAY) {
    let relayed = relayOpen(at, size);
    if (isLocal || !relayed) return drop(Drop.Malformed);
    route.client = relayed.client;
    route.port = relayed.port;
    route.relay = from;
    isLocal = true;
    message = changetype<Pana>(relayed.message);
  }
  if (message.type == PANA_NOTIFICATION || message.type == PANA_TERMINATION) return takeOfMember(message, now);
  if (message.flags & PANA_REQUEST || !isLocal) return drop(Drop.Foreign);
  if (message.type == PANA_INITIATION) return takeInitiation(now);
  return message.flags & PANA_START ? takeStart(message, now) : takeAnswer(message, now);
}

function drop(reason: u32): AgentHeard {
  dropped(Layer.Control, reason);
  return AgentHeard.None;
}

function takeOfMember(message: Pana, now: i64): AgentHeard {
  let left = memberInput(message, route, now);
  if (!left) return AgentHeard.None;
  agentHeard.extended = left.extended;
  return AgentHeard.Left;
}

/** Ends the membership of a device, told or not, as far as the next network key goes. */
export function agentRemove(extended: u64, now: i64): void {
  let row = sessionRow(extended, now);
  if (row && row.id != 0 && row.extended == extended) memberEnd(row, now);
}

/** Writes the first request with the numbers that whoever is at `route` gets at a moment. */
function startEmit(moment: i64): Pana {
  cookie.moment = moment;
  cookie.port = route.port;
  cookie.hasRelay = u32(route.relay != 0);
  let at = changetype<usize>(cookie) + offsetof<Cookie>();
  addressCopy(at, route.client);
  memory.fill(at + ADDRESS_SIZE, 0, ADDRESS_SIZE);
  if (route.relay) addressCopy(at + ADDRESS_SIZE, route.relay);
  hmacSha256(SECRET_INITIATION, changetype<usize>(cookie), COOKIE_SIZE, digest);
  // 0 is the number of no session.
  let message = panaBegin(start, PANA_AUTHENTICATION, PANA_REQUEST | PANA_START, be32(digest) | 1, be32(digest + 4));
  panaAppendAlgorithms(message);
  return message;
}

function takeInitiation(now: i64): AgentHeard {
  panaReply(route, start, startEmit(now / COOKIE_MS).size, now);
  return AgentHeard.None;
}

/** The answer to a first request of ours: from here on the client is where it says, and costs us a row. */
function takeStart(message: Pana, now: i64): AgentHeard {
  let row = authenticationFind(message.session);
  if (row) {
    if (!isOf(row) || message.sequence + 1 != row.sequence) return drop(Drop.Repeated);
    return send(row, now);
  }
  if (!isOurs(message, now / COOKIE_MS) && !isOurs(message, now / COOKIE_MS - 1)) return drop(Drop.Foreign);
  if (message.size > START_MAX || !panaAlgorithmsFit(message)) return drop(Drop.Refused);
  row = authenticationTake(now);
  if (!row) return drop(Drop.NoBuffer);
  row.state = AuthenticationState.Eap;
  row.isKnown = false;
  row.keyIndex = 0;
  row.id = message.session;
  row.sequence = message.sequence;
  row.port = <u16>route.port;
  row.isRelayed = route.relay != 0;
  addressCopy(row.client, route.client);
  if (route.relay) addressCopy(row.relay, route.relay);
  row.until = now + AUTHENTICATION_MS;
  row.heard = now;
  row.transcript.size = 0;
  transcriptAdd(row.transcript, start, START_SIZE);
  transcriptAdd(row.transcript, changetype<usize>(message), message.size);
  let size = eapServerBegin(row.eap, randomBelow(256), eap);
  let request = begin(row, 0);
  entropy(panaAppend(request, AVP_NONCE, 0, NONCE_SIZE), NONCE_SIZE);
  return askEap(row, request, size, now);
}

/** Whether an answer repeats the numbers of that moment; leaves the request in `start`. */
function isOurs(message: Pana, moment: i64): bool {
  let request = startEmit(moment);
  return message.session == request.session && message.sequence == request.sequence ;
}

/** Whether a message comes the way that the authentication began. */
function isOf(row: Authentication): bool {
  if (row.isRelayed != (route.relay != 0) || row.isRelayed && !addressEqual(row.relay, route.relay)) return false;
  return <u32>row.port == route.port && addressEqual(row.client, route.client);
}

function begin(row: Authentication, flags: u32): Pana {
  return panaBegin(row.request, PANA_AUTHENTICATION, PANA_REQUEST | flags, row.id, ++row.sequence);
}

function askEap(row: Authentication, request: Pana, size: u32, now: i64): AgentHeard {
  panaAppend(request, AVP_EAP, eap, size);
  return ask(row, request, now);
}

/** Sends a new request, to be repeated until it is answered. */
function ask(row: Authentication, request: Pana, now: i64): AgentHeard {
  row.requestSize = request.size;
  row.tries = 0;
  row.due = now + WAIT_MS;
  return send(row, now);
}

function repeat(row: Authentication, now: i64): void {
  row.due = now + (WAIT_MS << ++row.tries);
  send(row, now);
}

function send(row: Authentication, now: i64): AgentHeard {
  route.client = row.client;
  route.port = row.port;
  route.relay = row.isRelayed ? row.relay : 0;
  panaReply(route, row.request, row.requestSize, now);
  return AgentHeard.None;
}

function takeAnswer(message: Pana, now: i64): AgentHeard {
  let row = authenticationFind(message.session);
  if (!row || !isOf(row)) return drop(Drop.Foreign);
  if (message.sequence != row.sequence || row.state == AuthenticationState.Decide) return drop(Drop.Repeated);
  let isEnd = (message.flags & PANA_COMPLETE) != 0;
  if (isEnd != (row.state == AuthenticationState.Told)) return drop(Drop.Refused);
  return isEnd ? takeTold(row, message, now) : takeEap(row, message, now);
}

function takeEap(row: Authentication, message: Pana, now: i64): AgentHeard {
  let carried = panaFind(message, AVP_EAP);
  let own = panaFind(changetype<Pana>(row.request), AVP_NONCE);
  let nonce = panaFind(message, AVP_NONCE);
  if (!carried || own && !nonce) return drop(Drop.Malformed);
  let size = eapServerInput(row.eap, carried.value, carried.size, eap);
  if (size < 0) return drop(Drop.Refused);
  if (own) {
    transcriptAdd(row.transcript, nonce.value, nonce.size);
    transcriptAdd(row.transcript, own.value, own.size);
  }
  row.heard = now;
  if (size > 0) return askEap(row, begin(row, 0), size, now);
  if (row.eap.state != EapServerState.Done) return tell(row, RESULT_REFUSED, now);
  row.state = AuthenticationState.Decide;
  row.due = NEVER;
  agentHeard.extended = addressExtended(row.client);
  agentHeard.lfdi = eapTlsPeer(row.eap.tls);
  agentHeard.asks = row;
  return AgentHeard.Asks;
}

/** Says whether the device that asked last may be a member; one that asked before it and was not decided on waits in vain. */
export function agentAdmit(allowed: bool, now: i64): void {
  let row = agentHeard.asks;
  agentHeard.asks = changetype<Authentication>(0);
  if (row && row.state == AuthenticationState.Decide) decide(row, allowed, now);
}

function decide(row: Authentication, allowed: bool, now: i64): void {
  if (panaKeysMake(row.eap.tls.session, row.transcript, KEY_ID, row.keys) < 0) {
    authenticationFree(row);
    return;
  }
  row.isKnown = true;
  let hasRoom = changetype<usize>(sessionRow(addressExtended(row.client), now)) != 0;
  if (allowed && hasRoom) row.keyIndex = <u8>agentKeyIndex();
  else if (allowed) dropped(Layer.Control, Drop.Exhausted);
  tell(row, row.keyIndex ? 0 : RESULT_NOT_ADMITTED, now);
}

/** The last request: whether it is admitted, and if so the network's key; authentic where both sides can make it so. */
function tell(row: Authentication, result: u32, now: i64): AgentHeard {
  let request = begin(row, PANA_COMPLETE);
  panaAppendNumber(request, AVP_RESULT, result);
  eapEndEmit(panaAppend(request, AVP_EAP, 0, EAP_END_SIZE), result == 0 ? EAP_SUCCESS : EAP_FAILURE, row.eap.identifier);
  if (row.isKnown) panaAppendNumber(request, AVP_KEY_ID, KEY_ID);
  if (row.keyIndex) {
    panaAppendNumber(request, AVP_LIFETIME, LIFETIME_S);
    networkKeyAppend(request, KEY_ID, row.keys, agentKey(row.keyIndex), row.keyIndex);
  }
  if (row.isKnown) panaAppendAuth(request, row.keys);
  row.state = AuthenticationState.Told;
  eapServerClose(row.eap);
  return ask(row, request, now);
}

function takeTold(row: Authentication, message: Pana, now: i64): AgentHeard {
  if (row.isKnown && !panaAuthentic(message, row.keys)) return drop(Drop.BadMic);
  let extended = addressExtended(row.client);
  let session = sessionRow(extended, now);
  authenticationFree(row);
  if (row.keyIndex == 0 || !session) return AgentHeard.None;
  let keys = session.keys;
  session.keys = row.keys;
  row.keys = keys;
  session.extended = extended;
  session.id = row.id;
  session.keyId = KEY_ID;
  session.sent = row.sequence;
  session.hasHeard = session.hasAddress = false;
  session.keyIndex = row.keyIndex;
  session.expires = now + <i64>LIFETIME_S * 1000;
  agentHeard.extended = extended;
  return AgentHeard.Joined;
}
