// What the mirrors of devices that joined somebody's network have in common: answers that their member's part asked for.
import { apsHeard } from "../zigbee/aps/aps";
import { KEY_SLOT_OWN } from "../zigbee/limits";
import { ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { CLUSTER_KEEP_ALIVE } from "./clusters";
import { keepAliveTake } from "./keep_alive/client";
import { otaMirrorOther } from "./ota/mirror";

/** As `otaMirrorOther`, and the trust centre's attributes of Keep-Alive. */
export function memberMirrorOther(kind: i32, now: i64): bool {
  if (kind != ZclHeard.ReadAnswer || zclHeard.cluster != CLUSTER_KEEP_ALIVE) return otaMirrorOther(kind, now);
  if (zclHeard.toClient && apsHeard.keySlot == KEY_SLOT_OWN + 1) keepAliveTake();
  zclDefault(ZCL_SUCCESS, now);
  return true;
}
