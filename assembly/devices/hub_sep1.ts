// A communications hub in phase 1.
import { HubHeard, hubAsked, hubDeadline, hubInput, hubReset, hubTell, hubTick } from "../application/hub/hub";
import { EventKind } from "../core/host";
import { faceAdmit, faceDeadline, faceInput, faceJoined, faceOffer, facePermit, faceRekey, faceReset, faceTick } from "../sep1/hub";
import { event, loopBegin, loopEnd, loopIsRadio, loopKind, loopNext, loopRest, loopStart } from "./loop";

export { abi } from "./loop";

export function start(now: i64, reason: u32): void {
  loopStart(reason);
  hubReset(now);
  faceReset(reason, now);
}

export function poll(now: i64): i64 {
  for (loopBegin(now); loopNext();) {
    if (loopIsRadio()) faceInput(event, now);
    else if (loopKind() == EventKind.Uplink) asked(hubInput(event, now), now);
  }
  asked(hubTick(faceJoined(), now), now);
  faceTick(now);
  if (hubTell()) loopRest();
  return loopEnd(min<i64>(faceDeadline(), hubDeadline(now)), now);
}

/** What the head-end wants of the network. */
function asked(what: i32, now: i64): void {
  switch (what) {
    case HubHeard.Admit: return faceAdmit(hubAsked.extended, hubAsked.code, hubAsked.size);
    case HubHeard.Permit: return facePermit(hubAsked.seconds, now);
    case HubHeard.Rekey: return faceRekey(hubAsked.seconds, now);
    case HubHeard.Rollout: return faceOffer(hubAsked.image, now);
    default: return;
  }
}
