// Reporting, foreign meters and the meter's register.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { answer, hub, ihd, METERING, meter, READING, REGISTER, TIME } from "./edges.ts";
import { Device, HUB, IHD, METER, type Sent } from "./home.ts";
import { meterReport, meterScale, readingOf } from "./wire.ts";

const module = labModule("sep1/device");

describe("reporting", () => {
  const configure = (id: string, type: string, minimum: number, maximum: number, change: string) => {
    const u16 = (value: number) => Buffer.from([value & 0xff, value >> 8]).toString("hex");
    return `00${id}${type}${u16(minimum)}${u16(maximum)}${change}`;
  };
  const SUMMATION = (minimum: number, maximum: number, change = "010000000000") => configure("0000", "25", minimum, maximum, change);
  const fresh = () => {
    const device = new Device(module, METER);
    device.bind(METERING, ihd);
    device.measured(3_600_000n, 100, 0n);
    device.take();
    return device;
  };
  const reports = (device: Device) => device.take().map((frame) => frame.zcl.readUIntLE(6, 6));

  it("answers with one octet when all is well", () => {
    assert.deepEqual(answer(fresh(), `00 09 06 ${SUMMATION(10, 60)} ${configure("0004", "2a", 10, 60, "010000")}`, { cluster: METERING }), [
      "18090700",
    ]);
  });
  it("names each attribute that it refuses, and why", () => {
    const request = [
      configure("9999", "20", 10, 60, "01"), // no such attribute
      configure("0003", "30", 10, 60, ""), // not reportable
      configure("0000", "24", 10, 60, "0100000000"), // another type
      SUMMATION(61, 60), // the wrong way round
      SUMMATION(10, 60),
      "0100000000", // a timeout for a client
    ];
    assert.deepEqual(answer(fresh(), `00 09 06 ${request.join("")}`, { cluster: METERING }), [
      "180907" + "86009999" + "8c000003" + "8d000000" + "87000000" + "8c010000",
    ]);
  });
  it("reports a change after the minimum interval and anyway after the maximum", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING, now: 0n });
    device.take();
    assert.equal(device.tick(0n), 60_000n); // the handle of the first report is still awaited until then
    assert.deepEqual(reports(device), [1000]);
    device.confirm(device.lastHandle);
    assert.equal(device.tick(1n), 60_000n);
    device.measured(3_600_000n + 3600n, 100, 5000n);
    assert.equal(device.tick(5000n), 10_000n);
    assert.deepEqual(reports(device), []);
    device.tick(10_000n);
    assert.deepEqual(reports(device), [1001]);
    device.confirm(device.lastHandle);
    assert.equal(device.tick(10_001n), 70_000n);
    device.tick(69_999n);
    assert.deepEqual(reports(device), []);
    device.tick(70_000n);
    assert.deepEqual(reports(device), [1001]);
  });
  it("waits for the change that was asked for", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(0, 0, "030000000000")}`, { cluster: METERING, now: 0n });
    device.take();
    device.tick(0n);
    assert.deepEqual(reports(device), [1000]);
    device.confirm(device.lastHandle);
    device.measured(3_600_000n + 2n * 3600n, 0, 1000n);
    device.tick(1000n);
    assert.deepEqual(reports(device), []);
    device.measured(3_600_000n + 3n * 3600n, 0, 2000n);
    device.tick(2000n);
    assert.deepEqual(reports(device), [1003]);
  });
  it("sends one report at a time, so that none overtakes another", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(1, 60)}`, { cluster: METERING, now: 0n });
    device.take();
    device.tick(0n);
    assert.equal(reports(device).length, 1);
    device.measured(7_200_000n, 0, 5000n);
    device.tick(5000n);
    assert.deepEqual(reports(device), []);
    device.confirm(device.lastHandle ^ 1); // of something else
    device.tick(5001n);
    assert.deepEqual(reports(device), []);
    device.confirm(device.lastHandle);
    device.tick(5002n);
    assert.deepEqual(reports(device), [2000]);
  });
  it("tries again after the minimum interval when nothing could be sent", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING, now: 0n });
    device.take();
    device.sendAnswer = -12;
    assert.equal(device.tick(0n), 10_000n);
    assert.equal(device.logged(REGISTER).length, 0);
    device.sendAnswer = 0;
    device.tick(10_000n);
    assert.deepEqual(reports(device), [1000]);
  });
  it("survives a power cut", () => {
    const store = new Map<number, Buffer>();
    const first = new Device(module, METER, store);
    first.bind(METERING, ihd);
    first.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING });
    const second = new Device(module, METER, store);
    second.measured(3_600_000n, 100, 500n);
    second.tick(500n);
    assert.deepEqual(reports(second), [1000]);
    assert.deepEqual(answer(second, "00 03 08 000000 000004 009999", { cluster: METERING }), [
      "180309" + "00000000250a003c00010000000000" + "8b000004" + "86009999",
    ]);
  });
  it("ends on request", () => {
    const device = fresh();
    device.hear(`00 09 06 ${SUMMATION(10, 60)}`, { cluster: METERING });
    assert.deepEqual(answer(device, `00 09 06 ${SUMMATION(10, 0xffff)}`, { cluster: METERING }), ["18090700"]);
    device.tick(1000n);
    assert.deepEqual(reports(device), []);
  });
  it("is not offered by those who have nothing to report", () => {
    assert.deepEqual(answer(new Device(module, HUB), "00 09 06 0000 00e2 0a00 3c00 01000000", { cluster: TIME }), ["18090b0682"]);
  });
});

describe("a foreign meter", () => {
  /** The reading of a display that was told this scale and this report. */
  function shown(scale: Parameters<typeof meterScale>[1], summation: bigint, demand: number) {
    const device = new Device(module, IHD, new Map(), 1000n);
    device.stage(5);
    device.partners(hub, meter, 1000n);
    // Time and price get no answer; the third question is for the scale.
    let question: Sent | undefined;
    for (let now = 1000n; !question && now < 200_000n; now += 1000n) {
      device.tick(now);
      question = device.take().find((frame) => frame.cluster === METERING && frame.zcl[2] === 0);
    }
    assert.ok(question);
    device.hear(meterScale(question.zcl[1] as number, scale), { from: meter, cluster: METERING, now: 200_000n });
    device.hear(meterReport(summation, demand), { from: meter, cluster: METERING, now: 200_000n });
    device.tick(200_000n);
    const last = device.logged(READING).at(-1);
    return { reading: last && readingOf(last), lines: device.screen };
  }

  it("is scaled by its multiplier and divisor", () => {
    const { reading, lines } = shown({ unit: 0, multiplier: 25, divisor: 10_000, summation: 0xa9, demand: 0x9a }, 40_000n, 400);
    assert.equal(reading?.importWh, 100_000n);
    assert.equal(reading?.powerW, 1000);
    assert.equal(lines[1], "100.0 kWh       "); // one decimal, leading zeros suppressed
    assert.equal(lines[0], "1.00 kW         ");
  });
  it("has its leading zeros shown when it asks for them", () => {
    const { lines } = shown({ unit: 0, multiplier: 1, divisor: 100, summation: 0x32, demand: 0x12 }, 12_345n, 50);
    assert.equal(lines[1], "000123.45 kWh   ");
    assert.equal(lines[0], "00.50 kW        ");
  });
  it("counts whole kWh when it names no scale", () => {
    const { reading } = shown({}, 123n, -2);
    assert.equal(reading?.importWh, 123_000n);
    assert.equal(reading?.powerW, -2000);
  });
  it("keeps precision up to the largest numbers", () => {
    const { reading } = shown({ unit: 0, multiplier: 0xffffff, divisor: 0xffffff }, 0xfffffffffffen, 0x7fffff);
    assert.equal(reading?.importWh, 0xfffffffffffen * 1000n);
    assert.equal(reading?.powerW, 0); // 8.4 GW is beyond what a display holds
  });
  for (const [name, scale, summation] of [
    ["a divisor of zero", { unit: 0, multiplier: 1, divisor: 0 }, 5n],
    ["a multiplier of zero", { unit: 0, multiplier: 0, divisor: 1000 }, 5n],
    ["another unit", { unit: 1, multiplier: 1, divisor: 1000 }, 5n],
    ["a summation of all ones", { unit: 0, multiplier: 1, divisor: 1000 }, 0xffffffffffffn],
    ["a product beyond 63 bits", { unit: 0, multiplier: 0xffffff, divisor: 1 }, 0xfffffffffffen],
    ["BCD that spells no number", { unit: 0x80, multiplier: 1, divisor: 1000 }, 0x00000000001an],
  ] as const) {
    it(`with ${name} has no reading`, () => {
      const { reading, lines } = shown(scale, summation, 1);
      assert.equal(reading, undefined);
      assert.doesNotMatch(lines.slice(0, 2).join(), /\d kWh/);
    });
  }
  it("may count in BCD", () => {
    const { reading } = shown({ unit: 0x80, multiplier: 1, divisor: 1000 }, 0x000012345678n, 0x1234);
    assert.equal(reading?.importWh, 12_345_678n);
    assert.equal(reading?.powerW, 1234);
  });
  it("with a demand of 0x800000 has an energy and no power", () => {
    const { reading, lines } = shown({ unit: 0, multiplier: 1, divisor: 1000 }, 5000n, -0x800000);
    assert.equal(reading?.importWh, 5000n);
    assert.equal(lines[0], "--- kW          ");
  });
  it("that is not ours is not heard", () => {
    const device = new Device(module, IHD, new Map(), 1000n);
    device.partners(hub, meter, 1000n);
    for (const from of [hub, ihd, 0n]) device.hear(meterReport(1n, 1), { from, cluster: METERING, now: 2000n });
    device.hear(meterScale(1, {}), { from: meter, cluster: METERING, now: 2000n }); // nobody asked
    device.hear(meterReport(1n, 1), { from: meter, cluster: METERING, now: 2000n });
    device.tick(2000n);
    assert.equal(device.logged(READING).length, 0);
  });
});

describe("the meter's register", () => {
  const read = (device: Device) => {
    device.take();
    device.hear("00 01 00 0000", { cluster: METERING });
    return device.take()[0]?.zcl.readUIntLE(7, 6);
  };
  it("is the element's total, whatever was written last", () => {
    const store = new Map<number, Buffer>();
    const first = new Device(module, METER, store);
    first.measured(36_000_000n, 0, 0n);
    first.measured(36_000_000n + 3600n * 5n, 0, 10_000n);
    const second = new Device(module, METER, store);
    second.measured(36_000_000n + 3600n * 9n, 0, 0n);
    assert.equal(read(second), 10_009);
  });
  it("goes on from where it stood when the element begins again, once that lasts", () => {
    const store = new Map<number, Buffer>();
    const first = new Device(module, METER, store);
    first.measured(36_000_000n, 0, 0n);
    first.measured(3600n, 0, 10_000n);
    assert.equal(read(first), 10_000);
    first.measured(3600n * 2n, 0, 100_000n);
    assert.equal(read(first), 10_000);
    first.measured(3600n * 5n, 0, 190_000n);
    assert.equal(read(first), 10_004); // what it has counted while it was in doubt
    first.measured(3_600_000n, 0, 900_000n);
    assert.equal(read(first), 10_999);
    const second = new Device(module, METER, store);
    second.measured(7200n, 0, 0n);
    assert.equal(read(second), 10_999);
    second.measured(7200n, 0, 180_000n);
    assert.equal(read(second), 10_999);
    second.measured(10_800n, 0, 190_000n);
    assert.equal(read(second), 11_000);
  });
  it("does not move for one wrong total of the element, whichever it is", () => {
    for (const wrong of [0n, 1n, 3_600_000n, 35_999_999n, 72_000_000n, 1n << 40n, (1n << 63n) - 1n, -1n, -(1n << 63n)]) {
      const store = new Map<number, Buffer>();
      let device = new Device(module, METER, store);
      device.measured(36_000_000n, 0, 0n);
      device.measured(wrong, 0, 10_000n);
      assert.equal(read(device), 10_000, `${wrong} while running`);
      device.measured(36_000_000n + 3600n, 0, 20_000n);
      assert.equal(read(device), 10_001);
      device = new Device(module, METER, store);
      if (wrong < 0n || wrong >= 36_000_000n) continue; // nothing is known yet; what a week can draw may have been drawn meanwhile
      device.measured(wrong, 0, 0n);
      assert.equal(read(device), 10_000, `${wrong} at a start`);
      device.measured(36_000_000n + 7200n, 0, 10_000n);
      assert.equal(read(device), 10_002);
    }
  });
  it("is written each kWh or quarter of an hour, not more often", () => {
    const store = new Map<number, Buffer>();
    let writes = 0;
    const set = store.set.bind(store);
    store.set = (record, octets) => {
      writes++;
      return set(record, octets);
    };
    const device = new Device(module, METER, store);
    for (let second = 0; second <= 7200; second += 10) device.measured(BigInt(second) * 500n, 500, BigInt(second) * 1000n);
    assert.equal(writes, 8); // 1 kWh in two hours: each quarter of an hour
    writes = 0;
    for (let second = 7210; second <= 10_810; second += 10)
      device.measured(3_600_000n + BigInt(second - 7200) * 8000n, 8000, BigInt(second) * 1000n);
    assert.equal(writes, 8); // 8 kWh in an hour: each kWh
  });
});
