// A repeater's face in phase 2: a router of ZigBee IP that carries the packets of others, and asks for the time.
//
//   radio -> stackInput -> streams -> HTTP client        due -> stack, streams, time
import { joinChannel } from "../ip/join";
import { stackDeadline, stackInput, stackParent, stackReset, stackTick } from "../ip/stack_router";
import { streamAbort } from "../ip/tcp/stream";
import { clientsChanged, clientsDeadline, clientsReset, clientsStack, clientsTick } from "./client";

const TURNS: u32 = 8;

// Who has the network's key has proved by its certificate who it is.
export { clientsJoined as faceJoined, clientsJoined as faceKeyed, clientsReached as faceReached } from "./client";

export function faceReset(now: i64): void {
  clientsReset(now);
  stackReset(now);
}

/** Takes an event of the radio. */
export function faceInput(event: usize, now: i64): void { heard(stackInput(event, now), now); }

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  for (let number = clientsChanged(now); number >= 0; number = clientsChanged(now)) streamAbort(<u32>number, now); // nobody is served here
  clientsTick(stackParent(), now);
}

export function faceDeadline(): i64 { return min<i64>(stackDeadline(), clientsDeadline()); }

function heard(what: i32, now: i64): void { clientsStack(what, joinChannel(), now); }
