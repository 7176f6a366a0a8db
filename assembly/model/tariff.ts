// What energy costs, now and later: a short list of prices.
//
// A price holds from its start to its end.  Where two hold, the one that was issued later counts: issuers number their
// prices upwards.  Superseded and ended prices leave the list.
import { Err } from "../core/err";
import { Record, storeRead, storeWrite } from "../core/host";
import { TIME_UNKNOWN } from "./clock";
import { Tariff } from "./records";

export { Tariff };

export const TARIFFS_MAX: u32 = 4;
export const TARIFF_LABEL_MAX: u32 = 12;
/** More decimals than this leave no room for the number before them. */
export const TARIFF_DIGITS_MAX: u32 = 9;
/** A price that holds until another takes its place. */
export const TARIFF_OPEN_MINUTES: u32 = 0xffff;

const ROW: u32 = offsetof<Tariff>();
if (TARIFF_LABEL_MAX != 3 * 4) ERROR("the label lies in three words");
const LIST: u32 = TARIFFS_MAX * ROW;
if (LIST > 512) ERROR("a record holds 512 octets");
const list = memory.data(LIST, 4);

/** Where a price is put together before `tariffPut` takes it. */
export const tariffNew = changetype<Tariff>(memory.data(offsetof<Tariff>()));

let version: u32 = 0;

/** A number that changes with the list. */
export function tariffVersion(): u32 { return version; }

export function tariffReset(): void {
  memory.fill(list, 0, LIST);
}

/** A hub's start: what it knew before. */
export function tariffLoad(): void {
  if (storeRead(Record.Tariff, list, LIST) != LIST) tariffReset();
}

export function tariffSave(): i32 {
  return storeWrite(Record.Tariff, list, LIST);
}

/** Takes `tariffNew`; `utc` is the time now or `TIME_UNKNOWN`. */
export function tariffPut(utc: u32): i32 {
  let add = tariffNew;
  if (add.digits > TARIFF_DIGITS_MAX || add.labelSize > TARIFF_LABEL_MAX || add.price == u32.MAX_VALUE) return Err.Reserved;
  if (add.start == 0 && utc != TIME_UNKNOWN) add.start = utc;
  add.end = add.minutes == TARIFF_OPEN_MINUTES ? TIME_UNKNOWN : endOf(add.start, add.minutes);
  add.used = 1;
  if (utc != TIME_UNKNOWN && add.end <= utc) return Err.Timeout;
  let known = held(add.eventId);
  if (known) {
    // An open start was filled in with the time of arrival, so a repetition has another one.
    if (known.price == add.price && known.minutes == add.minutes && known.start <= add.start && known.currency == add.currency
      && known.digits == add.digits) return Err.Duplicate;
    known.used = 0;
  }
  tidy(utc);
  let row = free(utc);
  if (!row) return Err.NoBuffer;
  memory.copy(changetype<usize>(row), changetype<usize>(add), ROW);
  version++;
  return Err.Ok;
}

/** The price that counts at `utc`, or null.  Without a clock it is the one that starts first: issuers tell the current one first. */
export function tariffAt(utc: u32): Tariff | null {
  let best: Tariff | null = null;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (!row.used) continue;
    if (utc == TIME_UNKNOWN) {
      if (!best || row.start < best.start) best = row;
    } else if (row.start <= utc && utc < row.end && (!best || newer(row, best))) best = row;
  }
  return best;
}

/** The first price in order of start that ends after `utc` and starts at `from` or later, or null. */
export function tariffFrom(from: u32, utc: u32): Tariff | null {
  let best: Tariff | null = null;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (row.used && row.start >= from && row.end > utc && (!best || row.start < best.start)) best = row;
  }
  return best;
}

/** When the price next changes, UTC, or `TIME_UNKNOWN`. */
export function tariffNext(utc: u32): u32 {
  let next = TIME_UNKNOWN;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (!row.used) continue;
    if (row.start > utc) next = min<u32>(next, row.start);
    if (row.end > utc) next = min<u32>(next, row.end);
  }
  return next;
}

function tariffRow(index: u32): Tariff { return changetype<Tariff>(list + index * ROW); }

/** Issuers' numbers may wrap. */
function newer(a: Tariff, b: Tariff): bool { return <i32>(a.eventId - b.eventId) > 0; }

function endOf(start: u32, minutes: u32): u32 {
  let end = <u64>start + <u64>minutes * 60;
  return end >= TIME_UNKNOWN ? TIME_UNKNOWN - 1 : <u32>end;
}

function held(eventId: u32): Tariff | null {
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (row.used && row.eventId == eventId) return row;
  }
  return null;
}

/** Frees what has ended and what the new price covers from end to end. */
function tidy(utc: u32): void {
  let add = tariffNew;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (utc != TIME_UNKNOWN && row.end <= utc) row.used = 0;
    if (newer(add, row) && row.start >= add.start && row.end <= add.end) row.used = 0;
  }
}

/** A free row; in need the one that began longest ago and does not count now. */
function free(utc: u32): Tariff | null {
  let active = tariffAt(utc);
  let best: Tariff | null = null;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (!row.used) return row;
    if (row == active || utc == TIME_UNKNOWN || row.start > utc) continue;
    if (!best || row.start < best.start) best = row;
  }
  return best;
}
