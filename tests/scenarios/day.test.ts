// A week's first day of the household at the pace of the machine: every reading is the register's, and the register's rise is the sum of the CSV.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { House, scenario } from "./house.ts";

const HALF_HOURS = 48;
const DAY_MS = 24 * 3_600_000;
/** A sleepy display fetches a report with its next poll. */
const LATE_MS = 15_000;

/** The first day of the default household, and the sum of its column in watt-hours. */
function firstDay(): { csv: string; sumWh: number } {
  const [header, ...rows] = readFileSync(DEFAULT_HOUSEHOLD, "utf8").trim().split("\n");
  const day = rows.slice(0, HALF_HOURS);
  const sumWh = day.reduce((sum, row) => sum + Math.round(Number(row.split(",")[0]) * 1000), 0);
  return { csv: [header, ...day, ""].join("\n"), sumWh };
}

test("a day: readings equal registers at every report, and the register's rise equals the CSV's sum", async (t) => {
  const { csv, sumWh } = firstDay();
  assert.ok(sumWh > 1000);
  await scenario(t, new House("day", { seed: 121, load: csv }), async (house) => {
    const begun = performance.now();
    house.join();
    const from = house.nowMs;
    house.run(DAY_MS + 30 * 60_000 - from);
    t.diagnostic(`${(house.nowMs / (performance.now() - begun)).toFixed(0)} times as fast as the day`);
    const registers = house.of("meter", "register");
    const readings = house.of("ihd", "reading", from);
    assert.ok(registers.length > 500, `${registers.length} reports in a day`);
    assert.ok(readings.length > 500, `${readings.length} readings in a day`);
    let told = 0;
    for (const { importWh, t: at } of readings) {
      while (told + 1 < registers.length && registers[told + 1].t <= at) told++;
      const [now, before] = [registers[told], registers[told - 1]];
      const right = importWh === now.importWh || (importWh === before?.importWh && at - now.t < LATE_MS);
      assert.ok(
        right,
        `at ${at} ms the display shows ${importWh} Wh, the meter told ${before?.importWh} and at ${now.t} ms ${now.importWh}`,
      );
    }
    assert.equal(registers.at(-1)?.importWh, sumWh, "the day's sum to the watt-hour");
    assert.equal(house.last("ihd", "reading")?.importWh, sumWh);
    assert.ok(!readings.some(({ stale }) => stale), "never stale");
    for (const device of ["hub", "meter", "ihd"] as const) assert.equal(house.of(device, "failed", from).length, 0, house.tail());
    house.sound();
    await house.verdict();
    t.diagnostic(`${await house.countersRise()} secured frames`);
  });
});
