// When no slot holds a module that can run, the one in the native firmware brings the device back over the air.
//
//   1. The home joins.  2. Both slots of a device are ruined, and its power is cut.  3. The module of last resort comes up in the network that
//   the device was in, loads the supplier's package and activates it.  4. The device is what it was: its register, its keys, its address.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceRole } from "../../host/home/plan.ts";
import { of, PATIENCE_MS, type Scene, scene, tail, UPDATE_MS, until } from "./updating.ts";

function restored(run: Scene, victim: DeviceRole, from: number): void {
  const done = until(run, () => of(run, victim, "health", from).some(({ step }) => step === "confirmed"), PATIENCE_MS);
  assert.ok(done, `${victim} is not back; ${tail(run)}`);
  const boots = of(run, victim, "boot", from).map(({ version, slot }) => `${slot} ${version}`);
  assert.match(boots[0] ?? "", /^factory/);
  assert.match(boots.at(-1) ?? "", /^[ab] 0\.2\.0/);
  const at = run.home.nowMs;
  const agree = (): boolean => {
    const told = run.events.findLast(({ device, event }) => device === "meter" && event === "register");
    const shown = run.events.findLast(({ device, event }) => device === "ihd" && event === "reading");
    return told !== undefined && shown !== undefined && shown.t > at && told.importWh === shown.importWh;
  };
  assert.ok(until(run, agree, PATIENCE_MS), `the display shows the meter again; ${tail(run)}`);
}

for (const victim of ["meter", "ihd"] as const) {
  test(`a ${victim} whose slots are ruined comes back with its address and keys`, () => {
    const run = scene(victim, false);
    assert.ok(
      until(run, () => of(run, "ihd", "bound").length > 0, 100_000),
      tail(run),
    );
    run.home.advance(UPDATE_MS * 1000 - 1_000_000);
    const address = of(run, victim, "joined")[0]?.address;
    const from = run.home.nowMs;
    run.home.device(victim).close();
    run.slots.ruin();
    run.home.device(victim).powerOn();
    restored(run, victim, from);
    assert.deepEqual([...new Set(of(run, victim, "joined", from).map((each) => each.address))], [address]);
    assert.deepEqual(of(run, victim, "key", from), [], "nobody agrees on a key again");
    run.home.close();
  });

  test(`a ${victim} that never had a module is given one over the air`, () => {
    const run = scene(victim, true);
    restored(run, victim, 0);
    assert.ok(of(run, victim, "key").length > 0);
    run.home.close();
  });
}
