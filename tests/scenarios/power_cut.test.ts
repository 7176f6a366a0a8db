// Power cuts of each device at many moments: while it joins, while keys are established, in the middle of a write, and long after.  Nobody helps; the
// home must be complete again, no frame counter may repeat, and registers and keys must be there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind } from "../../host/abi.ts";
import { admitRecord, clockRecord, permitRecord, tariffRecord } from "../../host/home/head_end.ts";
import { DEFAULT_PLAN, type DeviceId, planIds } from "../../host/home/plan.ts";
import { TARIFF } from "../../host/home/tariff.ts";
import { House, scenario } from "./house.ts";

/** A parent that is away for long is looked for each quarter of an hour at last. */
const HEAL_MS = 25 * 60_000;
/** From a device's power-on: scans, association, transport of the key, key establishment, discovery, binding, first reports. */
const MOMENTS_MS = [40, 1500, 2650, 2700, 2720, 2740, 2760, 2780, 2800, 2850, 2900, 3000, 3100, 3300, 3600, 4500];
/** Where the hub is cut while another joins: nothing is to be seen before the association. */
const JOINED_FROM_MS = 2650;

for (const name of planIds(DEFAULT_PLAN)) {
  test(`the ${name} loses its power while the others run`, async (t) => {
    await scenario(t, new House(`cut-${name}`, { seed: 61 }), async (house) => {
      house.join();
      const formed = house.of("hub", "formed").length;
      for (const offMs of [10, 3_000, 90_000, 20 * 60_000]) {
        house.run(45_000);
        const wh = Number(house.last("meter", "register")?.importWh);
        house.cut(name, offMs);
        const healMs = house.heals(HEAL_MS, `${name} without power for ${offMs} ms`);
        t.diagnostic(`off for ${offMs} ms, healed in ${healMs} ms`);
        assert.ok(Number(house.last("meter", "register")?.importWh) >= wh, "the register went on");
      }
      assert.equal(formed, 1);
      assert.equal(new Set(house.of("hub", "formed").map((event) => event.pan)).size, 1, "the hub keeps its network");
      assert.equal(house.of(name, "key").filter((event) => event.suite !== 0).length, name === "hub" ? 2 : 1, "link keys survive");
      house.sound();
      await house.verdict();
      await house.countersRise();
    });
  });
}

async function cutWhileJoining(t: Parameters<typeof scenario>[0], joiner: DeviceId, victim: DeviceId, moment: number): Promise<void> {
  await scenario(t, new House(`cut-join-${joiner}-${victim}-${moment}`, { seed: 62 + moment }), (house) => {
    assert.ok(house.until(() => house.plug(joiner).on, 180_000, 1));
    house.run(moment);
    house.cut(victim, 500);
    house.join(HEAL_MS);
    house.heals(HEAL_MS, "after the join");
    house.sound();
    assert.deepEqual(house.counters.wrong, []);
  });
}

for (const joiner of ["meter", "ihd"] as const) {
  for (const victim of planIds(DEFAULT_PLAN)) {
    if (joiner === "meter" && victim === "ihd") continue;
    test(`the ${victim} loses its power while the ${joiner} joins`, async (t) => {
      const moments = victim === joiner ? MOMENTS_MS : MOMENTS_MS.filter((moment) => moment >= JOINED_FROM_MS);
      for (const moment of moments) await cutWhileJoining(t, joiner, victim, moment);
    });
  }
}

/** What the supplier said to a hub that died meanwhile it says again; it has its own acknowledgement for that. */
function supplyAgain(house: House): void {
  assert.ok(house.until(() => house.hub.troubles.length > 0, 60_000, 10));
  house.run(1000);
  const words = [clockRecord(house.home.originMs + house.nowMs), tariffRecord(TARIFF), permitRecord(254)];
  for (const { factory } of [house.meter, house.ihd]) words.unshift(admitRecord(factory.extended, factory.installCode));
  for (const word of words) house.hub.push(EventKind.Uplink, word);
}

/** Writes of records and keys from power-on to a complete home. */
async function writesOf(t: Parameters<typeof scenario>[0], name: DeviceId): Promise<number> {
  let writes = 0;
  await scenario(t, new House(`cut-write-${name}`, { seed: 64 }), (house) => {
    house.join();
    writes = house.plug(name).flash.writes;
  });
  return writes;
}

for (const name of planIds(DEFAULT_PLAN)) {
  test(`the ${name} loses its power at its first write, its second, and so on to the last of the join`, async (t) => {
    const writes = await writesOf(t, name);
    assert.ok(writes > 5);
    t.diagnostic(`${writes} writes`);
    for (let write = 1; write <= writes; write++) {
      for (const after of [false, true]) {
        await scenario(t, new House(`cut-write-${name}-${write}-${after}`, { seed: 64 }), (house) => {
          const { flash } = house.plug(name);
          flash.cutAt = write;
          flash.cutAfter = after;
          if (name === "hub") supplyAgain(house);
          house.join(HEAL_MS);
          house.heals(HEAL_MS, `cut ${after ? "after" : "before"} write ${write}`);
          assert.equal(house.plug(name).troubles.length, 1, "cut once, and no trap besides");
          assert.deepEqual(house.counters.wrong, []);
        });
      }
    }
  });
}
