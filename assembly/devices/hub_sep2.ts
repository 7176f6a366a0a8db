// A communications hub in phase 2.
import { hubRefused } from "../application/hub/refusal";
import { supplierInput } from "../application/hub/supplier";
import { EventKind } from "../core/host";
import { clockReset } from "../model/clock";
import { faceDeadline, faceInput, faceRekey, faceReset, faceTick } from "../sep2/hub";
import { event, loopBegin, loopEnd, loopIsRadio, loopKind, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  clockReset();
  faceReset(now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) {
    if (loopIsRadio() || loopKind() == EventKind.LinkReceived) faceInput(event, now);
    else if (loopKind() == EventKind.Uplink && supplierInput(event, now)) rekey(now);
  }
  faceTick(now);
  return loopEnd(faceDeadline(), now);
}

function rekey(now: i64): void {
  let begun = faceRekey(now);
  if (begun < 0) hubRefused(event, begun);
}
