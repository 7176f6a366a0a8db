// Loads: the two formats, both clock changes, exact sums, and what is refused with its line.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { InputError } from "../../host/files/input_error.ts";
import { decimalParse } from "../../host/load/decimal.ts";
import { loadParse, loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD, household, householdCsv } from "../../host/load/household.ts";
import { isoParse } from "../../host/load/time.ts";

const HALF_HOUR = 1_800_000;
const HEADER = "Consumption (kWh), Start, End\n";

/** A file of half hours from `start` (UTC), printed in the local time of London as suppliers do. */
function halfHours(start: number, summer: (utc: number) => boolean, amounts: (string | null)[]): string {
  const local = (utc: number): string =>
    new Date(utc + (summer(utc) ? 3_600_000 : 0)).toISOString().slice(0, 19) + (summer(utc) ? "+01:00" : "+00:00");
  const rows = amounts.map((amount, index) => {
    const from = start + index * HALF_HOUR;
    return amount === null ? "" : `${amount}, ${local(from)}, ${local(from + HALF_HOUR)}\n`;
  });
  return HEADER + rows.join("");
}

const refused = (text: string): string => {
  try {
    loadParse("f.csv", text);
  } catch (error) {
    assert.ok(error instanceof InputError, `not an InputError: ${error}`);
    assert.match(error.message, /^[^\n]+\.$/, "one line that ends as a sentence");
    return error.message;
  }
  throw new assert.AssertionError({ message: `accepted: ${text}` });
};

test("energy rises by the sum of the rows through the night the clocks go forward", () => {
  const change = Date.UTC(2024, 2, 31, 1);
  const load = loadParse(
    "f.csv",
    halfHours(change - 2 * HALF_HOUR, (utc) => utc >= change, ["0.100", "0.2", "0.300", "0.4"]),
  );
  assert.equal(load.lengthMs, 4 * HALF_HOUR);
  assert.equal(load.energyJoules(2 * HALF_HOUR), 300n * 3600n);
  assert.equal(load.energyJoules(4 * HALF_HOUR), 1000n * 3600n);
  assert.equal(load.powerW(3 * HALF_HOUR), 800);
});

test("the hour that the night of the clocks going back has twice is two hours", () => {
  const change = Date.UTC(2024, 9, 27, 1);
  const amounts = ["0.1", "0.1", "0.1", "0.1", "0.1", "0.1"];
  const text = halfHours(change - 3 * HALF_HOUR, (utc) => utc < change, amounts);
  assert.match(text, /2024-10-27T01:30:00\+01:00, 2024-10-27T01:00:00\+00:00/);
  const load = loadParse("f.csv", text);
  assert.equal(load.lengthMs, 6 * HALF_HOUR);
  assert.equal(load.energyJoules(6 * HALF_HOUR), 600n * 3600n);
});

test("a missing row is a stretch without consumption", () => {
  const load = loadParse(
    "f.csv",
    halfHours(Date.UTC(2024, 0, 1), () => false, ["0.5", null, null, "0.25"]),
  );
  assert.equal(load.powerW(HALF_HOUR), 0);
  assert.equal(load.energyJoules(HALF_HOUR), 500n * 3600n);
  assert.equal(load.energyJoules(3 * HALF_HOUR), 500n * 3600n);
  assert.equal(load.powerW(3 * HALF_HOUR), 500);
  assert.equal(load.energyJoules(4 * HALF_HOUR), 750n * 3600n);
  assert.equal(load.energyJoules(400 * HALF_HOUR), 750n * 3600n);
  assert.equal(load.powerW(4 * HALF_HOUR), 0);
});

test("a zero may be printed 0E-20, and exponents are numbers", () => {
  const load = loadParse(
    "f.csv",
    halfHours(0, () => false, ["0E-20", "1.5E-1", "0"]),
  );
  assert.equal(load.energyJoules(3 * HALF_HOUR), 150n * 3600n);
  assert.deepEqual(decimalParse("0E-20"), { digits: 0n, scale: 0 });
  assert.deepEqual(decimalParse("12.5e1"), { digits: 125n, scale: 0 });
  for (const text of ["", ".", "1e", "1,5", "0x1", "NaN", "1e99", "--1", "1 2"]) assert.equal(decimalParse(text), null, text);
});

test("columns are found by name, with costs between, a byte order mark, quotes and CRLF", () => {
  const header = "\ufeffConsumption (kWh), Estimated Cost Inc. Tax (p), Standing Charge Inc. Tax (p), Start, End\r\n";
  const rows =
    '0.25, 6.1, 45.2, "2024-01-01T00:00:00+00:00", "2024-01-01T00:30:00+00:00"\r\n\r\n"0.5", 12.2, , 2024-01-01T00:30:00Z, 2024-01-01T01:00:00+00:00\r\n';
  assert.equal(loadParse("f.csv", header + rows).energyJoules(2 * HALF_HOUR), 750n * 3600n);
  const swapped = "Start, End, Consumption (kWh)\n2024-01-01T00:00:00+00:00, 2024-01-01T00:30:00+00:00, 0.125\n";
  assert.equal(loadParse("f.csv", swapped).energyJoules(HALF_HOUR), 125n * 3600n);
});

test("sums are exact however many digits the rows have", () => {
  const amounts = Array.from({ length: 5000 }, () => "0.0000001");
  const load = loadParse(
    "f.csv",
    halfHours(0, () => false, [...amounts, "0.0995"]),
  );
  assert.equal(load.energyJoules(5001 * HALF_HOUR), 100n * 3600n);
});

test("energy never falls and follows power within a row", () => {
  const load = loadParse(
    "f.csv",
    halfHours(0, () => false, ["0.001", "0.333", "1.234567"]),
  );
  let before = 0n;
  for (let t = 0; t <= 4 * HALF_HOUR; t += 977) {
    const now = load.energyJoules(t);
    assert.ok(now >= before);
    before = now;
  }
  assert.equal(load.energyJoules(HALF_HOUR + HALF_HOUR / 2), (1_000n * 3_600n + 333_000n * 1_800n) / 1000n);
});

test("rows that overlap or are out of order are refused with their lines", () => {
  const row = (from: string, to: string): string => `0.1, 2024-01-01T${from}:00+00:00, 2024-01-01T${to}:00+00:00\n`;
  assert.match(
    refused(HEADER + row("01:00", "01:30") + row("00:30", "01:00") + row("01:30", "02:00")),
    /f\.csv, line 3: the row starts before line 2/,
  );
  assert.match(refused(`${HEADER}\n${row("01:00", "01:30")}${row("01:15", "01:45")}`), /line 4: the row overlaps line 3/);
  assert.match(refused(HEADER + row("01:00", "01:30") + row("01:00", "01:30")), /line 3: the row overlaps line 2/);
  assert.match(refused(HEADER + row("01:30", "01:30")), /line 2: the row ends/);
});

test("a malformed half-hourly row is refused with its line", () => {
  const times = "2024-01-01T00:00:00+00:00, 2024-01-01T00:30:00+00:00";
  assert.match(refused(`${HEADER}x, ${times}\n`), /line 2: the consumption "x" is not a number/);
  assert.match(refused(`${HEADER}-0.1, ${times}\n`), /line 2: .*negative/);
  assert.match(refused(`${HEADER}600, ${times}\n`), /line 2: .*1000 kW/);
  assert.match(refused(`${HEADER}0.1, ${times}\n0.1\n`), /line 3: the row has 1 columns/);
  assert.match(refused(`${HEADER}0.1, 2024-02-30T00:00:00+00:00, 2024-03-01T00:30:00+00:00\n`), /line 2: the start .* is not a time/);
  assert.match(refused(`${HEADER}0.1, 2024-01-01T00:00:00, 2024-01-01T00:30:00\n`), /line 2: the start .* has no offset/);
  assert.match(refused(`${HEADER}"0.1, ${times}\n`), /line \d+: a quote is opened/);
  assert.match(refused(`Consumption (m³), Start, End\n1, ${times}\n`), /line 1: the header has no column "Consumption \(kWh\)"/);
  assert.match(refused(`Consumption (kWh), Start\n`), /line 1: .*"End"/);
  assert.match(refused(HEADER), /line 1: there is no row/);
  assert.match(refused(""), /empty/);
  assert.match(refused("hello\nworld\n"), /line 1: "hello" starts neither format/);
  assert.match(refused(`${HEADER}\x1b[2J, ${times}\n`), /"\?\[2J"/);
});

const read = (text: string, at: number): number => Number(loadParse("f.csv", text).energyJoules(at) / 3600n);

test("newest first is turned round, and one row out of its place is still refused", () => {
  const row = (amount: string, from: string, to: string): string => `${amount}, 2024-01-01T${from}:00Z, 2024-01-01T${to}:00Z\n`;
  const rows = [row("0.1", "00:00", "00:30"), row("0.2", "00:30", "01:00"), row("0.4", "01:00", "01:30")];
  for (const text of [HEADER + rows.join(""), HEADER + rows.toReversed().join("")]) {
    assert.equal(read(text, HALF_HOUR), 100);
    assert.equal(read(text, 3 * HALF_HOUR), 700);
  }
  assert.match(refused(HEADER + [rows[2], rows[0], rows[1]].join("")), /line 3: the row starts before line 4/);
});

test("E.ON names its columns otherwise, n3rgy counts in UTC at the end of each half hour, and either may count watt-hours", () => {
  const eon = "2025-10-14T16:00:00+01:00,2025-10-14T16:30:00+01:00,0.432000\n2025-10-14T16:30:00+01:00,2025-10-14T17:00:00+01:00,5.127\n";
  assert.equal(read(`interval_start,interval_end,consumption_kwh\n${eon}`, 2 * HALF_HOUR), 5559);
  const n3rgy = loadParse("f.csv", 'timestamp (UTC),energyConsumption (kWh)\n"2022-10-01 00:30",0.076\n"2022-10-01 01:00",0.1\n');
  assert.equal(n3rgy.originMs, Date.UTC(2022, 9, 1));
  assert.equal(n3rgy.energyJoules(HALF_HOUR), 76n * 3600n);
  assert.equal(read("timestamp (UTC),energyConsumption (Wh)\n2022-10-01 00:30,76\n", HALF_HOUR), 76);
  assert.equal(read("Consumption (Wh), Start, End\n76.5, 2024-01-01T00:00Z, 2024-01-01T00:30Z\n", HALF_HOUR), 76);
  assert.match(refused("timestamp (UTC),energyConsumption (m3)\n2022-10-01 00:30,7\n"), /no column "energyConsumption \(kWh\)"/);
});

/** Rows of ESB Networks' harmonised download file. */
const esb = (...rows: string[]): string =>
  `MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time\n${rows.map((row) => `10001234567,34201234,${row}\n`).join("")}`;

test("ESB counts mean kilowatts or kilowatt-hours in local time, newest first, with what was exported between", () => {
  const kilowatts = esb(
    "2.000,Active Import Interval (kW),01-07-2024 01:00",
    "9,Active Export Interval (kW),01-07-2024 01:00",
    "1.000,Active Import Interval (kW),01-07-2024 00:30",
  );
  assert.equal(loadParse("f.csv", kilowatts).originMs, Date.UTC(2024, 5, 30, 23));
  assert.equal(read(kilowatts, HALF_HOUR), 500);
  assert.equal(read(kilowatts, 2 * HALF_HOUR), 1500);
  assert.equal(read(esb("0.245,Active Import Interval (kWh),06/03/2026 00:30"), HALF_HOUR), 245);
  assert.match(refused(esb("1,24 hr Active Import Register (kWh),06-03-2026 00:00")), /line 2: the read type .* 30-minute readings/);
  assert.match(refused(esb("1,Active Import Interval (kW),2026-03-06 00:30")), /line 2: "2026-03-06 00:30" is not a time/);
});

test("ESB's night of the clocks going back has its hour twice, whichever end comes first; the other has none", () => {
  const night = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"].map(
    (time, index) => `${(index + 1) / 10},Active Import Interval (kWh),27-10-2024 ${time}`,
  );
  for (const rows of [night, night.toReversed()]) {
    const load = loadParse("f.csv", esb(...rows));
    assert.equal(load.originMs, Date.UTC(2024, 9, 26, 23));
    assert.equal(load.lengthMs, 6 * HALF_HOUR);
    assert.equal(load.energyJoules(3 * HALF_HOUR), 600n * 3600n);
    assert.equal(load.energyJoules(6 * HALF_HOUR), 2100n * 3600n);
  }
  assert.match(
    refused(esb("1,Active Import Interval (kW),31-03-2024 01:00", "1,Active Import Interval (kW),31-03-2024 01:30")),
    /line 2: there is no 01:00 in the night the clocks go forward/,
  );
  assert.equal(
    loadParse("f.csv", esb("1,Active Import Interval (kW),31-03-2024 00:30", "1,Active Import Interval (kW),31-03-2024 02:00")).lengthMs,
    2 * HALF_HOUR,
  );
});

test("semicolons and tabs part columns as well, with decimal commas between semicolons, and UTF-16 says what it is", () => {
  const row = "2024-01-01T00:00:00Z;2024-01-01T00:30:00Z";
  assert.equal(read(`Consumption (kWh);Start;End\n"0,125";${row}\n`, HALF_HOUR), 125);
  assert.equal(read(`\ufeffConsumption (kWh);Start;End\r\n0,125;${row}\r\n`, HALF_HOUR), 125);
  assert.equal(read(`Consumption (kWh)\tStart\tEnd\n0.125\t${row.replace(";", "\t")}\n`, HALF_HOUR), 125);
  assert.match(
    refused(`Consumption (kWh),Start,End\n"0,125",${row.replace(";", ",")}\n`),
    /line 2: the consumption "0,125" is not a number/,
  );
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-load-"));
  const text = `\ufeff${HEADER}0.25, 2024-01-01T00:00:00Z, 2024-01-01T00:30:00Z\n`;
  const little = Buffer.from(text, "utf16le");
  for (const octets of [little, Buffer.from(little).swap16()]) {
    writeFileSync(join(folder, "utf16.csv"), octets);
    assert.equal(loadRead(join(folder, "utf16.csv")).energyJoules(HALF_HOUR), 250n * 3600n);
  }
});

test("time,watts holds each power until the next row, and the last one for ever", () => {
  for (const header of ["", "time,watts\n", "Time, Watts\n"]) {
    const load = loadParse("f.csv", `${header}0,360\n10,720.5\n30.5,0\n`);
    assert.equal(load.energyJoules(10_000), 3600n);
    assert.equal(load.energyJoules(30_500), 3600n + 14770n);
    assert.equal(load.energyJoules(99_000), 3600n + 14770n);
    assert.equal(load.powerW(10_000), 721);
    assert.equal(load.lengthMs, 30_500);
    assert.equal(load.originMs, null);
  }
  const holding = loadParse("f.csv", "5,1000\n");
  assert.equal(holding.energyJoules(3_600_000), 3_600_000n);
  assert.equal(holding.powerW(1e12), 1000);
});

test("time,watts takes dates and seconds since 1970, and other columns beside its own", () => {
  const dated = loadParse("f.csv", "time,watts\n2024-10-27T01:59:00+01:00,60\n2024-10-27T01:00:00+00:00,0\n");
  assert.equal(dated.originMs, Date.UTC(2024, 9, 27, 0, 59));
  assert.equal(dated.energyJoules(60_000), 3600n);
  assert.equal(loadParse("f.csv", "1700000000,60\n1700000060,0\n").originMs, 1_700_000_000_000);
  assert.equal(loadParse("f.csv", "watts,note,time\n60,x,0\n0,y,60\n").energyJoules(60_000), 3600n);
});

test("a malformed time,watts row is refused with its line", () => {
  assert.match(refused("time,watts\n0,1\n0,2\n"), /line 3: the time is not after that of line 2/);
  assert.match(refused("0,1\nx,2\n"), /line 2: "x" is not a time/);
  assert.match(refused("0,1\n1,x\n"), /line 2: the power "x"/);
  assert.match(refused("0,1\n1,-5\n"), /line 2: .*negative/);
  assert.match(refused("0,1\n1,2,3\n"), /line 2: the row has 3 columns/);
  assert.match(refused("0,1\n2024-01-01T00:00Z,5\n"), /line 2: the time is of another kind/);
  assert.match(refused("1700000000000,1\n"), /line 1: .*milliseconds/);
  assert.match(refused("0,2000000\n"), /line 1: .*1000 kW/);
});

test("times that do not exist are no times", () => {
  for (const text of [
    "2024-13-01",
    "2023-02-29",
    "2024-01-01T24:00Z",
    "2024-01-01T00:60Z",
    "2024-01-01T00:00+25:00",
    "01/02/2024",
    "2024-01-01T00Z",
  ]) {
    assert.equal(isoParse(text), null, text);
  }
  assert.equal(isoParse("2024-02-29T12:00:00.250-0330")?.ms, Date.UTC(2024, 1, 29, 15, 30, 0, 250));
});

test("files that cannot be read are refused with a sentence", () => {
  const folder = mkdtempSync(join(tmpdir(), "kilowasm-load-"));
  assert.throws(() => loadRead(join(folder, "none.csv")), /none\.csv cannot be read: there is no such file/);
  assert.throws(() => loadRead(folder), /it is a directory/);
  writeFileSync(join(folder, "latin.csv"), Buffer.from("\xff0,1\n", "latin1"));
  assert.throws(() => loadRead(join(folder, "latin.csv")), /neither UTF-8 nor UTF-16/);
  writeFileSync(join(folder, "half.csv"), Buffer.from("\ufeff0,1\n", "utf16le").subarray(0, 9));
  assert.throws(() => loadRead(join(folder, "half.csv")), /neither UTF-8 nor UTF-16/);
});

test("the default household is what its model says", () => {
  assert.equal(readFileSync(DEFAULT_HOUSEHOLD, "utf8"), householdCsv());
  const load = loadRead(DEFAULT_HOUSEHOLD);
  const sum = household().reduce((total, wattHours) => total + wattHours, 0);
  assert.equal(load.energyJoules(load.lengthMs), BigInt(sum) * 3600n);
  assert.equal(load.lengthMs, 7 * 86_400_000);
});
