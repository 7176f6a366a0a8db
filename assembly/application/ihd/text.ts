// Numbers as text, into a line that is filled from the left.  ISO 8859-1; integers only.
import { constantRead } from "../../core/host";

export const LINE_SIZE: u32 = 16;
const SPACE: u8 = 0x20;
const ZERO: u32 = 0x30;
const MINUS: u32 = 0x2d;
const POINT: u32 = 0x2e;
/** Shown in place of what does not fit. */
export const TEXT_OVERFLOW: u32 = 0x2a;
const DIGITS_MAX: u32 = 20;

const line = memory.data(LINE_SIZE);
const digits = memory.data(DIGITS_MAX);
let used: u32 = 0;
let roomDecimals: u32 = 0;
let roomWhole: u32 = 0;

/** Begins a line; answers where it lies. */
export function textBegin(): usize {
  memory.fill(line, SPACE, LINE_SIZE);
  used = 0;
  return line;
}

/** Columns used so far. */
export function textUsed(): u32 { return used; }

/** Goes on at a column, over whatever stands there. */
export function textColumn(column: u32): void { used = column; }

/** One character; beyond the line it is lost. */
export function textPut(character: u32): void {
  if (used < LINE_SIZE) store<u8>(line + used, character);
  used++;
}

/** The characters of a counted string (core/constants). */
export function textSize(string: u32): u32 {
  constantRead(string, digits, 1);
  return load<u8>(digits);
}

/** A counted string; what goes beyond the line is lost. */
export function textString(string: u32): void {
  let size = textSize(string);
  if (used < LINE_SIZE) constantRead(string + 1, line + used, min<u32>(size, LINE_SIZE - used));
  used += size;
}

/** `value` / 10^`scale`, with `decimals` of its decimals (cut off, as meters do) and at least `whole` digits before the point. */
export function textDecimal(value: i64, scale: u32, decimals: u32, whole: u32): void {
  let rest: u64 = value < 0 ? -value : value;
  for (; scale > decimals; scale--) rest /= 10;
  let negative = value < 0 && rest != 0; // zero has no sign
  let count: u32 = 0;
  let shown = min<u32>(decimals, scale);
  let least = min<u32>(shown + whole, DIGITS_MAX);
  for (; count < least || (rest != 0 && count < DIGITS_MAX); rest /= 10) store<u8>(digits + count++, ZERO + <u32>(rest % 10));
  if (rest != 0) return textPut(TEXT_OVERFLOW);
  if (negative) textPut(MINUS);
  while (count > 0) {
    textPut(load<u8>(digits + --count));
    if (count == shown && count > 0) textPut(POINT);
  }
}

/** The columns that `textDecimal` would take. */
export function textDecimalSize(value: i64, scale: u32, decimals: u32, whole: u32): u32 {
  let rest: u64 = value < 0 ? -value : value;
  for (; scale > decimals; scale--) rest /= 10;
  let sign: u32 = value < 0 && rest != 0 ? 1 : 0;
  let shown = min<u32>(decimals, scale);
  let count: u32 = 0;
  for (; rest != 0; rest /= 10) count++;
  return max<u32>(count, shown + whole) + (shown > 0 ? 1 : 0) + sign;
}

/** Finds how a number fits `room` columns: leading zeros give way first, then decimals.  Answers its columns, 0 = it fits in no way. */
export function textRoom(value: i64, scale: u32, decimals: u32, whole: u32, room: i32): u32 {
  let size = textDecimalSize(value, scale, decimals, whole);
  for (; <i32>size > room; size = textDecimalSize(value, scale, decimals, whole)) {
    if (whole > 1) whole--;
    else if (decimals-- == 0) return 0;
  }
  roomDecimals = decimals;
  roomWhole = whole;
  return size;
}

/** The number as the last `textRoom` found it to fit. */
export function textFitted(value: i64, scale: u32): void { textDecimal(value, scale, roomDecimals, roomWhole); }
