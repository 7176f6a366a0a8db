// The half-hourly CSV that British suppliers hand out: `Consumption (kWh), Start, End`, in later files with costs between.

import { InputError } from "../files/input_error.ts";
import { decimalParse } from "./decimal.ts";
import type { Step } from "./load.ts";
import { isoParse } from "./time.ts";

/** A row of a CSV file and the line it ends on. */
export interface Row {
  line: number;
  cells: string[];
}

/** 1 MW: what no household draws; a larger figure is a mistake of units. */
export const KILOWATTS_MAX = 1000;

interface Columns {
  consumption: number;
  start: number;
  end: number;
  count: number;
}

const named = (header: Row, name: string): number => header.cells.findIndex((cell) => cell.toLowerCase().replace(/\s+/g, " ") === name);

export function isHalfHourly(header: Row): boolean {
  return header.cells.some((cell) => /^consumption\b/i.test(cell)) || (named(header, "start") >= 0 && named(header, "end") >= 0);
}

export function halfHourlySteps(file: string, rows: readonly Row[]): Step[] {
  const columns = findColumns(file, rows[0]);
  const steps: Step[] = [];
  let previousLine = 0;
  for (const row of rows.slice(1)) {
    const step = readRow(file, row, columns);
    const previous = steps[steps.length - 1];
    if (previous && step.startMs < previous.endMs) {
      const how =
        step.startMs < previous.startMs
          ? `starts before line ${previousLine}; sort the rows by time`
          : `overlaps line ${previousLine}; remove one of them`;
      throw new InputError(`${file}, line ${row.line}: the row ${how}.`);
    }
    steps.push(step);
    previousLine = row.line;
  }
  if (steps.length === 0)
    throw new InputError(`${file}, line ${rows[0].line}: there is no row after the header; give a file with consumption.`);
  return steps;
}

function findColumns(file: string, header: Row): Columns {
  const columns = {
    consumption: named(header, "consumption (kwh)"),
    start: named(header, "start"),
    end: named(header, "end"),
    count: header.cells.length,
  };
  const missing = [
    ["Consumption (kWh)", columns.consumption],
    ["Start", columns.start],
    ["End", columns.end],
  ].filter(([, index]) => index === -1);
  if (missing.length > 0) {
    const names = missing.map(([name]) => `"${name}"`).join(" and ");
    throw new InputError(
      `${file}, line ${header.line}: the header has no column ${names}; give an electricity file with "Consumption (kWh), Start, End".`,
    );
  }
  return columns;
}

function readRow(file: string, row: Row, columns: Columns): Step {
  const wrong = (what: string): InputError => new InputError(`${file}, line ${row.line}: ${what}.`);
  if (row.cells.length !== columns.count)
    throw wrong(`the row has ${row.cells.length} columns and the header ${columns.count}; mend the row`);
  const text = row.cells[columns.consumption];
  const kilowattHours = decimalParse(text);
  if (!kilowattHours) throw wrong(`the consumption "${shown(text)}" is not a number; write kilowatt-hours such as 0.125`);
  if (kilowattHours.digits < 0n) throw wrong(`the consumption ${shown(text)} is negative; an import register cannot run backwards`);
  const startMs = certainTime(row.cells[columns.start], "start", wrong);
  const endMs = certainTime(row.cells[columns.end], "end", wrong);
  if (endMs <= startMs) throw wrong(`the row ends at ${shown(row.cells[columns.end])}, not after its start; mend the times`);
  const limit = (BigInt(KILOWATTS_MAX) * BigInt(endMs - startMs) * 10n ** BigInt(kilowattHours.scale)) / 3_600_000n;
  if (kilowattHours.digits > limit) throw wrong(`${shown(text)} kWh is more than ${KILOWATTS_MAX} kW; check the unit`);
  return { startMs, endMs, kilowattHours };
}

/** A local time without its offset means two moments in the night the clocks go back, so it is refused. */
function certainTime(text: string, name: string, wrong: (what: string) => InputError): number {
  const moment = isoParse(text);
  if (!moment) throw wrong(`the ${name} "${shown(text)}" is not a time; write it like 2024-03-31T00:30:00+00:00`);
  if (!moment.certain) throw wrong(`the ${name} "${shown(text)}" has no offset from UTC; write it like 2024-03-31T00:30:00+00:00`);
  return moment.ms;
}

/** A cell in an error message: short, and without what could move the cursor. */
export function shown(text: string): string {
  const clean = text.replace(/\p{C}/gu, "?");
  return clean.length > 40 ? `${clean.slice(0, 40)}...` : clean;
}
