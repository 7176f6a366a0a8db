// What every Smart Energy device does with a ZCL frame before a cluster sees it: SE 1.4a (07-5356) section 5.4.6.
//
//   not a frame ─▶ dropped      no link key where one is required ─▶ Default Response FAILURE under the network key
//   not for us to do ─▶ Default Response with the reason           else ─▶ the device's clusters
import { dropped } from "../core/drops";
import { Drop, Layer } from "../core/host";
import { CLUSTER_OTA } from "./clusters";
import { OTA_IMAGE_NOTIFY } from "./descriptors/ota";
import { ApsKeyKind, apsHeard } from "../zigbee/aps/aps";
import { ZCL_FAILURE } from "../zigbee/zcl/foundation";
import { INSTANCE_LINK_KEY, instanceFind, instanceFlags } from "../zigbee/zcl/instances";
import { ZclHeard, zclDefault, zclHeard, zclInput } from "../zigbee/zcl/zcl";

/** Whether the cluster heard is reserved to partners with an established link key; one without a row is. */
export function policyNeedsLinkKey(): bool {
  let row = instanceFind(zclHeard.endpoint, zclHeard.cluster, 0);
  return !row || (instanceFlags(row) & INSTANCE_LINK_KEY) != 0;
}

/** A broadcast has no link key: the notification of new files tells nothing, and its receiver asks under the link key. */
function needsLinkKey(kind: i32): bool {
  if (!policyNeedsLinkKey()) return false;
  return !(apsHeard.broadcast && zclHeard.cluster == CLUSTER_OTA && kind == ZclHeard.Cluster && zclHeard.command == OTA_IMAGE_NOTIFY);
}

/** Looks at the message in `apsHeard`; answers a `ZclHeard` for the clusters, or `None` when it is dealt with. */
export function policyInput(now: i64): i32 {
  let kind = zclInput();
  if (kind == ZclHeard.None) return ZclHeard.None;
  // A default response without the key is how a partner says that it has lost ours.
  if (kind != ZclHeard.Default && apsHeard.keyKind != ApsKeyKind.Established && needsLinkKey(kind)) {
    dropped(Layer.Zcl, Drop.NoKey);
    zclDefault(ZCL_FAILURE, now);
    return ZclHeard.None;
  }
  if (kind == ZclHeard.Refused) {
    zclDefault(zclHeard.status, now);
    return ZclHeard.None;
  }
  return kind;
}
