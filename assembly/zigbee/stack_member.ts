// What a router's and an end device's stack have in common: they are members of a network that another device formed.
import { bindingsErase } from "./aps/binding";
import { ApsHeard } from "./aps/types";
import { nwkHeard, NwkHeard } from "./nwk/nwk";
import { nwkJoinUndo } from "./nwk/join";
import { joinerFailed, joinerForget, joinerJoined } from "./security/joiner";
import { stackFromAps, StackHeard } from "./stack";
import { zdoAnnounce } from "./zdo/zdo";

/** What the NWK layer says of our membership. */
export function memberFromNwk(heard: i32, now: i64): i32 {
  switch (heard) {
    case NwkHeard.Joined: return joinerJoined(nwkHeard.status != 0, now) ? authenticated(now) : <i32>StackHeard.Joined;
    case NwkHeard.JoinFailed: return memberJoinFailed();
    case NwkHeard.ParentLost: return StackHeard.ParentLost;
    case NwkHeard.AddressConflict: {
      zdoAnnounce(now);
      return StackHeard.None;
    }
    case NwkHeard.Left: return left(nwkHeard.status != 0);
    default: return StackHeard.None;
  }
}

/** There is no network key to be had: the device is where it was before. */
export function memberJoinFailed(): i32 {
  nwkJoinUndo();
  joinerFailed();
  return StackHeard.JoinFailed;
}

/** What came of an APS frame, the command in it followed. */
export function memberFromAps(heard: i32, now: i64): i32 {
  return heard == ApsHeard.KeyNetwork ? authenticated(now) : stackFromAps(heard, now);
}

/** Out of the network.  Who is to rejoin keeps its keys. */
function left(rejoin: bool): i32 {
  if (!rejoin) {
    joinerForget();
    bindingsErase();
  }
  return StackHeard.Left;
}

function authenticated(now: i64): i32 {
  zdoAnnounce(now);
  return StackHeard.Authenticated;
}
