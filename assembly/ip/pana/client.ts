// The client of PANA, which wants to join, and what it has of the network afterwards: RFC 5191 section 4, RFC 6786.
//
//   Idle --clientStart: Initiation--> Initiate --first request, answered--> Started --nonce, answered--> Authenticate
//     ^                                  ^ the agent keeps nothing until it has an answer, so Initiation is repeated
//     |-- refused, or 120 s are over ------------------------------------------------------|  complete, answered
//     \-- ended by the agent, or its time is over ------------- Open <---------------------/
//                                                 Open: keys are told to us, or asked for: Notification
//
// Before its keys exist nothing is authentic; then nothing else is looked at.  What repeats the last request gets the last answer again.
import { Err } from "../../core/err";
import { Drop, entropy, KeyName, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { NEVER } from "../../core/timers";
import { addressCopy, addressEqual, ADDRESS_SIZE } from "../address";
import { EAP_PACKET_MAX } from "../eap/tls";
import { EAP_SUCCESS, Eap, eapParse } from "../eap/packet";
import { peerClose, peerEstablished, peerInput, peerReset, peerSession, peerStep } from "../eap/peer";
import { KeyRank, keysIndex } from "../keys";
import { randomBelow } from "../random";
import {
  panaAlgorithmsFit, panaAppendAlgorithms, panaAppendAuth, panaAuthentic, panaKeysMake, START_MAX, Transcript, TRANSCRIPT_SIZE,
  transcriptAdd,
} from "./keys";
import {
  AVP_EAP, AVP_KEY_ID, AVP_KEY_REQUEST, AVP_LIFETIME, AVP_NONCE, AVP_RESULT, KEY_REQUEST_SIZE, Pana, PANA_AUTHENTICATION, PANA_COMPLETE,
  PANA_INITIATION, PANA_NOTIFICATION, PANA_PING, PANA_PORT, PANA_REQUEST, PANA_START, PANA_TERMINATION, panaAppend, panaAppendNumber,
  panaBegin, panaFind, panaParse,
} from "./message";
import { networkKeyTake } from "./network_key";
import { panaSend } from "./send";

export enum ClientHeard {
  None,
  /** The other side is known, and the network key is ours. */
  Joined,
  /** A key was told to us; `clientKeyIndex` is its index. */
  Key,
  /** What was asked for is answered, and there is no other key. */
  Answered,
  /** The agent will not have us. */
  Refused,
  /** Nobody answers. */
  Lost,
  /** The session is over, or will be soon: join anew. */
  Ended,
}

export enum ClientAsk {
  None,
  /** The network key, after we lost the network. */
  Key,
  /** A key other than ours, if there is one. */
  OtherKey,
}

enum Step { Idle, Initiate, Started, Authenticate, Open }

// RFC 5191 section 9 doubles what it waits, at random; the first wait leaves a slow board time for a signature.
const WAIT_MS: i64 = 5_000;
const JITTER_MS: u32 = 1_000;
const TRIES: u32 = 4;
const AUTHENTICATION_MS: i64 = 120_000;
const NONCE_SIZE: u32 = 16;
/** An answer with a piece of a flight. */
const ANSWER_MAX: u32 = 64 + EAP_PACKET_MAX;
/** Its own two of the board's secrets, behind the one that others are made of. */
const KEYS: u32 = KeyName.Secret + 1;
/** Flags of a key request: another than ours. */
const OTHER: u32 = 1;
const FOREVER: u32 = 0xffff_ffff;

@unmanaged @final
class Client {
  /** When the last request of ours is repeated; in `Authenticate`, when the engine goes on with the agent's. */
  due: i64;
  until: i64;
  renewAt: i64;
  step: Step;
  ask: ClientAsk;
  tries: u8;
  keyIndex: u8;
  session: u32;
  keyId: u32;
  /** Sequence numbers: of the agent's last request, and of ours. */
  heard: u32;
  sent: u32;
  answerSize: u32;
}
const client = changetype<Client>(memory.data(offsetof<Client>(), 8));
/** Whom our requests go to: answers come from there. */
const agent = memory.data(ADDRESS_SIZE, 8);
const transcript = changetype<Transcript>(memory.data(TRANSCRIPT_SIZE, 8));
const answer = memory.data(ANSWER_MAX, 8);
const eap = memory.data(EAP_PACKET_MAX);
const request = memory.data(64, 8);

export function clientReset(): void {
  memory.fill(changetype<usize>(client), 0, offsetof<Client>());
  client.due = client.until = client.renewAt = NEVER;
  peerReset();
}

/** Whether there is a session by which keys can be asked for. */
export function clientIsOpen(): bool { return client.step == Step.Open; }
/** After `Joined` and `Key`. */
export function clientKeyIndex(): u32 { return client.keyIndex; }

/** Asks to be admitted through the parent with this link-local address; a session that there was is gone. */
export function clientStart(parent: usize, now: i64): void {
  stop(Step.Initiate);
  addressCopy(agent, parent);
  client.until = now + AUTHENTICATION_MS;
  begin(now);
}

/** Gives up what is under way, and the session. */
export function clientStop(): void { stop(Step.Idle); }

/**
 * Asks for a key, at the agent's own address or, while we have no link, through a parent.  `BadState` without a session.  The answer is
 * `Key`, `Answered` or `Lost`.
 */
export function clientAsk(ask: ClientAsk, to: usize, now: i64): i32 {
  if (client.step != Step.Open) return Err.BadState;
  addressCopy(agent, to);
  client.ask = ask;
  client.sent++;
  begin(now);
  return Err.Ok;
}

export function clientDeadline(): i64 {
  return min<i64>(min<i64>(client.due, client.until), client.renewAt);
}

export function clientTick(now: i64): ClientHeard {
  if (now >= client.until) return lost();
  if (now >= client.renewAt) return ended();
  if (now < client.due) return ClientHeard.None;
  if (client.step == Step.Authenticate) return answerEap(peerStep(eap), now);
  if (client.tries > TRIES) return lost();
  send(now);
  return ClientHeard.None;
}

/** Takes a message of `size` octets from the address at `from`. */
export function clientInput(at: usize, size: u32, from: usize, now: i64): ClientHeard {
  if (panaParse(at, size) < 0) return drop(Drop.Malformed);
  let message = changetype<Pana>(at);
  let isRequest = (message.flags & PANA_REQUEST) != 0;
  if (message.type == PANA_AUTHENTICATION && isRequest) {
    if (!addressEqual(from, agent)) return drop(Drop.Foreign);
    return message.flags & PANA_START ? takeStart(message, now) : takeRequest(message, from, now);
  }
  if (client.step != Step.Open || message.session != client.session) return drop(Drop.Foreign);
  if (message.type == PANA_NOTIFICATION && !isRequest) return takeAnswer(message);
  if (!isRequest || message.type != PANA_NOTIFICATION && message.type != PANA_TERMINATION) return drop(Drop.Foreign);
  return takeRequest(message, from, now);
}

function drop(reason: u32): ClientHeard {
  dropped(Layer.Control, reason);
  return ClientHeard.None;
}

function stop(step: Step): void {
  peerClose();
  client.step = step;
  client.ask = ClientAsk.None;
  client.due = client.until = client.renewAt = NEVER;
  client.session = 0;
}

function lost(): ClientHeard {
  if (client.step != Step.Open) stop(Step.Idle);
  client.ask = ClientAsk.None;
  client.due = NEVER;
  return ClientHeard.Lost;
}

function ended(): ClientHeard {
  stop(Step.Idle);
  return ClientHeard.Ended;
}

function begin(now: i64): void {
  client.tries = 0;
  send(now);
}

/** Sends our request, again and again. */
function send(now: i64): void {
  client.due = now + (WAIT_MS << client.tries++) + randomBelow(JITTER_MS);
  let message: Pana;
  if (client.ask == ClientAsk.None) {
    message = panaBegin(request, PANA_INITIATION, 0, 0, 0);
  } else {
    message = panaBegin(request, PANA_NOTIFICATION, PANA_REQUEST | PANA_PING, client.session, client.sent);
    if (client.ask == ClientAsk.OtherKey) {
      let value = panaAppend(message, AVP_KEY_REQUEST, 0, KEY_REQUEST_SIZE);
      store<u8>(value, OTHER);
      store<u8>(value, keysIndex(), 1);
    }
    panaAppendAuth(message, KEYS);
  }
  panaSend(agent, PANA_PORT, request, message.size, now);
}

/** The first request: nothing is known yet, and it may come anew until the second one has come. */
function takeStart(message: Pana, now: i64): ClientHeard {
  if (client.step != Step.Initiate && client.step != Step.Started) return drop(Drop.Repeated);
  if (client.session == message.session && client.heard == message.sequence) return sendAnswer(agent, now);
  if (message.session == 0 || message.size > START_MAX || !panaAlgorithmsFit(message)) return drop(Drop.Refused);
  client.session = message.session;
  client.heard = message.sequence;
  client.step = Step.Started;
  transcript.size = 0;
  transcriptAdd(transcript, changetype<usize>(message), message.size);
  let reply = panaBegin(answer, PANA_AUTHENTICATION, PANA_START, client.session, client.heard);
  panaAppendAlgorithms(reply);
  client.answerSize = reply.size;
  transcriptAdd(transcript, answer, client.answerSize);
  return sendAnswer(agent, now);
}

/** A request within a session: the next one, or the last one again. */
function takeRequest(message: Pana, from: usize, now: i64): ClientHeard {
  if (client.step < Step.Started || message.session != client.session) return drop(Drop.Foreign);
  if (message.sequence == client.heard) return sendAnswer(from, now);
  if (client.step == Step.Open) {
    return message.type == PANA_AUTHENTICATION ? drop(Drop.Repeated) : takeNotice(message, from, now);
  }
  if (message.sequence != client.heard + 1 || isWorking()) return drop(Drop.Repeated);
  return message.flags & PANA_COMPLETE ? takeComplete(message, now) : takeEap(message, now);
}

function sendAnswer(to: usize, now: i64): ClientHeard {
  panaSend(to, PANA_PORT, answer, client.answerSize, now);
  return ClientHeard.None;
}

/** Answers a request with what lies in `answer`. */
function reply(message: Pana, made: Pana, to: usize, now: i64): void {
  client.heard = message.sequence;
  client.answerSize = made.size;
  sendAnswer(to, now);
}

function takeEap(message: Pana, now: i64): ClientHeard {
  let carried = panaFind(message, AVP_EAP);
  let nonce = panaFind(message, AVP_NONCE);
  let isFirst = client.step == Step.Started;
  if (!carried || isFirst && !nonce) return drop(Drop.Malformed);
  let size = peerInput(carried.value, carried.size, eap);
  if (size < 0) return drop(Drop.Refused);
  if (!isFirst) return answerEap(size, now);
  let made = panaBegin(answer, PANA_AUTHENTICATION, 0, client.session, message.sequence);
  let own = panaAppend(made, AVP_NONCE, 0, NONCE_SIZE);
  entropy(own, NONCE_SIZE);
  transcriptAdd(transcript, own, NONCE_SIZE);
  transcriptAdd(transcript, nonce.value, nonce.size);
  client.step = Step.Authenticate;
  client.due = NEVER; // from now on the agent repeats
  panaAppend(made, AVP_EAP, eap, size);
  reply(message, made, agent, now);
  return ClientHeard.None;
}

/** Whether the engine is not through with the agent's last request, which lies in `eap`. */
function isWorking(): bool { return client.step == Step.Authenticate && client.due != NEVER; }

/** Answers the agent's next request with what lies in `eap`; with nothing yet where the engine has more to do. */
function answerEap(size: i32, now: i64): ClientHeard {
  client.due = size == 0 ? now + 1 : NEVER;
  if (size < 0) return drop(Drop.Refused);
  if (size == 0) return ClientHeard.None;
  let made = panaBegin(answer, PANA_AUTHENTICATION, 0, client.session, ++client.heard);
  panaAppend(made, AVP_EAP, eap, size);
  client.answerSize = made.size;
  return sendAnswer(agent, now);
}

/** The end of an authentication: authentic as soon as both sides can make it so. */
function takeComplete(message: Pana, now: i64): ClientHeard {
  let result = panaFind(message, AVP_RESULT);
  if (!result) return drop(Drop.Malformed);
  let isKnown = peerEstablished();
  if (isKnown) {
    let keyId = panaFind(message, AVP_KEY_ID);
    if (!keyId) return drop(Drop.Unsecured);
    client.keyId = keyId.number;
    if (panaKeysMake(peerSession(), transcript, client.keyId, KEYS) < 0) return drop(Drop.NoKey);
    if (!panaAuthentic(message, KEYS)) return drop(Drop.BadMic);
  }
  let isSuccess = isKnown && result.number == 0 && succeeds(message);
  if (!isSuccess && result.number == 0) return drop(Drop.Refused);
  if (isSuccess) {
    let index = networkKeyTake(message, client.keyId, KEYS, KeyRank.Current);
    if (index < 0) return drop(Drop.NoKey);
    client.keyIndex = <u8>index;
  }
  let made = panaBegin(answer, PANA_AUTHENTICATION, PANA_COMPLETE, client.session, message.sequence);
  if (isKnown) {
    panaAppendNumber(made, AVP_KEY_ID, client.keyId);
    panaAppendAuth(made, KEYS);
  }
  reply(message, made, agent, now);
  if (isSuccess) return open(message, now);
  stop(Step.Idle);
  return ClientHeard.Refused;
}

function succeeds(message: Pana): bool {
  let carried = panaFind(message, AVP_EAP);
  return changetype<usize>(carried) != 0 && eapParse(carried.value, carried.size) > 0
    && changetype<Eap>(carried.value).code == EAP_SUCCESS;
}

function open(message: Pana, now: i64): ClientHeard {
  peerClose();
  client.step = Step.Open;
  client.until = NEVER;
  entropy(changetype<usize>(client) + offsetof<Client>("sent"), 4);
  let lifetime = panaFind(message, AVP_LIFETIME);
  // The last eighth is for the next authentication.
  if (lifetime && lifetime.number != FOREVER) client.renewAt = now + <i64>lifetime.number * 875;
  return ClientHeard.Joined;
}

/** A request of the agent within an open session: each has a higher number than those before. */
function takeNotice(message: Pana, from: usize, now: i64): ClientHeard {
  if (<i32>(message.sequence - client.heard) < 0) return drop(Drop.Replayed);
  if (!panaAuthentic(message, KEYS)) return drop(Drop.BadMic);
  let index = networkKeyTake(message, client.keyId, KEYS, KeyRank.Next);
  if (index < 0 && index != Err.NotFound) return drop(Drop.NoKey);
  let isEnd = message.type == PANA_TERMINATION;
  let made = panaBegin(answer, message.type, isEnd ? 0 : PANA_PING, client.session, message.sequence);
  panaAppendAuth(made, KEYS);
  reply(message, made, from, now);
  if (isEnd) return ended();
  return told(index, ClientHeard.None);
}

/** The answer to what we asked for. */
function takeAnswer(message: Pana): ClientHeard {
  if (client.ask == ClientAsk.None || message.sequence != client.sent) return drop(Drop.Repeated);
  if (!panaAuthentic(message, KEYS)) return drop(Drop.BadMic);
  let index = networkKeyTake(message, client.keyId, KEYS, client.ask == ClientAsk.Key ? KeyRank.Current : KeyRank.Next);
  if (index < 0 && index != Err.NotFound) return drop(Drop.NoKey);
  client.ask = ClientAsk.None;
  client.due = NEVER;
  return told(index, ClientHeard.Answered);
}

function told(index: i32, otherwise: ClientHeard): ClientHeard {
  if (index < 0) return otherwise;
  client.keyIndex = <u8>index;
  return ClientHeard.Key;
}
