// A sleepy end device asks its parent for frames: 05-3474 section 3.6.1 and IEEE 802.15.4-2006 section 7.5.6.3.
//
//   asleep -> (due) data request -> acknowledged, nothing pending: asleep
//                                \> pending: receiver on -> a frame, or too late: asleep; another one announced: due at once
//
// Often while the layers above expect something, and no longer: an answer that has come ends it.  Otherwise within the time for which a
// parent holds a frame, so that nothing is lost that nobody expects, a report or a price.
//
// What comes in a rhythm, a meter's reports, is asked for as it comes.  Which moment of the rhythm that is, requests find out: between one
// that brought nothing and the next one that brought it.  While that is too wide, a request in its middle halves it:
//
//   |<----------- intervalMs ----------->|
//   ----|..........|----------------|....m.....|-----------     . the report was found to come in here      m asked, too early or not
//                                             ^ asked, in any case
//
// A radio acknowledges for a parent that has long forgotten us.  So who takes up a network again asks it: an end-device timeout request
// must be answered, or the parent counts as lost.
//
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { MAC_BROADCAST, MAC_SHORT } from "../../mac/frame";
import { MacPurpose, macDataRequest, macHeard, macIdle, macReceive, macWhen } from "../../mac/mac";
import { nwkExtendedOf } from "./addresses";
import { NWK_TIMEOUT_DEFAULT, nwkTimeoutRequestEmit } from "./command";
import { joinBusy } from "./join";
import { commandOut, sendCommand } from "./send";
import { NwkHeard, network, nwkState, nwkTell } from "./state";

@unmanaged @final
class Poll {
  /** When to ask next; `NEVER` without a parent. */
  due: i64;
  /** Until when the receiver is on; `NEVER` when it is off. */
  listen: i64;
  /** When it was asked last. */
  askedAt: i64;
  /** Often until then: what the layers above expect, and what we expect ourselves. */
  expected: i64;
  own: i64;
  periodMs: u32;
  intervalMs: u32;
  fastMs: u32;
  /** The end of the time in which a frame of the rhythm comes next; 0 without a rhythm. */
  beatAt: i64;
  /** Whatever came with the last request came after that. */
  since: i64;
  /** When the parent is asked whether we are its child; `NEVER` once it is not in doubt. */
  proveAt: i64;
  /** When the parent acknowledged last. */
  answeredAt: i64;
  /** Requests without acknowledgement, one after the other. */
  failures: u32;
  /** Requests that brought nothing, one after the other. */
  empty: u32;
  /** Timeout requests without an answer. */
  asked: u32;
  /** In how much time before `beatAt` a frame of the rhythm comes. */
  beatMs: u32;
  /** The parent may be silent about it: it took us a moment ago. */
  proven: bool;
}

const poll = changetype<Poll>(memory.data(offsetof<Poll>(), 8));

/** Between two requests while something is expected. */
const FAST_MS: u32 = 100;
/** And while a stream of frames is expected: a request and its frame take 10 ms. */
const EAGER_MS: u32 = 20;
/**
 * Table 5-4 of the Smart Energy profile recommends a minute.  A parent holds a frame for 7.68 s, sends nothing twice: this is the longest
 * that loses none, with a quarter of a second for a channel that is busy.
 */
const PERIOD_MS: u32 = 7400;
const LISTEN_MS: i64 = 100;
/** A frame of a rhythm is fetched within that, and a parent has it ready so long after it left. */
const BEAT_MS: u32 = 500;
const BEAT_LATE_MS: i64 = 40;
/** By how much two clocks part until the next one, both ways; it also lets us look anew once in a while. */
const BEAT_DRIFT_MS: u32 = 4;
/** Time for the trust centre's key after a join. */
const JOIN_FAST_MS: i64 = 10_000;
const FAILURES_MAX: u32 = 3;
/** A parent that looks for its own network is deaf for so long. */
const DEAF_MS: i64 = 5000;
/** So many requests in vain double the time to the next: who is answered by nobody soon asks as rarely as when nothing is expected. */
const EMPTY_SHIFT: u32 = 5;
const EMPTY_SHIFT_MAX: u32 = 9;
const PROVE_MS: i64 = 4000;
const PROVE_MAX: u32 = 3;

export function pollReset(): void {
  poll.periodMs = PERIOD_MS;
  poll.fastMs = FAST_MS;
  pollStop();
  poll.proven = false;
}

/** Starts asking a new parent, fast at first. */
export function pollStart(now: i64): void {
  pollRest();
  poll.due = now + FAST_MS;
  poll.expected = 0;
  poll.own = now + JOIN_FAST_MS;
  poll.failures = 0;
  poll.answeredAt = now;
  poll.empty = 0;
  poll.asked = 0;
  poll.beatAt = 0;
  poll.proveAt = now;
}

/** The parent has taken us, or says that we are its child. */
export function pollProven(): void {
  poll.proven = true;
  if (!poll.asked) return;
  poll.proveAt = NEVER;
  poll.own = 0;
}

export function pollRuns(): bool {
  return poll.due != NEVER;
}

/** The radio is somebody else's from now on. */
export function pollStop(): void {
  poll.due = NEVER;
  poll.listen = NEVER;
}

/** How often to ask when nothing is expected. */
export function nwkPollPeriod(periodMs: u32): void {
  poll.periodMs = periodMs;
}

/** Whether to ask very often while something is expected. */
export function nwkPollEager(eager: bool): void {
  poll.fastMs = eager ? EAGER_MS : FAST_MS;
}

/** What is expected comes until then, or nothing is: the next request is when there can be an answer, or a period after the last. */
export function nwkExpect(until: i64, now: i64): void {
  let former = poll.expected;
  if (until == former) return;
  poll.expected = until;
  if (!pollRuns() || poll.due == 0) return;
  if (until > max(former, now)) poll.due = min(poll.due, now + poll.fastMs);
  else if (until <= now && poll.own <= now) poll.due = min(poll.askedAt + poll.periodMs, beat(now));
}

/** What was just heard comes in a rhythm; 0: it is over. */
export function nwkPollRhythm(intervalMs: i64): void {
  let end = poll.askedAt;
  let begin = poll.since;
  let former = poll.beatAt - (poll.beatAt - end > intervalMs >> 1 ? intervalMs : 0);
  if (former > begin && former - poll.beatMs < end) { // what was known holds, unless it came earlier than that
    if (end >= former) begin = max(begin, former - poll.beatMs);
    end = min(end, former);
  }
  poll.beatMs = <u32>(end - begin) + 2 * BEAT_DRIFT_MS;
  poll.beatAt = intervalMs ? end + intervalMs + BEAT_DRIFT_MS : 0;
  poll.intervalMs = <u32>intervalMs;
}

export function pollDeadline(): i64 {
  return min(poll.listen, poll.due == NEVER ? NEVER : macWhen(poll.due));
}

export function pollTick(now: i64): i32 {
  if (!pollRuns()) return NwkHeard.None;
  if (poll.proveAt <= now && network.keys != 0 && nwkState.open == 0 && !joinBusy() && !prove(now)) return lost(Err.Timeout);
  if (poll.listen <= now) pollRest();
  if (poll.due > now || !macIdle(now) || macDataRequest(network.parent, now) < 0) return NwkHeard.None;
  if (poll.due) poll.since = poll.askedAt; // else it asks for what was announced
  poll.askedAt = now;
  let fast = poll.fastMs << min(poll.empty++ >>> EMPTY_SHIFT, EMPTY_SHIFT_MAX);
  if (max(poll.expected, poll.own) <= now) poll.empty = 0;
  poll.due = min(now + (poll.empty ? min(fast, poll.periodMs) : poll.periodMs), beat(now));
  return NwkHeard.None;
}

/** When the rhythm wants the next request. */
function beat(now: i64): i64 {
  if (poll.beatAt == 0) return NEVER;
  let late = now - poll.beatAt - BEAT_LATE_MS;
  if (late >= 0) poll.beatAt += (late / poll.intervalMs + 1) * poll.intervalMs;
  let middle = poll.beatAt - (poll.beatMs >> 1);
  return poll.beatMs > BEAT_MS && middle > now ? middle : poll.beatAt + BEAT_LATE_MS;
}

/** A frame to the parent has left, or not; `ParentLost` after a few that were not acknowledged. */
export function pollSent(now: i64): i32 {
  let status = macHeard.status;
  if (status == Err.Ok) {
    poll.failures = 0;
    poll.answeredAt = now;
    if (macHeard.purpose != MacPurpose.DataRequest || !macHeard.pending || !pollRuns()) return NwkHeard.None;
    poll.listen = now + LISTEN_MS;
    poll.due = max(poll.due, poll.listen);
    macReceive(true);
    return NwkHeard.None;
  }
  if (status != Err.NoAck || ++poll.failures < FAILURES_MAX || now < poll.answeredAt + DEAF_MS) return NwkHeard.None;
  return lost(status);
}

/** A frame was heard while we listened; the MAC header says whether another waits. */
export function pollHeard(): void {
  let frame = macHeard.frame;
  if (poll.listen == NEVER || (frame.targetMode == MAC_SHORT && frame.targetShort == MAC_BROADCAST)) return;
  poll.empty = 0;
  pollRest();
  if (frame.pending) poll.due = 0;
}

function pollRest(): void {
  macReceive(false);
  poll.listen = NEVER;
}

/**
 * Tells the parent how long we may be silent, and hears whether we are its child: end-device timeout request of revision 21, section
 * 3.4.11.  False: we are not, as far as can be told.
 */
function prove(now: i64): bool {
  if (poll.asked == PROVE_MAX) {
    poll.proveAt = NEVER;
    return poll.proven;
  }
  poll.asked++;
  poll.proveAt = now + PROVE_MS;
  sendCommand(network.parent, 1, true, nwkTimeoutRequestEmit(commandOut, NWK_TIMEOUT_DEFAULT));
  poll.own = max(poll.own, poll.proveAt);
  poll.due = min(poll.due, now + poll.fastMs);
  return true;
}

function lost(status: i32): i32 {
  poll.failures = 0;
  poll.proven = false;
  return nwkTell(NwkHeard.ParentLost, network.parent, nwkExtendedOf(network.parent), 0, status);
}
