// A communications hub in phase 2.
import { hubRefused, hubRemoved } from "../application/hub/refusal";
import { SupplierHeard, supplierInput, supplierMember } from "../application/hub/supplier";
import { EventKind } from "../core/host";
import { clockReset } from "../model/clock";
import { tariffLoad } from "../model/tariff";
import { faceDeadline, faceInput, faceMember, faceRekey, faceRemove, faceReset, faceTick } from "../sep2/hub";
import { event, loopBegin, loopEnd, loopIsRadio, loopKind, loopNext, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  clockReset();
  tariffLoad();
  faceReset(now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) {
    if (loopIsRadio() || loopKind() == EventKind.LinkReceived) faceInput(event, now);
    else if (loopKind() == EventKind.Uplink) asked(supplierInput(event, now), now);
  }
  faceTick(now);
  return loopEnd(faceDeadline(), now);
}

/** What the head-end wants of the network. */
function asked(what: i32, now: i64): void {
  let done: i32 = 0;
  switch (what) {
    case SupplierHeard.Rekey: { done = faceRekey(now); break; }
    case SupplierHeard.Member: {
      let member = supplierMember(event);
      done = faceMember(member.extended, member.lfdi, member.state, now);
      break;
    }
    case SupplierHeard.Remove: {
      let extended = supplierMember(event).extended;
      done = faceRemove(extended, now);
      if (done >= 0) hubRemoved(extended);
    }
  }
  if (done < 0) hubRefused(event, done);
}
