// Power cuts of each device at many moments: while it joins, while keys are established, in the middle of a write, and long after.  Nobody helps; the
// home must be complete again, no frame counter may repeat, and registers and keys must be there.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceName } from "../../host/home/events.ts";
import { House, scenario } from "./house.ts";

const HEAL_MS = 25 * 60_000;
/** From a device's power-on: scans, association, transport of the key, key establishment, discovery, binding, first reports. */
const MOMENTS_MS = [40, 1500, 2650, 2720, 2760, 2800, 2850, 2900, 3000, 3100, 3300, 3600, 4500];

for (const name of ["hub", "meter", "ihd"] as const) {
  test(`the ${name} loses its power while the others run`, async (t) => {
    await scenario(t, new House(`cut-${name}`, { seed: 61 }), async (house) => {
      house.join();
      for (const offMs of [10, 3_000, 90_000, 20 * 60_000]) {
        house.run(45_000);
        const wh = Number(house.last("meter", "register")?.importWh);
        house.cut(name, offMs);
        house.heals(HEAL_MS, `${name} without power for ${offMs} ms`);
        assert.ok(Number(house.last("meter", "register")?.importWh) >= wh, "the register went on");
      }
      assert.equal(house.of("hub", "formed").filter((event) => event.t > 10_000).length <= 4, true);
      assert.equal(new Set(house.of("hub", "formed").map((event) => event.pan)).size, 1, "the hub keeps its network");
      assert.equal(house.of(name, "key").filter((event) => event.suite !== 0).length, name === "hub" ? 2 : 1, "link keys survive");
      house.sound();
      await house.verdict();
      await house.countersRise();
    });
  });
}

for (const name of ["meter", "ihd"] as const) {
  for (const moment of MOMENTS_MS) {
    test(`the ${name} loses its power ${moment} ms after it was switched on`, async (t) => cutWhileJoining(t, name, name, moment));
  }
  for (const moment of MOMENTS_MS.slice(2)) {
    test(`the hub loses its power ${moment} ms after the ${name} was switched on`, async (t) => cutWhileJoining(t, name, "hub", moment));
  }
}

async function cutWhileJoining(t: Parameters<typeof scenario>[0], joiner: DeviceName, victim: DeviceName, moment: number): Promise<void> {
  await scenario(t, new House(`cut-join-${joiner}-${victim}-${moment}`, { seed: 62 + moment }), async (house) => {
    assert.ok(house.until(() => house.plug(joiner).on, 180_000, 1));
    house.run(moment);
    house.cut(victim, 500);
    house.join(HEAL_MS);
    house.heals(120_000, "after the join");
    house.sound();
    await house.verdict();
    await house.countersRise();
  });
}
