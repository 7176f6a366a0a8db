// Hub, meter and display above APS: what one sends the others understand, and so does tshark.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { dissect } from "./dissect.ts";
import { ADDRESS, Device, HUB, IHD, METER, tariffRecord, zigbeeTime } from "./home.ts";
import { type Carried, equip, readingOf, registerOf, Wire } from "./wire.ts";

const METERING = 0x0702;
const REGISTER = 4;
const READING = 5;
const RUNNING = 5;

const module = labModule("sep1/device");

class Home {
  readonly hub = new Device(module, HUB, new Map(), 1000n);
  readonly meter = new Device(module, METER, new Map(), 1000n);
  readonly ihd = new Device(module, IHD, new Map(), 1000n);
  readonly wire = new Wire([this.hub, this.meter, this.ihd]);

  constructor(iso: string) {
    equip(this.hub, iso, 1000n);
    this.meter.bind(METERING, ADDRESS[IHD] as bigint);
    this.meter.measured(44_444_444_000n, 1234, 1000n);
    this.ihd.stage(RUNNING);
    this.ihd.partners(ADDRESS[HUB] as bigint, ADDRESS[METER] as bigint, 1000n);
    this.wire.settle(1000n);
  }

  readings() {
    return this.ihd.logged(READING).map(readingOf);
  }
  registers() {
    return this.meter.logged(REGISTER).map(registerOf);
  }
}

describe("the home above APS", () => {
  it("asks one question at a time: time, price, prices, scale, reports", () => {
    const home = new Home("2026-06-01T12:00:00Z");
    const questions = home.wire.carried
      .filter((frame) => frame.from === IHD)
      .map((frame) => `${frame.cluster.toString(16)} ${frame.zcl.toString("hex", 0, 1)}${frame.zcl.toString("hex", 2, 3)}`);
    assert.deepEqual(questions, ["a 1000", "700 1100", "700 1101", "702 1000", "702 1006"]);
    for (const frame of home.wire.carried) assert.equal(frame.options & 2, 2, "every frame travels under a link key");
  });

  it("shows the meter's register, its power and the hub's price", () => {
    const home = new Home("2026-06-01T12:00:00Z");
    assert.deepEqual(home.registers(), [{ importWh: 12_345_678n, powerW: 1234 }]);
    const reading = home.readings().at(-1);
    assert.deepEqual(reading, {
      importWh: 12_345_678n,
      powerW: 1234,
      price: 2450,
      costPerHour: 3023,
      costToday: 0,
      currency: 826,
      digits: 4,
      flags: 0,
    });
    assert.deepEqual(home.ihd.screen.slice(0, 2), ["1.234 kW £0.30/h", "12345.678 kWh   "]);
    assert.deepEqual(home.ihd.screen.slice(2), [
      "Today      £0.00",
      "Per kWh  £0.2450",
      "2026-06-01 13:00",
      "Connected       ",
      "Day rate        ",
    ]);
  });

  it("shows at every report what the meter's register says", () => {
    const home = new Home("2026-06-01T12:00:00Z");
    let joules = 44_444_444_000n;
    for (let second = 10; second <= 3600; second += 10) {
      const watts = (second * 7919) % 9000;
      joules += BigInt(watts * 10);
      const now = BigInt(1000 + second * 1000);
      home.meter.measured(joules, watts, now);
      home.wire.settle(now);
      const told = home.registers().at(-1);
      assert.equal(told?.importWh, joules / 3600n);
      const shown = home.readings().at(-1);
      assert.deepEqual({ importWh: shown?.importWh, powerW: shown?.powerW }, told);
    }
    assert.equal(home.registers().length, 361);
  });

  it("tells nothing but what tshark understands", () => {
    const home = new Home("2026-06-01T12:00:00Z");
    const rows = dissect(home.wire.carried, [
      "zbee_zcl_se.price.provider_id",
      "zbee_zcl_se.price.rate_label",
      "zbee_zcl_se.price.issuer_event_id",
      "zbee_zcl_se.price.unit_of_measure",
      "zbee_zcl_se.price.currency",
      "zbee_zcl_se.price.trailing_digit",
      "zbee_zcl_se.price.tier",
      "zbee_zcl_se.price.duration_in_minutes",
      "zbee_zcl_se.price.price",
      "zbee_zcl_se.price.control",
      "zbee_zcl_se.price.extended_register_tier",
    ]);
    assert.equal(rows.length, home.wire.carried.length);
    for (const row of rows) {
      assert.equal(row["_ws.expert.message"], "");
      assert.match(row["frame.protocols"] ?? "", /^wpan:zbee_nwk:zbee_aps:zbee_zcl(:zbee_zcl_se\.price)?$/);
    }
    const published = rows.find((row) => row["zbee_zcl_se.price.price"] !== "") as Record<string, string>;
    assert.equal(Number(published["zbee_zcl_se.price.issuer_event_id"]), 1);
    assert.equal(published["zbee_zcl_se.price.rate_label"], "Day rate");
    assert.equal(Number(published["zbee_zcl_se.price.unit_of_measure"]), 0);
    assert.equal(Number(published["zbee_zcl_se.price.currency"]), 826);
    assert.equal(Number(published["zbee_zcl_se.price.trailing_digit"]), 4);
    assert.equal(Number(published["zbee_zcl_se.price.tier"]), 1);
    assert.equal(Number(published["zbee_zcl_se.price.duration_in_minutes"]), 0xffff);
    assert.equal(Number(published["zbee_zcl_se.price.price"]), 2450);
    assert.equal(Number(published["zbee_zcl_se.price.control"]), 0);
    assert.equal(Number(published["zbee_zcl_se.price.extended_register_tier"]), 0);
  });

  it("lets tshark read the values of attributes", () => {
    const home = new Home("2026-06-01T12:00:00Z");
    const fromMeter = home.wire.carried.filter((frame: Carried) => frame.from === METER);
    const rows = dissect(fromMeter, ["zbee_zcl.attr.uint48", "zbee_zcl.attr.int24", "zbee_zcl.attr.uint24", "zbee_zcl_se.met.attr_id"]);
    const report = rows.at(-1) as Record<string, string>;
    assert.equal(Number(report["zbee_zcl.attr.uint48"]), 12_345_678);
    assert.equal(Number(report["zbee_zcl.attr.int24"]), 1234);
    const scale = rows.find((row) => row["zbee_zcl.attr.uint24"] !== "") as Record<string, string>;
    assert.deepEqual(scale["zbee_zcl.attr.uint24"]?.split(",").map(Number), [1, 1000]);
    const fromHub = home.wire.carried.filter((frame: Carried) => frame.from === HUB && frame.cluster === 0x000a);
    const [time] = dissect(fromHub, ["zbee_zcl.attr.utc", "zbee_zcl.attr.int32", "zbee_zcl.attr.uint32"]) as [Record<string, string>];
    assert.deepEqual(time["zbee_zcl.attr.int32"]?.split(",").map(Number), [0, 3600]);
    assert.deepEqual(time["zbee_zcl.attr.uint32"]?.split(",").map(Number), [
      zigbeeTime("2026-03-29T01:00:00Z"),
      zigbeeTime("2026-10-25T01:00:00Z"),
    ]);
  });

  it("marks a reading that grew old, and arranges the reports anew", () => {
    const home = new Home("2026-06-01T12:00:00Z");
    // The meter is cut off: the display is alone.
    assert.equal(home.ihd.tick(180_999n), 181_000n);
    assert.equal(home.readings().at(-1)?.flags, 0);
    assert.deepEqual(home.ihd.take(), []);
    assert.ok(home.ihd.tick(181_000n) > 181_000n);
    assert.equal(home.readings().at(-1)?.flags, 1);
    assert.equal(home.ihd.screen[1], "12345.678 kWh  !");
    assert.equal(home.ihd.screen[5], "No reports      ");
    const questions = home.ihd.take();
    assert.equal(questions.length, 1);
    assert.deepEqual([questions[0]?.cluster, questions[0]?.zcl.toString("hex", 2)], [METERING, "0000030103020303030403" + "00000004"]);
  });

  it("changes the price at its time without being told again", () => {
    const home = new Home("2026-06-01T22:58:30Z");
    home.hub.event(tariffRecord({ event: 2, start: zigbeeTime("2026-06-01T23:00:00Z"), price: 950, label: "Night" }), 1000n);
    home.wire.settle(301_000n); // the display asks each five minutes
    home.wire.settle(301_500n);
    assert.equal(home.readings().at(-1)?.price, 950);
    assert.equal(home.ihd.screen[6], "Night           ");
  });

  it("counts today's cost across midnight of a summer day", () => {
    const home = new Home("2026-06-01T22:00:00Z"); // an hour before local midnight
    let joules = 44_444_444_000n;
    const run = (from: number, to: number) => {
      for (let second = from + 10; second <= to; second += 10) {
        joules += 20_000n;
        home.meter.measured(joules, 2000, BigInt(1000 + second * 1000));
        home.wire.settle(BigInt(1000 + second * 1000));
      }
    };
    run(0, 3590);
    const before = home.readings().at(-1);
    assert.ok(Math.abs((before?.costToday ?? 0) - 1.994 * 2450) < 3, `${before?.costToday}`);
    run(3590, 3600 + 1800);
    const after = home.readings().at(-1);
    assert.ok(Math.abs((after?.costToday ?? 0) - 1.0 * 2450) < 20, `${after?.costToday}`);
  });
});
