// Two interfaces on one radio: two PANs on one channel, each with its own addresses, acknowledgements and pending children.
import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENT_HANDLE, EVENT_HEAD, EVENT_INTERFACE, EVENT_KIND, EVENT_LQI, EventKind, RadioParameter } from "../../host/abi.ts";
import { Medium } from "../../host/air/medium.ts";
import { Radio } from "../../host/air/radio.ts";
import type { Surroundings } from "../../host/engine.ts";
import { Err } from "../../host/err.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { CHANNEL, frames, PAN, run, station } from "./support.ts";
import { dataRequest, macData } from "./zigbee.ts";

const OTHER_PAN = 0x2b73;
const HUB = 0x0000;
const HUB_THERE = 0x0010;
const CHILD = 0x0033;

function house() {
  const medium = new Medium({ seed: 5 });
  const hub = new Radio(medium, { id: "hub", interfaces: 2 });
  const heard: { number: number; text: string }[] = [];
  const sent: { number: number; handle: number; status: number; pending: boolean }[] = [];
  hub.onReceived = (psdu, _lqi, _rssi, { interfaceNumber }) =>
    heard.push({ number: interfaceNumber, text: Buffer.from(psdu.subarray(9)).toString() });
  hub.onSent = (handle, status, pending, number) => sent.push({ number, handle, status, pending });
  hub.set(RadioParameter.Channel, BigInt(CHANNEL));
  for (const [number, pan, short] of [
    [0, PAN, HUB],
    [1, OTHER_PAN, HUB_THERE],
  ]) {
    hub.set(RadioParameter.PanId, BigInt(pan), number);
    hub.set(RadioParameter.ShortAddress, BigInt(short), number);
    hub.set(RadioParameter.ExtendedAddress, 0x00124b00000000f0n + BigInt(number), number);
    hub.set(RadioParameter.Receive, 1n, number);
  }
  const here = station(medium, "here", CHILD);
  const there = station(medium, "there", CHILD);
  there.radio.set(RadioParameter.PanId, BigInt(OTHER_PAN));
  return { medium, hub, heard, sent, here, there, seen: frames(medium) };
}

test("each interface hears and acknowledges what is for its own address in its own PAN", () => {
  const { medium, heard, here, there } = house();
  here.radio.send(macData(1, PAN, CHILD, HUB, Buffer.from("one")), 1);
  run(medium, 50);
  there.radio.send(macData(2, OTHER_PAN, CHILD, HUB_THERE, Buffer.from("two")), 2);
  run(medium, 50);
  assert.deepEqual(heard, [
    { number: 0, text: "one" },
    { number: 1, text: "two" },
  ]);
  assert.deepEqual([here.sent[0].status, there.sent[0].status], [Err.Ok, Err.Ok]);
});

test("the address of one interface in the PAN of the other is nobody's", () => {
  const { medium, heard, here, there } = house();
  here.radio.send(macData(1, PAN, CHILD, HUB_THERE, Buffer.from("one")), 1);
  run(medium, 100);
  there.radio.send(macData(2, OTHER_PAN, CHILD, HUB, Buffer.from("two")), 2);
  run(medium, 100);
  assert.deepEqual(heard, []);
  assert.deepEqual([here.sent[0].status, there.sent[0].status], [Err.NoAck, Err.NoAck]);
});

test("a broadcast in one PAN is one event, a broadcast to all PANs one for each", () => {
  const { medium, heard, there } = house();
  there.radio.send(macData(1, OTHER_PAN, CHILD, 0xffff, Buffer.from("mine")), 1);
  run(medium, 50);
  assert.deepEqual(heard.splice(0), [{ number: 1, text: "mine" }]);
  there.radio.send(macData(2, 0xffff, CHILD, 0xffff, Buffer.from("all")), 2);
  run(medium, 50);
  assert.deepEqual(heard, [
    { number: 0, text: "all" },
    { number: 1, text: "all" },
  ]);
});

test("a child that waits in one PAN is not promised a frame in the other", () => {
  const { medium, hub, here, there } = house();
  hub.set(RadioParameter.PendingShort, BigInt(CHILD), 1);
  here.radio.send(dataRequest(1, PAN, HUB, CHILD), 1);
  run(medium, 50);
  there.radio.send(dataRequest(2, OTHER_PAN, HUB_THERE, CHILD), 2);
  run(medium, 50);
  assert.deepEqual([here.sent[0].pending, there.sent[0].pending], [false, true]);
  hub.set(RadioParameter.PendingNone, 0n, 0);
  there.radio.send(dataRequest(3, OTHER_PAN, HUB_THERE, CHILD), 3);
  run(medium, 50);
  assert.equal(there.sent[1].pending, true, "forgetting one list leaves the other");
  hub.set(RadioParameter.PendingNone, 0n, 1);
  there.radio.send(dataRequest(4, OTHER_PAN, HUB_THERE, CHILD), 4);
  run(medium, 50);
  assert.equal(there.sent[2].pending, false);
});

test("frames of both leave one after the other; each interface has one under way", () => {
  const { medium, hub, sent, here, there, seen } = house();
  const toHere = macData(1, PAN, HUB, CHILD, Buffer.alloc(80));
  const toThere = macData(2, OTHER_PAN, HUB_THERE, CHILD, Buffer.alloc(80));
  assert.equal(hub.send(toHere, 7, 0), Err.Ok);
  assert.equal(hub.send(toThere, 7, 1), Err.Ok);
  assert.equal(hub.send(toHere, 8, 0), Err.Busy);
  assert.equal(hub.send(toThere, 8, 1), Err.Busy);
  run(medium, 100);
  assert.deepEqual(sent, [
    { number: 0, handle: 7, status: Err.Ok, pending: false },
    { number: 1, handle: 7, status: Err.Ok, pending: false },
  ]);
  assert.deepEqual([here.heard.length, there.heard.length], [1, 1]);
  const own = seen.filter((frame) => frame.source === "hub");
  assert.ok(own[1].timeUs >= own[0].timeUs + (6 + 91) * 32, "the second waits for the end of the first");
  assert.equal(hub.send(toThere, 9, 1), Err.Ok, "and then each may send again");
});

test("the channel is shared, the receiver is on while one of them wants it", () => {
  const { medium, hub, heard, sent, there } = house();
  hub.set(RadioParameter.Receive, 0n, 0);
  there.radio.send(macData(1, OTHER_PAN, CHILD, HUB_THERE, Buffer.from("one")), 1);
  run(medium, 50);
  assert.equal(heard.length, 1);
  hub.set(RadioParameter.Receive, 0n, 1);
  there.radio.send(macData(2, OTHER_PAN, CHILD, HUB_THERE, Buffer.from("two")), 2);
  run(medium, 100);
  assert.equal(heard.length, 1);
  hub.set(RadioParameter.Receive, 1n, 0);
  hub.send(macData(3, PAN, HUB, CHILD, Buffer.alloc(80)), 1, 0);
  hub.send(macData(4, OTHER_PAN, HUB_THERE, CHILD, Buffer.alloc(80)), 2, 1);
  hub.set(RadioParameter.Channel, 0n, 1);
  run(medium, 100);
  assert.deepEqual(
    sent.map(({ handle, status }) => [handle, status]),
    [
      [1, Err.ChannelBusy],
      [2, Err.ChannelBusy],
    ],
    "turned off by one, it is off for both",
  );
});

test("an interface that is not there is NotFound", () => {
  const { medium, hub } = house();
  const plain = new Radio(medium, { id: "plain" });
  for (const [radio, number] of [
    [hub, 2],
    [hub, 7],
    [plain, 1],
  ] as const) {
    assert.equal(radio.set(RadioParameter.PanId, 1n, number), Err.NotFound);
    assert.equal(radio.send(macData(1, PAN, 1, 2, Buffer.alloc(4)), 1, number), Err.NotFound);
  }
});

test("a device's module meets its interfaces by number, in calls and in the heads of events", () => {
  const medium = new Medium({ seed: 6 });
  const events: Uint8Array[] = [];
  let board: Surroundings | undefined;
  const engine = {
    start: () => undefined,
    poll: () => 1n << 60n,
    push: (event: Uint8Array) => events.push(event) > 0,
    close: () => undefined,
  };
  const silent = { log: () => undefined, display: () => undefined, uplink: () => undefined, sense: () => false, key: () => undefined };
  const device = new ModuleDevice(
    "hub",
    medium,
    (surroundings) => {
      board = surroundings;
      return engine;
    },
    { ...silent, trouble: (sentence) => assert.fail(sentence) },
    () => new Radio(medium, { id: "hub", interfaces: 2 }),
  );
  device.powerOn();
  const there = station(medium, "there", CHILD);
  const han = board as unknown as Surroundings;
  for (const [parameter, value] of [
    [RadioParameter.Channel, CHANNEL],
    [RadioParameter.PanId, PAN],
    [RadioParameter.ShortAddress, HUB_THERE],
    [RadioParameter.Receive, 1],
  ])
    assert.equal(han.radioSet(1, parameter, BigInt(value)), Err.Ok);
  assert.equal(han.radioSet(2, RadioParameter.PanId, 1n), Err.NotFound);
  assert.equal(han.radioSend(1, macData(1, PAN, HUB_THERE, CHILD, Buffer.from("out")), 77), Err.Ok);
  run(medium, 50);
  there.radio.send(macData(2, PAN, CHILD, HUB_THERE, Buffer.from("in")), 1);
  run(medium, 50);
  assert.deepEqual(
    events.map((event) => [event[EVENT_KIND], event[EVENT_INTERFACE], event.length - EVENT_HEAD]),
    [
      [EventKind.RadioSent, 1, 0],
      [EventKind.RadioReceived, 1, 11],
    ],
  );
  assert.equal(events[0][EVENT_HANDLE], 77);
  assert.ok(events[1][EVENT_LQI] > 0);
});
