// Somebody near a home that begins repeats all that its devices say, once or twice, up to four seconds later and in another order: the home is
// complete all the same, or heals when he is gone; and no device uses a frame counter of the network's key twice.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { CounterWatch, House, scenario } from "./house.ts";
import { Stranger } from "./stranger.ts";

const MINUTE = 60_000;
const SEEDS = [31, 32, 33];
const HELD_MS_MAX = 4000;
const OWN = "between";

/** The same numbers in every run. */
function numbers(seed: number): () => number {
  let count = 0;
  return () => createHash("sha256").update(`${seed} ${count++}`).digest().readUInt32LE(0) / 2 ** 32;
}

for (const seed of SEEDS) {
  test(`every frame of a home that begins is repeated once or twice, up to four seconds later: seed ${seed}`, async (t) => {
    await scenario(t, new House(`between-${seed}`, { seed }), (house) => {
      const random = numbers(seed);
      assert.ok(house.until(() => house.of("hub", "formed").length > 0, MINUTE));
      const stranger = new Stranger(house, OWN);
      const counters = new CounterWatch();
      let repeated = 0;
      house.onFrame = ({ source, psdu }) => {
        if (source === OWN) return;
        counters.take(psdu);
        const copy = Uint8Array.from(psdu);
        for (let times = random() < 0.5 ? 1 : 2; times > 0; times--) {
          repeated++;
          house.home.clock.after(Math.ceil(random() * HELD_MS_MAX * 1000), () => stranger.sayNow(copy));
        }
      };
      const joined = house.until(() => house.of("ihd", "bound").length > 0 && house.agrees(), 30 * MINUTE);
      t.diagnostic(`${joined ? `complete after ${Math.round(house.nowMs / 1000)} s` : "not complete"}, ${repeated} frames repeated`);
      assert.ok(repeated > 500);
      house.run(5 * MINUTE);
      stranger.leave();
      house.onFrame = ({ psdu }) => counters.take(psdu);
      house.heals(35 * MINUTE, "when he is gone");
      house.sound();
      assert.deepEqual(counters.wrong, []);
    });
  });
}
