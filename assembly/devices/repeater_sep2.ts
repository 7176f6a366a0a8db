// A repeater in phase 2: a router and nothing else.
import { clockReset } from "../model/clock";
import { faceDeadline, faceInput, faceJoined, faceKeyed, faceReached, faceReset, faceTick } from "../sep2/repeater";
import { upgradeDeadline, upgradeReset, upgradeTick } from "../upgrade/upgrade";
import { event, loopBegin, loopEnd, loopIsRadio, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  clockReset();
  upgradeReset(now);
  faceReset(now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) if (loopIsRadio()) faceInput(event, now);
  faceTick(now);
  upgradeTick(faceJoined(), faceKeyed(), faceReached(), now);
  return loopEnd(min<i64>(faceDeadline(), upgradeDeadline(now)), now);
}
