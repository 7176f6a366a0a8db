// The hub's clusters: the rows of assembly/sep1/instances/hub.ts.
import { ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { ZclHeard, zclDefault } from "../zigbee/zcl/zcl";
import { hubCommand, hubRefresh, hubWritten } from "./instances/hub";
import { MirrorHeard, mirrorCommand, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { requestedInput } from "./ota/requested";
import { policyInput } from "./policy";

/** The message in `apsHeard`; answers a `MirrorHeard`. */
export function hubMirrorInput(now: i64): i32 {
  if (requestedInput(now)) return MirrorHeard.None;
  let kind = policyInput(now);
  if (mirrorIsRequest(kind)) {
    hubRefresh(now);
    if (mirrorServe(kind, now)) hubWritten(now);
  } else if (kind == ZclHeard.Cluster) return hubCommand(now) ? <i32>MirrorHeard.None : mirrorCommand(now);
  else if (kind == ZclHeard.Default) return mirrorDefault();
  else if (kind != ZclHeard.None) zclDefault(ZCL_SUCCESS, now); // answers and reports that nobody here asked for
  return MirrorHeard.None;
}
