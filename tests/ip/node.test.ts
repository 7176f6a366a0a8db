// Two nodes with a key and a link: an echo of 1,200 octets and one of UDP there and back, and what tshark sees of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AirNode, IpAir } from "./air.ts";
import { derived, NETWORK_KEY, PAN, PREFIX, tsharkKeys } from "./captures.ts";

const CHANNEL = 15;
const NODES = [
  { extended: 0x0200000000000001n, short: 0x0000 },
  { extended: 0x0200000000000002n, short: 0x0002 },
];
const MODE = { none: 0, short: 2 };
const CODE = { udp: 100, echo: 229 };

const addressOf = (prefix: Uint8Array, short: number): Buffer =>
  Buffer.concat([prefix, Buffer.from([0, 0, 0, 0xff, 0xfe, 0, short >>> 8, short & 0xff])]);
const LINK_LOCAL = Buffer.from("fe80000000000000", "hex");

function pair(seed: string, loss = 0): { air: IpAir; nodes: AirNode[] } {
  const air = new IpAir(seed, { loss });
  const nodes = NODES.map(({ extended, short }, index) => {
    const node = new AirNode(air, "ip/node", `node ${index}`, extended);
    node.doors.keysInstall(1, node.write(derived(NETWORK_KEY)), 2);
    node.write(Buffer.concat([addressOf(PREFIX, short), PREFIX]));
    node.call("open", CHANNEL, PAN, short);
    const other = NODES[1 - index];
    node.call("neighbour", other.extended, other.short);
    return node;
  });
  return { air, nodes };
}

function ping(node: AirNode, target: Buffer, size: number, isUdp: boolean, hop?: number): void {
  node.write(target);
  assert.equal(node.call("ping", size, Number(isUdp), hop === undefined ? MODE.none : MODE.short, BigInt(hop ?? 0), node.now), 0);
}

test("an echo of 1,200 octets comes back, over UDP too, and tshark reads every frame", () => {
  const { air, nodes } = pair("two nodes");
  const global = addressOf(PREFIX, 2);
  ping(nodes[0], global, 1200, false, 2);
  air.run(500);
  ping(nodes[0], global, 1200, true, 2);
  air.run(500);
  ping(nodes[0], addressOf(LINK_LOCAL, 2), 64, false);
  air.run(200);
  const local = Buffer.concat([LINK_LOCAL, Buffer.from("0000000000000002", "hex")]);
  ping(nodes[0], local, 1, true);
  air.run(200);
  assert.deepEqual(
    nodes[0].heard(CODE.echo).map(({ octets }) => octets.readUInt32LE(0)),
    [1208, 72],
  );
  assert.deepEqual(
    nodes[0].heard(CODE.udp).map(({ octets }) => octets.readUInt32LE(0)),
    [1200, 1],
  );
  air.close();
  const verdict = air.verdict(tsharkKeys(NODES));
  assert.ok(verdict.frames > 100, `${verdict.frames} frames`);
  assert.deepEqual(verdict, { frames: verdict.frames, malformed: [], undecrypted: [], complaints: [] });
});

test("without the key nothing above the MAC can be read", () => {
  const { air, nodes } = pair("two nodes, no key");
  ping(nodes[0], addressOf(PREFIX, 2), 100, true, 2);
  air.run(300);
  air.close();
  const sealed = air.frames.filter(({ psdu }) => (psdu[0] & 7) === 1);
  assert.ok(sealed.length >= 4);
  assert.equal(air.verdict([]).undecrypted.length, sealed.length);
});

test("of echoes over an air that loses every tenth frame more than nine of ten come back", () => {
  const { air, nodes } = pair("two nodes, losses", 0.1);
  for (let count = 0; count < 50; count++) {
    ping(nodes[count % 2], addressOf(PREFIX, count % 2 ? 0 : 2), 400, false, count % 2 ? 0 : 2);
    air.run(500);
  }
  air.close();
  const echoes = nodes.flatMap((node) => node.heard(CODE.echo)).length;
  assert.ok(echoes >= 46, `${echoes} of 50`);
});
