// What meter, display and repeater have in common in phase 2: streams, the client's requests, the time.
import { Log, log, tlsReserve } from "../core/host";
import { LOG_JOINED_SIZE, LogJoined } from "../core/log";
import { mac } from "../mac/mac";
import { NO_SHORT } from "../ip/address";
import { networkBorder } from "../ip/nd/network";
import { streamChanged } from "../ip/tcp/stream";
import { StackHeard } from "../ip/stack";
import { httpClientDeadline, httpClientInput, httpClientReset, httpClientStream, httpClientTick } from "./http/client";
import { timeAnswered, timeDeadline, timeReset, timeStart, timeTick, timeUtc } from "./time";

/** Sessions of TLS: one to join with or to ask with, one that is asked. */
const SESSIONS: u32 = 2;
/** Volatile secrets of a client of PANA. */
const SECRETS: u32 = 3;

const note = memory.data(LOG_JOINED_SIZE, 4);
let joined: bool = false;

export function clientsReset(now: i64): void {
  tlsReserve(SESSIONS, SECRETS);
  httpClientReset();
  timeReset();
  joined = false;
}

/** The stack says that we are in, or are no more. */
export function clientsStack(heard: i32, channel: u32, now: i64): void {
  if (heard == StackHeard.Left) joined = false;
  if (heard != StackHeard.Joined) return;
  joined = true;
  let out = changetype<LogJoined>(note);
  out.address = mac.short;
  out.pan = mac.panId;
  out.parent = NO_SHORT; // it is known by its EUI-64 alone
  out.channel = channel;
  log(Log.Joined, note, LOG_JOINED_SIZE);
  timeStart(now);
}

/** The next stream that somebody else should look at, or -1. */
export function clientsChanged(now: i64): i32 {
  for (let number = streamChanged(timeUtc(now), now); number >= 0; number = streamChanged(timeUtc(now), now)) {
    if (number != httpClientStream()) return number;
    timeAnswered(httpClientInput(now), now);
  }
  return -1;
}

/** True when a question has gone out, whose answer is awaited. */
export function clientsTick(now: i64): bool {
  timeAnswered(httpClientTick(now), now);
  return joined && timeTick(networkBorder(), now);
}

export function clientsDeadline(): i64 { return joined ? min<i64>(timeDeadline(), httpClientDeadline()) : httpClientDeadline(); }
