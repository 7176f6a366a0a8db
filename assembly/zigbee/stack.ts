// What every device's stack has in common.  A device's entry imports one of stack_coordinator.ts, stack_router.ts, stack_end_device.ts:
// each reads an event from the bottom to the top, and says what the layer above should know.
import { ApsHeard, apsHeard } from "./aps/types";
import { ZdoHeard, zdoInput } from "./zdo/zdo";

/** What the stack found, and where its details are. */
export enum StackHeard {
  None = 0,
  Message = 1,       // apsHeard: data for an endpoint of ours
  Joined = 2,        // nwkHeard: there is a short address, the network key is still to come
  JoinFailed = 3,    // nwkHeard.status, or the network key did not come
  Formed = 4,        // the network is ours, with its key
  Authenticated = 5, // the network key is here, and everyone was told
  LinkKey = 6,       // apsHeard.sourceExtended: an application link key with that partner is installed
  Confirm = 7,       // apsHeard.handle, status
  ZdoAnswer = 8,     // zdoHeard
  DeviceJoined = 9,  // apsHeard.sourceExtended, source: a device has the network key and announced itself
  DeviceLeft = 10,   // apsHeard.sourceExtended, source
  Left = 11,         // we were sent away; nwkHeard.status 1: and asked to rejoin
  ParentLost = 12,
  KeyRequested = 13, // apsHeard.sourceExtended got an application link key
  DeviceRemoved = 14, // apsHeard.sourceExtended was sent away for good
}

/** A message or a confirmation of APS, for whoever it is. */
export function stackFromAps(heard: i32, now: i64): i32 {
  switch (heard) {
    case ApsHeard.Message: return apsHeard.targetEndpoint != 0 ? <i32>StackHeard.Message : zdo(now);
    // ZDO's own questions are answered or not; their acknowledgements are of no interest.
    case ApsHeard.Confirm: return apsHeard.targetEndpoint != 0 ? <i32>StackHeard.Confirm : StackHeard.None;
    case ApsHeard.KeyLink: return StackHeard.LinkKey;
    case ApsHeard.DeviceJoined: return StackHeard.DeviceJoined;
    case ApsHeard.DeviceLeft: return StackHeard.DeviceLeft;
    case ApsHeard.KeyRequested: return StackHeard.KeyRequested;
    case ApsHeard.DeviceRemoved: return StackHeard.DeviceRemoved;
    default: return StackHeard.None;
  }
}

function zdo(now: i64): i32 {
  return zdoInput(now) == ZdoHeard.None ? StackHeard.None : StackHeard.ZdoAnswer;
}
