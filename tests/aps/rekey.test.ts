// The network key is changed: 05-3474 section 4.6.3.4; and a device whose announcement was lost is known all the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { addressOctets } from "../../host/home/provision.ts";
import { clean, judge } from "../../host/oracle/tshark.ts";
import { Air, APS_ACK, APS_LINK_KEY, establish, form, Heard, joinNetwork, type LabNode } from "../scenarios/harness.ts";

const LINK = Buffer.from("6b696c6f7761736d206c696e6b206b79", "hex");
const PRICE = 0x0700;
const READ = Buffer.from("0001000000", "hex");
const REKEY = 6;

async function trio(seed: number, name: string) {
  const air = new Air(seed, name);
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  const ihd = await air.node("ihd", "end_device");
  assert.ok(form(hub, meter, ihd));
  for (const node of [meter, ihd]) {
    assert.ok(
      [1, 2, 3].some(() => joinNetwork(node)),
      "a beacon may be lost",
    );
    air.run(2000);
  }
  return { air, hub, meter, ihd };
}

const sequence = (hub: LabNode): number => Buffer.from(hub.store.get(Record.NetworkKey) ?? [])[0];

function speaks(air: Air, from: LabNode, to: LabNode): void {
  const before = from.notes.length;
  assert.ok(from.send(to, PRICE, APS_ACK | APS_LINK_KEY, READ) >= 0);
  assert.ok(
    air.until(() => from.heard(Heard.Confirm, before).some(({ octets }) => octets.readInt32LE(2 + 64) === 0), 30_000),
    `${from.name} reaches ${to.name}`,
  );
}

test("the hub tells the next key under each link key, all switch, and every frame can be read", async () => {
  const { air, hub, meter, ihd } = await trio(91, "rekey");
  for (const node of [meter, ihd]) establish(hub, node, LINK);
  const before = hub.keys.find(0);
  assert.equal(hub.tell(REKEY, 20), 0);
  assert.ok(hub.tell(REKEY, 20) < 0, "one change at a time");
  air.run(15_000);
  assert.equal(sequence(hub), 0, "not before its time");
  speaks(air, meter, hub);
  air.run(30_000);
  assert.equal(sequence(hub), 1);
  assert.equal(hub.store.get(Record.NetworkKey)?.length, 17);
  for (const node of [meter, ihd]) {
    assert.deepEqual(node.keys.find(1), hub.keys.find(1));
    speaks(air, node, hub);
    speaks(air, hub, node);
  }
  assert.notDeepEqual(hub.keys.find(1), before);
  air.close();
  const verdict = await judge(air.path, air.known);
  assert.ok(clean(verdict), JSON.stringify(verdict).slice(0, 1500));
});

test("a hub that loses its power at any moment of the change ends it", async () => {
  for (const [index, ms] of [1, 500, 4000, 12_000, 20_500, 22_500].entries()) {
    const { air, hub, meter, ihd } = await trio(92 + index, `rekey-cut-${ms}`);
    for (const node of [meter, ihd]) establish(hub, node, LINK);
    hub.tell(REKEY, 20);
    air.run(ms);
    hub.powerCut(1000);
    air.run(60_000);
    assert.equal(sequence(hub), 1, `cut after ${ms} ms`);
    for (const node of [meter, ihd]) speaks(air, node, hub);
    air.close();
  }
});

test("a hub that forgot where a device is, whose announcement was lost, asks it, and it is a member", async () => {
  const air = new Air(99, "unnamed");
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  const far = await air.node("ihd", "router");
  assert.ok(form(hub, meter, far));
  assert.ok(joinNetwork(meter));
  air.run(2000);
  air.medium.setLink("hub", "ihd", { inRange: false });
  const home = meter.short;
  hub.ask(0x0036, meter.short, { endpoint: 254 });
  air.run(1000);
  const cut = (loss: number) => air.medium.setLink("hub", "meter", { loss });
  far.tell(1, Buffer.from([0, 0x80, 0, 0]));
  for (let ms = 0; ms < 20_000 && far.heard(Heard.Authenticated).length === 0; ms++) air.run(1);
  cut(1); // before its announcement has passed the meter
  assert.ok(far.heard(Heard.Authenticated).length > 0, "it has the key");
  air.run(20_000);
  assert.equal(meter.short, home, "nobody disputes the address of who passed the key on");
  const joined = (): number => hub.heard(Heard.DeviceJoined).filter((note) => note.octets.readBigUInt64LE(2 + 8) === far.extended).length;
  assert.equal(joined(), 0, "nobody heard its announcement");
  hub.powerCut(100);
  cut(0);
  air.run(20_000);
  far.ask(0x0006, 0, { about: 0x0800 });
  assert.ok(
    air.until(() => joined() === 1, 20_000),
    "it is known by the question it asked",
  );
  assert.ok(hub.tell(4, addressOctets(far.extended), LINK) >= 0, "and may make a key");
  air.close();
});
