// A mesh of thirty nodes and five columns beyond the root's: everyone reaches the root and is reached, also after routers were killed and
// others moved; what its upkeep costs is said.
import assert from "node:assert/strict";
import { before, type TestContext, test } from "node:test";
import { addressOf, Net } from "./mesh_net.ts";

const [COLUMNS, ROWS] = [6, 4];
const HOSTS = 6;
const ROUTERS = COLUMNS * ROWS;
/** Dead routers are replaced within: the issue's bar. */
const REPLACED_MS = 120_000;
/** MLE forgets who is silent for so long. */
const LINK_MS = 128_000;
const HOUR_MS = 3_600_000;

const places: [number, number][] = [];
/** A row or a column away all is well, across it is worse, beyond there is nothing. */
function quality(from: number, to: number): number {
  const distance = Math.hypot(places[from][0] - places[to][0], places[from][1] - places[to][1]);
  return distance <= 1.05 ? 96 : distance <= 1.5 ? 85 : distance <= 1.8 ? 50 : 0;
}
const best = (index: number): number =>
  net.devices
    .slice(0, index)
    .filter(({ role, lives }) => lives && role !== "host")
    .reduce((one, other) => (quality(other.index, index) > quality(one, index) ? other.index : one), 0);

let net: Net;
let sequence = 0;
before(() => {
  for (let column = 0; column < COLUMNS; column++) for (let row = 0; row < ROWS; row++) places.push([column, row]);
  for (let host = 0; host < HOSTS; host++) places.push([host === 0 ? 0.5 : host - 0.3, (host * 1.7) % 3]);
  net = new Net("thirty", quality);
  net.add("border");
  for (let index = 1; index < places.length; index++) {
    net.run(net.now + 2000);
    net.add(index < ROUTERS ? "router" : "host", best(index));
  }
  net.run(net.now + 120_000);
});

/** Echoes between the root and everyone, so many times both ways; answers how many of a hundred came back. */
function delivery(rounds: number): number {
  let [sent, heard] = [0, 0];
  for (let round = 0; round < rounds; round++)
    for (const { index, lives } of net.devices.slice(1)) {
      if (!lives) continue;
      for (const [from, to] of [
        [0, index],
        [index, 0],
      ]) {
        net.ping(from, to, ++sequence);
        net.run(net.now + 500);
        sent++;
        heard += Number(net.ponged(from, to, sequence));
      }
    }
  return (100 * heard) / sent;
}

/** Routers between the root and a router. */
function hopsTo(index: number): number {
  addressOf(index).copy(net.devices[0].buffer);
  return Number(net.devices[0].calls.routeTo(BigInt(net.now)));
}

const parentOf = (index: number): number => Number((net.devices[index].calls.parentNow() as bigint) & 0xffffn) - 1;
const routers = (): number[] => net.devices.filter(({ role, lives }) => role === "router" && lives).map(({ index }) => index);

test("all join, are in the graph, and reach the root and are reached", (t) => {
  for (const { index, calls } of net.devices) assert.equal(calls.addressState(), 2, `node ${index}`);
  const hops = routers().map(hopsTo);
  assert.ok(Math.max(...hops) >= 4, "five hops to the last column");
  assert.ok(Math.min(...hops) >= 0, "a way to each");
  const percent = delivery(2);
  t.diagnostic(`${percent.toFixed(2)} %, at most ${Math.max(...hops) + 1} hops`);
  assert.ok(percent >= 99);
});

test("an hour of rest costs few packets, and nothing is lost of the pool", (t) => {
  const before = { ...net.sent };
  const free = net.devices.map(({ calls }) => Number(calls.free()));
  net.run(net.now + HOUR_MS);
  const hour = Object.fromEntries(Object.entries(net.sent).map(([kind, count]) => [kind, count - (before[kind] ?? 0)]));
  const all = Object.values(hour).reduce((sum, count) => sum + count, 0);
  t.diagnostic(`an hour, a packet counted at each hop: ${JSON.stringify(hour)}; ${(all / net.devices.length).toFixed(0)} a node`);
  assert.ok(all / net.devices.length < 80);
  net.run(net.now + 5000);
  assert.deepEqual(
    net.devices.map(({ calls }) => Number(calls.free())),
    free,
  );
  assert.ok(delivery(1) >= 99);
});

test("a dead router is replaced within 120 s without any traffic that would tell", (t) => {
  const dead = [5, 10, 19];
  const orphans = routers().filter((index) => !dead.includes(index) && dead.includes(parentOf(index)));
  assert.ok(orphans.length >= 3);
  for (const index of dead) net.stop(index);
  const killed = net.now;
  const healed = new Map<number, number>();
  while (healed.size < orphans.length && net.now - killed < 2 * REPLACED_MS) {
    net.run(net.now + 1000);
    for (const index of orphans)
      if (!healed.has(index) && parentOf(index) >= 0 && !dead.includes(parentOf(index)) && hopsTo(index) >= 0)
        healed.set(index, net.now - killed);
  }
  t.diagnostic(`replaced after ${[...healed.values()].map((ms) => `${ms / 1000} s`).join(", ")}`);
  assert.ok(Math.max(...healed.values()) <= REPLACED_MS && healed.size === orphans.length);
  net.run(killed + REPLACED_MS);
  const percent = delivery(2);
  t.diagnostic(`${percent.toFixed(2)} % afterwards`);
  assert.ok(percent >= 99);
});

test("routers that move are found again, and so are those that come back", (t: TestContext) => {
  places[14] = [1.4, 2.6];
  places[7] = [4.5, 1.2];
  places[29] = [3.5, 0.5];
  for (const { index, lives } of net.devices) if (!lives) net.start(net.devices[index], best(index));
  // A host that says nothing learns from MLE that its parent is out of range.
  net.run(net.now + LINK_MS + 20_000);
  const percent = delivery(3);
  t.diagnostic(`${percent.toFixed(2)} %`);
  assert.ok(percent >= 99);
});

test("a border router that forgot everything is told of all ways within two minutes", (t) => {
  net.start(net.devices[0], undefined, 1);
  net.run(net.now + REPLACED_MS);
  for (const index of routers()) assert.ok(hopsTo(index) >= 0, `a way to ${index}`);
  const percent = delivery(1);
  t.diagnostic(`${percent.toFixed(2)} %`);
  assert.ok(percent >= 99);
});

test("a packet with 1,200 octets goes through, and back", () => {
  for (const index of routers().filter((router) => hopsTo(router) >= 4)) {
    net.ping(0, index, ++sequence, 1152);
    net.run(net.now + 1000);
    assert.ok(net.ponged(0, index, sequence), `node ${index}`);
  }
});

test("multicast reaches everyone once", () => {
  Buffer.from("ff030000000000000000000000000001", "hex").copy(net.devices[9].buffer);
  for (const device of net.devices) device.heard.length = 0;
  net.devices[9].calls.multicast(4711, BigInt(net.now));
  net.devices[9].due = BigInt(net.now);
  net.run(net.now + 10_000);
  const counts = net.devices
    .filter(({ index, lives }) => lives && index !== 9)
    .map(({ heard }) => heard.filter(({ packet }) => packet.includes(Buffer.from([0x67, 0x12]))).length);
  assert.ok(counts.filter((count) => count === 1).length >= counts.length - 1, `${counts}`);
  assert.ok(counts.every((count) => count <= 1));
});
