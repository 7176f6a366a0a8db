// What the supplier tells the hub, what a factory writes, and the pace.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../host/air/clock.ts";
import { admitRecord, clockRecord, declined, tariffRecord } from "../../host/home/head_end.ts";
import { Pacer } from "../../host/home/pacer.ts";
import { Sensor } from "../../host/home/sensor.ts";
import { TARIFF } from "../../host/home/tariff.ts";
import { loadParse } from "../../host/load/file.ts";

const EPOCH = Date.UTC(2000, 0, 1) / 1000;

test("the clock record holds this year's last Sundays of March and October", () => {
  for (const [year, march, october] of [
    [2024, 31, 27],
    [2025, 30, 26],
    [2027, 28, 31],
  ]) {
    const record = clockRecord(Date.UTC(year, 5, 1, 12, 0, 0, 999));
    assert.equal(record[0], 1);
    assert.equal(record.readUInt32LE(1) + EPOCH, Date.UTC(year, 5, 1, 12) / 1000);
    assert.equal(record.readInt32LE(5), 0);
    assert.equal(record.readUInt32LE(9) + EPOCH, Date.UTC(year, 2, march, 1) / 1000);
    assert.equal(record.readUInt32LE(13) + EPOCH, Date.UTC(year, 9, october, 1) / 1000);
    assert.equal(record.readInt32LE(17), 3600);
    assert.equal(record.length, 21);
  }
});

test("the tariff record holds price, digits and label", () => {
  const record = tariffRecord(TARIFF);
  assert.deepEqual([record[0], record.readUInt16LE(11), record.readUInt32LE(13), record[17]], [2, 826, 2703, 4]);
  assert.equal(record.toString("latin1", 20), "Standard");
  assert.equal(record[19], record.length - 20);
});

test("an admission holds the address as on the air, then the code", () => {
  const record = admitRecord(0x0102030405060708n, Buffer.from([0xaa, 0xbb]));
  assert.equal(record.toString("hex"), "03080706050403020102aabb");
});

test("the sensor tells total energy and power at once and then at its period", () => {
  const clock = new Clock();
  const told: [number, bigint, number][] = [];
  const sensor = new Sensor(clock, loadParse("f.csv", "0,360\n15,720\n"), 5_000, (_, octets) => {
    const at = Buffer.from(octets);
    told.push([clock.nowUs / 1000, at.readBigInt64LE(0), at.readInt32LE(8)]);
    return true;
  });
  sensor.start(1, 10_000);
  clock.runUntil(20_000_000);
  assert.deepEqual(told, [
    [0, 0n, 0],
    [10_000, 1800n, 360],
    [20_000, 5400n, 720],
  ]);
  sensor.start(1, 0);
  clock.runUntil(60_000_000);
  assert.equal(told.length, 3);
});

test("the pacer keeps real time at speed 20 and ends where it should", async () => {
  const clock = new Clock();
  const paced = {
    get nowUs() {
      return clock.nowUs;
    },
    get nextUs() {
      return clock.nextUs;
    },
    advance: (timeUs: number) => clock.runUntil(timeUs),
  };
  const begun = performance.now();
  await new Pacer(paced, 20, 4_000_000).run(
    () => false,
    async () => undefined,
  );
  const took = performance.now() - begun;
  assert.equal(clock.nowUs, 4_000_000);
  assert.ok(took >= 195, `${took} ms for 200 ms`); // how far it lags is the machine's
  await new Pacer(paced, Number.POSITIVE_INFINITY, 90_000_000).run(
    () => false,
    async () => undefined,
  );
  assert.equal(clock.nowUs, 90_000_000);
});

test("the pacer stands still while it is paused, and stops when told", async () => {
  const clock = new Clock();
  const pacer = new Pacer({ nowUs: 0, nextUs: undefined, advance: (timeUs) => clock.runUntil(timeUs) }, 700, 1_000_000);
  pacer.paused = true;
  let turns = 0;
  await pacer.run(
    () => turns >= 5,
    async () => {
      turns++;
    },
  );
  assert.equal(clock.nowUs, 0);
});

test("what the hub did not take is told by its name and reason", () => {
  assert.deepEqual(declined(Buffer.from("0502050000" + "13000000", "hex")), { record: "tariff", reason: "noBuffer", id: 19 });
  assert.deepEqual(declined(Buffer.from("05ff040000" + "00000000", "hex")), { record: "255", reason: "reserved", id: 0 });
  assert.equal(declined(Buffer.from("0502", "hex")), null);
  assert.equal(declined(Buffer.from("0201000000" + "00f0", "hex")), null); // asks for octets of a file
});
