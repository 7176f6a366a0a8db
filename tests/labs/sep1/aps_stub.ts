// The edge below ZCL for the tests of the clusters: what is heard is put in, what is sent comes out through `sent`.
// Compiled in place of assembly/zigbee/aps/aps.ts.
export { APS_ACK, APS_LINK_KEY, APS_TO_ALL, apsHeard, apsRequest } from "./types";
import { apsRequest } from "./types";

export enum ApsKeyKind { None = 0, Preconfigured = 1, Established = 2 }

// @ts-ignore: decorator
@external("test", "sent")
declare function sent(extended: u64, target: u32, endpoint: u32, cluster: u32, options: u32, at: usize, size: u32): i32;

export function apsSend(now: i64): i32 {
  return sent(apsRequest.targetExtended, apsRequest.target, apsRequest.targetEndpoint, apsRequest.cluster, apsRequest.options, apsRequest.payload, apsRequest.size);
}
