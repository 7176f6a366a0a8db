// A display out of the hub's range joins through the meter: the trust centre tunnels its Transport Key to the router (05-3474 4.6.3.2.3), and
// everything between hub and display goes over two hops.
import assert from "node:assert/strict";
import { test } from "node:test";
import { House, scenario } from "./house.ts";

test("a display that hears only the meter joins through it and shows its reports", async (t) => {
  await scenario(t, new House("relayed", { seed: 21 }), async (house) => {
    house.home.medium.setLink("hub", "ihd", { inRange: false });
    // The meter was not there when the hub opened the network; it opens with the next permission, four minutes later.
    house.join(10 * 60_000);
    const joined = house.last("ihd", "joined");
    assert.equal(joined?.parent, house.last("meter", "joined")?.address, "the meter is the display's parent");
    assert.deepEqual(
      house.of("ihd", "key").map((event) => event.suite),
      [2],
    );
    assert.equal(house.last("ihd", "bound")?.partner, joined?.parent);
    house.run(10 * 60_000);
    house.heals(60_000, "ten minutes later");
    const reading = house.last("ihd", "reading");
    assert.equal(reading?.price, 0.2703, "the price came over two hops");
    house.sound();
    await house.verdict();
    await house.countersRise();
  });
});
