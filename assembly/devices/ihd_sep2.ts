// An in-home display in phase 2.
import { ihdDeadline, ihdReset, ihdTick } from "../application/ihd/ihd";
import { faceDeadline, faceInput, faceJoined, faceKeyed, faceReached, faceReset, faceTick } from "../sep2/ihd";
import { upgradeDeadline, upgradeReset, upgradeTick } from "../upgrade/upgrade";
import { event, loopBegin, loopEnd, loopIsRadio, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  ihdReset(now);
  upgradeReset(now);
  faceReset(now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) if (loopIsRadio()) faceInput(event, now);
  faceTick(now);
  upgradeTick(faceJoined(), faceKeyed(), faceReached(), now);
  ihdTick(now);
  return loopEnd(min<i64>(faceDeadline(), min<i64>(upgradeDeadline(now), ihdDeadline())), now);
}
