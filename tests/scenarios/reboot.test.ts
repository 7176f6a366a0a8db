// A meter that comes up again still knows where its display is: its next report arrives, and nobody waits until a reading is found stale.
//
//   1. The home is complete.  2. The meter's power is cut, the display is left alone.  3. Within a reporting interval the display shows what
//   the meter told after the cut; nothing was bound again.  4. The same when the display is the meter's child, when it moved to another
//   address while the meter was off, and when the meter kept no address.  5. The display's power is cut, the meter is left alone: the meter
//   hears that its display was reset, and goes on where that one listens.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { BRISK, House, scenario } from "./house.ts";

/** The longest that the display asks a meter to be silent, with what a sleepy child takes to fetch. */
const INTERVAL_MS = 30_000;
const PATIENCE_MS = 40_000;

function bindings(house: House): Buffer {
  return Buffer.from(house.meter.flash.store.get(Record.Bindings) ?? []);
}

/** Cuts the meter off for `offMs`; answers how long after its return the display showed a reading of its own. */
function reboot(house: House, offMs: number): number {
  const bound = house.of("ihd", "bound").length;
  house.cut("meter", offMs);
  const healMs = house.heals(PATIENCE_MS, `the meter was off for ${offMs} ms`);
  assert.equal(house.of("ihd", "bound").length, bound, "the display did not have to bind again");
  return healMs;
}

test("the first report of a meter that was without power reaches the display", async (t) => {
  await scenario(t, new House("reboot", { seed: 81, load: BRISK }), async (house) => {
    house.join();
    house.run(45_000);
    for (const offMs of [10, 2000, 60_000]) {
      const healMs = reboot(house, offMs);
      t.diagnostic(`off for ${offMs} ms: a reading after ${healMs} ms`);
      house.run(INTERVAL_MS);
    }
    const before = bindings(house);
    house.cut("ihd", 1000);
    house.heals(PATIENCE_MS + INTERVAL_MS, "the display was off");
    assert.deepEqual(bindings(house), before, "it is where it was");
    house.sound();
    await house.verdict();
    await house.countersRise();
  });
});

test("a report goes over two hops to a display that is the meter's child", async (t) => {
  await scenario(t, new House("reboot-child", { seed: 82, load: BRISK }), async (house) => {
    house.home.medium.setLink("hub", "ihd", { inRange: false });
    house.join(10 * 60_000);
    house.run(45_000);
    t.diagnostic(`a reading after ${reboot(house, 2000)} ms`);
    house.sound();
    await house.verdict();
  });
});

test("what an older module kept, without an address, is completed as soon as the display is heard", async (t) => {
  await scenario(t, new House("reboot-old", { seed: 83, load: BRISK }), (house) => {
    house.join();
    const kept = bindings(house);
    assert.equal(kept.readUInt32LE(12), Number(house.last("ihd", "joined")?.address) | 0x10000, "the display, which sleeps");
    house.meter.cut();
    kept.writeUInt32LE(0, 12);
    house.meter.flash.store.set(Record.Bindings, kept);
    house.run(1000);
    house.meter.powerOn();
    house.heals(10 * 60_000, "the address was not known");
    assert.equal(bindings(house).readUInt16LE(12), Number(house.last("ihd", "joined")?.address));
    reboot(house, 2000);
    house.sound();
  });
});

test("a display that moved while the meter was off is found at its new address, and there after the next reboot too", async (t) => {
  await scenario(t, new House("reboot-moved", { seed: 84, load: BRISK }), (house) => {
    house.join();
    house.meter.cut();
    const kept = bindings(house);
    const address = kept.readUInt16LE(12);
    kept.writeUInt16LE(address ^ 0x1111, 12); // as if it had been there before
    house.meter.flash.store.set(Record.Bindings, kept);
    house.run(1000);
    house.meter.powerOn();
    house.heals(10 * 60_000, "the address was another");
    assert.equal(bindings(house).readUInt16LE(12), address);
    reboot(house, 2000);
    house.sound();
  });
});

test("a display that comes up again shows the register at once, whenever that is", async (t) => {
  await scenario(t, new House("reboot-display", { seed: 12, load: BRISK }), async (house) => {
    house.join();
    const took: number[] = [];
    for (let time = 0; time < 16; time++) {
      house.run(60_000 + 700 * time); // at another moment between two reports, and among the numbers that the display has in its record
      const from = house.nowMs;
      house.cut("ihd", 100);
      assert.ok(house.until(() => house.of("ihd", "reading", from).some(({ stale, importWh }) => !stale && importWh !== null), 30_000, 50));
      took.push(house.nowMs - from);
    }
    t.diagnostic(`readings after ${took.join(", ")} ms`);
    // The others have to wait for a broadcast that another one met: the meter's address is asked for again.
    assert.ok(took.filter((ms) => ms < 1000).length >= 13, `${took}`);
    house.sound();
    await house.countersRise();
  });
});
