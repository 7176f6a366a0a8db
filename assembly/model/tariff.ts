// What energy costs, now and later: a short list of prices that never overlap.
//
// Issuers number their prices upwards, and the higher number counts (SE 1.4a annex D.4.2.4.1): it takes the place of every price that it
// overlaps, wholly or in part.  Only the price of now goes on until a later one that overlaps it begins.
import { Err } from "../core/err";
import { Record, storeRead, storeWrite } from "../core/host";
import { TIME_UNKNOWN } from "./clock";
import { Tariff } from "./records";

export { Tariff };

export const TARIFFS_MAX: u32 = 8;
export const TARIFF_LABEL_MAX: u32 = 12;
/** More decimals than this leave no room for the number before them. */
export const TARIFF_DIGITS_MAX: u32 = 9;
/** A price that holds until another takes its place. */
export const TARIFF_OPEN_MINUTES: u32 = 0xffff;

/** A row that is used, and one whose price began when it came. */
const USED: u8 = 1;
const AT_ONCE: u8 = 2;

const ROW: u32 = offsetof<Tariff>();
if (TARIFF_LABEL_MAX != 3 * 4) ERROR("the label lies in three words");
const LIST: u32 = TARIFFS_MAX * ROW;
if (LIST > 512) ERROR("a record holds 512 octets");
const list = memory.data(LIST, 4);

/** Where a price is put together before `tariffPut` takes it. */
export const tariffNew = changetype<Tariff>(memory.data(offsetof<Tariff>()));

let version: u32 = 0;
let fresh: u32 = 0;

/** A number that changes with the list, and with the clock. */
export function tariffVersion(): u32 { return version; }

/** The rows whose prices came since the last call, a bit each. */
export function tariffFresh(): u32 {
  let rows = fresh;
  fresh = 0;
  return rows;
}

export function tariffReset(): void {
  memory.fill(list, 0, LIST);
}

/** A hub's start: what it knew before. */
export function tariffLoad(): void {
  tariffReset();
  storeRead(Record.Tariff, list, LIST); // a shorter list of before is the beginning of it
}

export function tariffSave(): i32 {
  return storeWrite(Record.Tariff, list, LIST);
}

/** Takes `tariffNew`; `utc` is the time now or `TIME_UNKNOWN`.  `Err.Refused`: a later issue has its place. */
export function tariffPut(utc: u32): i32 {
  let add = tariffNew;
  if (add.digits > TARIFF_DIGITS_MAX || add.labelSize > TARIFF_LABEL_MAX || add.price == u32.MAX_VALUE) return Err.Reserved;
  add.used = add.start == 0 ? AT_ONCE : USED;
  if (add.start == 0 && utc != TIME_UNKNOWN) add.start = utc;
  add.end = add.minutes == TARIFF_OPEN_MINUTES ? TIME_UNKNOWN : endOf(add.start, add.minutes);
  if (utc != TIME_UNKNOWN && add.end <= utc) return Err.Timeout;
  let row = held(add.eventId);
  if (row && same(row)) return Err.Duplicate;
  if (overlapped(true, utc)) return Err.Refused;
  if (!row) row = free(utc);
  if (!row) return Err.NoBuffer;
  row.used = 0;
  overlapped(false, utc);
  memory.copy(changetype<usize>(row), changetype<usize>(add), ROW);
  fresh |= 1 << tariffIndex(row);
  version++;
  return Err.Ok;
}

/** The clock was set from `before` to `utc`: a price that began when it came goes on, also where it now seems to have come too early. */
export function tariffClock(before: u32, utc: u32): void {
  let active: Tariff | null = before == TIME_UNKNOWN ? null : tariffAt(before);
  if (active && active.used == AT_ONCE && active.start > utc) {
    active.start = utc;
    fresh |= 1 << tariffIndex(active);
  }
  version++;
}

/** The price that counts at `utc`, or null.  Without a clock it is the one that starts first: issuers tell the current one first. */
export function tariffAt(utc: u32): Tariff | null {
  let best: Tariff | null = null;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (!row.used) continue;
    if (utc == TIME_UNKNOWN) {
      if (!best || row.start < best.start) best = row;
    } else if (row.start <= utc && utc < row.end) return row;
  }
  return best;
}

/** The rows of prices that end after `utc`, a bit each: the first `count` in order of their start, 0 = all. */
export function tariffRows(utc: u32, count: u32): u32 {
  let left: u32 = 0;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) if (tariffRow(index).used && tariffRow(index).end > utc) left |= 1 << index;
  let rows: u32 = 0;
  while (left != 0) {
    let first: u32 = 1 << tariffFirst(left);
    rows |= first;
    left &= ~first;
    if (--count == 0) break;
  }
  return rows;
}

/** Of some rows, a bit each and at least one, the one that starts first. */
export function tariffFirst(rows: u32): u32 {
  let first = ctz(rows);
  for (let index = first; index < TARIFFS_MAX; index++) {
    if (rows >>> index & 1 && tariffRow(index).start < tariffRow(first).start) first = index;
  }
  return first;
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

/** Tiers that there are: the highest of the prices held. */
export function tariffTiers(): u32 {
  let most: u32 = 0;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (row.used) most = max<u32>(most, row.tier);
  }
  return most;
}

export function tariffRow(index: u32): Tariff { return changetype<Tariff>(list + index * ROW); }

export function tariffIndex(row: Tariff): u32 { return <u32>(changetype<usize>(row) - list) / ROW; }

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

/** Whether a row is what `tariffNew` tells again: an open start was filled in when it came, and the end may have been shortened. */
function same(row: Tariff): bool {
  let add = tariffNew;
  return row.price == add.price && row.currency == add.currency && row.digits == add.digits && row.tier == add.tier
    && (row.minutes == add.minutes || row.end == add.end) && (row.start == add.start || (row.start < add.start && add.used == AT_ONCE));
}

/** Asks whether a newer price overlaps `tariffNew`, or takes its place from the older ones that do. */
function overlapped(ask: bool, utc: u32): bool {
  let add = tariffNew;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (!row.used || row.eventId == add.eventId || row.start >= add.end || row.end <= add.start) continue;
    if (ask) {
      if (newer(row, add)) return true;
    } else if (row.start < add.start && (utc == TIME_UNKNOWN || (row.start <= utc && utc < add.start))) row.end = add.start;
    else row.used = 0;
  }
  return false;
}

/** A free row, or one whose price is over or is about to be overlapped. */
function free(utc: u32): Tariff | null {
  let add = tariffNew;
  for (let index: u32 = 0; index < TARIFFS_MAX; index++) {
    let row = tariffRow(index);
    if (!row.used || (utc != TIME_UNKNOWN && row.end <= utc) || (row.start >= add.start && row.start < add.end)) return row;
  }
  return null;
}
