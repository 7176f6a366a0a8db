// A device whose power is cut while it loads an update goes on where its flash has the file, and metering goes on meanwhile.
//
//   1. The home joins, the update begins.  2. The device's power is cut at a third and at two thirds.  3. Each time it asks for what is missing.
//   4. The update is activated and confirmed; the display shows what the meter tells.
import assert from "node:assert/strict";
import { test } from "node:test";
import { of, PATIENCE_MS, scene, tail, UPDATE_MS, until } from "./updating.ts";

/** Written again after a reset: header, certificate and manifest, and what the last sector lacked. */
const AGAIN_MAX = 4096 + 2048;

for (const victim of ["meter", "ihd"] as const) {
  test(`an update of the ${victim} survives two power cuts, without beginning again`, () => {
    const run = scene(victim, false);
    const progress = (): number => Number(of(run, victim, "update", UPDATE_MS).findLast(({ status }) => status === "loading")?.offset ?? 0);
    for (const part of [1 / 3, 2 / 3]) {
      const size = (): number => Number(of(run, victim, "update", UPDATE_MS).at(-1)?.size ?? Number.POSITIVE_INFINITY);
      assert.ok(
        until(run, () => progress() > size() * part, PATIENCE_MS),
        tail(run),
      );
      const before = progress();
      run.home.device(victim).close();
      run.home.advance(run.home.nowUs + 5_000_000);
      const from = run.home.nowMs;
      run.home.device(victim).powerOn();
      const jumped = (): boolean =>
        of(run, victim, "update", from).some(({ status, offset }) => status === "loading" && Number(offset) > 2048);
      assert.ok(until(run, jumped, PATIENCE_MS), tail(run));
      const first = Number(
        of(run, victim, "update", from).find(({ status, offset }) => status === "loading" && Number(offset) > 2048)?.offset,
      );
      assert.ok(first > before - AGAIN_MAX, `${before} octets before the cut, goes on at ${first}`);
    }
    const confirmed = (): boolean => of(run, victim, "health").some(({ step }) => step === "confirmed");
    assert.ok(until(run, confirmed, PATIENCE_MS), tail(run));
    assert.equal(of(run, victim, "boot").filter(({ trial }) => trial === true).length, 1, "one try was enough");
    const told = of(run, "meter", "register", UPDATE_MS);
    const gaps = told.slice(1).map(({ t }, index) => t - told[index].t);
    assert.ok(Math.max(...gaps) < 75_000, "the meter goes on telling its register");
    run.home.close();
  });
}
