// A sleepy end device asks its parent for frames: 05-3474 section 3.6.1 and IEEE 802.15.4-2006 section 7.5.6.3.
//
//   Sleep -> (due) Wanted -> Asked (in flight) -> Sleep, nothing pending
//                                             \-> Listen -> Sleep, or Wanted when the frame announced another
//
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { MAC_BROADCAST, MAC_SHORT } from "../../mac/frame";
import { MacPurpose, mac, macDataRequest, macDeadline, macHeard, macIdle, macReceive } from "../../mac/mac";
import { NWK_TIMEOUT_REQUEST } from "./command";
import { nwkExtendedOf } from "./addresses";
import { sendCommand } from "./send";
import { NwkHeard, network, nwkState, nwkTell } from "./state";

enum State { Sleep = 0, Wanted, Asked, Listen }

@unmanaged @final
class Poll {
  due: i64;
  /** Fast until then. */
  expected: i64;
  state: i32;
  periodMs: u32;
  /** Requests without acknowledgement, one after the other. */
  failures: u32;
  /** Whether the parent was told how long we may be silent. */
  introduced: bool;
}

const poll = changetype<Poll>(memory.data(offsetof<Poll>(), 8));
const command = memory.data(3);

/** Between two requests while something is expected. */
const FAST_MS: u32 = 100;
/** Table 5-4 of the Smart Energy profile recommends a minute; 7 s keeps within the parent's memory for a frame. */
const PERIOD_MS: u32 = 7000;
const LISTEN_MS: i64 = 100;
/** Time for the trust centre's key after a join. */
const JOIN_FAST_MS: i64 = 10_000;
const FAILURES_MAX: u32 = 3;
/** 2^8 = 256 minutes, nwkEndDeviceTimeoutDefault. */
const TIMEOUT_INDEX: u32 = 8;

export function pollReset(): void {
  poll.state = State.Sleep;
  poll.due = NEVER;
  poll.expected = 0;
  poll.periodMs = PERIOD_MS;
}

/** Starts asking a new parent, fast at first. */
export function pollStart(now: i64): void {
  poll.state = State.Wanted;
  poll.due = now;
  poll.expected = now + JOIN_FAST_MS;
  poll.failures = 0;
  poll.introduced = false;
  macReceive(false);
}

export function pollRuns(): bool {
  return poll.state != State.Sleep || poll.due != NEVER;
}

export function pollStop(): void {
  poll.state = State.Sleep;
  poll.due = NEVER;
}

/** How often to ask when nothing is expected. */
export function nwkPollPeriod(periodMs: u32): void {
  poll.periodMs = periodMs;
}

/** Asks often until then: something is expected. */
export function nwkExpect(until: i64): void {
  if (until <= poll.expected) return;
  poll.expected = until;
  if (poll.state == State.Sleep && poll.due != NEVER) poll.state = State.Wanted;
}

export function pollDeadline(): i64 {
  switch (poll.state) {
    case State.Wanted: return macDeadline();
    case State.Asked: return mac.guard;
    default: return poll.due;
  }
}

export function pollTick(now: i64): void {
  if (!poll.introduced && network.keys != 0 && nwkState.open == 0 && poll.due != NEVER) introduce();
  if (poll.state == State.Listen && poll.due <= now) pollRest(now);
  if (poll.state == State.Sleep && poll.due <= now) poll.state = State.Wanted;
  if (poll.state == State.Asked && macIdle(now)) pollRest(now);
  if (poll.state == State.Wanted && macIdle(now) && macDataRequest(network.parent, now) == Err.Ok) poll.state = State.Asked;
}

/** A frame to the parent has left, or not; `ParentLost` after a few that were not acknowledged. */
export function pollSent(now: i64): i32 {
  let asked = poll.state == State.Asked && macHeard.purpose == MacPurpose.DataRequest;
  let status = macHeard.status;
  if (asked && status == Err.Ok && macHeard.pending) {
    poll.state = State.Listen;
    poll.due = now + LISTEN_MS;
    macReceive(true);
  } else if (asked) pollRest(now);
  if (status != Err.NoAck) {
    if (status == Err.Ok) poll.failures = 0;
    return NwkHeard.None;
  }
  if (++poll.failures < FAILURES_MAX) return NwkHeard.None;
  poll.failures = 0;
  return nwkTell(NwkHeard.ParentLost, network.parent, nwkExtendedOf(network.parent), 0, Err.NoAck);
}

/** A frame was heard while we listened; the MAC header says whether another waits. */
export function pollHeard(now: i64): void {
  let frame = macHeard.frame;
  if (poll.state != State.Listen || (frame.targetMode == MAC_SHORT && frame.targetShort == MAC_BROADCAST)) return;
  pollRest(now);
  if (frame.pending) poll.state = State.Wanted;
}

function pollRest(now: i64): void {
  macReceive(false);
  poll.state = State.Sleep;
  poll.due = now + (poll.expected > now ? min(FAST_MS, poll.periodMs) : poll.periodMs);
}

/** Tells the parent how long we may be silent: end-device timeout request of revision 21, section 3.4.11. */
function introduce(): void {
  store<u8>(command, NWK_TIMEOUT_REQUEST);
  store<u8>(command, TIMEOUT_INDEX, 1);
  store<u8>(command, 0, 2);
  poll.introduced = changetype<usize>(sendCommand(network.parent, nwkExtendedOf(network.parent), 1, true, command, 3)) != 0;
}
