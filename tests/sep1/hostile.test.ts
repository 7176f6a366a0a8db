// Devices under mutated frames: no trap, no hang, never more than a few answers, and alive afterwards.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { Random } from "../../host/air/random.ts";
import { labModule } from "../../host/build/labs.ts";
import { mutate } from "../fuzz/mutate.ts";
import { ADDRESS, Device, HUB, IHD, METER } from "./home.ts";
import { equip, meterReport, meterScale } from "./wire.ts";

const FRAMES = 20_000;
const ANSWERS_MAX = 4;
const SIZE_MAX = 73;
const CLUSTERS = [0x0000, 0x0003, 0x000a, 0x0700, 0x0702, 0x0704];
const NAMES = ["hub", "meter", "display"];

const module = labModule("sep1/device");

const lines = readFileSync(path.resolve(import.meta.dirname, "../vectors/zcl.txt"), "utf8").split("\n");
const seeds: Uint8Array[] = lines
  .filter((line) => /^(zcl_general|se_metering|se_price) /.test(line))
  .map((line) => Buffer.from(line.split(" ")[1] as string, "hex"));
seeds.push(
  meterReport(5n, 5),
  meterScale(1, { unit: 0, multiplier: 1, divisor: 1000 }),
  Buffer.from("11050000", "hex"),
  Buffer.from("1105010000000000", "hex"),
);

describe("mutated frames", () => {
  for (const kind of [HUB, METER, IHD]) {
    it(`do not harm the ${NAMES[kind]}`, () => {
      const random = new Random(11, `hostile ${kind}`);
      const device = new Device(module, kind, new Map(), 1000n);
      if (kind === HUB) equip(device, "2026-06-01T12:00:00Z", 1000n);
      if (kind === IHD) device.partners(ADDRESS[HUB] as bigint, ADDRESS[METER] as bigint, 1000n);
      let now = 1000n;
      for (let index = 0; index < FRAMES; index++) {
        const frame = Buffer.from(mutate(seeds, random)).subarray(0, 256);
        const cluster = CLUSTERS[random.below(CLUSTERS.length)] as number;
        const from = ADDRESS[random.below(3)] as bigint;
        device.hear(frame, { from, cluster, key: random.below(3), broadcast: random.below(8) === 0, now });
        if (index % 16 === 0) {
          now += 1000n;
          device.tick(now);
        }
        for (const sent of device.take()) assert.ok(sent.zcl.length <= SIZE_MAX, frame.toString("hex"));
        if (kind === METER && index % 64 === 0) device.measured(BigInt(index) * 3600n, index, now);
      }
      device.hear(Buffer.from("0042000400", "hex"), { cluster: 0x0000, key: 0, now });
      assert.equal(device.take()[0]?.zcl.toString("hex"), `1842010400004208${Buffer.from("kilowasm").toString("hex")}`);
    });
  }

  it("are answered a few times at most", () => {
    const random = new Random(12, "answers");
    const device = new Device(module, HUB, new Map(), 0n);
    equip(device, "2026-06-01T12:00:00Z", 0n);
    for (let index = 0; index < FRAMES; index++) {
      device.hear(Buffer.from(mutate(seeds, random)).subarray(0, 256), { from: 5n, cluster: 0x0700, now: 0n });
      assert.ok(device.take().length <= ANSWERS_MAX);
    }
  });
});
