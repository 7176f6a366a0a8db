// Floods by strangers with nothing but a radio: beacon requests, association requests from a hundred addresses, data requests.  Tables are bounded, the
// home goes on, and a device of the home can still join afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { House, scenario } from "./house.ts";
import { Stranger } from "./stranger.ts";

const ADDRESSES = 100;
const HUB = 0;

function flood(house: House, stranger: Stranger, random: Random): void {
  const meter = Number(house.last("meter", "joined")?.address ?? HUB);
  for (let index = 0; index < ADDRESSES; index++) {
    const address = (BigInt(random.next()) << 32n) | BigInt(random.next());
    for (const target of [HUB, meter]) {
      stranger.beaconRequest();
      stranger.associate(target, address, random.chance(0.5) ? 0x8e : 0x80);
      stranger.dataRequest(target, address);
      stranger.dataRequest(target, random.below(0xfff8));
    }
  }
}

test("a flood on a running home", async (t) => {
  await scenario(t, new House("flood", { seed: 81 }), async (house) => {
    house.join();
    const stranger = new Stranger(house);
    const random = new Random(81, "flood");
    flood(house, stranger, random);
    house.heals(180_000, "after a flood with joining closed");
    const children = house.of("hub", "admitted").length;
    house.run(60_000);
    flood(house, stranger, random);
    stranger.leave();
    house.heals(180_000, "after the second flood");
    assert.equal(house.of("hub", "admitted").length, children, "nobody was admitted");
    for (const name of ["hub", "meter"] as const) assert.ok(house.plug(name).flash.store.size <= 24, "records are bounded");
    house.sound();
  });
});

test("a flood while joining is open: the display joins afterwards", async (t) => {
  await scenario(t, new House("flood-join", { seed: 82 }), async (house) => {
    assert.ok(house.until(() => house.of("meter", "key").length > 0, 60_000));
    const stranger = new Stranger(house);
    flood(house, stranger, new Random(82, "flood"));
    assert.ok(
      stranger.heard.some((psdu) => (psdu[0] & 7) === 0),
      "beacons were answered",
    );
    stranger.leave();
    house.join(10 * 60_000);
    house.heals(120_000, "after the flood");
    assert.equal(house.of("hub", "admitted").length, 2, "only the home's devices");
    house.sound();
    await house.verdict();
  });
});
