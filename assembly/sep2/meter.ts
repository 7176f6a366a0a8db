// A meter's face in phase 2: a router of ZigBee IP that serves its resources.
//
//   radio -> stackInput -> streams -> HTTP: asked, asks        due -> stack, streams, server, time
import { NEVER } from "../core/timers";
import { joinChannel } from "../ip/join";
import { streamServe } from "../ip/tcp/stream";
import { StackHeard } from "../ip/stack";
import { stackDeadline, stackInput, stackParent, stackReset, stackTick } from "../ip/stack_router";
import { clientsChanged, clientsDeadline, clientsHeard, clientsIdle, clientsReset, clientsStack, clientsTick } from "./client";
import { METER_SETS, discoveryServe } from "./discovery";
import { httpAnswer, httpDeadline, httpInput, httpNext, httpReset } from "./http/server";
import { mirroredDeadline, mirroredHeard, mirroredReset, mirroredStart, mirroredTick } from "./mirrored";
import { HTTP_PORT, HTTPS_PORT } from "./ports";
import { resourcesReset } from "./resource";
import { METER } from "./rights";
import { meterServe } from "./serve_meter";

const TURNS: u32 = 8;

// Who has the network's key has proved by its certificate who it is.
export { clientsJoined as faceJoined, clientsJoined as faceKeyed, clientsReached as faceReached } from "./client";

export function faceReset(now: i64): void {
  clientsReset(now);
  mirroredReset();
  stackReset(now);
  resourcesReset(METER);
  httpReset();
  streamServe(HTTP_PORT, false);
  streamServe(HTTPS_PORT, true);
  discoveryServe(METER_SETS);
}

/** Takes an event of the radio. */
export function faceInput(event: usize, now: i64): void { heard(stackInput(event, now), now); }

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  for (let number = clientsChanged(now); number >= 0; number = clientsChanged(now)) httpInput(<u32>number, now);
  while (httpNext(now)) httpAnswer(meterServe(now), now);
  mirroredHeard(clientsHeard(), now);
  clientsTick(stackParent(), now);
  mirroredTick(now);
}

export function faceDeadline(): i64 {
  let asks = min<i64>(clientsDeadline(), clientsIdle() ? mirroredDeadline() : NEVER);
  return min<i64>(stackDeadline(), min<i64>(httpDeadline(), asks));
}

function heard(what: i32, now: i64): void {
  clientsStack(what, joinChannel(), now);
  if (what == StackHeard.Joined) mirroredStart(now);
}
