// Plain `time,watts`: the power holds until the next row, the last one for the rest of the run.  The header may be missing.

import { InputError, shown } from "../files/input_error.ts";
import { type Decimal, decimalParse } from "./decimal.ts";
import { KILOWATTS_MAX, type Row } from "./half_hourly.ts";
import type { Step } from "./load.ts";
import { isoParse } from "./time.ts";

/** A number of seconds above this counts from 1970 (2001 and later), below it from the start of the file. */
export const EPOCH_SECONDS_MIN = 1_000_000_000;
/** The year 5138; more would not be a time in seconds (milliseconds, most likely). */
const SECONDS_MAX = 100_000_000_000;

type Clock = "dates" | "epoch" | "seconds";

interface Instant {
  ms: number;
  clock: Clock;
}

export function isWattsHeader(header: Row): boolean {
  const names = header.cells.map((cell) => cell.toLowerCase());
  return names.includes("time") && names.includes("watts");
}

export function isWattsRow(row: Row): boolean {
  return row.cells.length === 2 && (isoParse(row.cells[0]) !== null || decimalParse(row.cells[0]) !== null);
}

export function wattsSteps(file: string, rows: readonly Row[]): { steps: Step[]; dated: boolean } {
  const headed = isWattsHeader(rows[0]);
  const names = rows[0].cells.map((cell) => cell.toLowerCase());
  const columns = headed
    ? { time: names.indexOf("time"), watts: names.indexOf("watts"), count: names.length }
    : { time: 0, watts: 1, count: 2 };
  const steps: Step[] = [];
  let clock: Clock | null = null;
  let previousLine = 0;
  for (const row of headed ? rows.slice(1) : rows) {
    const wrong = (what: string): InputError => new InputError(`${file}, line ${row.line}: ${what}.`);
    if (row.cells.length !== columns.count)
      throw wrong(`the row has ${row.cells.length} columns instead of ${columns.count}; write time,watts`);
    const instant = readTime(row.cells[columns.time], wrong);
    if (clock !== null && clock !== instant.clock)
      throw wrong(`the time is of another kind than on line ${previousLine}; use dates or seconds throughout`);
    clock = instant.clock;
    const previous = steps[steps.length - 1];
    if (previous && instant.ms <= previous.startMs)
      throw wrong(`the time is not after that of line ${previousLine}; sort the rows by time`);
    if (previous) previous.endMs = instant.ms;
    steps.push({ startMs: instant.ms, endMs: Number.POSITIVE_INFINITY, watts: readPower(row.cells[columns.watts], wrong) });
    previousLine = row.line;
  }
  if (steps.length === 0)
    throw new InputError(`${file}, line ${rows[0].line}: there is no row after the header; give a file with consumption.`);
  return { steps, dated: clock !== "seconds" };
}

function readTime(text: string, wrong: (what: string) => InputError): Instant {
  const moment = isoParse(text);
  if (moment) return { ms: moment.ms, clock: "dates" };
  const seconds = decimalParse(text);
  if (!seconds) throw wrong(`"${shown(text)}" is not a time; write an ISO time or a number of seconds`);
  if (seconds.digits < 0n) throw wrong(`the time ${shown(text)} is negative; count from 0`);
  const ms = Number((seconds.digits * 1000n) / 10n ** BigInt(seconds.scale));
  if (ms > SECONDS_MAX * 1000) throw wrong(`the time ${shown(text)} is too large; write seconds, not milliseconds`);
  return { ms, clock: ms >= EPOCH_SECONDS_MIN * 1000 ? "epoch" : "seconds" };
}

function readPower(text: string, wrong: (what: string) => InputError): Decimal {
  const watts = decimalParse(text);
  if (!watts) throw wrong(`the power "${shown(text)}" is not a number; write watts such as 350`);
  if (watts.digits < 0n) throw wrong(`the power ${shown(text)} is negative; an import register cannot run backwards`);
  if (watts.digits > BigInt(KILOWATTS_MAX) * 1000n * 10n ** BigInt(watts.scale))
    throw wrong(`${shown(text)} W is more than ${KILOWATTS_MAX} kW; check the unit`);
  return watts;
}
