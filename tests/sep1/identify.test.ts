// Identify on every device: its time is told, counted down and written in all forms, and who identifies itself says so.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { answer, NETWORK_KEY } from "./edges.ts";
import { Device, HUB, IHD, METER } from "./home.ts";

const IDENTIFY = 0x0003;
const module = labModule("sep1/device");
const options = (now: bigint) => ({ cluster: IDENTIFY, key: NETWORK_KEY, now });
const READ = "00 01 00 0000";
const time = (seconds: number) => `180101${"0000"}0021${Buffer.from([seconds & 0xff, seconds >> 8]).toString("hex")}`;

for (const [name, kind] of [
  ["a hub", HUB],
  ["a meter", METER],
  ["a display", IHD],
] as const) {
  describe(`Identify of ${name}`, () => {
    it("counts its time down, in seconds that have begun", () => {
      const device = new Device(module, kind);
      assert.deepEqual(answer(device, READ, options(0n)), [time(0)]);
      assert.deepEqual(answer(device, "01 02 00 3c00", options(1000n)), ["18020b0000"]);
      assert.deepEqual(answer(device, READ, options(1000n)), [time(60)]);
      assert.deepEqual(answer(device, READ, options(1001n)), [time(60)]);
      assert.deepEqual(answer(device, READ, options(2000n)), [time(59)]);
      assert.deepEqual(answer(device, READ, options(60_999n)), [time(1)]);
      assert.deepEqual(answer(device, READ, options(61_000n)), [time(0)]);
      assert.deepEqual(answer(device, READ, options(9_999_999n)), [time(0)]);
    });

    it("is asked who identifies itself, and answers only while it does", () => {
      const device = new Device(module, kind);
      assert.deepEqual(answer(device, "01 07 01", options(0n)), ["18070b0100"]);
      assert.deepEqual(answer(device, "01 07 01", { ...options(0n), broadcast: true }), []);
      answer(device, "11 08 00 ffff", options(0n));
      assert.deepEqual(answer(device, "01 09 01", options(500n)), ["190900ffff"]);
      assert.deepEqual(answer(device, "01 09 01", { ...options(500n), broadcast: true }), ["190900ffff"]);
      answer(device, "11 0a 00 0000", options(600n));
      assert.deepEqual(answer(device, "01 0b 01", options(600n)), ["180b0b0100"]);
    });

    it("has its time written in all three forms", () => {
      const device = new Device(module, kind);
      assert.deepEqual(answer(device, "00 01 02 0000 21 0a00", options(0n)), ["18010400"]);
      assert.deepEqual(answer(device, READ, options(4000n)), [time(6)]);
      assert.deepEqual(answer(device, "00 01 05 0000 21 1400", options(4000n)), []);
      assert.deepEqual(answer(device, READ, options(5000n)), [time(19)]);
      assert.deepEqual(answer(device, "00 01 03 0000 21 0500", options(5000n)), ["18010400"]);
      assert.deepEqual(answer(device, READ, options(6000n)), [time(4)]);
    });

    it("is written in part, or not at all where that was asked for", () => {
      const device = new Device(module, kind);
      const record = "0000 21 0a00";
      assert.deepEqual(answer(device, `00 01 02 9999 20 01 ${record} 0000 20 01`, options(0n)), ["180104" + "869999" + "8d0000"]);
      assert.deepEqual(answer(device, READ, options(0n)), [time(10)]);
      assert.deepEqual(answer(device, `00 01 03 0000 21 1400 9999 20 01`, options(0n)), ["180104" + "869999"]);
      assert.deepEqual(answer(device, READ, options(0n)), [time(10)]);
      assert.deepEqual(answer(device, `00 01 05 9999 20 01 0000 21 1e00`, options(0n)), []);
      assert.deepEqual(answer(device, READ, options(0n)), [time(30)]);
    });

    it("knows its attribute and its two commands, and no more", () => {
      const device = new Device(module, kind);
      assert.deepEqual(answer(device, "00 01 0c 0000 ff", options(0n)), ["18010d01" + "000021"]);
      assert.deepEqual(answer(device, "01 01 00 3c", options(0n)), ["18010b0080"]);
      assert.deepEqual(answer(device, "01 01 02", options(0n)), ["18010b0281"]);
      assert.deepEqual(answer(device, "09 01 00 3c00", options(0n)), ["10010b00c3"]);
      assert.deepEqual(answer(device, "00 01 06 0000 00 21 0a00 3c00 0100", options(0n)), ["18010b0682"]);
    });
  });
}
