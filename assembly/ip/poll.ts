// The polls of a host that sleeps: it asks its parent for what is held for it.
//
//   fast, while an answer is awaited; else once in a while, so that the parent does not forget us
//   data comes -> at once again       four polls unanswered -> the parent is lost
import { Err } from "../core/err";
import { NEVER } from "../core/timers";
import { radioPoll, linkHeard } from "./link/radio";
import { neighbourFind } from "./neighbours";

const FAST_MS: i64 = 300;
/** The parent keeps a packet for seven seconds. */
const SLOW_MS: i64 = 6_000;
const FAILED_MS: i64 = 2_000;
const FAILURES_MAX: u32 = 4;
/** What an answer takes over five hops. */
const AWAITED_MS: i64 = 5_000;

@unmanaged @final
class Poll {
  parent: u64;
  due: i64;
  fastUntil: i64;
  failures: u32;
}
const state = changetype<Poll>(memory.data(offsetof<Poll>(), 8));

export function pollReset(): void {
  memory.fill(changetype<usize>(state), 0, offsetof<Poll>());
  state.due = NEVER;
}

export function pollStart(parent: u64, now: i64): void {
  state.parent = parent;
  state.failures = 0;
  state.due = now;
}

/** Something was sent that is answered. */
export function pollSoon(now: i64): void {
  state.fastUntil = now + AWAITED_MS;
  if (state.parent) state.due = min<i64>(state.due, now + FAST_MS);
}

export function pollDeadline(): i64 { return state.due; }

/** Asks when it is due; true when the parent is lost. */
export function pollTick(now: i64): bool {
  if (state.due > now || !state.parent) return false;
  let parent = neighbourFind(state.parent);
  if (!parent) return true;
  state.due = now + FAILED_MS; // should its end never be told
  radioPoll(parent);
  return false;
}

/** A poll has ended, `linkHeard`; true when the parent is lost. */
export function pollEnded(now: i64): bool {
  if (!state.parent) return false;
  if (linkHeard.status != Err.Ok) {
    state.due = now + FAILED_MS;
    return ++state.failures >= FAILURES_MAX;
  }
  state.failures = 0;
  state.due = now + (linkHeard.pending ? 20 : now < state.fastUntil ? FAST_MS : SLOW_MS);
  return false;
}
