// Time cluster, server: the hub's clock as attributes.
import { TIME_UNKNOWN, clockKnown, clockLocal, clockStandard, clockUtc } from "../../model/clock";

/** What is not in the model as it travels. */
@unmanaged @final
export class TimeNow {
  utc: u32;
  standard: u32;
  local: u32;
  status: u32;
}
export const timeNow = changetype<TimeNow>(memory.data(offsetof<TimeNow>(), 4));

// Master, and master for zone and summer time: the clock comes from the head-end, not from this network.
const STATUS_SET: u32 = 0x05;

export function timeRefresh(now: i64): void {
  let utc = clockUtc(now);
  timeNow.utc = utc;
  timeNow.standard = utc == TIME_UNKNOWN ? utc : clockStandard(utc);
  timeNow.local = utc == TIME_UNKNOWN ? utc : clockLocal(utc);
  timeNow.status = clockKnown() ? STATUS_SET : 0;
}
