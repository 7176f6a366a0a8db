// Half an hour in which everything goes wrong at once: loss up to a half, walls that come and go, plugs pulled for a second or ten minutes.
// Then calm.  Everybody must be back without another hand at a plug.
import assert from "node:assert/strict";
import { Random } from "../../host/air/random.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { CALM, House, PAIRS } from "./house.ts";
import { greet, healed } from "./outages.ts";

const STORM_MS = 30 * 60_000;
const LOSS_MAX = 0.5;
const PLUGS: readonly DeviceId[] = ["hub", "meter", "ihd"];
/** Who is in a group of its own is out of range of the others. */
const SPLITS = [
  [["hub"], ["meter", "ihd"]],
  [["meter"], ["hub", "ihd"]],
  [["ihd"], ["hub", "meter"]],
  [["hub"], ["meter"], ["ihd"]],
] as const;

export interface Storm {
  seed: number;
  /** Power cuts and blackouts. */
  cuts: number;
  healedMs: number;
}

/** One half hour; throws where somebody does not come back. */
export function storm(seed: number): Storm {
  const house = new House("storm", { seed });
  const random = new Random(seed, "storm");
  let cuts = 0;
  try {
    // A third begins in the storm: then the devices also join in it.
    if (seed % 3 !== 0) house.join();
    const end = house.nowMs + STORM_MS;
    while (house.nowMs < end) {
      weather(house, random);
      house.run(5_000 + random.below(55_000));
      if (random.chance(0.12)) cuts += strike(house, random);
    }
    for (const [a, b] of PAIRS) house.home.medium.setLink(a, b, CALM);
    house.home.medium.heal();
    for (const id of PLUGS) if (!house.plug(id).on) house.plug(id).powerOn();
    greet(house);
    const healedMs = healed(house, `storm ${seed}`);
    house.sound();
    assert.deepEqual(house.counters.wrong, [], `storm ${seed}`);
    return { seed, cuts, healedMs };
  } finally {
    house.close();
  }
}

/** Another air on each link; now and then a wall. */
function weather(house: House, random: Random): void {
  const { medium } = house.home;
  for (const [a, b] of PAIRS) {
    const loss = (random.below(1000) / 1000) * LOSS_MAX;
    medium.setLink(a, b, { loss, duplicate: 0.05, delayUs: random.below(2000), jitterUs: random.below(10_000) });
  }
  if (random.chance(0.2)) medium.partition(...SPLITS[random.below(SPLITS.length)]);
  else medium.heal();
}

/** One plug, or the fuse of the house; answers how many devices lost their power. */
function strike(house: House, random: Random): number {
  const struck = random.chance(0.2) ? PLUGS : [PLUGS[random.below(PLUGS.length)]];
  const on = struck.filter((id) => house.plug(id).on);
  for (const id of on) house.plug(id).cut();
  house.run(random.chance(0.7) ? 10 + random.below(5_000) : random.below(600_000));
  for (const id of on) {
    house.plug(id).powerOn();
    if (id === "hub") greet(house);
    if (random.chance(0.3)) house.run(random.below(20_000));
  }
  return on.length;
}

export const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
