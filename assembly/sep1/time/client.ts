// Time cluster, client: sets the clock from the hub's attributes.
import { TIME_UNKNOWN, clock, clockSet } from "../../model/clock";
import { ZCL_SUCCESS, ZCL_READ_ANSWER, zclRecordSize } from "../../zigbee/zcl/foundation";
import { ZCL_INT32, ZCL_UINT32, ZCL_UTC } from "../../zigbee/zcl/types";
import { zclHeard } from "../../zigbee/zcl/zcl";
import { TIME_SUMMER_END, TIME_SUMMER_SHIFT, TIME_SUMMER_START, TIME_TIME, TIME_TIME_ZONE } from "../descriptors/time";

/** The zone is within a day of UTC, section 3.12.2.2.3. */
const TIME_SHIFT_MAX: i32 = 86_400;

/** Writes the payload of a read for all that sets a clock; answers its end. */
export function timeAsk(at: usize): usize {
  store<u16>(at, TIME_TIME);
  for (let id = TIME_TIME_ZONE; id <= TIME_SUMMER_SHIFT; id++) store<u16>(at + 2 * (id - TIME_TIME_ZONE + 1), id);
  return at + 10;
}

/** Takes the read answer heard; answers whether the clock is set. */
export function timeTake(now: i64): bool {
  let set = false;
  let end = zclHeard.payload + zclHeard.size;
  for (let at = zclHeard.payload; at < end; at += zclRecordSize(ZCL_READ_ANSWER, at, <u32>(end - at))) {
    if (load<u8>(at, 2) == ZCL_SUCCESS && takeOne(load<u16>(at), load<u8>(at, 3), at + 4, now)) set = true;
  }
  return set;
}

function takeOne(id: u32, type: u32, at: usize, now: i64): bool {
  if (type != ZCL_UTC && type != ZCL_UINT32 && type != ZCL_INT32) return false;
  let value = load<u32>(at);
  let shift = <i32>value;
  let isShift = shift >= -TIME_SHIFT_MAX && shift <= TIME_SHIFT_MAX;
  switch (id) {
    case TIME_TIME: {
      if (value == TIME_UNKNOWN || value == 0) return false; // the server does not know either
      clockSet(value, now);
      return true;
    }
    case TIME_TIME_ZONE: {
      if (isShift) clock.offset = shift;
      break;
    }
    case TIME_SUMMER_START: {
      clock.summerStart = value == TIME_UNKNOWN ? 0 : value;
      break;
    }
    case TIME_SUMMER_END: {
      clock.summerEnd = value == TIME_UNKNOWN ? 0 : value;
      break;
    }
    case TIME_SUMMER_SHIFT: {
      if (isShift) clock.summerShift = shift;
      break;
    }
  }
  return false;
}
