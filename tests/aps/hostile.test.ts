// What a member gone bad, or a broken one, sends: fragments that do not fit together, commands without or with the wrong key.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Record } from "../../host/abi.ts";
import { keyVariant } from "../../host/crypto/mmo.ts";
import { addressOctets } from "../../host/home/provision.ts";
import { Air, APS_ACK, answerOf, establish, form, Heard, joinNetwork, type LabNode, u16 } from "../scenarios/harness.ts";
import { Intruder, type NetworkFrame, openFrame, sealAps, sealFrame } from "../scenarios/intruder.ts";

const LINK = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const CLUSTER = 0xfc01;

let air: Air;
let hub: LabNode;
let meter: LabNode;
let intruder: Intruder;
let key: Uint8Array;
let towardsHub: NetworkFrame;
let towardsMeter: NetworkFrame;
let counter: number;

/** The last frame from one device to another of the network layer. */
function lastFrame(from: LabNode, to: LabNode): NetworkFrame {
  for (const { psdu } of [...air.frames].reverse()) {
    const frame = openFrame(psdu, key);
    if (frame && frame.source === from.extended && frame.head.readUInt16LE(11) === to.short) return frame;
  }
  assert.fail("nothing to copy");
}

beforeEach(async () => {
  air = new Air(41, "aps-hostile");
  hub = await air.node("hub", "coordinator");
  meter = await air.node("meter", "router");
  assert.ok(form(hub, meter));
  assert.ok(joinNetwork(meter));
  air.run(1000);
  establish(hub, meter, LINK);
  const found = hub.keys.entries().find(([slot]) => slot < 2)?.[1];
  assert.ok(found);
  key = found;
  meter.send(hub, CLUSTER, APS_ACK, Buffer.from([1, 1, 0]));
  hub.send(meter, CLUSTER, APS_ACK, Buffer.from([1, 1, 0]));
  air.run(3000);
  towardsHub = lastFrame(meter, hub);
  towardsMeter = lastFrame(hub, meter);
  // Nobody else speaks for the meter from here on.
  meter.close();
  intruder = new Intruder(air, 15);
  counter = towardsHub.counter + 1000;
});

/** An APS frame to the hub in a network frame of the meter's. */
function say(...parts: (number | Uint8Array)[]): void {
  const payload = Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : part)));
  intruder.say(sealFrame(towardsHub, key, counter++, payload));
}

function fragment(aps: number, kind: 1 | 2, block: number, payload: Uint8Array): void {
  say(0xc0, 1, u16(CLUSTER), u16(0x0109), 1, aps, kind, block, payload);
}

const octets = (size: number, value: number): Buffer => Buffer.alloc(size, value);
const arrived = (): Buffer[] =>
  hub
    .messages()
    .slice(1)
    .map(({ payload }) => payload);

test("good fragments by hand arrive: the ground for what follows", () => {
  fragment(1, 1, 3, octets(20, 1));
  fragment(1, 2, 1, octets(20, 2));
  fragment(1, 2, 2, octets(5, 3));
  assert.deepEqual(arrived(), [Buffer.concat([octets(20, 1), octets(20, 2), octets(5, 3)])]);
});

test("a total of 0, 1 or 255 blocks is refused", () => {
  for (const total of [0, 1, 255]) fragment(total, 1, total, octets(20, 1));
  fragment(1, 2, 1, octets(20, 1));
  const { malformed, noBuffer } = hub.counters();
  assert.equal(malformed + noBuffer, 4);
  assert.deepEqual(arrived(), []);
});

test("a block twice is taken once", () => {
  fragment(1, 1, 3, octets(20, 1));
  fragment(1, 1, 3, octets(20, 1));
  fragment(1, 2, 1, octets(20, 2));
  fragment(1, 2, 1, octets(20, 9));
  fragment(1, 2, 2, octets(5, 3));
  fragment(1, 2, 2, octets(5, 3));
  assert.deepEqual(arrived(), [Buffer.concat([octets(20, 1), octets(20, 2), octets(5, 3)])]);
});

test("blocks out of order, beyond the end, of other sizes or of another cluster are not taken", () => {
  fragment(1, 1, 3, octets(20, 1));
  fragment(1, 2, 2, octets(5, 3));
  fragment(1, 2, 3, octets(20, 3));
  fragment(1, 2, 0, octets(20, 3));
  fragment(1, 2, 1, octets(19, 3));
  fragment(1, 2, 1, octets(21, 3));
  say(0xc0, 1, u16(CLUSTER + 1), u16(0x0109), 1, 1, 2, 1, octets(20, 3));
  assert.deepEqual(arrived(), []);
  fragment(1, 2, 1, octets(20, 2));
  fragment(1, 2, 2, octets(21, 3));
  assert.deepEqual(arrived(), []);
  fragment(1, 2, 2, octets(20, 3));
  assert.equal(arrived().length, 1);
});

test("senders that fall silent give their places back", () => {
  for (let aps = 1; aps <= 3; aps++) fragment(aps, 1, 3, octets(20, aps));
  assert.equal(hub.counters().noBuffer, 1, "there are two places");
  air.run(21_000);
  fragment(9, 1, 2, octets(20, 1));
  fragment(9, 2, 1, octets(1, 2));
  assert.equal(arrived().length, 1);
  fragment(1, 2, 1, octets(20, 1));
  assert.equal(arrived().length, 1, "the old message is gone");
});

test("a number used again for another message does not mix the two", () => {
  fragment(1, 1, 3, octets(20, 1));
  fragment(1, 1, 2, octets(20, 7));
  fragment(1, 2, 1, octets(20, 2));
  fragment(1, 2, 2, octets(20, 3));
  assert.deepEqual(arrived(), [Buffer.concat([octets(20, 1), octets(20, 2), octets(20, 3)])]);
});

test("a message whose extended header tells of no fragments is taken whole, and acknowledged", () => {
  const before = air.frames.length;
  say(0xc0, 1, u16(CLUSTER), u16(0x0109), 1, 7, 0, octets(5, 6));
  assert.deepEqual(arrived(), [octets(5, 6)]);
  assert.ok(air.frames.slice(before).some(({ psdu }) => openFrame(psdu, key)?.payload.equals(Buffer.from("020101fc09010107", "hex"))));
});

test("what is for the members of a group is not for us", () => {
  const { foreign, malformed } = hub.counters();
  say(0x0c, u16(0x1234), u16(CLUSTER), u16(0x0109), 1, 8, octets(5, 6));
  assert.deepEqual(arrived(), []);
  const after = hub.counters();
  assert.deepEqual([after.foreign - foreign, after.malformed - malformed], [1, 0]);
});

const keyed = (aps: number, link: number): Buffer =>
  sealAps(Buffer.from([0x60, 1, 0x01, 0xfc, 0x09, 0x01, 1, aps]), Buffer.from([1, 1, aps]), LINK, link, meter.extended);

test("numbers used without the link key are not spent under it, and do not push out those that are", () => {
  for (let aps = 0; aps < 8; aps++) say(0x40, 1, u16(CLUSTER), u16(0x0109), 1, aps, octets(3, 9));
  const forged = arrived().length;
  assert.equal(forged, 8);
  say(keyed(5, 70_000));
  assert.deepEqual(arrived().slice(forged), [Buffer.from([1, 1, 5])], "not a duplicate");
  for (let aps = 100; aps < 140; aps++) say(0x40, 1, u16(CLUSTER), u16(0x0109), 1, aps, octets(3, 9));
  const before = hub.counters().duplicates;
  say(keyed(5, 70_001));
  assert.equal(hub.counters().duplicates, before + 1, "known in spite of the flood");
  assert.equal(arrived().length, forged + 1 + 40);
});

test("a message in fragments under the link key finds room where others hold all of it", () => {
  for (let aps = 1; aps <= 2; aps++) fragment(aps, 1, 3, octets(20, aps));
  const block = (kind: number, number: number, link: number, size: number): Buffer => {
    const header = Buffer.from([0xe0, 1, 0x01, 0xfc, 0x09, 0x01, 1, 9, kind, number]);
    return sealAps(header, octets(size, number), LINK, link, meter.extended);
  };
  say(block(1, 2, 70_000, 20));
  air.run(1000);
  fragment(3, 1, 3, octets(20, 3));
  assert.equal(hub.counters().noBuffer, 1, "without the key there is none");
  say(block(2, 1, 70_001, 4));
  assert.deepEqual(arrived(), [Buffer.concat([octets(20, 2), octets(4, 1)])]);
});

test("commands without a link key are not followed by the trust centre", () => {
  const before = hub.counters().refused;
  const stranger = Buffer.from("0102030405060708", "hex");
  say(0x01, 1, 6, stranger, u16(0x1234), 1); // Update Device
  say(0x01, 2, 8, 2, stranger); // Request Key
  say(0x01, 3, 7, addressOctets(meter.extended)); // Remove Device
  say(0x01, 4, 9, 0); // Switch Key
  say(0x01, 5, 5, 1, octets(16, 1), 1, addressOctets(hub.extended), addressOctets(meter.extended)); // Transport Key
  assert.equal(hub.counters().refused, before + 5);
  assert.equal(hub.heard(Heard.DeviceLeft).length + hub.heard(Heard.KeyRequested).length, 0);
});

test("data under the preconfigured key is dropped without an acknowledgement, under the established key it is taken", () => {
  const preconfigured = meter.keys.entries().find(([slot]) => slot === 2)?.[1];
  assert.ok(preconfigured);
  // Now the meter's other key is the trust centre's best: what is sealed with it opens, and is refused all the same.
  const header = (aps: number): Buffer => Buffer.from([0x60, 1, 0x01, 0xfc, 0x09, 0x01, 1, aps]);
  const payload = Buffer.from([1, 1, 2]);
  const acknowledged = (since: number): boolean =>
    air.frames.slice(since).some(({ psdu }) => {
      const frame = openFrame(psdu, key);
      return frame?.source === hub.extended && (frame.payload[0] & 3) === 2;
    });
  let since = air.frames.length;
  say(sealAps(header(200), payload, LINK, 70_000, meter.extended));
  assert.deepEqual(arrived(), [payload]);
  assert.ok(acknowledged(since));
  say(sealAps(header(201), payload, LINK, 70_000, meter.extended));
  say(sealAps(header(202), payload, LINK, 69_999, meter.extended));
  say(sealAps(header(203), payload, LINK, 0xffffffff, meter.extended));
  assert.equal(hub.counters().replayed, 3, "equal, lower, and the last number");
  say(sealAps(header(204), payload, keyVariant(LINK, 1), 70_001, meter.extended, 2));
  assert.equal(hub.counters().noKey, 1, "the key-transport key is for keys");
  hub.keys.clear(9);
  forget(hub.store.get(Record.TrustCentre), 0);
  hub.powerCut(100);
  air.run(2000);
  since = air.frames.length;
  const before = hub.counters().noKey;
  say(sealAps(header(205), payload, preconfigured, 80_000, meter.extended));
  assert.equal(hub.counters().noKey, before + 1);
  assert.equal(arrived().length, 1);
  assert.ok(!acknowledged(since));
});

/** As if no key had ever been established with the device of that row: the counter of none is the last number. */
function forget(rows: Uint8Array | undefined, row: number): void {
  assert.ok(rows);
  rows.fill(0xff, 24 * row + 12, 24 * row + 16);
}

test("an announcement for another device is not believed", () => {
  const before = hub.heard(Heard.ZdoAnswer).length;
  const announce = (short: number): void =>
    say(0x08, 0, u16(0x0013), u16(0), 0, 77 + short, 1, u16(short), addressOctets(meter.extended), 0x8e);
  announce(0x1234);
  assert.equal(hub.heard(Heard.ZdoAnswer).length, before);
  announce(meter.short);
  assert.equal(hub.heard(Heard.ZdoAnswer).length, before + 1);
  assert.equal(answerOf(hub.heard(Heard.ZdoAnswer)[before]).extended, meter.extended);
});

test("requests to leave are refused, unknown questions are answered as such", () => {
  const before = air.frames.length;
  say(0x00, 0, u16(0x0034), u16(0), 0, 90, 5, addressOctets(hub.extended), 0);
  say(0x00, 0, u16(0x0010), u16(0), 0, 91, 6, u16(0));
  const answers = air.frames
    .slice(before)
    .map(({ psdu }) => openFrame(psdu, key))
    .filter((frame) => frame?.source === hub.extended && (frame.payload[0] & 3) === 0)
    .map((frame) => frame?.payload.toString("hex").replace(/^(..)(.*)(..)(....)$/, "$2 $4"));
  assert.ok(
    answers.some((text) => text?.startsWith("003480") && text.endsWith("058d")),
    answers.join(),
  );
  assert.ok(
    answers.some((text) => text?.startsWith("001080") && text.endsWith("0684")),
    answers.join(),
  );
  assert.deepEqual(hub.troubles, []);
});

const BIND = 0x0021;
const UNBIND = 0x0022;

/** Asks the hub to bind its cluster to a device or to unbind it, under the link key or the network's alone. */
function bind(request: number, cluster: number, aps: number, link: number, target = meter.extended): void {
  const head = Buffer.concat([Buffer.from([aps]), addressOctets(hub.extended), Buffer.from([1]), u16(cluster), Buffer.from([3])]);
  const question = Buffer.concat([head, addressOctets(target), Buffer.from([1])]);
  const header = Buffer.from([link > 0 ? 0x20 : 0x00, 0, request, 0, 0, 0, 0, aps]);
  say(link > 0 ? sealAps(header, question, LINK, link, meter.extended) : Buffer.concat([header, question]));
  air.run(8000); // the hub gives up its answer
}

/** The hub's clusters that are bound, as its store has it. */
const bound = (): number[] => {
  const rows = Buffer.from(hub.store.get(Record.Bindings) ?? []);
  const clusters = Array.from({ length: rows.length / 16 }, (_, row) => (rows[16 * row + 10] ? rows.readUInt16LE(16 * row + 8) : 0));
  return clusters.filter((cluster) => cluster !== 0).sort();
};

test("a member without the link key neither fills nor empties the binding table, nor wears the store", () => {
  let link = 70_000;
  bind(BIND, 0x0700, 0, link++);
  assert.deepEqual(bound(), [0x0700], "under the link key");
  bind(UNBIND, 0x0700, 1, 0);
  assert.deepEqual(bound(), [0x0700], "what the link key bound, only it unbinds");
  bind(BIND, 0x0701, 2, 0, 0x1122334455667788n);
  assert.deepEqual(bound(), [0x0700], "a claim for somebody else");
  for (const [index, cluster] of [0x0800, 0x0801, 0x0802].entries()) bind(BIND, cluster, 3 + index, 0);
  assert.deepEqual(bound(), [0x0700, 0x0800, 0x0801], "claims have a share");
  bind(UNBIND, 0x0801, 6, 0);
  assert.deepEqual(bound(), [0x0700, 0x0800], "and may be taken back");
  for (let aps = 7; aps < 40; aps++) bind(aps % 2 ? BIND : UNBIND, 0x0801, aps, 0);
  const settled = bound();
  for (let aps = 40; aps < 44; aps++) {
    bind(aps % 2 ? BIND : UNBIND, 0x0801, aps, 0);
    assert.deepEqual(bound(), settled, "the store is not written for claims without end");
  }
  for (let row = 1; row < 9; row++) bind(BIND, 0x0900 + row, 50 + row, link++);
  assert.deepEqual(bound(), [0x0700, 0x0901, 0x0902, 0x0903, 0x0904, 0x0905, 0x0906, 0x0907], "claims give way, and full is full");
  bind(UNBIND, 0x0901, 60, link);
  air.run(3_600_000);
  bind(UNBIND, 0x0902, 61, 0);
  bind(BIND, 0x0801, 62, 0);
  assert.deepEqual(bound(), [0x0700, 0x0801, 0x0902, 0x0903, 0x0904, 0x0905, 0x0906, 0x0907], "an hour later a claim is heard again");
});

test("any octets in a good network frame leave the hub standing", () => {
  let seed = 12345;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let turn = 0; turn < 3000; turn++) {
    const payload = Buffer.from(Array.from({ length: random(60) }, () => random(256)));
    if (turn % 2 && payload.length > 8) payload.set(towardsMeter.payload.subarray(0, 1 + random(8)));
    intruder.say(sealFrame(towardsHub, key, counter++, payload));
  }
  assert.deepEqual(hub.troubles, []);
  assert.ok(hub.counters().malformed > 500);
});
