// What a sleeping display costs the air of a home: it asks when something is due, a report in its rhythm among it, and otherwise as rarely
// as its parent's memory allows.
//
// A report each 10 s that is fetched at once, and no 7.68 s without a request: that is two requests in 10 s, 720 an hour.  Requests that do
// not care when reports come are 486 (one in 7.4 s), and a report then waits 3.7 s in the mean.  One in 10 s, 360, would lose what a parent
// was given in the first 2.3 s after it and nobody sends again: broadcasts, a new network key among them.
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
/** A meter reports in a rhythm, not each time; one request is not enough for so long. */
const RHYTHM_MS = 10_000;
/** An answer within three requests, for each of some twenty questions an hour; and a few to find the rhythm again. */
const QUESTIONS = 20 * 3 + 20;
/** A report is shown so soon. */
const SHOWN_MS = 600;
const FOUND_MS = 12 * 60_000;
/** Of them 480 link status, some 200 reports of eight frames and their requests of two. */
const FRAMES = 3750;

/** How long each report of the last stretch took to the screen. */
function delays(house: House, fromMs: number): number[] {
  return house.of("meter", "register", fromMs).map(({ t, importWh }, index, all) => {
    const end = all[index + 1]?.t ?? house.nowMs;
    const shown = house.events.find(
      (each) => each.device === "ihd" && each.event === "reading" && each.t >= t && each.importWh === importWh,
    );
    return shown && shown.t < end ? shown.t - t : Number.POSITIVE_INFINITY;
  });
}

test("a report is shown at once: the display finds the meter's rhythm, keeps it, and finds another", async (t) => {
  await scenario(t, new House("rhythm", { seed: 7 }), (house) => {
    house.join();
    for (const offMs of [0, 3300, 7900]) {
      if (offMs) house.cut("meter", offMs);
      house.run(FOUND_MS);
      const from = house.nowMs;
      house.run(HOUR_MS / 2);
      const took = delays(house, from).slice(0, -1);
      t.diagnostic(`${took.length} reports, the last one shown after ${Math.max(...took)} ms`);
      assert.ok(took.length > 60 && Math.max(...took) < SHOWN_MS, `${took}`);
    }
    house.sound();
  });
});

test("a display that has all it needs asks twice in each 10 s, for a report and lest anything is lost, and a few times more for each answer that it waits for", async (t) => {
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
    assert.ok(polls.length <= (HOUR_MS / RHYTHM_MS) * Math.ceil(RHYTHM_MS / PERIOD_MS) + QUESTIONS, `${polls.length} requests in an hour`);
    assert.ok(frames < FRAMES, `${frames} frames in an hour`);
    for (let at = 1; at < polls.length; at++) assert.ok(polls[at] - polls[at - 1] < HELD_US, `${polls[at] - polls[at - 1]} us of silence`);
  });
});
