// Tables at their limits: more routers in range than rows, counters of those that gave way, links told in several frames.
import assert from "node:assert/strict";
import { createDecipheriv } from "node:crypto";
import { test } from "node:test";
import { DISCOVER, LabAir, type LabNode, NETWORK_KEY, payload, SECURE, tags } from "./lab.ts";
import {
  AUXILIARY,
  COMMAND,
  DATA,
  entry,
  FIRST,
  frameOf,
  LAST,
  LINK_STATUS,
  linkStatus,
  MAC_HEADER,
  MIC,
  type Neighbour,
  ROUTERS,
} from "./neighbour.ts";

const FCS = 2;
const MINUTE_MS = 60_000;

/** What the next link status of the hub says of a neighbour: the octet of costs, or undefined. */
function told(air: LabAir, short: number): number | undefined {
  const from = air.frames.length;
  air.run(17_000);
  for (const { source, psdu } of air.frames.slice(from)) {
    const octets = Buffer.from(psdu);
    if (source !== "hub" || (octets[0] & 7) !== 1) continue;
    const control = octets.readUInt16LE(MAC_HEADER);
    const header = 8 + (control & 0x0800 ? 8 : 0) + (control & 0x1000 ? 8 : 0);
    const at = MAC_HEADER + header;
    const auxiliary = Buffer.from(octets.subarray(at, at + AUXILIARY));
    auxiliary[0] |= 5;
    const nonce = Buffer.concat([auxiliary.subarray(5, 13), auxiliary.subarray(1, 5), auxiliary.subarray(0, 1)]);
    const body = octets.subarray(at + AUXILIARY, octets.length - FCS - MIC);
    const decipher = createDecipheriv("aes-128-ccm", NETWORK_KEY, nonce, { authTagLength: MIC });
    decipher.setAuthTag(octets.subarray(octets.length - FCS - MIC, octets.length - FCS));
    decipher.setAAD(Buffer.concat([octets.subarray(MAC_HEADER, at), auxiliary]), { plaintextLength: body.length });
    const clear = decipher.update(body);
    if (clear[0] !== LINK_STATUS) continue;
    for (let entry = 2; entry < clear.length; entry += 3) if (clear.readUInt16LE(entry) === short) return clear[entry + 2];
  }
  return undefined;
}

/** Beacons of many routers collide, so a round of three scans may hear none. */
function joined(air: LabAir, node: LabNode, rounds = 3): void {
  for (let round = 1; ; round++) {
    try {
      air.join(node);
      return;
    } catch (error) {
      if (round === rounds) throw error;
    }
  }
}

test("a router that gave its row to others keeps its counter", () => {
  const air = new LabAir("evict");
  const hub = air.hub();
  const old: Neighbour = { short: 0x2fff, extended: 0x00cafe00000000ffn, counter: 100 };
  const frame = frameOf(hub, old, DATA, 0, payload(7));
  const count = () => tags(hub).filter((tag) => tag === 7).length;
  hub.inject(frame);
  air.run(50);
  assert.equal(count(), 1);
  for (let index = 0; index < 30; index++) {
    const other = { short: 0x3000 + index, extended: 0x00cafe0000000000n + BigInt(index), counter: 1 };
    hub.inject(frameOf(hub, other, COMMAND, ROUTERS, linkStatus(FIRST | LAST)));
    air.run(100);
  }
  hub.inject(frame);
  air.run(50);
  assert.equal(count(), 1, "an old frame was taken again");
  hub.inject(frameOf(hub, old, DATA, 0, payload(7)));
  air.run(50);
  assert.equal(count(), 2, "and a new one is");
});

test("a link status in two frames, with us in the first", () => {
  const air = new LabAir("two");
  const hub = air.hub();
  air.run(20_000);
  const from: Neighbour = { short: 0x1234, extended: 0x00aa00bb00cc00ddn, counter: 100 };
  const send = (body: Buffer) => hub.inject(frameOf(hub, from, COMMAND, ROUTERS, body));
  send(linkStatus(FIRST, entry(0, 0x13)));
  send(linkStatus(LAST, entry(0x7777, 0x11)));
  assert.equal((told(air, from.short) ?? 0) >> 4, 3);
  send(linkStatus(FIRST | LAST, entry(0x7777, 0x11)));
  assert.equal((told(air, from.short) ?? 0xff) >> 4, 0, "who does not name us does not hear us");
});

test("eighteen routers around a hub: joins, broadcasts, unicasts, and a flash that rests", () => {
  const air = new LabAir("eighteen");
  const hub = air.hub();
  const nodes: LabNode[] = [];
  for (let index = 0; index < 18; index++) {
    if (index % 8 === 0) hub.call("nwkPermitJoin", 250, hub.now);
    const node = air.node("router", `r${index}`);
    joined(air, node);
    nodes.push(node);
    air.run(300);
  }
  air.run(MINUTE_MS);
  const all = [hub, ...nodes];
  let writes = 0;
  for (const { store } of all) {
    const set = store.set.bind(store);
    store.set = (record, octets) => {
      writes++;
      return set(record, octets);
    };
  }
  air.run(MINUTE_MS);
  assert.ok(writes < 18, `${writes} records in a minute`);
  for (let index = 0; index < 6; index++) {
    hub.send(0xfffc, payload(100 + index, true), SECURE);
    air.run(1000);
  }
  air.run(3000);
  for (const node of nodes) assert.equal(tags(node).filter((tag) => tag >= 100).length, 6, node.name);
  for (const [index, node] of nodes.entries()) {
    hub.send(node.network.address, payload(10 + index), SECURE | DISCOVER, 1);
    node.send(0, payload(60 + index), SECURE | DISCOVER, 1);
    air.run(400);
  }
  air.run(3000);
  for (const [index, node] of nodes.entries()) {
    assert.ok(tags(node).includes(10 + index), `${node.name} was not reached`);
    assert.ok(tags(hub).includes(60 + index), `${node.name} did not reach the hub`);
  }
});

test("sixteen sleepers: a broadcast takes one place, and there is one for each of them and four more", () => {
  const air = new LabAir("sleepers");
  const hub = air.hub();
  const sleepers: LabNode[] = [];
  for (let index = 0; index < 16; index++) {
    if (index % 8 === 0) hub.call("nwkPermitJoin", 250, hub.now);
    const node = air.node("end_device", `s${index}`);
    joined(air, node);
    sleepers.push(node);
  }
  air.run(MINUTE_MS);
  const full = hub.counters.noBuffer;
  for (let tag = 1; tag <= 4; tag++) {
    hub.send(0xffff, payload(tag, true), SECURE);
    air.run(10);
  }
  for (const [index, node] of sleepers.entries()) hub.send(node.network.address, payload(100 + index), SECURE, 1);
  air.run(100);
  assert.equal(hub.counters.noBuffer, full, "there is room for all");
  air.run(8000);
  for (const [index, node] of sleepers.entries())
    assert.deepEqual(
      tags(node).sort((a, b) => a - b),
      [1, 2, 3, 4, 100 + index],
      node.name,
    );
  const expired = hub.counters.expired;
  const [gone, ...others] = sleepers;
  gone.powerOff();
  for (let round = 0; round < 3; round++) {
    hub.send(0xffff, payload(10 + round, true), SECURE);
    air.run(8000);
  }
  for (const node of others) assert.deepEqual(tags(node).slice(-3), [10, 11, 12]);
  assert.equal(hub.counters.expired - expired, 3, "held for the one that is gone, and let go");
});
