// A home changes to phase 2 over the air, and goes back by itself where phase 2 is not there.
//
//   1. The home is complete, the display shows what the meter tells.  2. The hub takes its own update.  3. Meter and display load their
//   modules while metering goes on.  4. At the time that they were told the meter restarts, joins by its certificate, and is confirmed
//   when the hub's server has answered; the display three minutes later.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { DISPLAYS_AFTER_MS } from "../../host/home/change.ts";
import type { EventLine } from "../../host/home/events.ts";
import { CHANGE_MS, UpgradeHome, without2 } from "./upgrade_home.ts";

const PATIENCE_MS = 15 * 60_000;
/** Longer than a trial of phase 2. */
const TRIAL_MS = 16 * 60_000;

function changed(seed: number): UpgradeHome {
  const home = new UpgradeHome(seed);
  home.expect("the display shows the meter's register", () => home.agrees() && home.nowMs > 60_000, CHANGE_MS);
  home.expect("the change is over", () => home.nowMs > CHANGE_MS && home.home.changesOver, PATIENCE_MS);
  return home;
}

const steps = (home: UpgradeHome, id: string): unknown[] => home.of(id, "health").map(({ step }) => step);

test("hub, meter and display change one after the other, each at the first try", () => {
  const home = changed(1);
  assert.deepEqual(home.home.unchanged, []);
  for (const id of ["hub", "meter", "ihd"]) {
    assert.equal(home.runs(id), "2.0.0 phase 2");
    assert.deepEqual(steps(home, id), ["started", "joined", "key", "server", "confirmed"], id);
    assert.equal(home.of(id, "boot", CHANGE_MS).length, 1, id);
  }
  const at = (id: string): number => home.of(id, "boot").at(-1)?.t as number;
  assert.ok(at("hub") < at("meter"));
  const apart = at("ihd") - at("meter");
  assert.ok(Math.abs(apart - DISPLAYS_AFTER_MS) < 2000, `${apart} ms`);
  const told = home.of("meter", "register", CHANGE_MS - 60_000).filter(({ t }) => t < at("meter"));
  assert.ok(told.length >= 3, "metering goes on while modules are loaded");
  const stages = home.of("hub", "change").map(({ stage }) => stage);
  assert.deepEqual([...new Set(stages)], ["hub", "load", "told", "change", "over"]);
  assert.deepEqual(home.of("meter", "trouble"), []);
  home.close();
});

test("the meter's register goes on where it was, to the joule", () => {
  const home = changed(2);
  // | register i64 | element i64 |, docs/records.md: written at least each quarter of an hour.
  const record = (): Buffer => Buffer.from(home.records.get("meter")?.get(Record.Registers) ?? []);
  const before = record();
  home.expect("the module of phase 2 writes the register", () => !record().equals(before), 20 * 60_000);
  const [register, element] = [record().readBigInt64LE(0), record().readBigInt64LE(8)];
  assert.equal(register, element, "the element has counted from zero on, and so has the register");
  const since = home.home.sensor("meter").joules - element;
  assert.ok(since >= 0n && since < 1000n, `as it was measured a moment ago: ${since} J less`);
  home.close();
});

test("the display goes on showing the meter: register, price, today's cost; and the hub goes on knowing who has changed", () => {
  const home = changed(5);
  const after = home.nowMs;
  const shown = (): EventLine | undefined => home.of("ihd", "reading", after).findLast(({ importWh }) => importWh !== null);
  home.expect("the display shows a reading", () => shown() !== undefined, PATIENCE_MS);
  const before = home.of("ihd", "reading").findLast(({ t }) => t < (home.of("ihd", "boot").at(-1)?.t as number)) as EventLine;
  const last = shown() as EventLine;
  assert.ok(last.importWh > before.importWh && last.costToday >= before.costToday, JSON.stringify([before, last]));
  assert.deepEqual([last.price, last.currency, last.stale], [before.price, before.currency, false]);
  const truth = Number(home.home.sensor("meter").joules / 3600n);
  assert.ok(truth - last.importWh >= 0 && truth - last.importWh < 100, `${last.importWh} of ${truth} Wh`);
  // Longer than the hub waits for one that it does not hear.
  home.expect("three hours", () => home.nowMs > after + 3 * 3_600_000, 4 * 3_600_000);
  for (const id of ["meter", "ihd"]) {
    const { extended } = home.home.status.device(id);
    const rollouts = home.of("hub", "rollout").filter(({ partner }) => partner === extended);
    assert.equal(rollouts.at(-1)?.status, "activated", id);
  }
  home.close();
});

test("the same seed gives the same change, event by event", () => {
  const lines = (): EventLine[] => {
    const home = changed(3);
    home.close();
    return home.events;
  };
  assert.deepEqual(lines(), lines());
});

test("where phase 2 has no network the devices go back to phase 1 and say why, and the display shows the meter again", () => {
  const home = new UpgradeHome(4, without2());
  const back = (): boolean => home.last("meter", "update")?.status === "activationFailed";
  home.expect("the meter gives phase 2 up", () => home.nowMs > CHANGE_MS && back(), TRIAL_MS + PATIENCE_MS);
  assert.equal(home.last("meter", "update")?.reason, "unhealthy");
  assert.deepEqual(steps(home, "meter"), ["started", "givenUp"]);
  home.expect("the meter's module of phase 1 runs", () => home.runs("meter") === "0.1.0 phase 1", 5000);
  const from = home.nowMs;
  home.expect("the display goes back as well", () => home.last("ihd", "update")?.status === "activationFailed", TRIAL_MS);
  home.expect("the display shows what the meter tells", () => home.agrees(from), PATIENCE_MS);
  assert.deepEqual(home.of("meter", "key", from - 1000).length, 0, "the keys of phase 1 are still there");
  home.close();
});
