// Whole runs of the home: what the lines of JSON promise, and what an independent decoder reads on the air.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LOAD_START_MS } from "../../host/home/home.ts";
import type { Output } from "../../host/home/output.ts";
import type { Options } from "../../host/home/run_options.ts";
import { Session, SLOW_SPEED } from "../../host/home/session.ts";
import { loadParse } from "../../host/load/file.ts";
import { optionsParse } from "../../tools/home/options.ts";
import { agree } from "./agreement.ts";
import { bodyOf, type Ended, type Line, linesOf, run, start } from "./process.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-run-"));
const HALF_HOUR = 1_800_000;
/** The oldest sample of the measuring element that a report may hold. */
const SAMPLE_MS = 10_000;

/** Three half hours in the night the clocks go back, a gap, and a zero in the form of older files. */
const CSV = [
  "Consumption (kWh), Estimated Cost Inc. Tax (p), Standing Charge Inc. Tax (p), Start, End",
  "0.4567, 12.3, 45.6, 2024-10-27T00:30:00+01:00, 2024-10-27T01:00:00+01:00",
  "1.0003, 27.0, 45.6, 2024-10-27T01:00:00+01:00, 2024-10-27T01:30:00+01:00",
  "0E-20, 0, 45.6, 2024-10-27T01:30:00+01:00, 2024-10-27T01:00:00+00:00",
  "0.333, 9.0, 45.6, 2024-10-27T01:30:00+00:00, 2024-10-27T02:00:00+00:00",
  "",
].join("\n");
const SUM_WH = 1790;

function ok(ended: Ended): Line[] {
  assert.equal(ended.status, 0, ended.error);
  return linesOf(ended);
}

const of = (lines: Line[], device: string, event: string): Line[] => lines.filter((line) => line.device === device && line.event === event);

test("a load is replayed to the watt-hour, and the display shows the register at every report", async () => {
  const file = join(FOLDER, "night.csv");
  writeFileSync(file, CSV);
  const lines = ok(await run("--load", file));
  for (const device of ["meter", "ihd"]) {
    assert.equal(of(lines, device, "joined").length, 1, device);
    assert.deepEqual(new Set(of(lines, device, "key").map((line) => line.suite)).has(2), true, device);
  }
  const load = loadParse(file, CSV);
  const registers = of(lines, "meter", "register");
  for (const { t, importWh } of registers) {
    const [least, most] = [t - SAMPLE_MS, t].map((ms) => load.energyJoules(ms - LOAD_START_MS) / 3600n);
    assert.ok(
      BigInt(importWh as number) >= least && BigInt(importWh as number) <= most,
      `${importWh} Wh at ${t} is not within ${least}..${most}`,
    );
  }
  assert.equal(registers[0].importWh, 0);
  assert.equal(registers.at(-1)?.importWh, SUM_WH);
  agree(lines, 100);
  const readings = of(lines, "ihd", "reading");
  assert.equal(readings.at(-1)?.importWh, SUM_WH);
  assert.equal(readings.at(-1)?.currency, "GBP");
  assert.equal(readings.at(-1)?.price, 0.2703);
  assert.equal(readings.at(-1)?.stale, false);
  assert.ok(load.lengthMs === 5 * HALF_HOUR);
});

test("every line has the date, and without a terminal people get a short result on standard error", async () => {
  const ended = await run("--duration", "10m");
  const lines = ok(ended);
  const origin = Date.parse(String(lines[0].date)) - lines[0].t;
  for (const { t, date } of lines) assert.equal(date, new Date(origin + t).toISOString());
  assert.equal(new Date(origin).toISOString().slice(0, 10), "2025-03-24");
  assert.match(
    ended.error,
    /^kilowasm: 0:10:00 simulated in [\d.]+ s, [\d,]+ frames\nmeter: +[\d.]+ kWh\ndisplay: +[\d.]+ kWh\nversions: hub 0\.1\.0, /,
  );
  assert.equal((await run("--duration", "30s", "--json")).error, "");
});

test("a terminal's speed is slow until the home is up, unless somebody chose it", async () => {
  const options = (words: string[], terminal: boolean): Options =>
    optionsParse(words, { folder: FOLDER, terminal, write: () => undefined });
  assert.equal(options([], true).slowStart, true);
  for (const [words, terminal] of [
    [["--speed", "60"], true],
    [[], false],
    [["--json"], true],
    [["--zep", "17754"], true],
  ] as [string[], boolean][])
    assert.equal(options(words, terminal).slowStart, false, words.join(" "));
  const speeds = new Set<number>();
  const output: Output = {
    closed: false,
    failed: false,
    event: () => undefined,
    turn: async ({ nowMs, speed }) => {
      speeds.add(nowMs < LOAD_START_MS - 1000 ? speed : -speed);
    },
    end: async () => undefined,
  };
  const session = await Session.open(
    { ...options(["--duration", "26s"], true), speed: 50 },
    () => output,
    () => undefined,
  );
  await session.run();
  assert.deepEqual([[...speeds].filter((speed) => speed > 0), [...speeds].includes(-50)], [[SLOW_SPEED], true]);
});

test("the last line sums up, and time never runs backwards", async () => {
  const lines = ok(await run("--duration", "10m"));
  const last = lines.at(-1) as Line;
  assert.deepEqual([last.event, last.simulatedMs], ["summary", 600_000]);
  assert.ok((last.frames as number) > 50);
  assert.ok((last.wallMs as number) > 0);
  lines.reduce((before, line) => {
    assert.ok(line.t >= before);
    return line.t;
  }, 0);
});

test("a seed gives one run, at any speed; another seed gives another", async () => {
  const body = (ended: Ended): string => {
    ok(ended);
    return bodyOf(ended.out);
  };
  const [first, second, other] = [
    body(await run("--duration", "3m", "--seed", "7")),
    body(await run("--duration", "3m", "--seed", "7", "--speed", "700")),
    body(await run("--duration", "3m", "--seed", "8")),
  ];
  assert.equal(first, second);
  assert.notEqual(first, other);
});

test("with certificates of suite 1 only, the keys are of suite 1", async () => {
  const lines = ok(await run("--duration", "3m", "--suite", "1"));
  const suites = lines.filter((line) => line.event === "key" && line.suite !== 0).map((line) => line.suite);
  assert.ok(suites.length >= 2);
  assert.deepEqual(new Set(suites), new Set([1]));
});

test("an interrupt ends the run with its summary and exit 0", async () => {
  const { child, ended } = start(["--speed", "60"]);
  await once(child.stdout as NodeJS.ReadableStream, "data");
  child.kill("SIGINT");
  const lines = ok(await ended);
  assert.equal(lines.at(-1)?.event, "summary");
});

test("a reader that goes away ends the run quietly", async () => {
  const { child, ended } = start([]);
  await once(child.stdout as NodeJS.ReadableStream, "data");
  child.stdout?.destroy();
  const { status, error } = await ended;
  assert.deepEqual([status, error], [0, ""]);
});
