// What the three devices' mirrors have in common.  A mirror is all of a device's clusters: it answers from the model and writes
// what it is told into the model.  One file per kind of device: mirror_hub.ts, mirror_meter.ts, mirror_ihd.ts.
import { ApsKeyKind, apsHeard } from "../zigbee/aps/aps";
import { ZCL_FAILURE, ZCL_NO_CLUSTER, ZCL_NO_GENERAL_COMMAND } from "../zigbee/zcl/foundation";
import { zclServe } from "../zigbee/zcl/serve";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
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

/** Answers a request for the attributes in `table`, 0 = a cluster we do not have; true leaves a read to the caller. */
export function mirrorServe(kind: i32, table: usize, now: i64): bool {
  if (table == 0 && !zclHeard.toClient) zclDefault(ZCL_NO_CLUSTER, now);
  else if (kind == ZclHeard.Read) return true;
  else if (kind == ZclHeard.Reporting) zclDefault(ZCL_NO_GENERAL_COMMAND, now);
  else zclServe(kind, table, now);
  return false;
}

/** What a default response means to the device. */
export function mirrorDefault(): i32 {
  let denied = load<u8>(zclHeard.payload, 1) == ZCL_FAILURE && apsHeard.keyKind != ApsKeyKind.Established;
  return denied && policyNeedsLinkKey(zclHeard.cluster) ? MirrorHeard.KeyLost : MirrorHeard.None;
}
