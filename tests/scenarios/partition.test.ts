// Walls that come and go: the network splits for ten minutes and heals without an operator.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tsharkFields } from "../../host/oracle/tshark.ts";
import { House, scenario } from "./house.ts";

const SPLITS = [
  ["meter and hub", [["hub"], ["meter"]]],
  ["the hub and the others", [["hub"], ["meter", "ihd"]]],
  ["the display and the others", [["ihd"], ["meter", "hub"]]],
  ["the meter and the others", [["meter"], ["ihd", "hub"]]],
] as const;

for (const [index, [name, groups]] of SPLITS.entries()) {
  test(`a partition between ${name} for ten minutes heals`, async (t) => {
    await scenario(t, new House(`partition-${index}`, { seed: 51 + index }), async (house) => {
      house.join();
      house.run(60_000);
      house.home.medium.partition(...groups);
      house.run(10 * 60_000);
      house.home.medium.heal();
      house.heals(20 * 60_000, `partition between ${name}`);
      const from = house.nowMs;
      house.run(12 * 60_000);
      house.heals(120_000, "twelve minutes later");
      house.sound();
      await house.verdict();
      assert.ok((await pricesAfter(house.path, from)) > 0, "the hub tells prices again");
      await house.countersRise();
    });
  });
}

/** Frames of the Price cluster that the hub sent after a time. */
async function pricesAfter(path: string, fromMs: number): Promise<number> {
  let count = 0;
  await tsharkFields(
    path,
    "inside",
    ["frame.time_epoch"],
    ([time]) => void (Number(time) * 1000 > fromMs && count++),
    "zbee_aps.cluster == 0x0700 && zbee_nwk.src == 0x0000 && zbee_aps.type == 0",
  );
  return count;
}
