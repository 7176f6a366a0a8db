// What comes from the air is not believed: mutated frames against whole devices, and requests from people who are not members.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { DISCOVER, Heard, LabAir, type LabNode, payload, SECURE, tags } from "./lab.ts";

const FCS = 2;

function home(seed: string): { air: LabAir; hub: LabNode; meter: LabNode; display: LabNode } {
  const air = new LabAir(seed);
  const hub = air.hub();
  const meter = air.member("router", "meter");
  meter.call("nwkPermitJoin", 250, meter.now);
  const display = air.member("end_device", "display");
  hub.send(display.network.address, payload(1));
  hub.send(0xffff, payload(2, true));
  meter.send(display.network.address, payload(3), SECURE | DISCOVER);
  display.send(meter.network.address, payload(4));
  air.run(9000);
  assert.deepEqual(tags(display).sort(), [1, 2, 3]);
  return { air, hub, meter, display };
}

test("20,000 mutated frames of a whole life change nothing that counts", () => {
  const { air, hub, meter, display } = home("mutated");
  const random = new Random("hostile", "mutations");
  const frames = air.frames.map(({ psdu }) => Buffer.from(psdu.subarray(0, -FCS)));
  const before = [hub, meter, display].map((node) => node.network);
  const heard = [hub, meter, display].map((node) => new Set(tags(node)));
  for (let round = 0; round < 20_000; round++) {
    const frame = Buffer.from(frames[random.below(frames.length)]).subarray(0, 3 + random.below(125));
    for (let flips = 1 + random.below(3); flips > 0; flips--) frame[random.below(frame.length)] ^= 1 << random.below(8);
    for (const node of [hub, meter, display]) node.inject(frame);
    if (round % 4 === 3) air.run(2);
    air.frames.length = 0;
  }
  air.run(40_000);
  assert.deepEqual(
    [hub, meter, display].map((node) => node.network),
    before,
  );
  // A frame whose MAC header alone was changed is as old as the original; what the display slept through, as the meter's copy of a
  // broadcast, is new to it, but its content is not.
  assert.deepEqual(
    [hub, meter, display].map((node) => new Set(tags(node))),
    heard,
  );
  display.send(0, payload(9));
  hub.send(display.network.address, payload(10));
  meter.send(0, payload(11));
  air.run(9000);
  assert.ok(tags(hub).includes(9) && tags(hub).includes(11) && tags(display).includes(10));
});

test("noise of every length is dropped", () => {
  const { air, hub, meter, display } = home("noise");
  const random = new Random("hostile", "noise");
  for (let round = 0; round < 3000; round++) {
    const frame = Buffer.alloc(3 + random.below(123));
    for (let at = 0; at < frame.length; at++) frame[at] = random.below(256);
    for (const node of [hub, meter, display]) node.inject(frame);
    if (round % 4 === 3) air.run(2);
  }
  assert.ok(display.network.address < 0xfff8);
});

test("a stranger that knows the addresses can neither make a child leave nor take its place", () => {
  const { air, hub, display } = home("stranger");
  const clear = (payloadOctets: number[], command: boolean): Buffer => {
    const frame = Buffer.alloc(9 + 24);
    frame.writeUInt16LE(0x8861, 0);
    frame.writeUInt16LE(hub.network.panId, 3);
    return Buffer.concat([frame.subarray(0, 9), Buffer.alloc(0), network(command), Buffer.from(payloadOctets)]);
  };
  const network = (command: boolean): Buffer => {
    const header = Buffer.alloc(16);
    header.writeUInt16LE(command ? 0x1009 : 0x1008, 0);
    header[6] = 1;
    return header;
  };
  const leave = clear([4, 0x40], true);
  leave.writeUInt16LE(display.network.address, 5);
  leave.writeUInt16LE(display.network.parent, 7);
  leave.writeUInt16LE(display.network.address, 11);
  leave.writeUInt16LE(display.network.parent, 13);
  leave.writeBigUInt64LE(hub.extended, 17);
  display.inject(leave);
  air.run(1000);
  assert.equal(display.heard(Heard.Left).length, 0);
  assert.equal(display.counters.unsecured, 1);
  // A rejoin in clear in the display's name: the hub answers, but the display stays the child that it is.
  const parent = display.network.parent === 0 ? hub : undefined;
  if (parent) {
    const rejoin = clear([6, 0x80], true);
    rejoin.writeUInt16LE(0, 5);
    rejoin.writeUInt16LE(0x2222, 7);
    rejoin.writeUInt16LE(0, 11);
    rejoin.writeUInt16LE(0x2222, 13);
    rejoin.writeBigUInt64LE(display.extended, 17);
    parent.inject(rejoin);
    air.run(40_000);
  }
  hub.send(display.network.address, payload(20), SECURE | DISCOVER);
  air.run(9000);
  assert.ok(tags(display).includes(20));
});

test("a storm of beacon requests costs one beacon at a time", () => {
  const air = new LabAir("beacons");
  const hub = air.hub();
  const before = air.frames.length;
  const request = Buffer.from("0308aaffffffff07", "hex");
  for (let round = 0; round < 500; round++) {
    hub.inject(request);
    hub.inject(request);
    air.run(1);
  }
  assert.ok(air.frames.length - before < 300);
  const node = air.member("router", "meter");
  assert.equal(node.network.panId, hub.network.panId);
});
