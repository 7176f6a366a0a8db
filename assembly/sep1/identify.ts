// Identify cluster, server: 075123 section 3.5.  The time counts down by itself, so nothing is due when it is over.
//
//   idle ──Identify, or the attribute written──▶ identifying for so many seconds ──over, or 0──▶ idle
import { ZCL_TYPE_CLUSTER } from "../zigbee/zcl/frame";
import { ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { zclDefault, zclHeard, zclReply, zclSendReply, zclTake } from "../zigbee/zcl/zcl";
import { IDENTIFY_IDENTIFY, IDENTIFY_IDENTIFY_QUERY_RESPONSE, Identify, identifyQueryResponseEmit } from "./descriptors/identify";

@unmanaged @final
export class IdentifyNow {
  until: i64;
  /** The attribute; what is left of it when it was brought up to date. */
  seconds: u16;
}
export const identifyNow = changetype<IdentifyNow>(memory.data(offsetof<IdentifyNow>(), 8));

export function identifyRefresh(now: i64): void {
  identifyNow.seconds = <u16>((max<i64>(identifyNow.until - now, 0) + 999) / 1000);
}

export function identifyWritten(now: i64): void {
  identifyNow.until = now + <i64>identifyNow.seconds * 1000;
}

export function identifyServe(now: i64): void {
  if (!zclTake(now)) return;
  if (zclHeard.command == IDENTIFY_IDENTIFY) {
    identifyNow.seconds = <u16>changetype<Identify>(zclHeard.payload).identifyTime;
    identifyWritten(now);
  } else {
    identifyRefresh(now);
    if (identifyNow.seconds != 0) {
      let at = zclReply(ZCL_TYPE_CLUSTER, IDENTIFY_IDENTIFY_QUERY_RESPONSE);
      zclSendReply(at + identifyQueryResponseEmit(at, identifyNow.seconds), now);
      return;
    }
  }
  zclDefault(ZCL_SUCCESS, now);
}
