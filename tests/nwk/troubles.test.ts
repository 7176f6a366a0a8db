// Identifiers that are not unique: beacons of many at once, two networks with one PAN identifier, two devices with one address, links that
// carry one way only.  05-3474 sections 3.6.1.9, 3.6.1.13, 3.6.3 and 3.6.7.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { clean, tsharkFields } from "../../host/oracle/tshark.ts";
import { DISCOVER, Heard, LabAir, type LabNode, MASK, NETWORK_KEY, payload, SECURE, tags } from "./lab.ts";
import { COMMAND, DATA, entry, FIRST, frameOf, LAST, linkStatus, type Neighbour, ROUTERS, u16, u64 } from "./neighbour.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DELIVERY_MS = 9000;
const BEACON_WINDOW_MS = 139;
const STATUS = 3;
const REPORT = 9;
const UPDATE = 10;
const CONFLICT = 0x0d;
/** Offsets in the record of the network, assembly/zigbee/nwk/state.ts. */
const PAN_AT = 8;
const ADDRESS_AT = 10;

/** A beacon of somebody else's network. */
const beacon = (panId: number, extended: bigint) =>
  Buffer.concat([
    Buffer.from([0x00, 0x80, 7]),
    u16(panId),
    u16(0),
    Buffer.from([0xff, 0xcf, 0, 0, 0x00, 0x22, 0x84]),
    u64(extended),
    Buffer.from([0xff, 0xff, 0xff, 0]),
  ]);

/** Exchanges two octets of the record of a device, as a reset with another memory would. */
function rewrite(node: LabNode, at: number, value: number): void {
  node.powerOff();
  const record = Buffer.from(node.store.get(Record.Network) ?? []);
  record.writeUInt16LE(value, at);
  node.store.set(Record.Network, record);
  node.powerOn();
}

/** NWK commands of a kind in the capture, as tshark reads them. */
async function commands(air: LabAir, id: number, ...fields: string[]): Promise<string[][]> {
  const verdict = await air.verdict();
  assert.ok(clean(verdict), JSON.stringify(verdict));
  const found: string[][] = [];
  const key = { key: NETWORK_KEY, label: "network" };
  await tsharkFields(air.file, [key], ["zbee_nwk.dst", ...fields], (values) => found.push(values), `zbee_nwk.cmd.id == ${id}`);
  return found;
}

test("beacons of many routers do not fall on each other", () => {
  const air = new LabAir("beacons");
  const hub = air.hub();
  const count = 14;
  for (let index = 0; index < count; index++) {
    if (index % 8 === 0) hub.call("nwkPermitJoin", 250, hub.now);
    air.member("router", `r${index}`);
  }
  hub.call("nwkPermitJoin", 0, hub.now);
  const scanner = air.node("router", "scanner");
  let heard = 0;
  for (let scan = 0; scan < 10; scan++) {
    const from = air.frames.length;
    scanner.call("nwkJoinStart", MASK, 0n, scanner.now);
    air.run(BEACON_WINDOW_MS);
    heard += air.frames.slice(from).filter(({ psdu, collided }) => (psdu[0] & 7) === 0 && !collided).length;
    air.run(1000);
  }
  assert.ok(heard > 0.9 * 10 * (count + 1), `${heard} of ${10 * (count + 1)} beacons were whole`);
});

test("a router that hears a foreign beacon under its PAN identifier tells the coordinator, and all move", async () => {
  const air = new LabAir("pan");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  const display = air.member("end_device", "display");
  air.run(20_000);
  const panId = meter.network.panId;
  const foreign = beacon(panId, 0x1122334455667788n);
  const from = air.frames.length;
  meter.inject(foreign);
  air.run(1000);
  assert.equal(hub.network.panId, panId, "one beacon may be damaged");
  assert.ok(
    air.frames.slice(from).some(({ source, psdu }) => source === "meter" && (psdu[0] & 7) === 3 && psdu[7] === 7),
    "beacons were not asked for",
  );
  meter.inject(foreign);
  air.run(1000);
  const next = hub.network.panId;
  assert.notEqual(next, panId);
  assert.equal(meter.network.panId, next);
  // Until all have heard of it they stay.
  hub.send(meter.network.address, payload(1));
  air.run(500);
  assert.deepEqual(tags(meter), [1]);
  air.run(DELIVERY_MS);
  hub.send(meter.network.address, payload(2));
  air.run(500);
  meter.send(0, payload(3));
  air.run(500);
  assert.deepEqual([tags(meter), tags(hub)], [[1, 2], [3]]);
  assert.equal(air.frames.at(-1)?.psdu.length === 5 ? next : Buffer.from(air.frames.at(-1)?.psdu ?? []).readUInt16LE(3), next);
  for (let tries = 0; tries < 60 && display.heard(Heard.ParentLost).length === 0; tries++) air.run(1000);
  display.call("nwkRejoinStart", 1, 0, display.now);
  air.run(3000);
  assert.equal(display.network.panId, next);
  display.send(0, payload(4));
  air.run(500);
  assert.deepEqual(tags(hub), [3, 4]);
  for (const node of [hub, meter]) {
    node.powerOff();
    node.powerOn();
    assert.equal(node.network.panId, next);
  }
  assert.deepEqual(await commands(air, REPORT, "zbee_nwk.cmd.report.count", "zbee_nwk.cmd.report.type"), [["0x0000", "1", "0x00"]]);
});

test("the coordinator's update says what tshark reads, and is sent once an hour at most, whoever complains", async () => {
  const air = new LabAir("update");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  air.run(20_000);
  for (let index = 0; index < 50; index++) {
    for (const node of [hub, meter, hub, meter]) {
      node.inject(beacon(node.network.panId, 0x1122334455667788n + BigInt(index)));
      air.run(1000);
    }
    air.run(MINUTE_MS);
  }
  const first = hub.network.panId;
  air.run(HOUR_MS / 6);
  for (let twice = 0; twice < 2; twice++) hub.inject(beacon(first, 0x1122334455667788n));
  air.run(DELIVERY_MS + 1000);
  const second = hub.network.panId;
  assert.notEqual(second, first);
  assert.equal(meter.network.panId, second);
  const updates = await commands(air, UPDATE, "zbee_nwk.cmd.update.type", "zbee_nwk.cmd.update.id", "zbee_nwk.cmd.epid");
  const said = new Set(updates.map(([target, type, id]) => `${target} ${type} ${id}`));
  assert.deepEqual([...said].sort(), ["0xffff 0x00 1", "0xffff 0x00 2"]);
});

test("two homes that have one PAN identifier find out by themselves, and part", () => {
  const air = new LabAir("homes");
  const one = air.hub("one");
  const first = air.member("router", "first");
  one.call("nwkPermitJoin", 0, one.now);
  const other = air.hub("other");
  const second = air.member("router", "second");
  other.call("nwkPermitJoin", 0, other.now);
  assert.equal(second.network.extendedPanId, other.network.extendedPanId);
  for (const node of [other, second]) node.installKey(1, Buffer.alloc(16, 9)); // no two homes have one key
  other.call("keySwitch", 1);
  second.call("keySwitch", 1);
  for (const node of [other, second]) rewrite(node, PAN_AT, one.network.panId);
  air.run(2 * MINUTE_MS);
  assert.notEqual(one.network.panId, other.network.panId);
  assert.equal(first.network.panId, one.network.panId);
  assert.equal(second.network.panId, other.network.panId);
});

test("an update that is older, of another network, or in clear moves nobody", () => {
  const air = new LabAir("older");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  air.run(20_000);
  const { panId, extendedPanId } = meter.network;
  const coordinator: Neighbour = { short: 0, extended: hub.extended, counter: 100_000 };
  const stranger: Neighbour = { short: 0x2345, extended: 0x00aa00bb00cc00ddn, counter: 1 };
  const update = (updateId: number, extended: bigint, options = 1) =>
    Buffer.concat([Buffer.from([UPDATE, options]), u64(extended), Buffer.of(updateId), u16(0x1a1b)]);
  const sent: [Neighbour, Buffer][] = [
    [coordinator, update(0, extendedPanId)],
    [coordinator, update(0xff, extendedPanId)],
    [coordinator, update(1, extendedPanId + 1n)],
    [coordinator, update(1, extendedPanId, 0x21)],
    [stranger, update(1, extendedPanId)],
  ];
  for (const [from, body] of sent) {
    meter.inject(frameOf(meter, from, COMMAND, 0xffff, body));
    air.run(DELIVERY_MS + 1000);
    assert.equal(meter.network.panId, panId);
  }
  meter.inject(frameOf(meter, coordinator, COMMAND, 0xffff, update(1, extendedPanId)));
  air.run(100);
  assert.equal(meter.network.panId, 0x1a1b);
});

test("who rejoins prefers the part of its network that has heard the latest update, and takes an older one where there is no other", () => {
  const air = new LabAir("parts");
  air.medium.setLink("hub", "display", { lqi: 255 });
  air.medium.setLink("meter", "display", { lqi: 60 });
  const hub = air.hub();
  const meter = air.member("router", "meter");
  const display = air.member("end_device", "display");
  assert.equal(display.network.parent, 0);
  air.run(20_000);
  const coordinator: Neighbour = { short: 0, extended: hub.extended, counter: 100_000 };
  const body = Buffer.concat([Buffer.from([UPDATE, 1]), u64(hub.network.extendedPanId), Buffer.of(1), u16(0x1a1b)]);
  meter.inject(frameOf(meter, coordinator, COMMAND, 0xffff, body));
  air.run(DELIVERY_MS + 1000);
  assert.equal(display.call("nwkRejoinStart", 1, 0, display.now), 0);
  air.run(3000);
  assert.equal(display.network.panId, 0x1a1b);
  meter.powerOff();
  assert.equal(display.call("nwkRejoinStart", 1, 0, display.now), 0);
  air.run(3000);
  assert.equal(display.network.panId, hub.network.panId);
});

test("two routers with one address: all are told, both take another, and each is heard under its own", async () => {
  const air = new LabAir("twins");
  const hub = air.hub();
  const one = air.member("router", "one");
  const other = air.member("router", "other");
  air.run(20_000);
  const shared = one.network.address;
  rewrite(other, ADDRESS_AT, shared);
  air.run(MINUTE_MS);
  assert.notEqual(one.network.address, other.network.address);
  assert.ok(one.heard(Heard.AddressConflict).length + other.heard(Heard.AddressConflict).length > 0);
  air.run(20_000);
  for (const [tag, node] of [one, other].entries()) {
    hub.send(node.network.address, payload(tag), SECURE | DISCOVER, tag);
    air.run(1000);
    assert.deepEqual(tags(node), [tag]);
    node.powerOff();
    node.powerOn();
    assert.notEqual(node.network.address, shared === node.network.address ? 0xffff : shared);
  }
  const statuses = await commands(air, STATUS, "zbee_nwk.cmd.status", "zbee_nwk.cmd.route.dest");
  assert.ok(statuses.length > 0);
  for (const [target, code, address] of statuses) {
    assert.deepEqual([Number(target), Number(code), Number(address)], [0xfffd, CONFLICT, shared]);
  }
});

test("a sleeper whose address somebody else has is given another by its parent", async () => {
  const air = new LabAir("child");
  const hub = air.hub();
  const display = air.member("end_device", "display");
  const meter = air.member("router", "meter");
  air.run(20_000);
  const shared = display.network.address;
  rewrite(meter, ADDRESS_AT, shared);
  air.run(MINUTE_MS);
  assert.notEqual(display.network.address, meter.network.address);
  assert.notEqual(display.network.address, shared);
  assert.equal(display.heard(Heard.AddressConflict)[0]?.source, shared);
  hub.send(display.network.address, payload(1));
  display.send(0, payload(2));
  air.run(8000);
  assert.deepEqual([tags(display), tags(hub)], [[1], [2]]);
  display.powerOff();
  display.powerOn();
  assert.notEqual(display.network.address, shared);
  assert.ok(clean(await air.verdict()));
});

test("a router whose parent takes another address follows it, and is heard there", () => {
  const air = new LabAir("followed");
  air.medium.setLink("hub", "far", { inRange: false });
  const hub = air.hub();
  const near = air.member("router", "near");
  near.call("nwkPermitJoin", 200, near.now);
  const far = air.member("router", "far");
  assert.equal(far.network.parent, near.network.address);
  const former = near.network.address;
  air.run(20_000);
  const liar: Neighbour = { short: 0x2345, extended: 0x00aa00bb00cc00ddn, counter: 1 };
  near.inject(frameOf(near, liar, COMMAND, 0xfffd, Buffer.concat([Buffer.from([STATUS, CONFLICT]), u16(former)])));
  air.run(40_000);
  assert.notEqual(near.network.address, former);
  assert.equal(far.network.parent, near.network.address);
  far.send(0, payload(1));
  air.run(2000);
  hub.send(far.network.address, payload(2));
  air.run(2000);
  assert.deepEqual([tags(hub), tags(far)], [[1], [2]]);
});

test("a member that calls every address disputed costs a device one write of its record a minute, and the coordinator keeps 0", () => {
  const air = new LabAir("liar");
  const hub = air.hub();
  const meter = air.member("router", "meter");
  air.run(20_000);
  const liar: Neighbour = { short: 0x2345, extended: 0x00aa00bb00cc00ddn, counter: 1 };
  let writes = 0;
  for (const { store } of [hub, meter]) {
    const set = store.set.bind(store);
    store.set = (record, octets) => {
      if (record === Record.Network) writes++;
      return set(record, octets);
    };
  }
  for (let round = 0; round < 300; round++) {
    for (const node of [hub, meter]) {
      const body = Buffer.concat([Buffer.from([STATUS, CONFLICT]), u16(node.network.address)]);
      node.inject(frameOf(node, liar, COMMAND, 0xfffd, body));
    }
    air.run(1000);
  }
  assert.equal(hub.network.address, 0);
  assert.ok(meter.heard(Heard.AddressConflict).length <= 5);
  assert.ok(writes < 40, `${writes} records in five minutes`);
});

test("a neighbour that does not hear us is no next hop, and its request for a route leaves no way back", () => {
  const air = new LabAir("deaf");
  const hub = air.hub();
  air.run(20_000);
  const deaf: Neighbour = { short: 0x1234, extended: 0x00aa00bb00cc00ddn, counter: 100 };
  const say = (type: number, target: number, body: Buffer) => hub.inject(frameOf(hub, deaf, type, target, body));
  say(COMMAND, ROUTERS, linkStatus(FIRST | LAST, entry(0x7777, 0x11)));
  say(COMMAND, ROUTERS, Buffer.concat([Buffer.from([1, 0, 9]), u16(0x4321), Buffer.of(0)]));
  say(DATA, 0, payload(1));
  air.run(100);
  const to = (from: number) =>
    air.frames.slice(from).filter(({ source, psdu }) => source === "hub" && Buffer.from(psdu).readUInt16LE(5) === deaf.short).length;
  let from = air.frames.length;
  assert.equal(hub.send(deaf.short, payload(2), SECURE, 2), 0);
  air.run(1000);
  assert.equal(to(from), 0);
  assert.equal(hub.heard(Heard.Sent).at(-1)?.status, -7);
  say(COMMAND, ROUTERS, linkStatus(FIRST | LAST, entry(0x0000, 0x13)));
  from = air.frames.length;
  hub.send(deaf.short, payload(3), SECURE, 3);
  air.run(1000);
  assert.ok(to(from) > 0);
});
