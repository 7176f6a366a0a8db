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
    assert.deepEqual(prices(`11 05 01 ${later.toString("hex")} 00`), [2450, 3]);
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
