// Half-hourly CSV as suppliers and networks hand it out.  A dialect says by which names a file has its columns; everything after is the same.
//
//   Octopus   Consumption (kWh), [costs], Start, End            E.ON    interval_start, interval_end, consumption_kwh
//   n3rgy     timestamp (UTC), energyConsumption (kWh)          ESB     MPRN, ..., Read Value, Read Type, Read Date and End Time

import { InputError, shown } from "../files/input_error.ts";
import { type Decimal, decimalParse } from "./decimal.ts";
import type { Step } from "./load.ts";
import { LocalClock } from "./local_time.ts";
import { isoParse } from "./time.ts";

/** A row of a CSV file and the line it ends on. */
export interface Row {
  line: number;
  cells: string[];
}

/** 1 MW: what no household draws; a larger figure is a mistake of units. */
export const KILOWATTS_MAX = 1000;
const HALF_HOUR_MS = 1_800_000;
/** Energy of a half hour from its mean power, and from watt-hours. */
const TIMES_HALF: Decimal = { digits: 5n, scale: 1 };
const THOUSANDTH: Decimal = { digits: 1n, scale: 3 };
const ONE: Decimal = { digits: 1n, scale: 0 };

type Wrong = (what: string) => InputError;

/** Where a row has what, and how it is meant. */
interface Columns {
  consumption: number;
  /** Kilowatt-hours that one of the column's own units is; null where the row says it. */
  unit: Decimal | null;
  /** -1: half an hour before the end. */
  start: number;
  end: number;
  /** What a time without an offset is; "none" refuses it. */
  zone: "none" | "utc" | "local";
  /** Of a row: what it counts; -1 where all count the same. */
  kind: number;
  count: number;
}

const CONSUMPTION: readonly [RegExp, Decimal][] = [
  [/^(energy ?)?consumption[ _]?\(?kwh\)?$|^kwh$/, ONE],
  [/^(energy ?)?consumption[ _]?\(?wh\)?$|^wh$/, THOUSANDTH],
];
const START = /^(interval[ _])?start( time)?$/;
const END = /^(interval[ _])?end( time)?$/;
const UTC_END = /^timestamp \(utc\)$/;
const LOCAL_END = "read date and end time";

const plain = (cell: string): string => cell.toLowerCase().replace(/\s+/g, " ");

function columnOf(header: Row, name: RegExp | string): number {
  return header.cells.findIndex((cell) => (typeof name === "string" ? plain(cell) === name : name.test(plain(cell))));
}

export function isHalfHourly(header: Row): boolean {
  const has = (name: RegExp | string): boolean => columnOf(header, name) >= 0;
  return has(/^(energy ?)?consumption\b/) || has(UTC_END) || has(LOCAL_END) || (has(START) && has(END));
}

/** `decimalComma`: the file's columns stand between semicolons, and its numbers may have a comma. */
export function halfHourlySteps(file: string, rows: readonly Row[], decimalComma = false): Step[] {
  const [header, ...body] = rows;
  const columns = findColumns(file, header);
  const clock = new LocalClock();
  const steps: (Step & { line: number })[] = [];
  for (const row of oldestFirst(body, columns)) {
    const step = readRow(file, row, columns, clock, decimalComma);
    if (!step) continue;
    const previous = steps.at(-1);
    if (previous && step.startMs < previous.endMs) {
      const how =
        step.startMs < previous.startMs
          ? `starts before line ${previous.line}; sort the rows by time`
          : `overlaps line ${previous.line}; remove one of them`;
      throw new InputError(`${file}, line ${row.line}: the row ${how}.`);
    }
    steps.push({ ...step, line: row.line });
  }
  if (steps.length === 0)
    throw new InputError(`${file}, line ${header.line}: there is no row after the header; give a file with consumption.`);
  return steps;
}

/** Some hand out the newest row first: then the whole file is turned round. */
function oldestFirst(rows: readonly Row[], { start, end, zone }: Columns): readonly Row[] {
  const at = start >= 0 ? start : end;
  const [first, last] = [rows[0], rows.at(-1)].map((row) => timeOf(row?.cells[at] ?? "", zone));
  return first !== null && last !== null && first > last ? rows.toReversed() : rows;
}

/** Good for which of two comes first, an hour at the end of summer apart. */
function timeOf(text: string, zone: Columns["zone"]): number | null {
  return zone === "local" ? LocalClock.wall(text) : (isoParse(text)?.ms ?? null);
}

function findColumns(file: string, header: Row): Columns {
  const count = header.cells.length;
  const localEnd = columnOf(header, LOCAL_END);
  if (localEnd >= 0) {
    const named = { consumption: columnOf(header, "read value"), kind: columnOf(header, "read type") };
    missing(file, header, [
      ["Read Value", named.consumption],
      ["Read Type", named.kind],
    ]);
    return { ...named, unit: null, start: -1, end: localEnd, zone: "local", count };
  }
  const [name, unit] = CONSUMPTION.find(([each]) => columnOf(header, each) >= 0) ?? CONSUMPTION[0];
  const consumption = columnOf(header, name);
  const utcEnd = columnOf(header, UTC_END);
  if (utcEnd >= 0) {
    missing(file, header, [["energyConsumption (kWh)", consumption]]);
    return { consumption, unit, start: -1, end: utcEnd, zone: "utc", kind: -1, count };
  }
  const [start, end] = [columnOf(header, START), columnOf(header, END)];
  missing(file, header, [
    ["Consumption (kWh)", consumption],
    ["Start", start],
    ["End", end],
  ]);
  return { consumption, unit, start, end, zone: "none", kind: -1, count };
}

function missing(file: string, header: Row, columns: readonly (readonly [string, number])[]): void {
  const names = columns.filter(([, index]) => index < 0).map(([name]) => `"${name}"`);
  if (names.length === 0) return;
  throw new InputError(
    `${file}, line ${header.line}: the header has no column ${names.join(" and ")}; give an electricity file with "Consumption (kWh), Start, End".`,
  );
}

/** Undefined for a row that is about something else than what was imported. */
function readRow(file: string, row: Row, columns: Columns, clock: LocalClock, decimalComma: boolean): Step | undefined {
  const wrong: Wrong = (what) => new InputError(`${file}, line ${row.line}: ${what}.`);
  if (row.cells.length !== columns.count)
    throw wrong(`the row has ${row.cells.length} columns and the header ${columns.count}; mend the row`);
  const unit = columns.unit ?? unitOf(row.cells[columns.kind], wrong);
  if (!unit) return undefined;
  const text = row.cells[columns.consumption];
  const amount = decimalParse(decimalComma ? text.replace(",", ".") : text);
  if (!amount) throw wrong(`the consumption "${shown(text)}" is not a number; write kilowatt-hours such as 0.125`);
  if (amount.digits < 0n) throw wrong(`the consumption ${shown(text)} is negative; an import register cannot run backwards`);
  const kilowattHours = { digits: amount.digits * unit.digits, scale: amount.scale + unit.scale };
  const start = columns.start < 0 ? undefined : certainTime(row, columns.start, "start", columns, wrong);
  const endMs = columns.zone === "local" ? clock.next(row.cells[columns.end], wrong) : certainTime(row, columns.end, "end", columns, wrong);
  const startMs = start ?? endMs - HALF_HOUR_MS;
  if (endMs <= startMs) throw wrong(`the row ends at ${shown(row.cells[columns.end])}, not after its start; mend the times`);
  const limit = (BigInt(KILOWATTS_MAX) * BigInt(endMs - startMs) * 10n ** BigInt(kilowattHours.scale)) / 3_600_000n;
  if (kilowattHours.digits > limit) throw wrong(`${shown(text)} is more than ${KILOWATTS_MAX} kW; check the unit`);
  return { startMs, endMs, kilowattHours };
}

/** Of ESB's `Read Type`: kilowatts are the mean of the half hour.  What was exported is passed over. */
function unitOf(kind: string, wrong: Wrong): Decimal | undefined {
  const match = /^active (import|export) interval \((kw|kwh)\)$/.exec(plain(kind));
  if (!match) throw wrong(`the read type "${shown(kind)}" is no half-hourly one; ask for the file of 30-minute readings`);
  if (match[1] === "export") return undefined;
  return match[2] === "kw" ? TIMES_HALF : ONE;
}

/** A local time without its offset means two moments in the night the clocks go back, so it is refused unless the header says UTC. */
function certainTime({ cells }: Row, column: number, name: string, { zone }: Columns, wrong: Wrong): number {
  const text = cells[column];
  const moment = isoParse(text);
  if (!moment) throw wrong(`the ${name} "${shown(text)}" is not a time; write it like 2024-03-31T00:30:00+00:00`);
  if (!moment.certain && zone !== "utc")
    throw wrong(`the ${name} "${shown(text)}" has no offset from UTC; write it like 2024-03-31T00:30:00+00:00`);
  return moment.ms;
}
