// An hour on a bad air, then calm: whatever was lost, repeated, delayed or overtaken, the display must show the meter's register again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CALM, House, PAIRS, scenario } from "./house.ts";

for (const [seed, air] of [
  [31, { loss: 0.1, duplicate: 0.05, delayUs: 0, jitterUs: 3_000 }],
  [32, { loss: 0.2, duplicate: 0.1, delayUs: 2_000, jitterUs: 20_000 }],
] as const) {
  test(`an hour with ${air.loss * 100} % loss, duplicates and reordering, then calm`, async (t) => {
    await scenario(t, new House("loss", { seed }), async (house) => {
      house.join();
      for (const [a, b] of PAIRS) house.home.medium.setLink(a, b, air);
      const from = house.nowMs;
      house.run(60 * 60_000);
      assert.ok(house.home.medium.counters.lost > 100, "frames were lost");
      assert.ok(house.of("ihd", "reading", from).length > 20, "readings went on");
      rises(house, "ihd", "reading");
      rises(house, "meter", "register");
      for (const [a, b] of PAIRS) house.home.medium.setLink(a, b, CALM);
      house.heals(120_000, "calm");
      house.sound();
      await house.verdict();
      await house.countersRise();
    });
  });

  test(`the join itself with ${air.loss * 100} % loss`, async (t) => {
    await scenario(t, new House("loss-join", { seed: seed + 10 }), async (house) => {
      for (const [a, b] of PAIRS) house.home.medium.setLink(a, b, air);
      house.run(10 * 60_000);
      for (const [a, b] of PAIRS) house.home.medium.setLink(a, b, CALM);
      house.join(30 * 60_000);
      house.sound();
      await house.verdict();
    });
  });
}

/** Nobody ever sees a register turn back. */
function rises(house: House, device: "ihd" | "meter", event: string): void {
  let before = -1;
  for (const { importWh, t } of house.of(device, event)) {
    if (importWh === null) continue;
    assert.ok(Number(importWh) >= before, `${device} shows ${importWh} Wh at ${t} ms after ${before} Wh`);
    before = Number(importWh);
  }
}
