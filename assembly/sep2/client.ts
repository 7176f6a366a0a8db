// What meter, display and repeater have in common in phase 2: streams, the client's requests, the time.
import { Log, log, tlsReserve } from "../core/host";
import { LOG_JOINED_SIZE, LOG_LEFT_SIZE, LogJoined } from "../core/log";
import { mac } from "../mac/mac";
import { NO_SHORT } from "../ip/address";
import { finderDeadline, finderDoubt, finderReset, finderServer, finderTick } from "../ip/dns/finder";
import { SERVED_MAX } from "../ip/limits";
import { streamChanged } from "../ip/tcp/stream";
import { StackHeard } from "../ip/stack";
import { discoverySeek } from "./discovery";
import {
  ClientHeard, httpAsk, httpClientDeadline, httpClientIdle, httpClientInput, httpClientReset, httpClientStream, httpClientTick,
} from "./http/client";
import { noteReachable } from "./notes";
import { timeAnswered, timeDeadline, timeReset, timeStart, timeTick, timeUtc } from "./time";

/** Sessions of TLS: one to join with or to ask with, and of those who ask us. */
const SESSIONS: u32 = 1 + SERVED_MAX;
/** Volatile secrets of a client of PANA. */
const SECRETS: u32 = 3;

const note = memory.data(LOG_JOINED_SIZE, 4);
let joined: bool = false;
/** The hub has answered over TLS since the start. */
let reached: bool = false;
/** Whom everything goes through, as it was told; 0 when it was not. */
let way: u64 = 0;
/** It is the time that was asked for last. */
let isTime: bool = true;
/** What came of something else. */
let heard: i32 = 0; // ClientHeard.None; an enum's name here would make a start function, which no board runs

export function clientsReset(now: i64): void {
  tlsReserve(SESSIONS, SECRETS);
  httpClientReset();
  timeReset();
  finderReset();
  joined = false;
  reached = false;
  way = 0;
}

export function clientsJoined(): bool { return joined; }
export function clientsReached(): bool { return reached; }

/** The stack says that we are in, or are no more. */
export function clientsStack(what: i32, channel: u32, now: i64): void {
  if (what == StackHeard.Left) left();
  if (what != StackHeard.Joined) return;
  joined = true;
  let out = changetype<LogJoined>(note);
  out.address = mac.short;
  out.pan = mac.panId;
  out.parent = NO_SHORT; // it is known by its EUI-64 alone
  out.channel = channel;
  log(Log.Joined, note, LOG_JOINED_SIZE);
  timeStart(now);
  discoverySeek(now);
}

function left(): void {
  finderReset();
  joined = false;
  way = 0;
  store<u8>(note, 0); // the parent was lost: nobody here leaves for another reason
  log(Log.Left, note, LOG_LEFT_SIZE);
}

/** Who does not answer may have left: another one is looked for. */
function answered(what: i32, now: i64): void {
  if (what == ClientHeard.Got) reached = true;
  else if (what == ClientHeard.Failed) finderDoubt(now);
  if (isTime) timeAnswered(what, now);
  else if (what != ClientHeard.None) heard = what;
}

/** Asks the server something, or tells it the document in `httpClientBody`; true when that has gone out.  One thing at a time. */
export function clientsAsk(method: u32, path: usize, size: u32, bodySize: u32, now: i64): bool {
  if (!clientsIdle() || httpAsk(finderServer(now), method, path, size, bodySize, true, timeUtc(now), now) < 0) return false;
  isTime = false;
  return true;
}

/** Whether something may be asked. */
export function clientsIdle(): bool { return joined && httpClientIdle(); }

/** What came of what was asked, once: a `ClientHeard`. */
export function clientsHeard(): i32 {
  let what = heard;
  heard = 0;
  return what;
}

/** The next stream that somebody else should look at, or -1. */
export function clientsChanged(now: i64): i32 {
  for (let number = streamChanged(timeUtc(now), now); number >= 0; number = streamChanged(timeUtc(now), now)) {
    if (number != httpClientStream()) return number;
    answered(httpClientInput(now), now);
  }
  return -1;
}

/** What is due; `parent` is whom everything goes through.  True when a question has gone out, whose answer is awaited. */
export function clientsTick(parent: u64, now: i64): bool {
  if (joined && parent != way && parent != 0) {
    way = parent;
    noteReachable(parent);
  }
  answered(httpClientTick(now), now);
  let sought = finderTick(now);
  if (!joined || !timeTick(finderServer(now), now)) return sought;
  isTime = true;
  return true;
}

export function clientsDeadline(): i64 {
  let own = min<i64>(httpClientDeadline(), finderDeadline());
  return clientsIdle() ? min<i64>(timeDeadline(), own) : own;
}
