// The electricity register: energy imported and power, in the meter as measured, in a display as told.
import { Record, storeRead, storeWrite } from "../core/host";
import { RegisterRecord } from "./records";
import { DRAW_WH, TOTAL_UNKNOWN_MS, Total, totalTake } from "./total";

const JOULES_PER_WH: i64 = 3600;
/** A write each kilowatt-hour or quarter of an hour: at most 35,040 a year. */
const SAVE_JOULES: i64 = 1000 * JOULES_PER_WH;
const SAVE_MS: i64 = 15 * 60 * 1000;

@unmanaged @final
export class Register {
  /** Energy imported, watt-hours. */
  importWh: i64;
  /** Power now, watts; negative while exporting. */
  powerW: i32;
  importKnown: bool;
  powerKnown: bool;
  /** How to show it: decimals of kWh and kW, 0..3, and digits before the point that are shown even when they are zero. */
  importDecimals: u8;
  importDigits: u8;
  powerDecimals: u8;
  powerDigits: u8;
  /** The smallest step of the energy, Wh, for totals that are told coarsely. */
  stepWh: i64;
  /** When the values were last told or measured, ms. */
  at: i64;
}

export const register = changetype<Register>(memory.data(offsetof<Register>(), 8));

const saved = changetype<RegisterRecord>(memory.data(offsetof<RegisterRecord>(), 8));

@unmanaged @final
class Element {
  /** Register less element, joules: not zero after an element was exchanged. */
  base: i64;
  savedAt: i64;
}
const element = changetype<Element>(memory.data(offsetof<Element>(), 8));
/** The element's total, joules. */
const total = changetype<Total>(memory.data(offsetof<Total>(), 8));

export function registerReset(): void {
  memory.fill(changetype<usize>(register), 0, offsetof<Register>());
  register.importDecimals = 3;
  register.importDigits = 1;
  register.powerDecimals = 3;
  register.powerDigits = 1;
}

/** A meter's start: goes on from the record. */
export function registerLoad(now: i64): void {
  registerReset();
  memory.fill(changetype<usize>(total), 0, offsetof<Total>());
  total.known = storeRead(Record.Registers, changetype<usize>(saved), offsetof<RegisterRecord>()) == offsetof<RegisterRecord>();
  if (!total.known) memory.fill(changetype<usize>(saved), 0, offsetof<RegisterRecord>());
  element.base = saved.register - saved.element;
  total.value = saved.element;
  total.at = now - TOTAL_UNKNOWN_MS;
  element.savedAt = now;
}

/**
 * Takes what the measuring element says.  Its total in joules is the truth and survives our resets, so nothing is lost
 * between two writes of the record.  A total that falls or leaps and goes on from there is another element, or one that was
 * cleared: the register then goes on from where it stood and never turns back.
 */
export function registerMeasured(joules: i64, powerW: i32, now: i64): void {
  if (joules < 0) return; // no element counts so
  let before = element.base + total.value;
  let first = !total.known;
  let drawn = totalTake(total, joules, now, DRAW_WH * JOULES_PER_WH, 0);
  register.powerW = powerW;
  register.powerKnown = true;
  register.at = now;
  if (drawn >= 0 && !first) element.base = before + drawn - joules;
  let sum = element.base + total.value;
  register.importWh = sum / JOULES_PER_WH;
  register.importKnown = true;
  let grown = sum - saved.register;
  if (grown >= SAVE_JOULES || (grown > 0 && now - element.savedAt >= SAVE_MS)) save(sum, now);
}

function save(sum: i64, now: i64): void {
  let before = saved.register;
  saved.register = sum;
  saved.element = total.value;
  element.savedAt = now;
  // A store that refuses is asked again with the next measurement; the element still has the truth.
  if (storeWrite(Record.Registers, changetype<usize>(saved), offsetof<RegisterRecord>()) < 0) saved.register = before;
}
