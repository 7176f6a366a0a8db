// What it costs: per hour at the power now, and since local midnight.
//
// Today's cost adds, at each reading, the energy since the reading before at the price that counts now.  Of a step that spans
// midnight the share after midnight counts, as if power had been even; so a display that was off over midnight shows no spike.
// The last reading is kept with the sum: after a reset the next reading brings what was used meanwhile.
import { Record, storeRead, storeWrite } from "../core/host";
import { clockDay, clockKnown, clockMidnight, clockUtc } from "./clock";
import { Household } from "./records";
import { register } from "./register";
import { Tariff, tariffAt } from "./tariff";
import { DRAW_WH, Total, totalTake } from "./total";

export { Household };

const SAVE_MS: i64 = 15 * 60 * 1000;

export const household = changetype<Household>(memory.data(offsetof<Household>(), 8));
const SIZE: u32 = offsetof<Household>();
/** The register as it was counted, by the clock, not by the time since the start. */
const total = changetype<Total>(memory.data(offsetof<Total>(), 8));
let savedAt: i64 = 0;
let changed: bool = false;

export function costReset(now: i64): void {
  if (storeRead(Record.Household, changetype<usize>(household), SIZE) != SIZE) memory.fill(changetype<usize>(household), 0, SIZE);
  total.doubted = false;
  savedAt = now;
  changed = false;
}

/** Takes the register as it stands: after each reading, and at least each minute for the sake of midnight. */
export function costUpdate(now: i64): void {
  if (!clockKnown()) return;
  let utc = clockUtc(now);
  let day = clockDay(utc);
  let turned = day != household.day;
  if (turned) {
    household.day = day;
    household.milli = 0;
    changed = true;
  }
  if (register.importKnown) count(clockUtc(register.at));
  if (changed && (turned || now - savedAt >= SAVE_MS)) save(now);
}

/** Before a reset that is known of: what was counted since the record was written would be lost. */
export function costKeep(now: i64): void {
  if (changed) save(now);
}

/** Whether a sum for today exists. */
export function costTodayKnown(): bool { return clockKnown() && household.begun != 0 && household.currency != 0; }

/** Today's cost in units of 10^-digits of the currency it was counted in, rounded. */
export function costToday(digits: u32): i32 {
  return clamp((rescale(household.milli, household.digits, digits) + 500) / 1000);
}

/** Cost of an hour at the power now; exporting costs nothing. */
export function costPerHour(tariff: Tariff): i32 {
  let powerW: i64 = max<i32>(register.powerW, 0);
  return clamp((powerW * tariff.price + 500) / 1000);
}

/** Counts the reading that was told at `utc`. */
function count(utc: u32): void {
  if (household.begun && register.importWh == household.wh) {
    total.doubted = false;
    household.utc = utc; // when the reading was told, so time without readings belongs to the step that ends it
    return;
  }
  let tariff = tariffAt(utc);
  if (household.begun && !tariff) return; // charged when a price is known
  total.known = household.begun != 0;
  total.value = household.wh;
  total.at = <i64>household.utc * 1000;
  let step = totalTake(total, register.importWh, <i64>utc * 1000, DRAW_WH, register.stepWh);
  if (step < 0) return;
  if (tariff) {
    adopt(tariff);
    household.milli += sinceMidnight(step, utc) * tariff.price;
  }
  household.begun = 1;
  household.wh = register.importWh;
  household.utc = utc;
  changed = true;
}

/** The share of a step that fell after the last midnight. */
function sinceMidnight(step: i64, utc: u32): i64 {
  let midnight = clockMidnight(utc);
  if (household.utc >= midnight || utc <= household.utc) return step;
  return step * (utc - midnight) / (utc - household.utc);
}

/** Brings the sum to the units of the price; another currency begins a new sum. */
function adopt(tariff: Tariff): void {
  if (household.currency != tariff.currency) household.milli = 0;
  household.currency = tariff.currency;
  household.milli = rescale(household.milli, household.digits, tariff.digits);
  household.digits = tariff.digits;
}

function rescale(value: i64, from: u32, to: u32): i64 {
  for (; from < to; from++) value *= 10;
  for (; from > to; from--) value /= 10;
  return value;
}

function save(now: i64): void {
  savedAt = now;
  if (storeWrite(Record.Household, changetype<usize>(household), SIZE) >= 0) changed = false;
}

function clamp(value: i64): i32 {
  return <i32>min<i64>(max<i64>(value, i32.MIN_VALUE), i32.MAX_VALUE);
}
