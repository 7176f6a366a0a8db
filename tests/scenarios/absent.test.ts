// Displays that are off take no reading from one that is there: each has its handle, its back-off, and no share in what others need.
import assert from "node:assert/strict";
import { test } from "node:test";
import { crowd, served, settles } from "./crowd.ts";
import { scenario } from "./house.ts";

const MINUTE = 60_000;
const HALF_HOUR = 30;
/** A report each 10 s, and in the first minutes the absent are found out. */
const READINGS = 180;
const MISSED_MAX = 10;

test("five of six displays are off: the one that is there shows every reading", async (t) => {
  const all = crowd("absent", 1, 6);
  await scenario(t, all.house, (house) => {
    settles(all, 15 * MINUTE);
    const [present, ...absent] = all.displays;
    for (const id of absent) house.plug(id).cut();
    const [shown] = served({ ...all, displays: [present] }, HALF_HOUR);
    t.diagnostic(`${shown} readings of ${READINGS}`);
    assert.ok(shown >= READINGS - MISSED_MAX, `${shown} readings in half an hour`);
    for (const id of absent) house.plug(id).powerOn();
    house.run(5 * MINUTE);
    const back = served({ ...all, displays: absent }, 5);
    assert.ok(Math.min(...back) >= 5, `and the others are back: ${back}`);
    house.sound();
  });
});
