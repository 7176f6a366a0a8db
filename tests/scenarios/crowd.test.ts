// As many devices as a hub holds, in one room: all get their key, and every display shows its meter's readings and the price.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crowd, served, settles } from "./crowd.ts";
import { scenario } from "./house.ts";

const MINUTE = 60_000;

for (const [meters, displays] of [
  [1, 16],
  [6, 26],
] as const) {
  test(`${displays} displays and ${meters} of meters at one hub are all served`, async (t) => {
    const all = crowd(`crowd-${meters}-${displays}`, meters, displays);
    await scenario(t, all.house, async (house) => {
      t.diagnostic(`settled after ${settles(all, 15 * MINUTE) / 1000} s`);
      const shown = served(all, 5);
      t.diagnostic(`readings in 5 minutes: ${shown.join(" ")}`);
      assert.ok(Math.min(...shown) >= 5, "each shows another reading in every minute, as it asked for");
      house.sound();
    });
  });
}
