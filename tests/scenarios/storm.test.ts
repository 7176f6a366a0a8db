// Sixty storms of half an hour; `npm run storm` runs five hundred.
import assert from "node:assert/strict";
import { test } from "node:test";
import { median, storm } from "./storm.ts";

const STORMS = 60;

test(`${STORMS} storms of half an hour, then calm: all heal without a power cycle`, (t) => {
  const all = Array.from({ length: STORMS }, (_, index) => storm(index + 1));
  const times = all.map(({ healedMs }) => Math.round(healedMs / 1000));
  const cuts = all.reduce((sum, each) => sum + each.cuts, 0);
  assert.ok(cuts > 3 * STORMS, `${cuts} power cuts`);
  t.diagnostic(`${cuts} power cuts; healed in ${median(times)} s in the median, ${Math.max(...times)} s at the most`);
});
