// A supplier takes a display off its hub's network, and admits it again; and is told when there is no room for a device.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventKind, Record } from "../../host/abi.ts";
import { admitRecord, removeRecord } from "../../host/home/head_end.ts";
import { addressOctets } from "../../host/home/provision.ts";
import { BRISK, House, scenario } from "./house.ts";

const MINUTE = 60_000;
const HUB_HOLDS = 32;

test("a display that is removed leaves, is told of, and shows readings again only after it is admitted anew", async (t) => {
  await scenario(t, new House("removal", { seed: 3, load: BRISK }), (house) => {
    house.join();
    house.run(30_000);
    const { extended } = house.ihd.factory;
    house.home.remove("ihd");
    assert.ok(house.until(() => house.of("ihd", "left").length > 0, MINUTE));
    assert.ok(house.until(() => house.of("hub", "removed").length > 0, 5 * MINUTE));
    const records = [Record.TrustCentre, Record.Bindings, Record.Library].map((number) => house.hub.flash.store.get(number));
    for (const octets of records)
      assert.ok(!octets || !Buffer.from(octets).includes(addressOctets(extended)), "the hub keeps nothing of it");
    const from = house.nowMs;
    house.run(3 * 60 * MINUTE);
    assert.deepEqual([house.of("ihd", "key", from), house.of("ihd", "joined", from)], [[], []]);
    assert.equal(house.agrees(from), false, "it shows nothing new");
    house.home.admit("ihd");
    house.cut("ihd", 1000); // a person has it in the hand: it looks for networks at once
    house.heals(5 * MINUTE, "admitted anew");
    house.sound();
  });
});

test("a device that is one too many is told to the supplier, and so is one that is not known", async (t) => {
  await scenario(t, new House("full-hub", { seed: 3 }), (house) => {
    house.run(20_000);
    const code = house.meter.factory.installCode;
    const admit = (index: number): boolean => house.hub.push(EventKind.Uplink, admitRecord(BigInt(0x1000 + index), code));
    for (let index = 2; index < HUB_HOLDS; index++) {
      assert.ok(admit(index));
      house.run(100);
    }
    assert.deepEqual(house.of("hub", "declined"), []);
    admit(HUB_HOLDS);
    house.hub.push(EventKind.Uplink, removeRecord(0x1234_5678_9abcn));
    house.run(1000);
    const told = house.of("hub", "declined").map(({ record, reason, id }) => [record, reason, id]);
    assert.deepEqual(told, [
      ["admit", "noBuffer", 0x1000 + HUB_HOLDS],
      ["remove", "notFound", 0x5678_9abc],
    ]);
    house.join();
    house.sound();
  });
});
