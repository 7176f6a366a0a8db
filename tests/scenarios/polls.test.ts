// What a sleeping display costs the air of a home: it asks when something is due, and otherwise as rarely as its parent's memory allows.
import assert from "node:assert/strict";
import { test } from "node:test";
import { House, scenario } from "./house.ts";

const HOUR_MS = 3_600_000;
const SETTLED_MS = 10 * 60_000;
const PERIOD_MS = 7400;
/** What a parent holds, it holds for 7.68 s. */
const HELD_US = 7_680_000;
const COMMAND = 3;
const DATA_REQUEST = 4;
/** An answer within three requests, for each of some twenty questions an hour. */
const QUESTIONS = 20 * 3;
/** Half of them link status and the reports' ten frames each. */
const FRAMES = 3600;

test("a display that has all it needs asks each 7.4 s, and a few times more for each answer that it waits for", async (t) => {
  await scenario(t, new House("polls", { seed: 7 }), (house) => {
    house.join();
    house.run(SETTLED_MS);
    const polls: number[] = [];
    let frames = 0;
    house.home.medium.onFrame(({ source, psdu, timeUs }) => {
      frames++;
      if (source === "ihd" && (psdu[0] & 7) === COMMAND && psdu[9] === DATA_REQUEST) polls.push(timeUs);
    });
    house.run(HOUR_MS);
    t.diagnostic(`${polls.length} requests and ${frames} frames in an hour`);
    assert.ok(polls.length <= HOUR_MS / PERIOD_MS + QUESTIONS, `${polls.length} requests in an hour`);
    assert.ok(frames < FRAMES, `${frames} frames in an hour`);
    for (let at = 1; at < polls.length; at++) assert.ok(polls[at] - polls[at - 1] < HELD_US, `${polls[at] - polls[at - 1]} us of silence`);
  });
});
