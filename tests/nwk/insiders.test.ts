// What strangers at the door and members that lie cannot do: keep a joiner out, have a counter forgotten, leave a gap in a route record.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tsharkFields } from "../../host/oracle/tshark.ts";
import { Heard, LabAir, type LabNode, NETWORK_KEY, payload, tags } from "./lab.ts";
import { COMMAND, DATA, frameOf, type Neighbour, u16, u64 } from "./neighbour.ts";

const REJOIN_REQUEST = 6;
const ROUTE_RECORD = 5;
/** Capability of a router, and of a sleeping end device. */
const ROUTER = 0x8e;
const SLEEPER = 0x80;
/** JOINING_MAX, and rows of neighbours and of addresses behind them. */
const JOINING_MAX = 3;
const REMEMBERED = 20 + 32;

const stranger = (index: number): Neighbour => ({ short: 0x1000 + index, extended: 0x00bb_0000_0000_0000n + BigInt(index), counter: 1 });

/** A rejoin request in clear. */
function clearRejoin(hub: LabNode, { short, extended, counter }: Neighbour): Buffer {
  const mac = Buffer.concat([Buffer.from([0x61, 0x88, counter & 0xff]), u16(hub.network.panId), u16(0), u16(short)]);
  const head = Buffer.concat([u16(COMMAND | 0x1008), u16(0), u16(short), Buffer.from([1, counter & 0xff]), u64(extended)]);
  return Buffer.concat([mac, head, Buffer.from([REJOIN_REQUEST, SLEEPER])]);
}

test("however many rejoin in clear, one place is for a device that joins, and a member's rejoin waits for none", () => {
  const air = new LabAir("crowded-door");
  const hub = air.hub();
  const children = (): number => hub.heard(Heard.ChildJoined).length;
  const knock = (frame: Buffer): void => {
    hub.inject(frame);
    air.run(20);
  };
  for (let index = 0; index < 10; index++) knock(clearRejoin(hub, stranger(index)));
  assert.equal(children(), JOINING_MAX - 1, "so many at a time");
  const node = air.member("end_device", "honest");
  node.send(0, payload(9));
  air.run(500);
  assert.deepEqual(tags(hub), [9]);
  for (let index = 10; index < 20; index++) knock(clearRejoin(hub, stranger(index)));
  const before = children();
  knock(frameOf(hub, stranger(30), COMMAND, 0, Buffer.from([REJOIN_REQUEST, ROUTER])));
  assert.equal(children(), before + 1, "who has the key is let in");
});

test("with more routers in range than there is memory for, newcomers are not heard, and no counter is forgotten", () => {
  const air = new LabAir("many-routers");
  const hub = air.hub();
  const frames = Array.from({ length: REMEMBERED + 30 }, (_, index) => frameOf(hub, stranger(index), DATA, 0, payload(index)));
  for (const frame of frames) {
    hub.inject(frame);
    air.run(20);
  }
  const heard = tags(hub);
  assert.deepEqual(heard, [...Array(REMEMBERED).keys()]);
  assert.equal(hub.counters.noBuffer, 30);
  for (const frame of frames) {
    hub.inject(frame);
    air.run(20);
  }
  assert.deepEqual(tags(hub), heard, "nothing is heard again");
  hub.inject(frameOf(hub, { ...stranger(3), counter: 7 }, DATA, 0, payload(200)));
  air.run(20);
  assert.deepEqual(tags(hub), [...heard, 200], "who is known goes on");
});

test("a router adds itself to a route record, as tshark reads it, and passes on none with a hole", async () => {
  const air = new LabAir("record");
  const hub = air.hub();
  const router = air.member("router", "router");
  const far: Neighbour = { short: 0x5151, extended: 0x00cc_0000_0000_0001n, counter: 1 };
  const record = (body: number[]): void => {
    // The link goes to the router, the frame to the hub.
    const frame = frameOf(hub, far, COMMAND, 0, Buffer.from(body), { next: router.network.address, radius: 5 });
    router.inject(frame);
    air.run(300);
  };
  record([ROUTE_RECORD, 0]);
  record([ROUTE_RECORD, 2, 0x34, 0x12, 0x78, 0x56]);
  record([ROUTE_RECORD, 3, 0x34, 0x12]);
  await air.verdict();
  const relays: string[] = [];
  const fields = ["zbee_nwk.cmd.id", "wpan.src16", "zbee_nwk.cmd.relay_count", "zbee_nwk.cmd.relay_device"];
  await tsharkFields(air.file, [{ key: NETWORK_KEY, label: "network" }], fields, ([id, source, count, devices]) => {
    if (Number(id) === ROUTE_RECORD && Number(source) === router.network.address) relays.push(`${count}: ${devices}`);
  });
  const own = `0x${router.network.address.toString(16).padStart(4, "0")}`;
  assert.deepEqual(relays, [`1: ${own}`, `3: 0x1234|0x5678|${own}`]);
});
