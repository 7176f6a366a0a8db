// A communications hub in phase 1.
import { HubHeard, hubAsked, hubDeadline, hubInput, hubReset, hubTell, hubTick } from "../application/hub/hub";
import { hubRefused, hubRemoved } from "../application/hub/refusal";
import { hubRequested } from "../application/hub/request";
import { EventKind } from "../core/host";
import {
  faceAdmit, faceDeadline, faceGone, faceInput, faceJoined, faceOffer, facePermit, faceRekey, faceRemove, faceRequested,
  faceReset, faceTick,
} from "../sep1/hub";
import { event, loopBegin, loopEnd, loopIsRadio, loopKind, loopNext, loopRest, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  hubReset(now);
  faceReset(reason, now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) {
    if (loopIsRadio()) {
      faceInput(event, now);
      gone();
      request();
    } else if (loopKind() == EventKind.Uplink) asked(hubInput(event, now), now);
  }
  asked(hubTick(faceJoined(), now), now);
  faceTick(now);
  gone();
  if (hubTell()) loopRest();
  return loopEnd(min<i64>(faceDeadline(), hubDeadline(now)), now);
}

/** What the head-end wants of the network. */
function asked(what: i32, now: i64): void {
  let done: i32 = 0;
  switch (what) {
    case HubHeard.Admit: done = faceAdmit(hubAsked.extended, hubAsked.code, hubAsked.size, now); break;
    case HubHeard.Remove: done = faceRemove(hubAsked.extended, now); break;
    case HubHeard.Permit: done = facePermit(hubAsked.seconds, now); break;
    case HubHeard.Rekey: done = faceRekey(hubAsked.seconds, now); break;
    case HubHeard.Rollout: return faceOffer(hubAsked.image, now);
    default: return;
  }
  if (done < 0) hubRefused(event, done);
}

/** The head-end hears of a device that wants a certificate. */
function request(): void {
  if (faceRequested.size == 0) return;
  hubRequested(faceRequested.extended, faceRequested.payload, faceRequested.size);
  faceRequested.size = 0;
}

/** The head-end hears of a device that has been removed. */
function gone(): void {
  let extended = faceGone();
  if (extended != 0) hubRemoved(extended);
}
