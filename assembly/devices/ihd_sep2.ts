// An in-home display in phase 2.
import { ihdDeadline, ihdReset, ihdTick } from "../application/ihd/ihd";
import { faceDeadline, faceInput, faceReset, faceTick } from "../sep2/ihd";
import { event, loopBegin, loopEnd, loopIsRadio, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  ihdReset(now);
  faceReset(now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) if (loopIsRadio()) faceInput(event, now);
  faceTick(now);
  ihdTick(now);
  return loopEnd(min<i64>(faceDeadline(), ihdDeadline()), now);
}
