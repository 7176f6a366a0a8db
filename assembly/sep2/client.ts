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
import { ClientHeard, httpClientDeadline, httpClientInput, httpClientReset, httpClientStream, httpClientTick } from "./http/client";
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
export function clientsStack(heard: i32, channel: u32, now: i64): void {
  if (heard == StackHeard.Left) left();
  if (heard != StackHeard.Joined) return;
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
function answered(heard: i32, now: i64): void {
  if (heard == ClientHeard.Got) reached = true;
  else if (heard == ClientHeard.Failed) finderDoubt(now);
  timeAnswered(heard, now);
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
  return (joined && timeTick(finderServer(now), now)) || sought;
}

export function clientsDeadline(): i64 {
  let own = min<i64>(httpClientDeadline(), finderDeadline());
  return joined ? min<i64>(timeDeadline(), own) : own;
}
