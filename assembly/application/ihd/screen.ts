// The display's eight lines of sixteen columns; a small screen shows the first ones.
//
//   0  1.234 kW £0.31/h      power now and what it costs
//   1  12345.678 kWh         the meter's register; ! in the last column: old
//   2  Today     £12.34
//   3  Per kWh  £0.2450
//   4  2026-01-12 14:05
//   5  Joining...            where the device stands
//   6  Day rate              the price's own name
//   7  Version 1.2.3         the module that runs; Update 45 % while another is loaded
import { constantText } from "../../core/constants";
import { FileStatus, display } from "../../core/host";
import { TIME_UNKNOWN, clockLocal, clockUtc } from "../../model/clock";
import { costPerHour, costToday, costTodayKnown, household } from "../../model/cost";
import { Progress, progress } from "../../model/progress";
import { register } from "../../model/register";
import { Tariff } from "../../model/tariff";
import { update, updatePercent, updatePossible } from "../../model/update";
import { dateOf, dateDay, dateMonth, dateYear } from "./date";
import {
  LINE_SIZE, TEXT_OVERFLOW, textBegin, textColumn, textDecimal, textFitted, textPut, textRoom, textSize, textString, textUsed,
} from "./text";

const LINES: u32 = 8;
const shadow = memory.data(LINES * LINE_SIZE);
const WATT_SCALE: u32 = 3; // kW and kWh are thousands
const MONEY_DECIMALS: u32 = 2;
// Columns of " kW", " kWh" and "/h".
const UNIT_KW: u32 = 3;
const UNIT_KWH: u32 = 4;
const UNIT_HOUR: u32 = 2;

const KW = constantText(" kW");
const KWH = constantText(" kWh");
const PER_HOUR = constantText("/h");
const TODAY = constantText("Today");
const PER_KWH = constantText("Per kWh");
const UNKNOWN = constantText("---");
const STARTING = constantText("Starting...");
const SEARCHING = constantText("Searching...");
const JOINING = constantText("Joining...");
const KEYS = constantText("Keys...");
const METER = constantText("Meter...");
const WAITING = constantText("Waiting...");
const CONNECTED = constantText("Connected");
const NO_REPORTS = constantText("No reports");
const VERSION = constantText("Version ");
const FACTORY = constantText("Factory module");
const UPDATE = constantText("Update ");
const PERCENT = constantText(" %");
const READY = constantText("ready");
const ON_TRIAL = constantText(" on trial");
const ERROR_NUMBER = constantText(" error ");

// ISO 4217
const POUND: u32 = 826;
const DOLLAR: u32 = 840;

/** Forgets what the screen shows, so everything is drawn. */
export function screenReset(): void {
  memory.fill(shadow, 0, LINES * LINE_SIZE);
}

/** Draws what has changed. */
export function screenDraw(tariff: Tariff | null, stale: bool, now: i64): void {
  let line = textBegin();
  if (register.importKnown || register.powerKnown) {
    drawPower(tariff);
    show(0, line);
    textBegin();
    drawEnergy(stale);
  } else {
    textString(stateText(stale));
    show(0, line);
    textBegin();
  }
  show(1, line);
  textBegin();
  drawToday();
  show(2, line);
  textBegin();
  drawPrice(tariff);
  show(3, line);
  textBegin();
  drawTime(now);
  show(4, line);
  textBegin();
  textString(stateText(stale));
  show(5, line);
  textBegin();
  if (tariff) drawLabel(tariff);
  show(6, line);
  if (!updatePossible()) return;
  textBegin();
  drawUpdate();
  show(7, line);
}

function show(index: u32, line: usize): void {
  let old = shadow + index * LINE_SIZE;
  if (memory.compare(old, line, LINE_SIZE) == 0) return;
  memory.copy(old, line, LINE_SIZE);
  display(index, line, LINE_SIZE);
}

/** Power gives up decimals when the cost needs the room; a cost that leaves none is not shown. */
function drawPower(tariff: Tariff | null): void {
  let room = LINE_SIZE - UNIT_KW;
  if (tariff && register.powerKnown) {
    let least = textRoom(register.powerW, WATT_SCALE, 0, 1, <i32>room) + 1;
    let size = drawMoney(costPerHour(tariff), tariff.digits, tariff.currency, MONEY_DECIMALS, room - least, UNIT_HOUR);
    if (size > 0) {
      textString(PER_HOUR);
      room -= size + 1;
    }
    textColumn(0);
  }
  if (register.powerKnown) {
    textRoom(register.powerW, WATT_SCALE, register.powerDecimals, register.powerDigits, <i32>room);
    textFitted(register.powerW, WATT_SCALE);
  } else textString(UNKNOWN);
  textString(KW);
}

function drawEnergy(stale: bool): void {
  let room: i32 = LINE_SIZE - UNIT_KWH - (stale ? 1 : 0);
  if (!register.importKnown) textString(UNKNOWN);
  else if (textRoom(register.importWh, WATT_SCALE, register.importDecimals, register.importDigits, room) > 0) {
    textFitted(register.importWh, WATT_SCALE);
  } else textPut(TEXT_OVERFLOW);
  textString(KWH);
  if (!stale) return;
  textColumn(LINE_SIZE - 1);
  textPut(0x21);
}

function drawToday(): void {
  textString(TODAY);
  if (!costTodayKnown()) return right(UNKNOWN);
  moneyRight(costToday(household.digits), household.digits, household.currency, MONEY_DECIMALS);
}

function drawPrice(tariff: Tariff | null): void {
  textString(PER_KWH);
  if (!tariff) return right(UNKNOWN);
  moneyRight(tariff.price, tariff.digits, tariff.currency, tariff.digits);
}

function drawLabel(tariff: Tariff): void {
  for (let index: u32 = 0; index < tariff.labelSize; index++) textPut(load<u8>(tariff.label + index));
}

/** What runs, and what becomes of an update; an error stands there until the next attempt. */
function drawUpdate(): void {
  switch (<i32>update.status) {
    case FileStatus.Loading: case FileStatus.Verifying: {
      textString(UPDATE);
      textDecimal(updatePercent(), 0, 0, 1);
      return textString(PERCENT);
    }
    case FileStatus.Waiting: {
      textString(UPDATE);
      return textString(READY);
    }
    case FileStatus.Activating: {
      drawVersion(update.version);
      return textString(ON_TRIAL);
    }
    case FileStatus.Failed: case FileStatus.SignatureFailed: case FileStatus.ActivationFailed: {
      drawVersion(update.running);
      textString(ERROR_NUMBER);
      return textDecimal(update.reason, 0, 0, 1);
    }
  }
  if (update.running != 0) textString(VERSION);
  drawVersion(update.running);
}

function drawVersion(version: u32): void {
  if (version == 0) return textString(FACTORY);
  textDecimal(version >>> 24, 0, 0, 1);
  textPut(0x2e);
  textDecimal((version >>> 16) & 0xff, 0, 0, 1);
  textPut(0x2e);
  textDecimal(version & 0xffff, 0, 0, 1);
}

/** ISO 8601, by the household's own clock. */
function drawTime(now: i64): void {
  let utc = clockUtc(now);
  if (utc == TIME_UNKNOWN) return;
  let local = clockLocal(utc);
  dateOf(local / 86_400);
  two(dateYear() / 100);
  two(dateYear() % 100);
  textPut(0x2d);
  two(dateMonth());
  textPut(0x2d);
  two(dateDay());
  textPut(0x20);
  two(local / 3600 % 24);
  textPut(0x3a);
  two(local / 60 % 60);
}

function two(value: u32): void { textDecimal(value, 0, 0, 2); }

function stateText(stale: bool): u32 {
  switch (progress()) {
    case Progress.Starting: return STARTING;
    case Progress.Searching: return SEARCHING;
    case Progress.Joining: return JOINING;
    case Progress.Keys: return KEYS;
    case Progress.Binding: return METER;
    case Progress.Waiting: return WAITING;
  }
  return stale ? NO_REPORTS : CONNECTED;
}

function right(string: u32): void {
  textColumn(LINE_SIZE - textSize(string));
  textString(string);
}

/** Money at the end of the line, apart from what stands there. */
function moneyRight(value: i64, digits: u32, currency: u32, decimals: u32): void {
  if (drawMoney(value, digits, currency, decimals, LINE_SIZE - textUsed() - 1, 0) > 0) return;
  textColumn(LINE_SIZE - 1);
  textPut(TEXT_OVERFLOW);
}

/** Money that ends `after` columns before the line does; answers the columns of both, 0 = it does not fit `room` and is not drawn. */
function drawMoney(value: i64, digits: u32, currency: u32, decimals: u32, room: u32, after: u32): u32 {
  let symbol = symbolOf(currency);
  if (symbol) after++;
  let size = textRoom(value, digits, decimals, 1, <i32>(room - after));
  if (size == 0) return 0;
  size += after;
  textColumn(LINE_SIZE - size);
  if (symbol) textPut(symbol);
  textFitted(value, digits);
  return size;
}

/** The currency's sign where ISO 8859-1 has one; others go without. */
function symbolOf(currency: u32): u32 {
  switch (currency) {
    case POUND: return 0xa3;
    case DOLLAR: return 0x24;
  }
  return 0;
}
