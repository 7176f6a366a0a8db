// The stack of an end device, bottom to top.
//
//   event -> nwkInput -> apsInput -> zdoInput | Message        commands of the trust centre -> security/joiner.ts
import { NEVER } from "../core/timers";
import { apsDeadline, apsExpecting, apsInput, apsReset, apsTick } from "./aps/aps";
import { ApsHeard } from "./aps/types";
import { nwkDeadline, nwkExpect, nwkInput, nwkLeave, nwkReset, nwkTick } from "./nwk/end_device";
import { NwkHeard } from "./nwk/nwk";
import { joinerCommand, joinerDeadline, joinerReset } from "./security/joiner";
import { StackHeard } from "./stack";
import { memberFromAps, memberFromNwk, memberJoinFailed } from "./stack_member";

export { StackHeard } from "./stack";

@unmanaged @final
class State {
  /** Until when the layers above expect something. */
  until: i64;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

/** Starts all layers; answers whether the network of the store was resumed. */
export function stackReset(now: i64, reason: u32): bool {
  let resumed = nwkReset(now);
  apsReset(now);
  state.until = 0;
  joinerReset(); // without a good install code the device runs, but no network will give it a key
  return resumed;
}

/** Takes an event of the radio. */
export function stackInput(event: usize, now: i64): i32 {
  return expect(fromNwk(nwkInput(event, now), now), now);
}

/** Does one thing that is due. */
export function stackTick(now: i64): i32 {
  if (joinerDeadline() <= now) return memberJoinFailed();
  if (apsDeadline() <= now) return expect(memberFromAps(apsTick(now), now), now);
  expect(StackHeard.None, now);
  return nwkDeadline() <= now ? expect(fromNwk(nwkTick(now), now), now) : <i32>StackHeard.None;
}

export function stackDeadline(): i64 {
  return min<i64>(joinerDeadline(), min<i64>(apsDeadline(), nwkDeadline()));
}

function fromNwk(heard: i32, now: i64): i32 {
  if (heard != NwkHeard.Data) return memberFromNwk(heard, now);
  let found = apsInput(now);
  if (found == ApsHeard.Command) found = joinerCommand(now);
  if (found == ApsHeard.RemoveMe) nwkLeave(); // NwkHeard.Left follows
  return memberFromAps(found, now);
}

/** The layers above expect something until then, 0: nothing. */
export function stackExpect(until: i64, now: i64): void {
  state.until = until;
  expect(StackHeard.None, now);
}

/** While an answer is due, the parent is asked for it often. */
function expect(heard: i32, now: i64): i32 {
  let until = max<i64>(state.until, apsExpecting());
  if (joinerDeadline() != NEVER) until = max<i64>(until, joinerDeadline());
  nwkExpect(until, now);
  return heard;
}
