// Joining, link keys, secured data, fragments and replay between lab devices on the simulated air; tshark reads all of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Record } from "../../host/abi.ts";
import { addressOctets } from "../../host/home/provision.ts";
import { clean, judge, tsharkFields } from "../../host/oracle/tshark.ts";
import {
  Air,
  APS_ACK,
  APS_FRAGMENT,
  APS_LINK_KEY,
  answerOf,
  establish,
  form,
  Heard,
  joinNetwork,
  type LabNode,
  longPayload,
  messageOf,
} from "../scenarios/harness.ts";

const LINK = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const PRICE = 0x0700;

async function pair(seed: number, name: string): Promise<{ air: Air; hub: LabNode; ihd: LabNode }> {
  const air = new Air(seed, name);
  const hub = await air.node("hub", "coordinator");
  const ihd = await air.node("ihd", "end_device");
  assert.ok(form(hub, ihd), "the hub forms");
  assert.ok(joinNetwork(ihd), "the display joins");
  return { air, hub, ihd };
}

function address(node: LabNode): Buffer {
  return addressOctets(node.extended);
}

/** Every frame is well-formed and opened by the keys that the devices were given. */
async function readable(air: Air): Promise<void> {
  air.close();
  const verdict = await judge(air.path, air.known);
  assert.ok(verdict.frames > 10);
  assert.ok(clean(verdict), JSON.stringify(verdict, null, 1));
}

test("a device joins with its install code and announces itself", async () => {
  const { air, hub, ihd } = await pair(1, "aps-join");
  air.run(2000);
  const joined = hub.heard(Heard.DeviceJoined).map(messageOf);
  assert.equal(joined.length, 1);
  assert.equal(joined[0].sourceExtended, ihd.extended);
  assert.equal(joined[0].source, ihd.short);
  assert.deepEqual([hub.troubles, ihd.troubles], [[], []]);
  await readable(air);
  const commands: string[] = [];
  await tsharkFields(air.path, air.known, ["zbee_aps.cmd.id"], ([id]) => commands.push(id), "zbee_aps.cmd.id");
  assert.ok(
    commands.some((id) => Number(id) === 5),
    "tshark reads a Transport Key",
  );
});

test("a device that was not admitted gets no key and is sent away", async () => {
  const air = new Air(2, "aps-stranger");
  const hub = await air.node("hub", "coordinator");
  const ihd = await air.node("ihd", "end_device");
  assert.ok(form(hub));
  assert.ok(!joinNetwork(ihd));
  assert.equal(hub.heard(Heard.DeviceJoined).length, 0);
  assert.ok(hub.counters().refused > 0);
  assert.ok(!ihd.keys.entries().some(([slot]) => slot < 2), "it has no network key");
  await readable(air);
});

test("a device with another install code than the admitted one cannot read its key", async () => {
  const air = new Air(3, "aps-wrong-code");
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  const ihd = await air.node("ihd", "end_device");
  assert.ok(form(hub));
  hub.tell(2, address(ihd), meter.installCode.length, meter.installCode);
  assert.ok(!joinNetwork(ihd));
  assert.ok(ihd.counters().badMic > 0);
  assert.equal(hub.heard(Heard.DeviceJoined).length, 0);
  air.close();
});

test("data under an established key goes both ways with acknowledgements, and not without the key", async () => {
  const { air, hub, ihd } = await pair(4, "aps-secured");
  const payload = Buffer.from("18010a00002005", "hex");
  assert.equal(ihd.send(hub, PRICE, APS_ACK | APS_LINK_KEY, payload), -12, "no key before establishment");
  establish(hub, ihd, LINK);
  for (const [from, to] of [
    [ihd, hub],
    [hub, ihd],
  ]) {
    const handle = from.send(to, PRICE, APS_ACK | APS_LINK_KEY, payload);
    assert.ok(handle >= 0);
    assert.ok(air.until(() => from.heard(Heard.Confirm).length > 0, 12_000));
    const confirm = messageOf(from.heard(Heard.Confirm)[0]);
    assert.deepEqual([confirm.handle, confirm.status], [handle, 0]);
    const [message] = to.messages();
    assert.deepEqual([message.payload, message.cluster, message.keyKind, message.source], [payload, PRICE, 2, from.short]);
    assert.equal(message.sourceExtended, from.extended);
  }
  assert.equal(ihd.messages().length, 1);
  assert.equal(hub.messages().length, 1);
  await readable(air);
});

test("a message of 250 octets arrives in fragments, in clear and under a key, also when frames are lost", async () => {
  const { air, hub, ihd } = await pair(5, "aps-fragments");
  establish(hub, ihd, LINK);
  air.medium.setLink("hub", "ihd", { loss: 0.15 });
  let round = 0;
  for (const options of [APS_ACK | APS_FRAGMENT, APS_ACK | APS_FRAGMENT | APS_LINK_KEY]) {
    for (const [from, to] of [
      [ihd, hub],
      [hub, ihd],
    ]) {
      const before = from.notes.length;
      const heardBefore = to.notes.length;
      assert.equal(from.sendLong(to, 0xfc01, options & ~APS_FRAGMENT, 250), -2, "not in one frame");
      assert.ok(from.sendLong(to, 0xfc01, options, 250) >= 0);
      assert.ok(from.sendLong(to, 0xfc01, options, 250) < 0, "one fragmented message at a time");
      assert.ok(
        air.until(() => from.heard(Heard.Confirm, before).length > 0, 60_000),
        `round ${round}`,
      );
      assert.equal(messageOf(from.heard(Heard.Confirm, before)[0]).status, 0, `round ${round}`);
      const messages = to.messages(heardBefore);
      assert.equal(messages.length, 1);
      assert.deepEqual(messages[0].payload, longPayload(250));
      round++;
    }
  }
  await readable(air);
});

test("an unreachable partner is given up after three repetitions", async () => {
  const { air, hub, ihd } = await pair(6, "aps-unreachable");
  air.run(1000);
  ihd.close();
  const sentAt = air.nowMs;
  hub.send(ihd, 0x000a, APS_ACK, Buffer.from("0001000000", "hex"));
  assert.ok(air.until(() => hub.heard(Heard.Confirm).length > 0, 60_000));
  assert.equal(messageOf(hub.heard(Heard.Confirm)[0]).status, -9);
  assert.ok(air.nowMs - sentAt > 3 * 7680, "a sleepy child is given its time");
  assert.equal(hub.counters().unacknowledged, 1);
  air.close();
});

test("descriptors, endpoints, addresses, matches and bindings are asked for and answered", async () => {
  const { air, hub, ihd } = await pair(7, "zdo");
  air.run(1000);
  const ask = (cluster: number, about: Parameters<LabNode["ask"]>[2], target = hub.short) => {
    const before = ihd.notes.length;
    const sequence = ihd.ask(cluster, target, about);
    assert.ok(sequence >= 0);
    assert.ok(
      air.until(() => ihd.heard(Heard.ZdoAnswer, before).length > 0, 8000), // what was asked of all comes with the next poll
      `cluster ${cluster}`,
    );
    const answer = answerOf(ihd.heard(Heard.ZdoAnswer, before)[0]);
    assert.equal(answer.sequence, sequence);
    return answer;
  };
  assert.equal(ask(0x0002, {}).list.toString("hex").slice(0, 6), "00408f");
  assert.deepEqual([...ask(0x0005, {}).list], [1]);
  const simple = ask(0x0004, { endpoint: 1 });
  assert.equal(simple.list.toString("hex"), "010901000500040000" + "0a0000070008" + "0202070008");
  assert.equal(ask(0x0004, { endpoint: 2 }).status, 0x83);
  assert.equal(ask(0x0004, { endpoint: 255 }).status, 0x82);
  assert.deepEqual([...ask(0x0006, { about: 0x0700 }).list], [1]);
  assert.deepEqual([...ask(0x0006, { about: 0x0701 }).list], []);
  assert.equal(ask(0x0001, {}).extended, hub.extended);
  assert.equal(ask(0x0000, { extended: hub.extended }).short, 0);
  assert.equal(ask(0x0021, { extended: hub.extended, endpoint: 1, about: 0x0700 }).status, 0x8d, "not without a link key");
  establish(hub, ihd, Buffer.from("00112233445566778899aabbccddeeff", "hex"));
  assert.equal(ask(0x0021, { extended: hub.extended, endpoint: 1, about: 0x0700 }).status, 0);
  assert.equal(Buffer.from(hub.store.get(Record.Bindings) ?? []).readBigUInt64LE(0), ihd.extended, "the binding is kept");
  assert.equal(ask(0x0021, { extended: hub.extended, endpoint: 9, about: 0x0700 }).status, 0x82);
  assert.equal(ask(0x0022, { extended: hub.extended, endpoint: 1, about: 0x0701 }).status, 0x88);
  assert.equal(ask(0x0022, { extended: hub.extended, endpoint: 1, about: 0x0700 }).status, 0);
  await readable(air);
});

test("a message of 256 octets is the longest", async () => {
  const { air, hub, ihd } = await pair(8, "aps-longest");
  assert.equal(ihd.sendLong(hub, 0x0800, APS_ACK | APS_FRAGMENT, 257), -2);
  assert.ok(ihd.sendLong(hub, 0x0800, APS_ACK | APS_FRAGMENT, 256) >= 0);
  assert.ok(air.until(() => hub.messages().length > 0, 20_000));
  assert.deepEqual(hub.messages()[0].payload, longPayload(256));
  air.close();
});
