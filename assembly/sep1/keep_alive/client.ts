// Keep-Alive cluster, client: SE 1.4a annex A.  Whether the trust centre is there, and how often it wants to be asked.
import { entropy } from "../../core/host";
import { ZCL_READ, ZCL_READ_ANSWER, ZCL_SUCCESS, zclRecordSize } from "../../zigbee/zcl/foundation";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TYPE_PROFILE } from "../../zigbee/zcl/frame";
import { ZCL_UINT16, ZCL_UINT8 } from "../../zigbee/zcl/types";
import { zclBegin, zclHeard, zclSend } from "../../zigbee/zcl/zcl";
import { CLUSTER_KEEP_ALIVE } from "../clusters";
import { KEEP_ALIVE_BASE, KEEP_ALIVE_JITTER } from "../descriptors/keep_alive";

/** What the attributes are where nobody says otherwise; more than a quarter of an hour and its jitter is not believed. */
const BASE_MIN: u32 = 10;
const BASE_MIN_MAX: u32 = 15;
const JITTER_S: u32 = 300;

@unmanaged @final
class KeepAlive { baseMinutes: u32; jitterSeconds: u32; noise: u32; }
const keepAlive = changetype<KeepAlive>(memory.data(offsetof<KeepAlive>()));

export function keepAliveReset(): void {
  keepAlive.baseMinutes = BASE_MIN;
  keepAlive.jitterSeconds = JITTER_S;
}

/** How long the trust centre may be silent before it is asked. */
export function keepAliveMs(): i64 {
  entropy(changetype<usize>(keepAlive) + offsetof<KeepAlive>("noise"), 2);
  return keepAlive.baseMinutes * 60_000 + ((keepAlive.noise * keepAlive.jitterSeconds * 125) >>> 13);
}

/** Asks for both attributes, under the link key: its acknowledgement is answer enough. */
export function keepAliveAsk(trustCentre: u64, endpoint: u32, now: i64): void {
  let at = zclBegin(ZCL_TYPE_PROFILE | ZCL_NO_DEFAULT_RESPONSE, ZCL_READ);
  store<u16>(at, KEEP_ALIVE_BASE);
  store<u16>(at, KEEP_ALIVE_JITTER, 2);
  zclSend(trustCentre, endpoint, CLUSTER_KEEP_ALIVE, at + 4, now); // one that cannot be sent is not answered either
}

/** Takes a read answer. */
export function keepAliveTake(): void {
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end; at += zclRecordSize(ZCL_READ_ANSWER, at, <u32>(end - at))) {
    if (load<u8>(at, 2) == ZCL_SUCCESS) takeOne(load<u16>(at), load<u8>(at, 3), at + 4);
  }
}

function takeOne(id: u32, type: u32, at: usize): void {
  if (id == KEEP_ALIVE_BASE && type == ZCL_UINT8) keepAlive.baseMinutes = min<u32>(max<u32>(load<u8>(at), 1), BASE_MIN_MAX);
  if (id == KEEP_ALIVE_JITTER && type == ZCL_UINT16) keepAlive.jitterSeconds = min<u32>(load<u16>(at), JITTER_S);
}
