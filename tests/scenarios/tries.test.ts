// A device that has no network tries again within a quarter of an hour, for a day, and not like clockwork: SE 1.4a section 5.5.5.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceId } from "../../host/home/plan.ts";
import { House, scenario } from "./house.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Between the end of one try and the beginning of the next. */
const TRIES_MS_MAX = 15 * MINUTE;
/** Scans of one try follow each other sooner, and so do the rungs of the ladder. */
const ONE_TRY_MS = 30_000;
const BEACON_REQUEST = [0x03, 0x08];
/** A parent that is gone is noticed by a router when its trust centre is silent for so long. */
const NOTICED_MS = 20 * MINUTE;
const TRIES_LEAST = 24 * 4;

/** The pauses between tries, in the order in which they were made. */
function pauses(house: House, device: DeviceId, forMs: number): number[] {
  const found: number[] = [];
  let last = house.nowMs;
  house.onFrame = ({ source, psdu }) => {
    if (source !== device || psdu.length !== 10 || !BEACON_REQUEST.every((octet, index) => psdu[index] === octet)) return;
    if (house.nowMs - last > ONE_TRY_MS) found.push(house.nowMs - last);
    last = house.nowMs;
  };
  house.run(forMs);
  found.push(house.nowMs - last);
  return found;
}

function held(tries: number[], most: number): void {
  assert.ok(tries.length > TRIES_LEAST, `${tries.length} tries in a day`);
  assert.ok(Math.max(...tries) <= most, `${Math.max(...tries)} ms between two tries`);
  const later = tries.slice(-20, -1);
  assert.ok(Math.max(...later) - Math.min(...later) > MINUTE, "no two wait alike");
}

for (const device of ["ihd", "meter"] as const) {
  const others = (["hub", "meter", "ihd"] as const).filter((each) => each !== device);

  test(`a new ${device} that finds nobody looks again within 15 minutes, all day`, async (t) => {
    await scenario(t, new House(`tries-${device}`, { seed: 9 }), (house) => {
      house.home.medium.partition([device], others);
      house.until(() => house.plug(device).on, 2 * MINUTE);
      held(pauses(house, device, DAY), TRIES_MS_MAX);
    });
  });

  test(`a ${device} that lost its network looks for it within 15 minutes, all day`, async (t) => {
    await scenario(t, new House(`lost-${device}`, { seed: 9 }), (house) => {
      house.join();
      house.home.medium.partition([device], others);
      house.run(NOTICED_MS);
      held(pauses(house, device, DAY), TRIES_MS_MAX);
      house.home.medium.heal();
      house.heals(35 * MINUTE, "found again");
      house.sound();
    });
  });
}
