// An electricity meter in phase 2.
import { meterInput, meterReset } from "../application/meter/meter";
import { EventKind } from "../core/host";
import { faceDeadline, faceInput, faceJoined, faceKeyed, faceReached, faceReset, faceTick } from "../sep2/meter";
import { upgradeDeadline, upgradeReset, upgradeTick } from "../upgrade/upgrade";
import { event, loopBegin, loopEnd, loopIsRadio, loopKind, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  meterReset(now);
  upgradeReset(now);
  faceReset(now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) {
    if (loopKind() == EventKind.Measured) meterInput(event, now);
    else if (loopIsRadio()) faceInput(event, now);
  }
  faceTick(now);
  upgradeTick(faceJoined(), faceKeyed(), faceReached(), now);
  return loopEnd(min<i64>(faceDeadline(), upgradeDeadline(now)), now);
}
