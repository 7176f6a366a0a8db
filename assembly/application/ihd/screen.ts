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
import { LINE_SIZE, textBegin, textColumn, textDecimal, textDecimalSize, textPut, textSize, textString, textUsed } from "./text";

const LINES: u32 = 8;
const shadow = memory.data(LINES * LINE_SIZE);
const WATT_SCALE: u32 = 3; // kW and kWh are thousands
const MONEY_DECIMALS: u32 = 2;

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

/** Power gives up decimals when the cost needs the room. */
function drawPower(tariff: Tariff | null): void {
  let room = LINE_SIZE;
  if (tariff && register.powerKnown) {
    let cost = costPerHour(tariff);
    let size = moneySize(cost, tariff.digits, tariff.currency, MONEY_DECIMALS) + 2;
    room = LINE_SIZE - size - 1;
    textColumn(LINE_SIZE - size);
    money(cost, tariff.digits, tariff.currency, MONEY_DECIMALS);
    textString(PER_HOUR);
    textColumn(0);
  }
  if (register.powerKnown) {
    let decimals: u32 = register.powerDecimals;
    while (decimals > 0 && textDecimalSize(register.powerW, WATT_SCALE, decimals, register.powerDigits) + 3 > room) decimals--;
    textDecimal(register.powerW, WATT_SCALE, decimals, register.powerDigits);
  } else textString(UNKNOWN);
  textString(KW);
}

function drawEnergy(stale: bool): void {
  if (register.importKnown) textDecimal(register.importWh, WATT_SCALE, register.importDecimals, register.importDigits);
  else textString(UNKNOWN);
  textString(KWH);
  if (!stale) return;
  textColumn(LINE_SIZE - 1);
  textPut(0x21);
}

function drawToday(): void {
  textString(TODAY);
  if (!costTodayKnown()) return right(UNKNOWN);
  let cost = costToday(household.digits);
  textColumn(LINE_SIZE - moneySize(cost, household.digits, household.currency, MONEY_DECIMALS));
  money(cost, household.digits, household.currency, MONEY_DECIMALS);
}

function drawPrice(tariff: Tariff | null): void {
  textString(PER_KWH);
  if (!tariff) return right(UNKNOWN);
  let size = moneySize(tariff.price, tariff.digits, tariff.currency, tariff.digits);
  textColumn(size < LINE_SIZE - textUsed() ? LINE_SIZE - size : textUsed() + 1);
  money(tariff.price, tariff.digits, tariff.currency, tariff.digits);
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

function money(value: i64, digits: u32, currency: u32, decimals: u32): void {
  let symbol = symbolOf(currency);
  if (symbol) textPut(symbol);
  textDecimal(value, digits, decimals, 1);
}

function moneySize(value: i64, digits: u32, currency: u32, decimals: u32): u32 {
  return textDecimalSize(value, digits, decimals, 1) + (symbolOf(currency) ? 1 : 0);
}

/** The currency's sign where ISO 8859-1 has one; others go without. */
function symbolOf(currency: u32): u32 {
  switch (currency) {
    case POUND: return 0xa3;
    case DOLLAR: return 0x24;
  }
  return 0;
}
