// A communications hub in both phases at once: two networks on one radio.
//
//   radio -> by its interface        Ethernet -> phase 2        uplink -> phase 1, from Open on phase 2, Rekey both
import { HubHeard, hubAsked, hubDeadline, hubInput, hubReset, hubTell, hubTick } from "../application/hub/hub";
import { hubRefused, hubRemoved } from "../application/hub/refusal";
import { hubRequested } from "../application/hub/request";
import { secondInput, secondIsAsked, secondRekey, secondRemove, secondReset, secondTick, secondUplink } from "../bridge/second";
import { EventKind } from "../core/host";
import {
  faceAdmit, faceChannel, faceDeadline, faceGone, faceInput, faceJoined, faceOffer, facePermit, faceRekey, faceRemove, faceRequested,
  faceReset, faceTick,
} from "../sep1/hub_proxy";
import { event, loopBegin, loopEnd, loopIsRadio, loopKind, loopNext, loopRest, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  hubReset(now);
  secondReset(now);
  faceReset(reason, now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) {
    if (loopKind() == EventKind.LinkReceived || secondIsAsked(event)) secondInput(event, now);
    else if (loopIsRadio()) {
      faceInput(event, now);
      told();
    } else if (loopKind() == EventKind.Uplink && !secondUplink(event, now)) asked(hubInput(event, now), now);
  }
  asked(hubTick(faceJoined(), now), now);
  faceTick(now);
  told();
  if (hubTell()) loopRest();
  return loopEnd(min<i64>(secondTick(faceJoined() ? faceChannel() : 0, now), min<i64>(faceDeadline(), hubDeadline(now))), now);
}

/** What the head-end wants of the network.  Both get another key: who is to have neither may have been in either. */
function asked(what: i32, now: i64): void {
  let done: i32 = 0;
  switch (what) {
    case HubHeard.Admit: done = faceAdmit(hubAsked.extended, hubAsked.code, hubAsked.size, now); break;
    case HubHeard.Remove: done = secondRemove(hubAsked.extended, faceRemove(hubAsked.extended, now), now); break;
    case HubHeard.Permit: done = facePermit(hubAsked.seconds, now); break;
    case HubHeard.Rekey: done = min<i32>(faceRekey(hubAsked.seconds, now), secondRekey(now)); break;
    case HubHeard.Rollout: return faceOffer(hubAsked.image, now);
    default: return;
  }
  if (done < 0) hubRefused(event, done);
}

/** The head-end hears of a device that has been removed, and of one that wants a certificate. */
function told(): void {
  let extended = faceGone();
  if (extended != 0) hubRemoved(extended);
  if (faceRequested.size == 0) return;
  hubRequested(faceRequested.extended, faceRequested.payload, faceRequested.size);
  faceRequested.size = 0;
}
