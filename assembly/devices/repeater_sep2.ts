// A repeater in phase 2: a router and nothing else.
import { clockReset } from "../model/clock";
import { faceDeadline, faceInput, faceReset, faceTick } from "../sep2/repeater";
import { event, loopBegin, loopEnd, loopIsRadio, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  clockReset();
  faceReset(now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) if (loopIsRadio()) faceInput(event, now);
  faceTick(now);
  return loopEnd(faceDeadline(), now);
}
