// A display's face in phase 2: a host of ZigBee IP that sleeps, and asks.
//
//   radio -> stackInput -> streams -> HTTP client        due -> stack, streams, time
import { NEVER } from "../core/timers";
import { joinChannel } from "../ip/join";
import { StackHeard } from "../ip/stack";
import { stackDeadline, stackExpect, stackInput, stackParent, stackReset, stackTick } from "../ip/stack_host";
import { streamAbort } from "../ip/tcp/stream";
import { Progress, progressSet } from "../model/progress";
import { clientsChanged, clientsDeadline, clientsHeard, clientsIdle, clientsReset, clientsStack, clientsTick } from "./client";
import { shownDeadline, shownHeard, shownReset, shownStart, shownTick } from "./shown";

const TURNS: u32 = 8;

// Who has the network's key has proved by its certificate who it is.
export { clientsJoined as faceJoined, clientsJoined as faceKeyed, clientsReached as faceReached } from "./client";

export function faceReset(now: i64): void {
  clientsReset(now);
  shownReset();
  stackReset(now);
  progressSet(Progress.Searching);
}

/** Takes an event of the radio. */
export function faceInput(event: usize, now: i64): void { heard(stackInput(event, now), now); }

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  for (let number = clientsChanged(now); number >= 0; number = clientsChanged(now)) streamAbort(<u32>number, now); // nobody is served here
  shownHeard(clientsHeard(), now);
  if (clientsTick(stackParent(), now) || shownTick(now)) stackExpect(now);
}

export function faceDeadline(): i64 {
  return min<i64>(stackDeadline(), min<i64>(clientsDeadline(), clientsIdle() ? shownDeadline() : NEVER));
}

function heard(what: i32, now: i64): void {
  clientsStack(what, joinChannel(), now);
  if (what == StackHeard.Left) progressSet(Progress.Searching);
  if (what != StackHeard.Joined) return;
  progressSet(Progress.Binding);
  shownStart(now);
}
