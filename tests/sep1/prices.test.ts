// Prices, and the records of the head-end they come from.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { labModule } from "../../host/build/labs.ts";
import { answer, hex, hub, ihd, meter, PRICE, TIME } from "./edges.ts";
import { clockRecord, Device, HUB, IHD, tariffRecord, zigbeeTime } from "./home.ts";
import { equip } from "./wire.ts";

const module = labModule("sep1/device");

describe("prices", () => {
  const publish = (t: {
    event?: number;
    unit?: number;
    price?: number;
    digits?: number;
    start?: number;
    minutes?: number;
    control?: number;
    label?: string;
  }) => {
    const label = Buffer.from(t.label ?? "X");
    const body = Buffer.alloc(23 + 14);
    body.writeUInt32LE(t.event ?? 1, 0);
    body.writeUInt8(t.unit ?? 0, 8);
    body.writeUInt16LE(826, 9);
    body.writeUInt8(((t.digits ?? 4) << 4) | 1, 11);
    body.writeUInt32LE(t.start ?? 0, 13);
    body.writeUInt16LE(t.minutes ?? 0xffff, 17);
    body.writeUInt32LE(t.price ?? 2450, 19);
    body.fill(0xff, 23, 35);
    body.writeUInt8(t.control ?? 0, 36);
    return Buffer.concat([Buffer.from("090500", "hex"), Buffer.from([0x78, 0x56, 0x34, 0x12, label.length]), label, body]);
  };
  const display = () => {
    const device = new Device(module, IHD, new Map(), 1000n);
    device.stage(5);
    device.partners(hub, meter, 1000n);
    return device;
  };
  const line = (device: Device) => {
    device.tick(3000n);
    return device.screen[3];
  };

  it("are shown with all their decimals, and acknowledged when that is asked for", () => {
    const device = display();
    device.take();
    device.hear(publish({ event: 0x11223344, control: 1 }), { from: hub, cluster: PRICE, now: 2000n });
    assert.deepEqual(hex(device.take()), ["110502" + "78563412" + "44332211" + "ffffffff" + "01"]);
    assert.equal(line(device), "Per kWh  £0.2450");
  });
  it("get a default response when none is asked for", () => {
    const device = display();
    device.take();
    device.hear(publish({}), { from: hub, cluster: PRICE, now: 2000n });
    assert.deepEqual(hex(device.take()), ["10050b0000"]);
  });
  it("of gas, of ten decimals, of all ones, and from others are not electricity's", () => {
    for (const [change, from] of [
      [{ unit: 1 }, hub],
      [{ digits: 10 }, hub],
      [{ price: 0xffffffff }, hub],
      [{}, meter],
      [{}, 5n],
    ] as const) {
      const device = display();
      device.hear(publish(change), { from, cluster: PRICE, now: 2000n });
      assert.equal(line(device), "Per kWh      ---");
    }
  });
  it("keep twelve letters of their name, and any number may follow", () => {
    const device = display();
    device.hear(publish({ label: "A very long name for a price" }), { from: hub, cluster: PRICE, now: 2000n });
    device.tick(3000n);
    assert.equal(device.screen[6], "A very long     ");
  });
  it("that are cut short are malformed", () => {
    const whole = publish({});
    for (const size of [3, 7, 8, 20, 3 + 4 + 2 + 22, whole.length - 14 + 2]) {
      const device = display();
      device.take();
      device.hear(whole.subarray(0, size), { from: hub, cluster: PRICE, now: 2000n });
      assert.deepEqual(hex(device.take()), ["10050b0080"], `${size}`);
    }
  });

  it("are not found where there is none", () => {
    const device = new Device(module, HUB);
    assert.deepEqual(answer(device, "01 05 00 00", { cluster: PRICE }), ["18050b008b"]);
    assert.deepEqual(answer(device, "01 05 01 00000000 00", { cluster: PRICE }), ["18050b018b"]);
  });
  it("are asked for with whole questions only", () => {
    const device = new Device(module, HUB);
    assert.deepEqual(answer(device, "01 05 00", { cluster: PRICE }), ["18050b0080"]);
    assert.deepEqual(answer(device, "01 05 01 00000000", { cluster: PRICE }), ["18050b0180"]);
    assert.deepEqual(answer(device, `01 05 02 ${"00".repeat(12)}`, { cluster: PRICE }), ["18050b0280"]);
    assert.deepEqual(answer(device, `01 05 02 ${"00".repeat(13)}`, { cluster: PRICE }), ["18050b0200"]);
    assert.deepEqual(answer(device, "01 05 06", { cluster: PRICE }), ["18050b0681"]);
  });
  it("come in order of their start, as many as asked for, the active one first", () => {
    const device = new Device(module, HUB);
    equip(device, "2026-06-01T12:00:00Z", 0n);
    device.event(tariffRecord({ event: 3, start: zigbeeTime("2026-06-01T16:00:00Z"), minutes: 60, price: 3 }), 0n);
    device.event(tariffRecord({ event: 2, start: zigbeeTime("2026-06-01T14:00:00Z"), minutes: 60, price: 2 }), 0n);
    const prices = (request: string) => {
      device.take();
      device.hear(request, { cluster: PRICE, now: 0n });
      return device.take().map((frame) => {
        const label = frame.zcl[7] as number;
        return frame.zcl.readUInt32LE(8 + label + 19);
      });
    };
    assert.deepEqual(prices("11 05 01 00000000 00"), [2450, 2, 3]);
    assert.deepEqual(prices("11 05 01 00000000 02"), [2450, 2]);
    assert.deepEqual(prices("11 05 00 00"), [2450]);
    const later = Buffer.alloc(4);
    later.writeUInt32LE(zigbeeTime("2026-06-01T15:30:00Z"));
    assert.deepEqual(prices(`11 05 01 ${later.toString("hex")} 00`), [3]); // issue 2 ended the first price at 14:00
  });
  it("are told at once to a client that listens, when they change", () => {
    const device = new Device(module, HUB);
    equip(device, "2026-06-01T12:00:00Z", 0n);
    device.tick(0n);
    device.hear("11 05 00 00", { from: meter, cluster: PRICE, now: 0n }); // sleeps
    device.hear("11 05 00 01", { from: ihd, cluster: PRICE, now: 0n }); // listens
    device.take();
    device.event(tariffRecord({ event: 9, price: 999 }), 1000n);
    device.tick(1000n);
    assert.deepEqual(
      device.take().map((frame) => frame.extended),
      [ihd],
    );
    device.tick(2000n);
    assert.deepEqual(device.take(), []);
  });
  const events = (device: Device) => device.take().map((frame) => frame.zcl.readUInt32LE(8 + (frame.zcl[7] as number)));
  const START = zigbeeTime("2026-06-01T12:00:00Z");
  it("that come later are told to who listens and to who is bound, when they come and when they begin", () => {
    const device = new Device(module, HUB);
    device.bind(PRICE, meter);
    equip(device, "2026-06-01T12:00:00Z", 0n);
    device.hear("11 05 00 01", { from: ihd, cluster: PRICE, now: 0n });
    device.tick(0n);
    device.take();
    device.event(tariffRecord({ event: 2, start: START + 3600, minutes: 60, price: 2 }), 1000n);
    assert.equal(device.tick(1000n), 3_600_000n);
    const told = device.take();
    assert.deepEqual(new Set(told.map((frame) => frame.extended)), new Set([ihd, meter]));
    assert.equal(told.length, 2);
    for (const { zcl } of told) assert.equal(zcl.readUInt32LE(8 + (zcl[7] as number)), 2);
    device.tick(3_599_999n);
    assert.deepEqual(device.take(), []);
    assert.equal(device.tick(3_600_000n), 7_200_000n);
    assert.deepEqual(events(device), [2, 2]);
    device.tick(7_200_000n); // nothing holds then
    assert.deepEqual(device.take(), []);
  });
  it("wait for room in APS, none is left out and none is told twice", () => {
    const device = new Device(module, HUB);
    equip(device, "2026-06-01T12:00:00Z", 0n);
    device.tick(0n);
    for (let event = 2; event < 9; event++)
      device.event(tariffRecord({ event, start: START + event * 1800, minutes: 30, price: event }), 0n);
    const heard: number[] = [];
    device.hear("11 05 00 01", { from: ihd, cluster: PRICE, now: 0n });
    device.take();
    device.hear("11 07 01 00000000 00", { from: meter, cluster: PRICE, now: 0n });
    heard.push(...events(device));
    device.sendAnswer = -5; // no room
    let due = 0n;
    for (let turn = 0; turn < 40; turn++) {
      device.sendAnswer = turn % 3 === 0 ? 0 : -5;
      due = device.tick(BigInt(turn) * 500n);
      heard.push(...events(device));
    }
    assert.deepEqual(heard.filter((event) => event > 1).sort(), [2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8]);
    assert.ok(due >= 3_600_000n, `${due}`);
  });
  it("are all answered, under the number of the question", () => {
    const device = new Device(module, HUB);
    device.event(clockRecord(START, 0, 0, 0, 0), 0n);
    for (let event = 1; event <= 8; event++)
      device.event(tariffRecord({ event, start: START + event * 1800, minutes: 30, price: event }), 0n);
    device.take();
    device.hear("11 5a 01 00000000 00", { cluster: PRICE, now: 0n });
    const told = device.take();
    assert.deepEqual(
      told.map((frame) => [frame.zcl[1], frame.zcl.readUInt32LE(8 + (frame.zcl[7] as number))]),
      [1, 2, 3, 4, 5, 6, 7, 8].map((event) => [0x5a, event]),
    );
  });
  it("that do not fit, or are overlapped by a later issue, are named to the head-end", () => {
    const device = new Device(module, HUB);
    device.event(clockRecord(START, 0, 0, 0, 0), 0n);
    device.tick(0n);
    device.uplink.length = 0;
    const put = (event: number, start: number, minutes: number) => {
      device.event(tariffRecord({ event, start, minutes, price: event }), 0n);
      return device.uplink.splice(0).map((record) => record.toString("hex"));
    };
    for (let event = 11; event <= 18; event++) assert.deepEqual(put(event, START + event * 1800, 30), []);
    assert.deepEqual(put(11, START + 11 * 1800, 30), [], "again");
    assert.deepEqual(put(19, START + 19 * 1800, 30), ["0502050000" + "13000000"]); // Err.NoBuffer
    assert.deepEqual(put(9, START + 11 * 1800 + 60, 30), ["05020f0000" + "09000000"]); // Err.Refused
    device.event(Buffer.from([2, 1, 2]), 0n);
    assert.equal(device.uplink.splice(0).length, 1);
    device.event(Buffer.alloc(0), 0n);
    assert.equal(device.uplink.splice(0).length, 0);
  });
  it("go on when the clock that had run ahead is set right, and those who listen hear of it", () => {
    const device = new Device(module, HUB);
    equip(device, "2026-06-02T12:00:00Z", 0n);
    device.hear("11 05 00 01", { from: ihd, cluster: PRICE, now: 0n });
    device.tick(0n);
    device.take();
    device.event(clockRecord(START, 0, 0, 0, 0), 1000n);
    device.tick(1000n);
    const [told] = device.take();
    assert.equal(told?.zcl.readUInt32LE(8 + 8 + 13), START); // its start
    assert.equal(told?.extended, ihd);
    device.hear("11 05 00 00", { from: ihd, cluster: PRICE, now: 2000n });
    assert.deepEqual(events(device), [1]);
  });
  it("tell how many tiers there are", () => {
    const device = new Device(module, HUB);
    device.event(clockRecord(START, 0, 0, 0, 0), 0n);
    device.event(tariffRecord({ event: 1, start: START, minutes: 30, price: 1, tier: 1 }), 0n);
    device.event(tariffRecord({ event: 2, start: START + 1800, minutes: 30, price: 2, tier: 3 }), 0n);
    device.take();
    device.hear("11 05 00 00", { cluster: PRICE, now: 0n });
    const zcl = device.take()[0]?.zcl as Buffer;
    assert.equal(zcl[8 + 11], 0x41); // four decimals, tier 1
    assert.equal(zcl[8 + 12], 0x31); // of three, register tier 1
  });
  it("are acknowledged also when they are told again", () => {
    const device = display();
    for (let turn = 0; turn < 2; turn++) {
      device.take();
      device.hear(publish({ control: 1 }), { from: hub, cluster: PRICE, now: 2000n });
      assert.equal(device.take()[0]?.zcl[2], 2);
    }
  });
  it("survive a power cut of the hub", () => {
    const store = new Map<number, Buffer>();
    equip(new Device(module, HUB, store), "2026-06-01T12:00:00Z", 0n);
    const again = new Device(module, HUB, store);
    again.hear("11 05 00 00", { cluster: PRICE });
    assert.equal(again.take()[0]?.zcl.readUInt32LE(8 + 8 + 19), 2450);
  });
});

describe("the head-end's records", () => {
  it("are refused at every length but their own, and never harm", () => {
    const clockAt = clockRecord(zigbeeTime("2026-06-01T12:00:00Z"), 0, 0, 0, 0);
    const tariff = tariffRecord({ event: 1, price: 1, label: "abc" });
    const admit = Buffer.concat([Buffer.from([3]), Buffer.alloc(8, 7), Buffer.from([8]), Buffer.alloc(8)]);
    for (const record of [clockAt, tariff, admit, Buffer.from([4, 200])]) {
      for (let size = 0; size < record.length; size++) {
        const device = new Device(module, HUB);
        assert.equal(device.event(record.subarray(0, size), 0n), 0);
        assert.deepEqual(answer(device, "00 05 00 0000", { cluster: TIME }), ["180501000000e2ffffffff"]);
      }
    }
    const device = new Device(module, HUB);
    assert.equal(device.event(admit, 0n), 1);
    assert.equal(device.event(Buffer.from([4, 200]), 0n), 2);
    assert.equal(device.event(Buffer.from([9, 200]), 0n), 0);
    const long = Buffer.concat([Buffer.from([3]), Buffer.alloc(8, 7), Buffer.from([19]), Buffer.alloc(19)]);
    assert.equal(device.event(long, 0n), 0);
  });
});
