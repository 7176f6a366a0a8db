// The trust centre sends devices away for good: who hears it, who does not, who comes back, and what is left of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Err } from "../../host/err.ts";
import { addressOctets } from "../../host/home/provision.ts";
import { Air, APS_LINK_KEY, establish, form, Heard, joinNetwork, type Kind, type LabNode, messageOf } from "../scenarios/harness.ts";

const MINUTE = 60_000;
const DEVICES = 32;
const REMOVED = 14;
const KEY = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const FIRST_SLOT = 8;

const remove = (hub: LabNode, node: { extended: bigint }): number => hub.tell(5, addressOctets(node.extended));
const admit = (hub: LabNode, node: LabNode): number => hub.tell(2, addressOctets(node.extended), node.installCode.length, node.installCode);
const removals = (hub: LabNode): bigint[] => hub.heard(REMOVED).map((note) => messageOf(note).sourceExtended);
const left = (node: LabNode): number => node.heard(Heard.Left).length;
const slots = (hub: LabNode): number[] =>
  hub.keys
    .entries()
    .map(([slot]) => slot)
    .filter((slot) => slot >= FIRST_SLOT);

/** A hub with one device beside it that has its key. */
async function pair(name: string, kind: Kind): Promise<{ air: Air; hub: LabNode; device: LabNode }> {
  const air = new Air(7, name);
  const hub = await air.node("hub", "coordinator");
  const device = await air.node("device", kind);
  assert.ok(form(hub, device));
  assert.ok(joinNetwork(device));
  establish(hub, device, KEY);
  air.run(2000);
  return { air, hub, device };
}

for (const kind of ["end_device", "router"] as const) {
  test(`${kind}: it leaves, is forgotten with its keys, and comes back only when it is admitted anew`, async () => {
    const { air, hub, device } = await pair(`removal-${kind}`, kind);
    assert.deepEqual(slots(hub), [FIRST_SLOT, FIRST_SLOT + 1]);
    assert.equal(remove(hub, device), 0);
    assert.equal(remove(hub, device), Err.Duplicate);
    air.run(20_000);
    assert.deepEqual(left(device), 1);
    assert.ok(
      air.until(() => removals(hub).length > 0, 5 * MINUTE),
      "told that it is gone",
    );
    assert.deepEqual(removals(hub), [device.extended]);
    assert.deepEqual(slots(hub), []);
    assert.equal(remove(hub, device), Err.NotFound);
    hub.tell(3, 254);
    assert.equal(joinNetwork(device), false);
    hub.powerCut(100);
    air.run(1000);
    hub.tell(3, 254);
    assert.equal(joinNetwork(device), false, "after a power cut neither");
    assert.ok(admit(hub, device) >= 0);
    hub.tell(3, 254);
    assert.ok(joinNetwork(device), "admitted anew");
    establish(hub, device, KEY);
    air.run(1000);
    assert.ok(device.send(hub, 0x0702, APS_LINK_KEY, Buffer.from([1, 2, 3])) >= 0);
    air.run(1000);
    assert.equal(hub.messages().length, 1);
  });
}

test("a device that does not hear it is told again, and finds no way back meanwhile", async () => {
  const { air, hub, device } = await pair("removal-away", "router");
  air.medium.partition([hub.name], [device.name]);
  assert.equal(remove(hub, device), 0);
  air.run(5 * MINUTE);
  assert.deepEqual([left(device), removals(hub)], [0, []]);
  hub.powerCut(1000); // told again at once after it
  air.run(MINUTE);
  air.medium.heal();
  const before = hub.messages().length;
  device.send(hub, 0x0702, APS_LINK_KEY, Buffer.from([1, 2, 3]));
  assert.equal(hub.send(device, 0x0702, APS_LINK_KEY, Buffer.from([1, 2, 3])) < 0, true, "no message goes to it");
  air.run(1000);
  assert.equal(hub.messages().length, before, "what it says counts no more");
  assert.ok(
    air.until(() => left(device) > 0 && removals(hub).length > 0, 10 * MINUTE),
    "it hears of it",
  );
});

test("a device that never hears it is forgotten after an hour, and what it asks then is not answered", async () => {
  const { air, hub, device } = await pair("removal-gone", "router");
  air.medium.partition([hub.name], [device.name]);
  remove(hub, device);
  air.run(50 * MINUTE);
  assert.deepEqual(removals(hub), []);
  air.run(25 * MINUTE);
  assert.deepEqual(removals(hub), [device.extended]);
  assert.deepEqual(slots(hub), []);
  air.medium.heal();
  device.send(hub, 0x0702, APS_LINK_KEY, Buffer.from([1, 2, 3]));
  air.run(1000);
  assert.equal(hub.messages().length, 0);
});

test("a device behind a router is sent away by its parent", async () => {
  const air = new Air(8, "removal-child");
  air.medium.setLink("hub", "ihd", { inRange: false });
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  const ihd = await air.node("ihd", "end_device");
  assert.ok(form(hub, meter, ihd));
  assert.ok(joinNetwork(meter));
  hub.ask(0x0036, 0xfffc, { endpoint: 254 });
  air.run(1000);
  assert.ok(joinNetwork(ihd));
  air.run(1000);
  remove(hub, ihd);
  assert.ok(air.until(() => left(ihd) > 0, MINUTE));
  assert.ok(air.until(() => removals(hub).length > 0, 5 * MINUTE));
  assert.equal(left(meter), 0);
});

test("32 devices are admitted, the next is refused, and a row that is free again is given away", async () => {
  const air = new Air(9, "removal-full");
  const hub = await air.node("hub", "coordinator");
  assert.ok(form(hub));
  const code = Buffer.from("83fed3407a939723a5c639b26916d505c3b5", "hex");
  const address = (index: number): Buffer => addressOctets(0x1000n + BigInt(index));
  for (let index = 0; index < DEVICES; index++) assert.equal(hub.tell(2, address(index), code.length, code), index);
  const next = (): number => hub.tell(2, address(DEVICES), code.length, code);
  assert.equal(next(), Err.NoBuffer);
  assert.equal(hub.tell(2, address(5), code.length, code), 5, "a known one is admitted again");
  hub.powerCut(100);
  air.run(1000);
  assert.equal(next(), Err.NoBuffer, "all of them are kept");
  assert.equal(hub.tell(5, address(9)), 0);
  assert.equal(next(), 9);
  air.run(2 * MINUTE);
  assert.equal(hub.keys.entries().filter(([slot]) => slot >= FIRST_SLOT).length, DEVICES);
  assert.equal(hub.tell(2, address(DEVICES + 1), code.length, code), Err.NoBuffer);
});

test("who is removed is not told the next network key", async () => {
  const { air, hub, device } = await pair("removal-rekey", "router");
  const other = await air.node("other", "router");
  admit(hub, other);
  hub.tell(3, 254);
  assert.ok(joinNetwork(other));
  air.medium.partition(["device"], ["hub", "other"]);
  remove(hub, device);
  air.run(5000);
  air.medium.heal();
  const keyOf = (node: LabNode): string[] =>
    node.keys
      .entries()
      .filter(([slot]) => slot < 2)
      .map(([, key]) => Buffer.from(key).toString("hex"));
  const before = keyOf(hub);
  assert.equal(hub.tell(6, 0), 0);
  air.until(() => keyOf(other).length === 2 && left(device) > 0, 2 * MINUTE);
  const fresh = keyOf(hub).filter((key) => !before.includes(key));
  assert.equal(fresh.length, 1);
  assert.ok(keyOf(other).includes(fresh[0]));
  assert.ok(!keyOf(device).includes(fresh[0]));
});
