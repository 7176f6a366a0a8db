// The module of last resort in the native firmware of meter and display: joins or rejoins, agrees on a key, loads an update and
// activates it; nothing else.
import { display } from "../core/host";
import { clockReset } from "../model/clock";
import { faceDeadline, faceInput, faceJoined, faceKeyed, faceReached, faceReset, faceTick } from "../sep1/factory";
import { upgradeDeadline, upgradeReset, upgradeTick } from "../upgrade/upgrade";
import { event, loopBegin, loopEnd, loopIsRadio, loopNext, loopRest, loopStart } from "./loop";

export { abi } from "./loop";

// "Updating...     "
const line = memory.data<u8>([0x55, 0x70, 0x64, 0x61, 0x74, 0x69, 0x6e, 0x67, 0x2e, 0x2e, 0x2e, 0x20, 0x20, 0x20, 0x20, 0x20]);
const LINE_SIZE: u32 = 16;

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  clockReset();
  upgradeReset(now);
  display(0, line, LINE_SIZE); // a meter has no display, and answers so
  faceReset(reason, now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) if (loopIsRadio() && faceInput(event, now)) loopRest();
  faceTick(now);
  upgradeTick(faceJoined(), faceKeyed(), faceReached(), now);
  return loopEnd(min<i64>(faceDeadline(), upgradeDeadline(now)), now);
}
