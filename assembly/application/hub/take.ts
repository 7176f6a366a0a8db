// What a head-end says that becomes the model's, in either phase: clock and prices.  Records: docs/uplink.md.
import { Err } from "../../core/err";
import { clock, clockSet, clockUtc } from "../../model/clock";
import { TARIFF_LABEL_MAX, tariffClock, tariffNew, tariffPut, tariffSave } from "../../model/tariff";
import { CLOCK_SIZE, ClockRecord, TARIFF_SIZE, TariffRecord } from "./uplink";

const TIER_MAX: u32 = 15;
const DAY_S: i32 = 86_400;

export function takeClock(at: usize, size: u32, now: i64): i32 {
  if (size < CLOCK_SIZE) return Err.Truncated;
  let record = changetype<ClockRecord>(at);
  let offset = record.offset;
  if (offset > DAY_S || offset < -DAY_S) return Err.Reserved;
  clock.offset = offset;
  clock.summerStart = record.summerStart;
  clock.summerEnd = record.summerEnd;
  clock.summerShift = record.summerShift;
  let before = clockUtc(now);
  clockSet(record.utc, now);
  tariffClock(before, record.utc);
  return Err.Ok;
}

export function takeTariff(at: usize, size: u32, now: i64): i32 {
  if (size < TARIFF_SIZE) return Err.Truncated;
  let record = changetype<TariffRecord>(at);
  let labelSize = record.labelSize;
  if (size < TARIFF_SIZE + labelSize) return Err.Truncated;
  if (labelSize > TARIFF_LABEL_MAX) return Err.BadLength;
  let tier = record.tier;
  if (tier > TIER_MAX) return Err.Reserved;
  let tariff = tariffNew;
  tariff.eventId = record.eventId;
  tariff.start = record.start;
  tariff.minutes = <u16>record.minutes;
  tariff.currency = <u16>record.currency;
  tariff.price = record.price;
  tariff.digits = <u8>record.digits;
  tariff.tier = <u8>tier;
  tariff.labelSize = <u8>labelSize;
  memory.copy(tariff.label, record.label, labelSize);
  let put = tariffPut(clockUtc(now));
  if (put < 0) return put;
  return tariffSave() < 0 ? Err.NoBuffer : Err.Ok;
}
