// A repeater in phase 1: a router and nothing else.
import { clockReset } from "../model/clock";
import { faceDeadline, faceInput, faceJoined, faceKeyed, faceReached, faceReset, faceTick } from "../sep1/repeater";
import { upgradeDeadline, upgradeOnTrial, upgradeReset, upgradeTick } from "../upgrade/upgrade";
import { event, loopBegin, loopEnd, loopIsRadio, loopNext, loopRest, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  clockReset(); // nobody tells a repeater the time but the server of updates
  upgradeReset(now);
  faceReset(reason, upgradeOnTrial(), now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) if (loopIsRadio() && faceInput(event, now)) loopRest();
  faceTick(now);
  upgradeTick(faceJoined(), faceKeyed(), faceReached(), now);
  return loopEnd(min<i64>(faceDeadline(), upgradeDeadline(now)), now);
}
