// The client's half of the Time function set: IEEE 2030.5 section 10.2.1.  A device asks the hub once a minute.
//
//   GET /tm -> <currentTime>, <dstEndTime>, <dstOffset>, <dstStartTime>, <tzOffset> -> model/clock
import { constantString, constantText } from "../core/constants";
import { Log, log } from "../core/host";
import { LOG_ANSWER_SIZE, LogAnswer } from "../core/log";
import { NEVER } from "../core/timers";
import { clock, clockKnown, clockSet, clockUtc } from "../model/clock";
import { ClientHeard, httpAsk, httpClientIdle, reply } from "./http/client";
import { Method } from "./http/request";

const PATH = constantText("/tm");
const PATH_SIZE: u32 = 4;
const path = memory.data(PATH_SIZE);
const ASK_MS: i64 = 60_000;
/** Seconds from 1970 to 2000. */
export const EPOCH: i64 = 946_684_800;

@unmanaged @final
class State {
  due: i64;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const note = changetype<LogAnswer>(memory.data(LOG_ANSWER_SIZE, 4));

export function timeReset(): void { state.due = NEVER; }
export function timeStart(now: i64): void { state.due = now + 1_000; }
export function timeDeadline(): i64 { return state.due; }

/** Seconds since 1970, 0 when nobody told us yet. */
export function timeUtc(now: i64): i64 { return clockKnown() ? EPOCH + clockUtc(now) : 0; }

/** Asks the server at `address` when it is due. */
export function timeTick(address: usize, now: i64): bool {
  if (state.due > now || !httpClientIdle()) return false;
  state.due = now + ASK_MS;
  let size = constantString(PATH, path, PATH_SIZE);
  return httpAsk(address, Method.Get, path + 1, size - 1, 0, false, timeUtc(now), now) == 0;
}

/** An answer came, or none will come. */
export function timeAnswered(heard: i32, now: i64): void {
  if (heard == ClientHeard.None) return;
  if (heard == ClientHeard.Stale) { state.due = now; return; }
  let status = heard == ClientHeard.Got ? reply.status : 0;
  if (status == 200) take(now);
  note.status = status;
  note.utc = clockUtc(now);
  log(Log.Answer, changetype<usize>(note), LOG_ANSWER_SIZE);
}

function take(now: i64): void {
  // | currentTime | dstEndTime | dstOffset | dstStartTime | tzOffset |, each name by its first letters
  let current = value(0x6e65_7272_7563); // "curren"
  if (current < EPOCH || current >= EPOCH + 0xffff_ffff) return;
  clock.summerEnd = seconds(value(0x4574_7364)); // "dstE"
  clock.summerShift = <i32>value(0x4f74_7364); // "dstO"
  clock.summerStart = seconds(value(0x5374_7364)); // "dstS"
  clock.offset = <i32>value(0x664f_7a74); // "tzOf"
  clockSet(<u32>(current - EPOCH), now);
}

function seconds(utc: i64): u32 { return utc < EPOCH ? 0 : <u32>(utc - EPOCH); }

/** The whole number of the first element whose name begins so; 0 where there is none. */
function value(name: u64): i64 {
  let size = <u32>(8 - (clz(name) >>> 3));
  let mask: u64 = size == 8 ? ~0 : (1 << <u64>(size << 3)) - 1;
  let end = reply.body + reply.size;
  for (let at = reply.body; at + 9 < end; at++) {
    if (load<u8>(at) != 0x3c || (load<u64>(at, 1) & mask) != name) continue;
    while (at < end && load<u8>(at) != 0x3e) at++;
    return number(at + 1, end);
  }
  return 0;
}

function number(at: usize, end: usize): i64 {
  let negative = at < end && load<u8>(at) == 0x2d;
  if (negative) at++;
  let sum: i64 = 0;
  for (let count = 0; at < end && count < 12; at++, count++) {
    let digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    sum = sum * 10 + digit;
  }
  return negative ? -sum : sum;
}
