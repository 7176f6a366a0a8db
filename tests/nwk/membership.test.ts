// "Am I still in?": what a parent tells a stranger, what a sleeper takes for an answer, and what a search that fails leaves behind.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { openNetwork } from "../scenarios/stranger.ts";
import { Heard, LabAir, MASK, NETWORK_KEY, payload, SECURE, tags } from "./lab.ts";
import { COMMAND, frameOf, MAC_HEADER } from "./neighbour.ts";

const HOUR = 3_600_000;
const DATA_REQUEST = 0x04;
const OTHER_KEY = Buffer.alloc(16, 7);

function home(seed: string) {
  const air = new LabAir(seed);
  const hub = air.hub();
  return { air, hub, display: air.member("end_device", "display") };
}

const polls = (air: LabAir, from: number): number =>
  air.frames.slice(from).filter(({ psdu, source }) => source === "display" && (psdu[0] & 7) === 3 && psdu[9] === DATA_REQUEST).length;

test("a child that was away until its parent forgot it is told to leave and to rejoin, and is a child again", () => {
  const { air, hub, display } = home("aged");
  display.powerOff();
  air.run(5 * HOUR);
  assert.equal(hub.heard(Heard.ChildLeft).length, 1);
  display.powerOn();
  air.run(10_000);
  const [left] = display.heard(Heard.Left);
  assert.equal(left?.status, 1, "to rejoin, not for good");
  assert.equal(display.call("nwkRejoinStart", 1, 0, display.now), 0);
  air.run(3000);
  assert.equal(hub.heard(Heard.ChildJoined).at(-1)?.status, 0);
  hub.send(display.network.address, payload(1));
  air.run(8000);
  assert.deepEqual(tags(display), [1]);
});

test("a poll of a stranger is answered once in 7.68 s, however many ask, and costs no child its frame", () => {
  const { air, hub, display } = home("strangers");
  const refused = hub.counters.refused;
  const from = air.frames.length;
  for (let index = 0; index < 200; index++) {
    const poll = Buffer.from([0x63, 0x88, index, 0, 0, 0, 0, 0, 0, DATA_REQUEST]);
    poll.writeUInt16LE(hub.network.panId, 3);
    poll.writeUInt16LE(0x1000 + index, 7);
    hub.inject(poll);
    air.run(20);
  }
  assert.equal(hub.counters.refused - refused, 200);
  hub.send(display.network.address, payload(1));
  air.run(8000);
  assert.deepEqual(tags(display), [1]);
  const sent = air.frames.slice(from).filter(({ psdu, source }) => source === "hub" && psdu.length > 40);
  assert.ok(sent.length < 10, `the hub sent ${sent.length} frames`);
  assert.equal(display.heard(Heard.Left).length, 0);
});

test("a member that is no child and asks how long it may be silent is told to leave and to rejoin, and is no child by that", () => {
  const { air, hub, display } = home("no child");
  const told = (short: number): string[] =>
    air.frames
      .filter(({ psdu, source }) => source === "hub" && (psdu[0] & 7) === 1 && Buffer.from(psdu).readUInt16LE(5) === short)
      .map(({ psdu }) => openNetwork(NETWORK_KEY, Buffer.from(psdu.subarray(MAC_HEADER, psdu.length - 2))))
      .flatMap((opened) => (opened && (opened.header[0] & 3) === COMMAND ? [opened.payload.toString("hex", 0, 2)] : []));
  assert.ok(told(display.network.address).includes("0c00"), "a child is answered");
  const stranger = { short: 0x2345, extended: 0x00124b00deadbeefn, counter: 1 };
  hub.inject(frameOf(hub, stranger, COMMAND, 0, Buffer.of(0x0b, 8, 0)));
  air.run(1000);
  const poll = Buffer.from([0x63, 0x88, 1, 0, 0, 0, 0, 0, 0, DATA_REQUEST]);
  poll.writeUInt16LE(hub.network.panId, 3);
  poll.writeUInt16LE(stranger.short, 7);
  hub.inject(poll);
  air.run(1000);
  assert.deepEqual([...new Set(told(stranger.short))], ["0460"]);
  hub.send(stranger.short, payload(1), SECURE, 9);
  air.run(20_000);
  assert.notEqual(hub.heard(Heard.Sent).at(-1)?.status, 0, "nothing is held for it");
});

test("a parent that acknowledges but does not know us is no parent", () => {
  const { air, hub, display } = home("deaf");
  display.powerOff();
  hub.installKey(1, OTHER_KEY);
  hub.call("keySwitch", 1);
  hub.installKey(2, OTHER_KEY); // the key that the display has is gone from the slot
  display.powerOn();
  air.run(20_000);
  assert.ok(display.heard(Heard.ParentLost).length > 0);
});

test("a sleeper that waits in vain polls more and more rarely", () => {
  const { air, display } = home("vain");
  air.run(60_000);
  const from = air.frames.length;
  display.call("nwkExpect", display.now + BigInt(HOUR));
  air.run(HOUR);
  const count = polls(air, from);
  assert.ok(count > 480, "as often as without expectation");
  assert.ok(count < 1000, `${count} polls in an hour; at ten a second they would be 36,000`);
});

test("a sleeper asks often while something is expected, and not a moment longer", () => {
  const { air, display } = home("answered");
  air.run(60_000);
  const expect = (ms: number) => display.call("nwkExpect", ms === 0 ? 0n : display.now + BigInt(ms));
  let from = air.frames.length;
  expect(12_000);
  air.run(1000);
  assert.ok(polls(air, from) >= 9, `${polls(air, from)} polls`);
  from = air.frames.length;
  expect(0); // the answer has come
  air.run(7000);
  assert.ok(polls(air, from) <= 1, "one may have been due at this moment");
  from = air.frames.length;
  air.run(600_000);
  assert.ok(polls(air, from) <= 82, "a frame is held for 7.68 s, so it asks each 7.4 s");
  assert.ok(polls(air, from) >= 81);
  from = air.frames.length;
  expect(12_000);
  air.run(1000);
  expect(20_000); // and another question
  air.run(1000);
  assert.ok(polls(air, from) >= 18);
});

test("a search for another network that ends without its key leaves the device in its own", () => {
  const { air, hub, display } = home("undo");
  const other = air.hub("other");
  hub.call("nwkPermitJoin", 0, hub.now);
  const own = display.network;
  assert.equal(display.call("nwkJoinStart", MASK, 0n, display.now), 0);
  air.run(1500);
  assert.equal(display.network.panId, other.network.panId, "it is at the other's door");
  assert.equal(display.network.keys, 0);
  display.call("nwkJoinUndo");
  assert.deepEqual(display.network, own);
  display.send(0, payload(1));
  hub.send(display.network.address, payload(2));
  air.run(8000);
  assert.deepEqual([tags(hub), tags(display)], [[1], [2]]);
});

test("a power cut at another network's door, or a door that does not open, leaves it there too", () => {
  const { air, hub, display } = home("door");
  const other = air.hub("other");
  hub.call("nwkPermitJoin", 0, hub.now);
  const own = display.network;
  display.call("nwkJoinStart", MASK, 0n, display.now);
  air.run(1500);
  display.powerOff();
  display.powerOn();
  assert.deepEqual(display.network, own);
  other.call("nwkPermitJoin", 0, other.now);
  display.call("nwkJoinStart", MASK, 0n, display.now);
  air.run(3000);
  assert.ok(display.heard(Heard.JoinFailed).length > 0);
  assert.deepEqual(display.network, own);
  display.send(0, payload(1));
  air.run(1000);
  assert.deepEqual(tags(hub), [1]);
});

for (const [what, change] of [
  ["fewer", (octets: Buffer) => octets.subarray(0, 32 + 24 * 4)],
  ["more", (octets: Buffer) => Buffer.concat([octets, Buffer.alloc(24 * 4)])],
] as const) {
  test(`a module with another number of neighbours, of whom its record has ${what}, is in its network`, () => {
    const { air, hub, display } = home(`rows ${what}`);
    display.powerOff();
    display.store.set(Record.Network, change(Buffer.from(display.store.get(Record.Network) ?? [])));
    for (let time = 0; time < 2; time++) {
      display.powerOn();
      assert.notEqual(display.network.keys, 0);
      display.send(0, payload(1 + time));
      air.run(1000);
      display.powerOff();
    }
    assert.deepEqual(tags(hub), [1, 2]);
  });
}

test("whoever has the next key follows the first who uses it", () => {
  const { air, hub, display } = home("implicit");
  for (const node of [hub, display]) node.installKey(1, OTHER_KEY);
  hub.call("keySwitch", 1);
  hub.send(display.network.address, payload(1), SECURE);
  air.run(8000);
  assert.deepEqual(tags(display), [1]);
  const from = air.frames.length;
  display.send(0, payload(2), SECURE);
  air.run(1000);
  assert.deepEqual(tags(hub), [2]);
  const [frame] = air.frames.slice(from).filter(({ source, psdu }) => source === "display" && psdu.length > 40);
  assert.equal(frame.psdu[9 + 8 + 13], 1, "under key 1");
});
