// Pricing as the model has it: prices of the same currency, digits and label are the intervals of one tariff profile.
import { Thing, Value } from "../rows";
import { TIME_UNKNOWN, clockUtc } from "../../model/clock";
import { TARIFFS_MAX, Tariff, tariffFirst, tariffRow, tariffRows } from "../../model/tariff";
import { asked } from "../resource";
import { template, templateFlags } from "../template";
import { ABSENT } from "../template_rows";
import { EPOCH } from "../time";
import { mrid } from "./mrid";

/** EventStatus, section 10.1.3.4. */
const SCHEDULED: i64 = 0;
const ACTIVE: i64 = 1;
/** Of premises, and good enough for a bill: RoleFlagsType. */
const ROLE: u32 = 0x0012;
/** A price that holds until another takes its place. */
const FOR_EVER: i64 = 0xffff_ffff;

@unmanaged @final
class Chosen {
  /** Rows of prices, a bit each: of the profile, and one alone. */
  rows: u32;
  row: u32;
}
const chosen = changetype<Chosen>(memory.data(offsetof<Chosen>(), 4));

/** Whether the path's numbers name something; then it is chosen. */
export function tariffSelect(set: u32, now: i64): bool {
  if (!profile(asked.id0, now)) return false;
  if (set == Thing.Tariff) return true;
  if (asked.id1 != 0) return false;
  if (set == Thing.Rate) return true;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    if (!(chosen.rows >>> index & 1) || tariffRow(index).eventId != asked.id2) continue;
    chosen.row = index;
    return set == Thing.Interval || asked.id3 == 0;
  }
  return false;
}

/** Chooses the thing at a place in the list, and gives it its number; false behind the end. */
export function tariffItem(set: u32, place: u32, now: i64): bool {
  if (set == Thing.Interval) {
    let left = chosen.rows;
    for (; place > 0 && left != 0; place--) left &= ~(1 << tariffFirst(left));
    if (left == 0) return false;
    chosen.row = tariffFirst(left);
    asked.id2 = tariffRow(chosen.row).eventId;
    return true;
  }
  if (set == Thing.Tariff) {
    asked.id0 = place;
    return profile(place, now);
  }
  if (set == Thing.Rate) asked.id1 = 0;
  else asked.id3 = 0;
  return place == 0;
}

/** Whether the chosen interval begins no later: what is asked for comes after. */
export function tariffIsBefore(time: i64): bool { return EPOCH + tariffRow(chosen.row).start <= time; }

export function tariffValue(value: u32, now: i64): i64 {
  let row = tariffRow(value < <u32>Value.IntervalMrid ? tariffFirst(chosen.rows) : chosen.row);
  let utc = clockUtc(now);
  let isActive = utc != TIME_UNKNOWN && row.start <= utc;
  switch (value) {
    case Value.TariffMrid: case Value.RateMrid: return mrid(value, asked.id0);
    case Value.RateRole: return templateFlags(ROLE);
    case Value.IntervalMrid: return mrid(value, row.eventId);
    case Value.Currency: return row.currency;
    case Value.PriceMultiplier: return -<i64>row.digits;
    case Value.RateCode: {
      template.octets = row.label;
      template.size = row.labelSize;
      return row.labelSize == 0 ? ABSENT : 0;
    }
    // An issuer's numbers count up as times do, and are all that the model keeps of when a price was made.
    case Value.IntervalCreated: return EPOCH + row.eventId;
    case Value.IntervalStatus: return isActive ? ACTIVE : SCHEDULED;
    case Value.IntervalStatusTime: return EPOCH + (isActive ? row.start : utc == TIME_UNKNOWN ? 0 : utc);
    case Value.IntervalDuration: return row.end == TIME_UNKNOWN ? FOR_EVER : <i64>row.end - row.start;
    case Value.IntervalStart: return EPOCH + row.start;
    case Value.IntervalTier: return row.tier;
    default: return row.price;
  }
}

/** Chooses the prices of a profile: the first of those that are left, and all that are like it.  A price is an Int32 here. */
function profile(place: u32, now: i64): bool {
  let utc = clockUtc(now);
  let left = tariffRows(utc == TIME_UNKNOWN ? 0 : utc, 0);
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) if (tariffRow(index).price > <u32>i32.MAX_VALUE) left &= ~(1 << index);
  chosen.rows = 0;
  for (let passed: u32 = 0; passed <= place; passed++) {
    left &= ~chosen.rows;
    if (left == 0) return false;
    chosen.rows = like(tariffFirst(left), left);
  }
  return true;
}

function like(first: u32, rows: u32): u32 {
  let same: u32 = 0;
  let one = tariffRow(first);
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (!(rows >>> index & 1)) continue;
    let isLike = row.currency == one.currency && row.digits == one.digits && row.labelSize == one.labelSize
      && memory.compare(row.label, one.label, row.labelSize) == 0;
    if (isLike) same |= 1 << index;
  }
  return same;
}
