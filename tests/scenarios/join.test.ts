// The default join: form, admit, associate, network key, key establishment with each suite, discovery, binding, reports.  SE 1.4a (07-5356) 5.4.7, 5.5.
import assert from "node:assert/strict";
import { test } from "node:test";
import { House, scenario } from "./house.ts";

for (const suite of [null, 1, 2] as const) {
  test(`hub, meter and display join with ${suite === null ? "the suites of their choice" : `suite ${suite}`}`, async (t) => {
    await scenario(t, new House(`join-${suite ?? "any"}`, { suite, seed: 10 + (suite ?? 0) }), async (house) => {
      house.join();
      const wanted = suite ?? 2;
      for (const device of ["meter", "ihd"] as const) {
        assert.equal(house.of(device, "joined").length, 1, "joins once");
        assert.deepEqual(
          house.of(device, "key").map((event) => event.suite),
          [wanted],
          `${device} has a key of suite ${wanted}`,
        );
        assert.equal(house.of(device, "failed").length, 0, house.tail());
      }
      assert.equal(house.of("hub", "key").length, 2);
      assert.equal(house.of("hub", "admitted").length, 2);
      assert.equal(house.of("ihd", "bound").length, 1);

      house.run(10 * 60_000);
      assert.ok(house.heals(60_000, "ten minutes later") < 60_000);
      const reading = house.last("ihd", "reading");
      assert.equal(reading?.price, 0.2703);
      assert.equal(reading?.currency, "GBP");
      assert.equal(reading?.stale, false);
      house.sound();
      await house.verdict();
      assert.ok((await house.countersRise()) > 100);
    });
  });
}
