// A load file: which of the two formats it is, and its rows with their lines.
import { type CsvError, parse } from "csv-parse/sync";
import { InputError } from "../files/input_error.ts";
import { octetsRead, type Unread } from "../files/input_file.ts";
import { halfHourlySteps, isHalfHourly, type Row, shown } from "./half_hourly.ts";
import { Load } from "./load.ts";
import { isWattsHeader, isWattsRow, wattsSteps } from "./watts.ts";

/** Ten years of half hours are 15 MiB; a file far beyond that is not a load. */
export const FILE_SIZE_MAX = 128 * 1024 * 1024;

/** `name` is how messages call the file; `text` is its content. */
export function loadParse(name: string, text: string): Load {
  const rows = csvRows(name, text);
  if (rows.length === 0) throw new InputError(`${name}: the file is empty; give a CSV with consumption.`);
  if (isHalfHourly(rows[0])) return new Load(halfHourlySteps(name, rows), true);
  if (isWattsHeader(rows[0]) || isWattsRow(rows[0])) {
    const { steps, dated } = wattsSteps(name, rows);
    return new Load(steps, dated);
  }
  const first = shown(rows[0].cells.join(","));
  throw new InputError(
    `${name}, line ${rows[0].line}: "${first}" starts neither format; the header is "Consumption (kWh), Start, End" or "time,watts".`,
  );
}

export function loadRead(path: string): Load {
  return loadParse(path, textRead(path, FILE_SIZE_MAX, "CSV"));
}

/** The whole of a file of text; `kind` is what it should be. */
export function textRead(path: string, sizeMax: number, kind: string): string {
  const bytes = readBytes(path, sizeMax, kind);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${path} is not UTF-8 text; save it as ${kind} in UTF-8.`);
  }
}

function readBytes(path: string, sizeMax: number, kind: string): Buffer {
  try {
    return octetsRead(path, sizeMax);
  } catch (error) {
    const { message, large } = error as Unread;
    if (large) throw new InputError(`${path} cannot be read: it is larger than ${sizeMax >> 20} MiB; give a shorter one.`);
    throw new InputError(`${path} cannot be read: ${message}; name a ${kind} file.`);
  }
}

function csvRows(name: string, text: string): Row[] {
  try {
    const records = parse(text, { bom: true, info: true, trim: true, skip_empty_lines: true, relax_column_count: true }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return records.map(({ record, info }) => ({ line: info.lines, cells: record })).filter((row) => row.cells.some((cell) => cell !== ""));
  } catch (error) {
    const where = (error as CsvError).lines;
    const what =
      (error as CsvError).code === "CSV_QUOTE_NOT_CLOSED" ? "a quote is opened and not closed" : "a quote stands where none may be";
    throw new InputError(`${name}, line ${typeof where === "number" ? where : 1}: ${what}; mend the row.`);
  }
}
