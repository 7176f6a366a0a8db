// What ZDO answers about others and about its tables, read by tshark: addresses of sleeping children, power, servers, neighbours, routes, bindings.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOctets } from "../../host/home/provision.ts";
import { clean, judge, tsharkFields } from "../../host/oracle/tshark.ts";
import { Air, APS_ACK, answerOf, establish, form, Heard, joinNetwork, type LabNode, u16 } from "../scenarios/harness.ts";
import { openFrame } from "../scenarios/intruder.ts";

const KEY = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const RESPONSE = 0x8000;

interface Home {
  air: Air;
  hub: LabNode;
  meter: LabNode;
  ihd: LabNode;
}

/** Hub - meter - display in a row: the display hears only the meter, and sleeps. */
async function row(seed: number, name: string): Promise<Home> {
  const air = new Air(seed, name);
  air.medium.setLink("hub", "ihd", { inRange: false });
  const hub = await air.node("hub", "coordinator");
  const meter = await air.node("meter", "router");
  const ihd = await air.node("ihd", "end_device");
  assert.ok(form(hub, meter, ihd));
  assert.ok(joinNetwork(meter));
  air.run(1000);
  assert.ok(hub.ask(0x0036, 0xfffc, { endpoint: 254 }) >= 0);
  air.run(1000);
  assert.ok(joinNetwork(ihd));
  air.run(20_000);
  return { air, hub, meter, ihd };
}

/** Any ZDO question, its fields behind a sequence number; answers the fields of the answers on the air, status first. */
function question({ air, hub }: Home, from: LabNode, target: number, cluster: number, fields: Uint8Array, about = 1): Buffer[] {
  const key = hub.keys.entries().find(([slot]) => slot < 2)?.[1];
  assert.ok(key);
  const since = air.frames.length;
  from.tell(16, u16(target), addressOctets(0n), 0, 0, u16(0), u16(cluster), u16(target < 0xfff8 ? APS_ACK : 0), about, fields);
  air.run(9000);
  return air.frames.slice(since).flatMap(({ psdu }) => {
    const payload = openFrame(psdu, key)?.payload;
    const wanted =
      payload && payload.length > 8 && (payload[0] & 3) === 0 && payload.readUInt16LE(2) === (cluster | RESPONSE) && payload[8] === about;
    return wanted && psdu[5] === (from.short & 0xff) && psdu[6] === from.short >> 8 ? [payload.subarray(9)] : [];
  });
}

async function decoded(home: Home, filter: string, fields: string[]): Promise<string[][]> {
  home.air.close();
  const verdict = await judge(home.air.path, home.air.known);
  assert.ok(clean(verdict), JSON.stringify(verdict, null, 1));
  const rows: string[][] = [];
  await tsharkFields(home.air.path, home.air.known, fields, (values) => void rows.push(values), filter);
  return rows;
}

test("a parent answers for its child that sleeps, and lists its children", async () => {
  const home = await row(51, "zdo-children");
  const { air, hub, meter, ihd } = home;
  let before = hub.notes.length;
  assert.ok(hub.ask(0x0000, 0xfffd, { extended: ihd.extended }) >= 0, "all who are awake are asked for the display");
  assert.ok(air.until(() => hub.heard(Heard.ZdoAnswer, before).length > 0, 5000));
  const found = answerOf(hub.heard(Heard.ZdoAnswer, before)[0]);
  assert.deepEqual([found.status, found.short, found.extended, found.source], [0, ihd.short, ihd.extended, meter.short]);
  before = hub.notes.length;
  assert.ok(hub.ask(0x0001, meter.short, { about: 0 }) >= 0);
  air.run(3000);
  const alone = answerOf(hub.heard(Heard.ZdoAnswer, before)[0]);
  assert.deepEqual([alone.short, alone.extended], [meter.short, meter.extended]);

  const child = Buffer.concat([Buffer.from([0]), addressOctets(ihd.extended), u16(ihd.short)]);
  const own = Buffer.concat([Buffer.from([0]), addressOctets(meter.extended), u16(meter.short)]);
  const one = (target: number, cluster: number, ...fields: (Uint8Array | number)[]): Buffer => {
    const answers = question(
      home,
      hub,
      target,
      cluster,
      Buffer.concat(fields.map((field) => (typeof field === "number" ? Buffer.from([field]) : field))),
    );
    assert.equal(new Set(answers.map((answer) => answer.toString("hex"))).size, 1);
    return answers[0];
  };
  assert.deepEqual(one(meter.short, 0x0001, u16(ihd.short), 0, 0), child);
  assert.deepEqual(one(meter.short, 0x0001, u16(meter.short), 1, 0), Buffer.concat([own, Buffer.from([1, 0]), u16(ihd.short)]));
  assert.deepEqual(one(meter.short, 0x0000, addressOctets(meter.extended), 1, 1), Buffer.concat([own, Buffer.from([0])]));
  assert.equal(one(meter.short, 0x0001, u16(meter.short), 2, 0)[0], 0x80);
  assert.equal(one(meter.short, 0x0001, u16(0x1234), 0, 0)[0], 0x81);
  assert.equal(one(meter.short, 0x0000, addressOctets(0n), 0, 0)[0], 0x81, "nobody is device 0");
  assert.deepEqual(question(home, hub, 0xfffd, 0x0000, Buffer.concat([addressOctets(0x99n), Buffer.from([0, 0])])), []);
  const rows = await decoded(home, "zbee_zdp.assoc_device", ["zbee_zdp.assoc_device", "zbee_zdp.assoc_device_count"]);
  assert.ok(
    rows.some(([device, count]) => Number(device) === ihd.short && Number(count) === 1),
    JSON.stringify(rows),
  );
});

test("power and servers are told by every device", async () => {
  const home = await row(52, "zdo-power");
  const { hub, meter, ihd } = home;
  const power = (from: LabNode, of: LabNode): string | undefined =>
    question(home, from, of.short, 0x0003, u16(of.short))[0]?.toString("hex");
  assert.equal(power(meter, hub), `00${u16(hub.short).toString("hex")}10c1`);
  assert.equal(power(hub, meter), `00${u16(meter.short).toString("hex")}10c1`);
  assert.equal(power(meter, ihd), `00${u16(ihd.short).toString("hex")}41c4`, "it sleeps, and has batteries");
  assert.deepEqual(question(home, meter, hub.short, 0x0003, u16(0x1234))[0]?.subarray(0, 1), Buffer.from([0x81]));
  assert.deepEqual(question(home, meter, 0xfffd, 0x0015, u16(0xffff)), [Buffer.from([0, 1, 0])], "the primary trust centre");
  assert.deepEqual(question(home, meter, 0xfffd, 0x0015, u16(0x0040)), []);
  const rows = await decoded(home, "zbee_zdp.cluster == 0x8003 || zbee_aps.zdp_cluster == 0x8003", [
    "zbee_zdp.power.mode",
    "zbee_zdp.power.level",
  ]);
  assert.ok(rows.length >= 3, JSON.stringify(rows));
});

test("each endpoint of a device is listed, described by its own rows and found by its own clusters", async () => {
  const home = await row(54, "zdo-endpoints");
  const { hub, meter } = home;
  const own = u16(meter.short);
  const ask = (cluster: number, ...fields: Buffer[]): string => {
    const answers = question(home, hub, meter.short, cluster, Buffer.concat([own, ...fields])).map((answer) => answer.toString("hex"));
    assert.equal(new Set(answers).size, 1);
    return answers[0];
  };
  const head = `00${own.toString("hex")}`;
  assert.equal(ask(0x0005), `${head}020107`);
  assert.equal(ask(0x0004, Buffer.from([7])), `${head}0c07090102050001040b010007`);
  assert.match(ask(0x0004, Buffer.from([1])), new RegExp(`^${head}140109010105000300000207000803`));
  assert.equal(ask(0x0004, Buffer.from([2])).slice(0, 2), "83");
  const match = (inputs: number[], outputs: number[]): string => {
    const list = (clusters: number[]): Buffer => Buffer.concat([Buffer.from([clusters.length]), ...clusters.map(u16)]);
    return ask(0x0006, u16(0x0109), list(inputs), list(outputs)).slice(head.length);
  };
  assert.deepEqual([match([0x0b04], []), match([0x0702], []), match([], [0x0700]), match([0x0701], [])], ["0107", "0101", "020107", "00"]);
});

test("neighbours, routes and bindings are told from any row on, as many as fit", async () => {
  const home = await row(53, "zdo-tables");
  const { air, hub, meter, ihd } = home;
  establish(hub, ihd, KEY);
  meter.tell(17, addressOctets(ihd.extended), KEY);
  ihd.tell(17, addressOctets(meter.extended), KEY);
  const table = (cluster: number, first: number): Buffer => question(home, hub, meter.short, cluster, Buffer.from([first]), first)[0];
  const neighbours = table(0x0031, 0);
  assert.deepEqual([...neighbours.subarray(0, 4)], [0, 2, 0, 2]);
  assert.equal(neighbours.length, 4 + 2 * 22);
  const rows = new Map([neighbours.subarray(4, 26), neighbours.subarray(26)].map((octets) => [octets.readBigUInt64LE(8), octets]));
  const parent = rows.get(hub.extended);
  const child = rows.get(ihd.extended);
  assert.ok(parent && child);
  assert.equal(parent.subarray(16, 21).toString("hex"), "0000" + "04" + "02" + "00", "a coordinator that is awake, our parent, at the top");
  assert.equal(child.subarray(16, 21).toString("hex"), `${u16(ihd.short).toString("hex")}120202`, "an end device that sleeps, our child");
  assert.ok(parent[21] > 0 && child[21] > 0, "link quality");
  assert.deepEqual([...table(0x0031, 1).subarray(0, 4)], [0, 2, 1, 1]);
  assert.deepEqual([...table(0x0031, 2)], [0, 2, 2, 0]);
  assert.deepEqual([...table(0x0031, 255)], [0, 2, 255, 0]);
  assert.ok(question(home, hub, ihd.short, 0x0003, u16(ihd.short)).length > 0, "a way is found");
  const routes = question(home, meter, hub.short, 0x0032, Buffer.from([0]))[0];
  assert.deepEqual([...routes], [0, 1, 0, 1, ...u16(ihd.short), 0, ...u16(meter.short)], "the display by way of the meter");

  for (const about of [0x0702, 0x0000, 0x0800, 0x0003]) {
    const before = ihd.notes.length;
    assert.ok(ihd.ask(0x0021, meter.short, { extended: meter.extended, endpoint: 1, about }) >= 0);
    assert.ok(air.until(() => ihd.heard(Heard.ZdoAnswer, before).length > 0, 9000));
    assert.equal(answerOf(ihd.heard(Heard.ZdoAnswer, before)[0]).status, 0);
  }
  const binding = (cluster: number): Buffer =>
    Buffer.concat([
      addressOctets(meter.extended),
      Buffer.from([1]),
      u16(cluster),
      Buffer.from([3]),
      addressOctets(ihd.extended),
      Buffer.from([1]),
    ]);
  const bindings = table(0x0033, 0);
  assert.deepEqual(bindings, Buffer.concat([Buffer.from([0, 4, 0, 3]), ...[0x0702, 0x0000, 0x0800].map(binding)]));
  assert.deepEqual(table(0x0033, 3), Buffer.concat([Buffer.from([0, 4, 3, 1]), binding(0x0003)]));
  assert.deepEqual(question(home, hub, 0xfffc, 0x0031, Buffer.from([0])), [], "a question to all has no answer");
  const told = await decoded(home, "zbee_zdp.table_count", ["zbee_zdp.table_count", "zbee_zdp.table_size", "zbee_zdp.bind.src64"]);
  assert.ok(told.length >= 7, JSON.stringify(told));
});

test("an end device has no tables: it says so, in an answer shorter than tshark expects", async () => {
  const home = await row(54, "zdo-no-tables");
  assert.deepEqual([...question(home, home.meter, home.ihd.short, 0x0031, Buffer.from([0]))[0]], [0x84]);
  home.air.close();
});
