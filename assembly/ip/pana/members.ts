// What the agent and a member say to each other within a session: keys asked for and told, and the end.  RFC 5191 section 4.3, RFC 6786.
//
// Each side counts its own requests; none is heard that is not authentic and higher than those before.
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { Drop, Layer } from "../../core/host";
import { NEVER } from "../../core/timers";
import { addressCopy, addressIsLinkLocal } from "../address";
import { SESSIONS_MAX } from "../limits";
import {
  agentKey, agentKeyDeadline, agentKeyFor, agentKeyGuard, agentKeyMake, agentKeyNext, agentKeyTick,
} from "./agent_keys";
import { panaAppendAuth, panaAuthentic } from "./keys";
import {
  AVP_KEY_REQUEST, Pana, PANA_NOTIFICATION, PANA_PING, PANA_PORT, PANA_REQUEST, PANA_TERMINATION, panaBegin, panaFind,
} from "./message";
import { networkKeyAppend } from "./network_key";
import { relayWrap } from "./relay";
import { panaSend } from "./send";
import { Session, sessionAt, sessionFind } from "./sessions";

/** Where a message came from and its answer goes: a client, and the relay before it or 0. */
@unmanaged @final
export class Route {
  client: usize;
  relay: usize;
  port: u32;
}

/** Between two members that are told a key, and between two tries at one. */
const TELL_MS: i64 = 10_000;
const TELL_TRIES: u32 = 4;
/** With a key and AUTH. */
const MESSAGE_MAX: u32 = 128;
const NOBODY: u32 = SESSIONS_MAX;

@unmanaged @final
class Telling {
  due: i64;
  /** The row of the member that is told, `NOBODY` when none is. */
  row: u32;
  tries: u32;
}
const telling = changetype<Telling>(memory.data(offsetof<Telling>(), 8));
const out = memory.data(MESSAGE_MAX, 8);

export function membersReset(): void {
  telling.due = NEVER;
  telling.row = NOBODY;
}

export function membersDeadline(): i64 { return min<i64>(telling.due, agentKeyDeadline()); }

/** Makes a new network key, tells it to each member, and uses it after a while; `Busy` while one is told. */
export function agentRotate(now: i64): i32 {
  let answer = agentKeyMake();
  if (answer < 0) return answer;
  telling.row = NOBODY;
  telling.due = now;
  return Err.Ok;
}

export function membersTick(now: i64): void {
  if (agentKeyTick(now)) {
    membersReset();
    return;
  }
  if (now < telling.due) return;
  if (telling.row == NOBODY || telling.tries == TELL_TRIES) nextToTell(now);
  if (telling.row == NOBODY) {
    telling.due = NEVER;
    agentKeyGuard(now);
    return;
  }
  telling.due = now + TELL_MS;
  telling.tries++;
  tell(sessionAt(telling.row), now);
}

/** The next member that has an address and not yet the key. */
function nextToTell(now: i64): void {
  let row: u32 = telling.row == NOBODY ? 0 : telling.row + 1;
  while (row < SESSIONS_MAX) {
    let session = sessionAt(row);
    if (session.id != 0 && now < session.expires && session.hasAddress && <u32>session.keyIndex != agentKeyNext()) {
      session.sent++;
      break;
    }
    row++;
  }
  telling.row = row;
  telling.tries = 0;
}

function tell(session: Session, now: i64): void {
  let message = panaBegin(out, PANA_NOTIFICATION, PANA_REQUEST | PANA_PING, session.id, session.sent);
  let index = agentKeyNext();
  networkKeyAppend(message, session.keyId, session.keys, agentKey(index), index);
  panaAppendAuth(message, session.keys);
  panaSend(session.address, PANA_PORT, out, message.size, now);
}

/** Tells a member that it is one no longer; only a new network key makes it so. */
export function memberEnd(session: Session, now: i64): void {
  let message = panaBegin(out, PANA_TERMINATION, PANA_REQUEST, session.id, ++session.sent);
  panaAppendAuth(message, session.keys);
  if (session.hasAddress) panaSend(session.address, PANA_PORT, out, message.size, now);
  session.id = 0;
}

/** Takes a notification or a termination; answers the member that has left, or null. */
export function memberInput(message: Pana, route: Route, now: i64): Session {
  let session = sessionFind(message.session, now);
  if (!session) return drop(Drop.Foreign);
  if (message.flags & PANA_REQUEST) return takeRequest(session, message, route, now);
  if (telling.row == NOBODY || sessionAt(telling.row) != session || message.sequence != session.sent) return drop(Drop.Repeated);
  if (!panaAuthentic(message, session.keys)) return drop(Drop.BadMic);
  session.keyIndex = <u8>agentKeyNext();
  telling.tries = TELL_TRIES;
  return changetype<Session>(0);
}

function drop(reason: u32): Session {
  dropped(Layer.Control, reason);
  return changetype<Session>(0);
}

function takeRequest(session: Session, message: Pana, route: Route, now: i64): Session {
  let ahead = <i32>(message.sequence - session.heard);
  if (session.hasHeard && ahead < 0) return drop(Drop.Replayed);
  if (!panaAuthentic(message, session.keys)) return drop(Drop.BadMic);
  let isEnd = message.type == PANA_TERMINATION;
  let index = isEnd ? 0 : agentKeyFor(panaFind(message, AVP_KEY_REQUEST));
  // One key stream for two keys would give both away.
  if (session.hasHeard && ahead == 0 && index != <u32>session.answered) return drop(Drop.Repeated);
  session.heard = message.sequence;
  session.hasHeard = true;
  session.answered = <u8>index;
  if (index) session.keyIndex = <u8>index;
  if (route.relay == 0 && !addressIsLinkLocal(route.client)) {
    addressCopy(session.address, route.client);
    session.hasAddress = true;
  }
  let answer = panaBegin(out, message.type, isEnd ? 0 : PANA_PING, session.id, message.sequence);
  if (index) networkKeyAppend(answer, session.keyId, session.keys, agentKey(index), index);
  panaAppendAuth(answer, session.keys);
  panaReply(route, out, answer.size, now);
  if (!isEnd) return changetype<Session>(0);
  session.id = 0;
  return session;
}

/** Sends a message to a client, through its relay if it has one. */
export function panaReply(route: Route, at: usize, size: u32, now: i64): void {
  if (route.relay) relayWrap(at, size, route.client, route.port, route.relay, now);
  else panaSend(route.client, route.port, at, size, now);
}
