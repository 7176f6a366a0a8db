// Time cluster, server: the hub's clock as attributes.
import { TIME_UNKNOWN, clock, clockKnown, clockLocal, clockStandard, clockUtc } from "../../model/clock";
import { ATTRIBUTES_END } from "../../zigbee/zcl/attributes";
import { ZCL_BITMAP8, ZCL_INT32, ZCL_UINT32, ZCL_UTC } from "../../zigbee/zcl/types";
import {
  TIME_LOCAL, TIME_NOW, TIME_STANDARD, TIME_STATUS, TIME_SUMMER_END, TIME_SUMMER_SHIFT, TIME_SUMMER_START, TIME_ZONE,
} from "./attributes";

export const TIME_ATTRIBUTES = memory.data<u32>([
  TIME_NOW | ZCL_UTC << 16,
  TIME_STATUS | ZCL_BITMAP8 << 16,
  TIME_ZONE | ZCL_INT32 << 16,
  TIME_SUMMER_START | ZCL_UINT32 << 16,
  TIME_SUMMER_END | ZCL_UINT32 << 16,
  TIME_SUMMER_SHIFT | ZCL_INT32 << 16,
  TIME_STANDARD | ZCL_UINT32 << 16,
  TIME_LOCAL | ZCL_UINT32 << 16,
  ATTRIBUTES_END,
]);

// Master, and master for zone and summer time: the clock comes from the head-end, not from this network.
const STATUS_SET: u32 = 0x05;

export function timeValue(id: u32, at: usize, now: i64): u32 {
  if (id == TIME_STATUS) {
    store<u8>(at, clockKnown() ? STATUS_SET : 0);
    return 1;
  }
  store<u32>(at, valueOf(id, clockUtc(now)));
  return 4;
}

function valueOf(id: u32, utc: u32): u32 {
  switch (id) {
    case TIME_ZONE: return clock.offset;
    case TIME_SUMMER_START: return clock.summerStart;
    case TIME_SUMMER_END: return clock.summerEnd;
    case TIME_SUMMER_SHIFT: return clock.summerShift;
  }
  if (utc == TIME_UNKNOWN || id == TIME_NOW) return utc;
  return id == TIME_LOCAL ? clockLocal(utc) : clockStandard(utc);
}
