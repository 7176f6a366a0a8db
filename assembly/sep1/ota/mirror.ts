// What the mirrors of devices with an OTA client have in common.
import { ZclHeard, zclDefault, zclHeard } from "../../zigbee/zcl/zcl";
import { ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { CLUSTER_OTA } from "../clusters";
import { otaClientRead, otaClientRefused } from "./client";

/** An answer to a read and a default response that concern the client; a default response has more to tell, so it answers false. */
export function otaMirrorOther(kind: i32, now: i64): bool {
  if (zclHeard.cluster != CLUSTER_OTA || !zclHeard.toClient) return false;
  if (kind == ZclHeard.Default) otaClientRefused(now);
  if (kind != ZclHeard.ReadAnswer) return false;
  otaClientRead(now);
  zclDefault(ZCL_SUCCESS, now);
  return true;
}
