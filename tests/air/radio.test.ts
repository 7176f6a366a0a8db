import assert from "node:assert/strict";
import { test } from "node:test";
import { RadioParameter } from "../../host/abi.ts";
import { withFcs } from "../../host/air/frame.ts";
import { PENDING_MAX } from "../../host/air/identity.ts";
import { Medium } from "../../host/air/medium.ts";
import { Radio } from "../../host/air/radio.ts";
import { FRAME_TOTAL_WAIT_US } from "../../host/air/standard.ts";
import { Err } from "../../host/err.ts";
import { cpuMs } from "../support/cpu.ts";
import { CHANNEL, frames, PAN, run, station } from "./support.ts";
import { beaconRequest, dataRequest, macData } from "./zigbee.ts";

function air(options: { seed?: number; loss?: number; ackGraceUs?: number } = {}) {
  const medium = new Medium({ seed: options.seed ?? 1, link: { loss: options.loss ?? 0 }, ackGraceUs: options.ackGraceUs });
  return { medium, seen: frames(medium) };
}

test("a frame waits 0 to 7 back-off periods, eight symbols of CCA and a turnaround; the acknowledgement follows after 192 us", () => {
  const waits = new Set<number>();
  for (let seed = 0; seed < 60; seed++) {
    const { medium, seen } = air({ seed });
    const a = station(medium, "a", 0);
    const b = station(medium, "b", 1);
    assert.equal(a.radio.send(macData(9, PAN, 0, 1, Buffer.alloc(10)), 77), Err.Ok);
    run(medium, 20);
    assert.equal(seen.length, 2);
    const start = seen[0].timeUs;
    const end = start + (6 + 21) * 32;
    waits.add((start - 128 - 192) / 320);
    assert.equal(seen[1].timeUs, end + 192);
    assert.equal(Buffer.from(seen[1].psdu).toString("hex"), Buffer.from(withFcs(Buffer.of(0x02, 0x00, 9))).toString("hex"));
    assert.deepEqual(a.sent, [{ handle: 77, status: Err.Ok, pending: false, atUs: end + 192 + 11 * 32 }]);
    assert.equal(b.heard.length, 1);
    assert.deepEqual(b.heardAt, [end]);
  }
  assert.deepEqual([...waits].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test("without an acknowledgement a frame is sent four times, then NoAck; the waits are 54 symbols and a new back-off", () => {
  const { medium, seen } = air();
  const a = station(medium, "a", 0);
  a.radio.send(macData(9, PAN, 0, 1, Buffer.alloc(10)), 1);
  run(medium, 100);
  assert.equal(seen.length, 4);
  assert.ok(seen.every((frame) => Buffer.from(frame.psdu).equals(Buffer.from(seen[0].psdu))));
  for (let index = 1; index < 4; index++) {
    const gap = seen[index].timeUs - (seen[index - 1].timeUs + (6 + 21) * 32) - 54 * 16;
    assert.ok(gap >= 128 + 192 && gap <= 640 + 7 * 320 + 128 + 192, `${gap}`);
  }
  assert.deepEqual([a.sent.length, a.sent[0].status], [1, Err.NoAck]);
});

test("a busy channel is assessed five times, with growing back-off, then ChannelBusy", () => {
  const { medium, seen } = air();
  const jammer = medium.attach("jammer", () => {});
  jammer.tune(CHANNEL, false);
  const jam = (): void => medium.transmit(jammer, withFcs(Buffer.alloc(125)), CHANNEL, jam);
  jam();
  const a = station(medium, "a", 0);
  a.radio.send(macData(9, PAN, 0, 1, Buffer.alloc(10)), 1);
  run(medium, 200);
  assert.deepEqual([a.sent.length, a.sent[0].status], [1, Err.ChannelBusy]);
  assert.ok(a.sent[0].atUs >= 5 * 128 && a.sent[0].atUs <= (7 + 15 + 31 + 31 + 31) * 320 + 5 * 128, `${a.sent[0].atUs}`);
  assert.ok(seen.every((frame) => frame.source === "jammer"));
});

test("two that start together defer to each other and both arrive", () => {
  let collisions = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { medium } = air({ seed });
    const [a, b, c] = [station(medium, "a", 0), station(medium, "b", 1), station(medium, "c", 2)];
    a.radio.send(macData(1, PAN, 0, 2, Buffer.alloc(80)), 1);
    b.radio.send(macData(2, PAN, 1, 2, Buffer.alloc(80)), 1);
    run(medium, 100);
    collisions += medium.counters.collided;
    assert.deepEqual([a.sent[0].status, b.sent[0].status], [Err.Ok, Err.Ok]);
    assert.equal(new Set(c.heard.map((frame) => frame[2])).size, 2);
  }
  assert.ok(collisions > 0, "equal back-offs must collide");
});

test("a lost acknowledgement makes a duplicate, which is handed on", () => {
  const { medium } = air();
  const [a, b] = [station(medium, "a", 0), station(medium, "b", 1)];
  medium.setOneWay("b", "a", { inRange: false });
  a.radio.send(macData(9, PAN, 0, 1, Buffer.alloc(10)), 1);
  run(medium, 100);
  assert.equal(b.heard.length, 4);
  assert.equal(a.sent[0].status, Err.NoAck);
});

test("frame pending is set for a listed child's data request and nothing else; the child then listens for macMaxFrameTotalWaitTime", () => {
  const { medium, seen } = air();
  const parent = station(medium, "parent", 0);
  const child = station(medium, "child", 1, false);
  parent.radio.set(RadioParameter.PendingShort, 1n);
  const pendingOf = (frame: Buffer): boolean => {
    const before = child.sent.length;
    child.radio.send(frame, 1);
    run(medium, 60);
    assert.equal(child.sent[before].status, Err.Ok);
    return child.sent[before].pending;
  };
  assert.equal(pendingOf(macData(1, PAN, 1, 0, Buffer.alloc(3))), false);
  assert.equal(pendingOf(dataRequest(2, PAN, 0, 1)), true);
  assert.equal((seen.at(-1)?.psdu[0] ?? 0) & 0x10, 0x10);
  assert.equal(pendingOf(dataRequest(3, PAN, 0, 2)), false);
  parent.radio.set(RadioParameter.NotPendingShort, 1n);
  assert.equal(pendingOf(dataRequest(4, PAN, 0, 1)), false);

  parent.radio.set(RadioParameter.PendingShort, 1n);
  child.radio.onSent = () =>
    medium.clock.after(FRAME_TOTAL_WAIT_US - 10_000, () => parent.radio.send(macData(5, PAN, 0, 1, Buffer.alloc(3)), 2));
  child.radio.send(dataRequest(6, PAN, 0, 1), 1);
  run(medium, 200);
  assert.equal(child.heard.length, 1);
  child.radio.onSent = () => {};
  parent.radio.send(macData(7, PAN, 0, 1, Buffer.alloc(3)), 3);
  run(medium, 200);
  assert.deepEqual([child.heard.length, parent.sent.at(-1)?.status], [1, Err.NoAck]);
});

test("an extended child's list is its own, and both lists are bounded", () => {
  const { medium } = air();
  const { radio } = station(medium, "a", 0);
  for (const parameter of [RadioParameter.PendingShort, RadioParameter.PendingExtended]) {
    for (let index = 0; index < PENDING_MAX; index++) assert.equal(radio.set(parameter, BigInt(index)), Err.Ok);
    assert.equal(radio.set(parameter, 0n), Err.Ok);
    assert.equal(radio.set(parameter, BigInt(PENDING_MAX)), Err.NoBuffer);
  }
  radio.set(RadioParameter.PendingNone, 0n);
  assert.equal(radio.set(RadioParameter.PendingExtended, -1n), Err.Ok);
});

test("parameters out of range are refused", () => {
  const { medium } = air();
  const { radio } = station(medium, "a", 0);
  for (const channel of [0n, 11n, 26n]) assert.equal(radio.set(RadioParameter.Channel, channel), Err.Ok);
  for (const channel of [10n, 27n, -1n]) assert.equal(radio.set(RadioParameter.Channel, channel), Err.Reserved);
  assert.equal(radio.set(RadioParameter.Receive, 2n), Err.Reserved);
  assert.equal(radio.set(0, 0n), Err.Reserved);
  assert.equal(radio.set(11, 0n), Err.Reserved);
});

test("one frame at a time, of 3 to 125 octets; the callback may send the next", () => {
  const { medium, seen } = air();
  const a = station(medium, "a", 0);
  assert.equal(a.radio.send(Buffer.alloc(2), 1), Err.BadLength);
  assert.equal(a.radio.send(Buffer.alloc(126), 1), Err.BadLength);
  assert.equal(a.radio.send(beaconRequest(1), 1), Err.Ok);
  assert.equal(a.radio.send(beaconRequest(2), 2), Err.Busy);
  a.radio.onSent = (handle) => handle === 1 && assert.equal(a.radio.send(Buffer.concat([beaconRequest(3), Buffer.alloc(117)]), 3), Err.Ok);
  run(medium, 50);
  assert.deepEqual(
    seen.map((frame) => [frame.psdu[2], frame.psdu.length]),
    [
      [1, 10],
      [3, 127],
    ],
  );
});

test("with the channel off nothing is heard, and what is sent ends as ChannelBusy", () => {
  const { medium, seen } = air();
  const [a, b] = [station(medium, "a", 0), station(medium, "b", 1)];
  b.radio.set(RadioParameter.Channel, 0n);
  b.radio.send(beaconRequest(1), 5);
  run(medium, 10);
  assert.deepEqual([b.sent.length, b.sent[0].status], [1, Err.ChannelBusy]);
  a.radio.send(macData(1, PAN, 0, 1, Buffer.alloc(100)), 1);
  medium.clock.after(4_000, () => a.radio.set(RadioParameter.Channel, 0n));
  run(medium, 50);
  assert.deepEqual([a.sent.length, a.sent[0].status, b.heard.length], [1, Err.ChannelBusy, 0]);
  a.radio.set(RadioParameter.Channel, BigInt(CHANNEL));
  a.radio.send(beaconRequest(2), 6);
  run(medium, 50);
  assert.equal(a.sent[1].status, Err.Ok);
  assert.equal(seen.at(-1)?.psdu[2], 2);
});

test("power off leaves nothing behind, and the name is free again", () => {
  const { medium } = air();
  const [a, b] = [station(medium, "a", 0), station(medium, "b", 1)];
  a.radio.send(macData(1, PAN, 0, 1, Buffer.alloc(50)), 1);
  run(medium, 1);
  a.radio.powerOff();
  run(medium, 100);
  assert.deepEqual([a.sent.length, b.heard.length], [0, 0]);
  b.radio.send(macData(1, PAN, 1, 0, Buffer.alloc(5)), 1);
  b.radio.powerOff();
  run(medium, 100);
  assert.equal(medium.clock.pending, 0);
  new Radio(medium, { id: "a" });
});

interface Filtered {
  name: string;
  frame: Buffer;
  coordinator: boolean;
  member: boolean;
  scanner: boolean;
}

const u16 = (value: number): Buffer => Buffer.of(value & 0xff, value >>> 8);
const extended = (short: number): Buffer => {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(0x00124b0000000000n + BigInt(short));
  return octets;
};

const FILTERED: Filtered[] = [
  { name: "to our short address", frame: macData(1, PAN, 9, 1, Buffer.of(1)), coordinator: false, member: true, scanner: false },
  { name: "to everyone on our PAN", frame: macData(1, PAN, 9, 0xffff, Buffer.of(1)), coordinator: true, member: true, scanner: false },
  { name: "to everyone everywhere", frame: beaconRequest(1), coordinator: true, member: true, scanner: true },
  { name: "another PAN", frame: macData(1, 0x1a63, 9, 1, Buffer.of(1)), coordinator: false, member: false, scanner: false },
  {
    name: "to our extended address",
    frame: Buffer.concat([Buffer.of(0x61, 0x8c, 1), u16(PAN), extended(1), u16(9), Buffer.of(1)]),
    coordinator: false,
    member: true,
    scanner: false,
  },
  {
    name: "to another extended address",
    frame: Buffer.concat([Buffer.of(0x61, 0x8c, 1), u16(PAN), extended(3), u16(9), Buffer.of(1)]),
    coordinator: false,
    member: false,
    scanner: false,
  },
  {
    name: "a beacon of our PAN",
    frame: Buffer.concat([Buffer.of(0x00, 0x80, 1), u16(PAN), u16(9), Buffer.of(0xff, 0x0f, 0, 0)]),
    coordinator: true,
    member: true,
    scanner: true,
  },
  {
    name: "a beacon of another PAN",
    frame: Buffer.concat([Buffer.of(0x00, 0x80, 1), u16(0x7777), u16(9), Buffer.of(0xff, 0x0f, 0, 0)]),
    coordinator: false,
    member: false,
    scanner: true,
  },
  {
    name: "a command with a source only",
    frame: Buffer.concat([Buffer.of(0x23, 0x80, 1), u16(PAN), u16(9), Buffer.of(0x04)]),
    coordinator: true,
    member: false,
    scanner: false,
  },
  {
    name: "a reserved type",
    frame: Buffer.concat([Buffer.of(0x44, 0x88, 1), u16(PAN), u16(0xffff), u16(9)]),
    coordinator: false,
    member: false,
    scanner: false,
  },
  {
    name: "a later version",
    frame: Buffer.concat([Buffer.of(0x41, 0xa8, 1), u16(PAN), u16(0xffff), u16(9)]),
    coordinator: false,
    member: false,
    scanner: false,
  },
  {
    name: "a reserved address mode",
    frame: Buffer.concat([Buffer.of(0x41, 0x84, 1), u16(PAN), u16(0xffff), u16(9)]),
    coordinator: false,
    member: false,
    scanner: false,
  },
  { name: "a head cut short", frame: Buffer.of(0x41, 0x88, 1, 0xff, 0xff, 0xff), coordinator: false, member: false, scanner: false },
];

for (const { name, frame, coordinator, member, scanner } of FILTERED) {
  test(`the address filter: ${name}`, () => {
    const { medium } = air();
    const sender = station(medium, "sender", 9);
    const found = [station(medium, "coordinator", 0), station(medium, "member", 1), station(medium, "scanner", 0xfffe)];
    found[2].radio.set(RadioParameter.PanId, 0xffffn);
    const sniffer = station(medium, "sniffer", 5);
    sniffer.radio.promiscuous = true;
    sender.radio.send(frame, 1);
    run(medium, 100);
    assert.deepEqual(
      found.map(({ heard }) => heard.length > 0),
      [coordinator, member, scanner],
    );
    assert.ok(sniffer.heard.length > 0);
    const wantsAck = (frame[0] & 0x20) !== 0;
    assert.equal(sender.sent[0].status, !wantsAck || coordinator || member || scanner ? Err.Ok : Err.NoAck);
  });
}

test("an acknowledgement that comes late is taken when the medium grants the time", () => {
  for (const [ackGraceUs, status] of [
    [0, Err.NoAck],
    [20_000, Err.Ok],
  ]) {
    const { medium } = air({ ackGraceUs });
    const a = station(medium, "a", 0);
    const far = medium.attach("far", () => {});
    far.tune(CHANNEL, false);
    medium.onFrame((frame) => {
      if (frame.source === "a")
        medium.clock.after(9_000, () => medium.transmit(far, withFcs(Buffer.of(2, 0, frame.psdu[2])), CHANNEL, () => {}));
    });
    a.radio.send(macData(0x33, PAN, 0, 1, Buffer.alloc(5)), 1);
    run(medium, 200);
    assert.equal(a.sent[0].status, status);
  }
});

test("three stations' traffic runs at far more than 700 times real time", () => {
  const { medium } = air();
  const all = [0, 1, 2].map((short) => station(medium, `s${short}`, short));
  let count = 0;
  for (let round = 0; round < 10_000; round++) {
    medium.clock.at(round * 100_000 + 1, () => {
      const from = round % 3;
      all[from].radio.send(macData(round & 0xff, PAN, from, (from + 1) % 3, Buffer.alloc(80)), 0);
    });
  }
  for (const { radio } of all) radio.onReceived = () => count++;
  const begun = cpuMs();
  run(medium, 1_000_000);
  const took = cpuMs() - begun;
  assert.equal(count, 10_000);
  assert.ok(1_000_000 / took > 700, `1000 s of the air took ${took} ms of processor time`);
});
