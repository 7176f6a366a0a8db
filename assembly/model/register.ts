// The electricity register: energy imported and power, in the meter as measured, in a display as told.
import { Record, storeRead, storeWrite } from "../core/host";
import { RegisterRecord } from "./records";

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
  /** When the values were last told or measured, ms. */
  at: i64;
}

export const register = changetype<Register>(memory.data(offsetof<Register>(), 8));

const saved = changetype<RegisterRecord>(memory.data(offsetof<RegisterRecord>(), 8));

@unmanaged @final
class Element {
  /** Register less element, joules: not zero after an element was exchanged. */
  base: i64;
  /** The element's last total. */
  total: i64;
  savedAt: i64;
}
const element = changetype<Element>(memory.data(offsetof<Element>(), 8));

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
  if (storeRead(Record.Registers, changetype<usize>(saved), offsetof<RegisterRecord>()) != offsetof<RegisterRecord>()) {
    memory.fill(changetype<usize>(saved), 0, offsetof<RegisterRecord>());
  }
  element.base = saved.register - saved.element;
  element.total = saved.element;
  element.savedAt = now;
}

/**
 * Takes what the measuring element says.  Its total in joules is the truth and survives our resets, so nothing is lost
 * between two writes of the record.  A total that goes backwards is another element, or one that was cleared: the
 * register then goes on from where it stood and never turns back.
 */
export function registerMeasured(joules: i64, powerW: i32, now: i64): void {
  if (joules < element.total) element.base += element.total;
  element.total = joules;
  register.importWh = (element.base + joules) / JOULES_PER_WH;
  register.powerW = powerW;
  register.importKnown = true;
  register.powerKnown = true;
  register.at = now;
  let total = element.base + joules;
  let grown = total - saved.register;
  if (grown >= SAVE_JOULES || (grown > 0 && now - element.savedAt >= SAVE_MS)) save(total, now);
}

function save(total: i64, now: i64): void {
  let before = saved.register;
  saved.register = total;
  saved.element = element.total;
  element.savedAt = now;
  // A store that refuses is asked again with the next measurement; the element still has the truth.
  if (storeWrite(Record.Registers, changetype<usize>(saved), offsetof<RegisterRecord>()) < 0) saved.register = before;
}
