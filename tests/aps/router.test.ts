// A router between: tunnelled keys, Update Device, Remove Device; application link keys; resets and rejoins.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOctets } from "../../host/home/provision.ts";
import { clean, judge, tsharkFields } from "../../host/oracle/tshark.ts";
import {
  Air,
  APS_ACK,
  APS_FRAGMENT,
  APS_LINK_KEY,
  establish,
  form,
  Heard,
  joinNetwork,
  type LabNode,
  longPayload,
  messageOf,
  u16,
} from "../scenarios/harness.ts";
import { openFrame } from "../scenarios/intruder.ts";

const METER_KEY = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const IHD_KEY = Buffer.from("ffeeddccbbaa99887766554433221100", "hex");
const METERING = 0x0702;
const NOBODY = 0xffff;
/** Behind the MAC header and the frame control. */
const NWK_TARGET = 9 + 2;
const BIND = 0x0021;
const NODE_DESCRIPTOR = 0x0002;
const REPORT = Buffer.from("18010a00002005", "hex");

interface Home {
  air: Air;
  hub: LabNode;
  meter: LabNode;
  ihd: LabNode;
}

/** Hub - meter - display in a row: the display hears only the meter. */
async function row(seed: number, name: string): Promise<Home> {
  const air = new Air(seed, name);
  air.medium.setLink("hub", "ihd", { inRange: false });
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  const ihd = await air.node("ihd", "end_device");
  assert.ok(form(hub, meter, ihd));
  assert.ok(joinNetwork(meter), "the meter joins");
  air.run(1000);
  assert.ok(hub.ask(0x0036, 0xfffc, { endpoint: 254 }) >= 0, "routers open for joining");
  air.run(1000);
  return { air, hub, meter, ihd };
}

async function joined(seed: number, name: string): Promise<Home> {
  const home = await row(seed, name);
  assert.ok(joinNetwork(home.ihd), "the display joins through the meter");
  home.air.run(3000);
  return home;
}

async function readable(air: Air): Promise<void> {
  air.close();
  const verdict = await judge(air.path, air.known);
  assert.ok(clean(verdict), JSON.stringify(verdict, null, 1));
}

test("a device behind a router gets its key through the tunnel", async () => {
  const { air, hub, meter, ihd } = await joined(31, "aps-tunnel");
  const arrivals = hub.heard(Heard.DeviceJoined).map(messageOf);
  assert.deepEqual(
    arrivals.map(({ sourceExtended }) => sourceExtended),
    [meter.extended, ihd.extended],
  );
  assert.equal(arrivals[1].source, ihd.short);
  assert.ok(ihd.keys.entries().some(([slot]) => slot < 2));
  await readable(air);
  const ids: number[] = [];
  await tsharkFields(air.path, air.known, ["zbee_aps.cmd.id"], ([id]) => ids.push(...id.split("|").map(Number)), "zbee_aps.cmd.id");
  for (const id of [5, 6, 14]) assert.ok(ids.includes(id), `tshark sees command ${id}`);
});

test("a stranger behind a router is sent away", async () => {
  const { air, hub, ihd } = await row(32, "aps-tunnel-stranger");
  hub.tell(5, addressOctets(ihd.extended)); // no more admitted
  assert.ok(!joinNetwork(ihd));
  assert.ok(!ihd.keys.entries().some(([slot]) => slot < 2));
  assert.equal(hub.heard(Heard.DeviceJoined).length, 1);
  await readable(air);
});

test("two devices get an application link key, and only when both have established their own", async () => {
  const { air, hub, meter, ihd } = await joined(33, "aps-request-key");
  assert.ok(ihd.tell(3, addressOctets(meter.extended)) < 0, "nothing to ask with before establishment");
  establish(hub, ihd, IHD_KEY);
  ihd.tell(3, addressOctets(meter.extended));
  air.run(5000);
  assert.equal(ihd.heard(Heard.LinkKey).length, 0, "the meter has not established its key");
  assert.ok(hub.counters().refused > 0);

  establish(hub, meter, METER_KEY);
  ihd.tell(3, addressOctets(meter.extended));
  assert.ok(air.until(() => ihd.heard(Heard.LinkKey).length > 0 && meter.heard(Heard.LinkKey).length > 0, 20_000));
  assert.equal(messageOf(ihd.heard(Heard.LinkKey)[0]).sourceExtended, meter.extended);
  assert.equal(messageOf(meter.heard(Heard.LinkKey)[0]).sourceExtended, ihd.extended);
  assert.equal(hub.heard(Heard.KeyRequested).length, 1);
  const [own, others] = [ihd, meter].map((node) => node.keys.entries().find(([slot]) => slot === 4)?.[1]);
  assert.ok(own && others && own.equals(others), "it is the same key");

  meter.send(ihd, METERING, APS_ACK | APS_LINK_KEY, REPORT);
  assert.ok(air.until(() => ihd.messages().length > 0, 20_000));
  const [message] = ihd.messages();
  assert.deepEqual([message.keyKind, message.payload, message.sourceExtended], [2, REPORT, meter.extended]);
  assert.ok(air.until(() => meter.heard(Heard.Confirm).some((note) => messageOf(note).status === 0), 20_000));
  await readable(air);
});

test("what is for an address that is not known goes to nobody, least of all to everybody", async () => {
  const { air, hub, ihd } = await joined(35, "aps-nobody");
  // A device with its key, admitted to the hub and never seen: nobody knows where it is.
  const absent = 0x00ab_cdef_0000_0001n;
  hub.tell(2, addressOctets(absent), ihd.installCode.length, ihd.installCode);
  hub.tell(4, addressOctets(absent), METER_KEY);
  establish(hub, ihd, IHD_KEY);
  const before = air.frames.length;
  assert.ok(ihd.tell(3, addressOctets(absent)) >= 0);
  for (const [node, send] of [
    [hub, () => hub.send(NOBODY, METERING, 0, REPORT)],
    [hub, () => hub.send(NOBODY, METERING, APS_ACK, REPORT)],
    [ihd, () => ihd.ask(BIND, NOBODY)],
    [ihd, () => ihd.ask(NODE_DESCRIPTOR, NOBODY)],
  ] as const) {
    assert.ok(send() < 0, `${node.name} has nobody to send it to`);
  }
  air.run(5000);
  const toAll = air.frames
    .slice(before)
    .map(({ psdu }) => Buffer.from(psdu))
    .filter((psdu) => psdu.length > 20 && psdu.readUInt16LE(NWK_TARGET) === NOBODY);
  assert.deepEqual(
    toAll.map((psdu) => psdu.toString("hex")),
    [],
  );
  assert.ok(hub.counters().refused > 0, "the key that was asked for is not given");
});

test("secured fragments pass a router both ways", async () => {
  const { air, hub, ihd } = await joined(34, "aps-router-fragments");
  establish(hub, ihd, IHD_KEY);
  for (const [from, to] of [
    [ihd, hub],
    [hub, ihd],
  ]) {
    assert.ok(from.sendLong(to, 0xfc01, APS_ACK | APS_FRAGMENT | APS_LINK_KEY, 200) >= 0);
    assert.ok(air.until(() => to.messages().length > 0, 60_000));
    assert.deepEqual(to.messages()[0].payload, longPayload(200));
  }
  await readable(air);
});

test("after a power cut everyone goes on with the same keys", async () => {
  const { air, hub, meter, ihd } = await joined(35, "aps-power-cut");
  establish(hub, meter, METER_KEY);
  establish(hub, ihd, IHD_KEY);
  for (const node of [hub, meter, ihd]) {
    node.powerCut(5000);
    assert.ok(node.resumed, node.name);
    air.run(5000);
  }
  for (const [from, to] of [
    [ihd, hub],
    [hub, ihd],
    [meter, hub],
    [hub, meter],
  ]) {
    const before = to.notes.length;
    const sent = from.send(to, METERING, APS_ACK | APS_LINK_KEY, REPORT);
    assert.ok(sent >= 0, `${from.name} sends to ${to.name}: ${sent}`);
    assert.ok(
      air.until(() => to.messages(before).length > 0, 20_000),
      `${from.name} to ${to.name}`,
    );
  }
  await readable(air);
});

test("a partner's address goes with repetitions only, and tells who forgot it", async () => {
  const { air, hub, ihd } = await joined(39, "aps-nonce");
  establish(hub, ihd, IHD_KEY);
  const key = hub.keys.entries().find(([slot]) => slot < 2)?.[1];
  assert.ok(key);
  /** Security controls and sizes of the sealed frames of a type that one device put on the air. */
  const sealed = (from: LabNode, type: number, since: number): [number, number][] =>
    air.frames.slice(since).flatMap(({ psdu }): [number, number][] => {
      const frame = openFrame(psdu, key);
      if (frame?.source !== from.extended || (frame.payload[0] & 0x23) !== (0x20 | type)) return [];
      return [[frame.payload[8], frame.payload.length]];
    });
  const exchange = (): number => {
    const since = air.frames.length;
    const before = hub.notes.length;
    const confirmed = ihd.heard(Heard.Confirm).length;
    assert.ok(ihd.send(hub, METERING, APS_ACK | APS_LINK_KEY, REPORT) >= 0);
    assert.ok(air.until(() => ihd.heard(Heard.Confirm).length > confirmed, 20_000));
    assert.equal(messageOf(ihd.heard(Heard.Confirm)[confirmed]).status, 0);
    assert.equal(hub.messages(before).length, 1);
    return since;
  };
  const short: [number, number] = [0x00, 8 + 5 + REPORT.length + 4];
  const named: [number, number] = [0x20, 8 + 13 + REPORT.length + 4];
  let since = exchange();
  assert.deepEqual(sealed(ihd, 0, since), [short]);
  assert.deepEqual(sealed(hub, 2, since), [[0x00, 8 + 5 + 4]], "acknowledged alike");
  hub.tell(21, u16(ihd.short), addressOctets(0x0102030405060708n));
  since = exchange();
  assert.deepEqual(sealed(ihd, 0, since), [short, named]);
  assert.deepEqual(sealed(hub, 2, since), [[0x20, 8 + 13 + 4]]);
  since = exchange();
  assert.deepEqual(sealed(ihd, 0, since), [short], "and is known from then on");
  air.close();
});

test("a device that rejoins in clear gets the network key under its established key only", async () => {
  const air = new Air(36, "aps-trust-centre-rejoin");
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  assert.ok(form(hub, meter));
  assert.ok(joinNetwork(meter));
  air.run(1000);
  const rejoin = (): boolean => {
    const before = meter.notes.length;
    meter.tell(2, 0);
    return air.until(() => meter.heard(Heard.Authenticated, before).length > 0, 20_000);
  };
  assert.ok(!rejoin(), "not under the preconfigured key");
  assert.ok(joinNetwork(meter), "it may associate again");
  air.run(1000);
  establish(hub, meter, METER_KEY);
  assert.ok(rejoin(), "under the established key");
  air.run(2000);
  meter.send(hub, METERING, APS_ACK | APS_LINK_KEY, REPORT);
  assert.ok(air.until(() => hub.messages().length > 0, 10_000));
  await readable(air);
});

test("a device that joins again keeps nothing of its old link key, nor does the trust centre", async () => {
  const air = new Air(37, "aps-join-again");
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  assert.ok(form(hub, meter));
  assert.ok(joinNetwork(meter));
  air.run(1000);
  establish(hub, meter, METER_KEY);
  meter.tell(4); // its user makes it leave
  air.run(1000);
  assert.equal(meter.heard(Heard.Left).length, 1);
  assert.ok(joinNetwork(meter));
  air.run(1000);
  assert.equal(meter.send(hub, METERING, APS_ACK | APS_LINK_KEY, REPORT), -12);
  assert.equal(hub.send(meter, METERING, APS_ACK | APS_LINK_KEY, REPORT), -12);
  air.close();
});

test("a device that establishes no key within the hour is sent away", async () => {
  const air = new Air(38, "aps-hour");
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  assert.ok(form(hub, meter));
  assert.ok(joinNetwork(meter));
  air.run(59 * 60_000);
  assert.equal(meter.heard(Heard.Left).length, 0);
  air.run(2 * 60_000);
  assert.equal(hub.heard(Heard.DeviceLeft).length, 1);
  assert.equal(meter.heard(Heard.Left).length, 1);
  air.close();
});
