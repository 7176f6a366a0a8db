// A load file: which of the two formats it is, and its rows with their lines.
import { type CsvError, parse } from "csv-parse/sync";
import { InputError, shown } from "../files/input_error.ts";
import { octetsRead, type Unread } from "../files/input_file.ts";
import { halfHourlySteps, isHalfHourly, type Row } from "./half_hourly.ts";
import { Load } from "./load.ts";
import { isWattsHeader, isWattsRow, wattsSteps } from "./watts.ts";

/** Ten years of half hours are 15 MiB; a file far beyond that is not a load. */
export const FILE_SIZE_MAX = 128 * 1024 * 1024;

/** `name` is how messages call the file; `text` is its content. */
export function loadParse(name: string, text: string): Load {
  const delimiter = delimiterOf(text);
  const rows = csvRows(name, text, delimiter);
  if (rows.length === 0) throw new InputError(`${name}: the file is empty; give a CSV with consumption.`);
  if (isHalfHourly(rows[0])) return new Load(halfHourlySteps(name, rows, delimiter === ";"), true);
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
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${path} is neither UTF-8 nor UTF-16 text; save it as ${kind} in UTF-8.`);
  }
}

/** Spreadsheets save UTF-16 and say so with a byte order mark. */
function encodingOf(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** Where the comma is the decimal one, columns stand between semicolons; the header tells. */
function delimiterOf(text: string): string {
  const [header = ""] = text.replace(/^\ufeff?\s*/, "").split(/[\r\n]/, 1);
  const most = (mark: string): number => header.split(mark).length;
  return [";", "\t"].find((mark) => most(mark) > 1 && most(mark) >= most(",")) ?? ",";
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

function csvRows(name: string, text: string, delimiter: string): Row[] {
  try {
    const records = parse(text, {
      delimiter,
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }) as unknown as {
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
