// The bounded loop of every device.  A poll takes some events, does what is due, and answers when it wants to run next:
//
//   for (loopBegin(now); loopNext();) ... one event ...        ... ticks ...        return loopEnd(earliest, now);
import { dropsTick } from "../core/drops";
import { ABI_BASE, EVENT_HEAD, EVENT_KIND, EventKind, Log, log, next } from "../core/host";
import { LOG_STARTED_SIZE, LogStarted } from "../core/log";

const EVENTS_PER_POLL: u32 = 8;
/** An Uplink record is the longest event of who has no Ethernet, docs/abi.md. */
const EVENT_CAPACITY: u32 = EVENT_HEAD + (isDefined(LIMIT_EVENT) ? LIMIT_EVENT : 264);

/** The event taken last, head and octets. */
export const event = memory.data(EVENT_CAPACITY, 8);
let budget: u32 = 0;

export function abi(): u32 { return ABI_BASE; }

/** The first word of a run: Log.Started. */
export function loopStart(reason: u32): void {
  changetype<LogStarted>(event).reason = reason;
  log(Log.Started, event, LOG_STARTED_SIZE);
}

export function loopBegin(now: i64): void {
  budget = EVENTS_PER_POLL;
  dropsTick(now);
}

/** Takes the next event; false when none waits or the turn is over.  One that was too long is lost. */
export function loopNext(): bool {
  while (budget > 0) {
    let size = next(event, EVENT_CAPACITY);
    if (size == 0) return false;
    budget--;
    if (size > 0) return true;
  }
  return false;
}

export function loopKind(): u32 { return load<u8>(event + EVENT_KIND); }

/** Whether the event is the radio's. */
export function loopIsRadio(): bool {
  let kind = loopKind();
  return kind == EventKind.RadioReceived || kind == EventKind.RadioSent;
}

/** Something took its time: what else waits has another turn. */
export function loopRest(): void { budget = 0; }

/** The answer of a poll: `deadline`, or at once when the turn ended early. */
export function loopEnd(deadline: i64, now: i64): i64 { return budget > 0 ? deadline : now; }
