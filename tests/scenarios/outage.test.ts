// The mains fail for the whole house: all devices lose their power at once and come back in any order.
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { House, scenario } from "./house.ts";

const ORDERS: readonly (readonly DeviceId[])[] = [
  ["hub", "meter", "ihd"],
  ["ihd", "meter", "hub"],
  ["meter", "ihd", "hub"],
  ["ihd", "hub", "meter"],
];

for (const [index, order] of ORDERS.entries()) {
  for (const gapMs of [0, 2_000, 90_000]) {
    test(`an outage; ${order.join(", ")} come back ${gapMs} ms apart`, async (t) => {
      await scenario(t, new House(`outage-${order.join("-")}-${gapMs}`, { seed: 131 + index }), async (house) => {
        house.join();
        const random = new Random(house.seed, "outage");
        for (let times = 0; times < 3; times++) {
          house.run(20_000 + random.below(60_000));
          for (const name of order) house.plug(name).cut();
          house.run(1 + random.below(30_000));
          for (const name of order) {
            house.plug(name).powerOn();
            house.run(gapMs);
          }
          house.heals(20 * 60_000, `outage ${times}`);
        }
        house.sound();
      });
    });
  }
}
