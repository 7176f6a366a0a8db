// What the three devices' mirrors have in common.  A mirror is all of a device's clusters: it answers from the model and writes
// what it is told into the model.  Which clusters a device has is in clusters/instances.json.
import { ApsKeyKind, apsHeard } from "../zigbee/aps/aps";
import { ZCL_FAILURE, ZCL_NO_CLUSTER, ZCL_NO_CLUSTER_COMMAND, ZCL_NO_GENERAL_COMMAND } from "../zigbee/zcl/foundation";
import { instanceAttributes } from "../zigbee/zcl/instances";
import { zclServe } from "../zigbee/zcl/serve";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { CLUSTER_KEY_ESTABLISHMENT } from "./clusters";
import { policyNeedsLinkKey } from "./policy";

/** What a mirror leaves to the device. */
export enum MirrorHeard {
  None = 0,
  /** A command of the Key Establishment cluster, in `zclHeard`. */
  KeyEstablishment = 1,
  /** The partner `apsHeard.sourceExtended` has no link key with us (any more). */
  KeyLost = 2,
}

/** Whether a kind asks a server of attributes for something. */
export function mirrorIsRequest(kind: i32): bool {
  return kind >= ZclHeard.Read && kind <= ZclHeard.Discover;
}

/** Answers a request for attributes; true when one was written. */
export function mirrorServe(kind: i32, now: i64): bool {
  let row = zclHeard.instance;
  if (!row && !zclHeard.toClient) zclDefault(ZCL_NO_CLUSTER, now);
  else if (kind == ZclHeard.Reporting) zclDefault(ZCL_NO_GENERAL_COMMAND, now);
  else return zclServe(kind, row ? instanceAttributes(row) : 0, now);
  return false;
}

/** A command that no cluster took; answers a `MirrorHeard`. */
export function mirrorCommand(now: i64): i32 {
  if (zclHeard.cluster == CLUSTER_KEY_ESTABLISHMENT) return MirrorHeard.KeyEstablishment;
  zclDefault(zclHeard.instance ? ZCL_NO_CLUSTER_COMMAND : ZCL_NO_CLUSTER, now);
  return MirrorHeard.None;
}

/** What a default response means to the device. */
export function mirrorDefault(): i32 {
  let denied = load<u8>(zclHeard.payload, 1) == ZCL_FAILURE && apsHeard.keyKind != ApsKeyKind.Established;
  return denied && policyNeedsLinkKey() ? MirrorHeard.KeyLost : MirrorHeard.None;
}
