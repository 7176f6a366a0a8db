// A mesh of sixty nodes over five hops, each column of it in range of the next one only: more routers around than rows in a table.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DISCOVER, Heard, LabAir, type LabNode, payload, SECURE, tags } from "./lab.ts";

const COLUMNS = 5;
const METRES = 25;
/** Of twelve nodes in a column two sleep. */
const COLUMN = 12;
const SLEEPERS = 2;
const NODES = 60;
const ROUNDS = 3;
/** As APS would repeat it. */
const TRIES = 3;

interface Mesh {
  air: LabAir;
  hub: LabNode;
  nodes: LabNode[];
}

/** The columns join one after the other, each by way of the one before. */
function grow(seed: string): Mesh {
  const air = new LabAir(seed);
  air.medium.setPosition("hub", 0, 0);
  const hub = air.hub();
  const nodes: LabNode[] = [];
  let doors = [hub];
  for (let column = 1; column <= COLUMNS; column++) {
    const next: LabNode[] = [];
    for (let row = 0; row < COLUMN && nodes.length < NODES - 1; row++) {
      const name = `n${column}.${row}`;
      air.medium.setPosition(name, column * METRES, row);
      const node = air.node(row < COLUMN - SLEEPERS ? "router" : "end_device", name);
      for (const door of doors) door.call("nwkPermitJoin", 250, door.now);
      air.join(node);
      assert.equal(node.network.depth, column, name);
      nodes.push(node);
      if (node.kind === "router") next.push(node);
    }
    for (const door of doors) door.call("nwkPermitJoin", 0, door.now);
    doors = next;
    air.run(20_000);
  }
  return { air, hub, nodes };
}

test("sixty nodes over five hops join, have the key, and their reports arrive, as do the answers", (t) => {
  const { air, hub, nodes } = grow("sixty");
  assert.equal(nodes.length, NODES - 1);
  assert.equal(new Set(nodes.map(({ network }) => network.address)).size, NODES - 1);
  for (const node of nodes) assert.notEqual(node.network.keys, 0, node.name);
  air.run(60_000);
  const missing = new Map<string, number>();
  let lost = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const node of nodes) {
      const exchange = (from: LabNode, to: LabNode, wait: number) => {
        const before = to.heard(Heard.Data).length;
        for (let tries = 0; tries < TRIES && to.heard(Heard.Data).length === before; tries++) {
          if (tries > 0) lost++;
          from.send(to.network.address, payload(round), SECURE | DISCOVER);
          for (let waited = 0; waited < wait && to.heard(Heard.Data).length === before; waited += 100) air.run(100);
        }
        if (to.heard(Heard.Data).length === before) missing.set(`${from.name} to ${to.name}`, round);
      };
      exchange(node, hub, 3000);
      exchange(hub, node, node.kind === "router" ? 3000 : 9000);
    }
  }
  t.diagnostic(`${lost} of ${2 * ROUNDS * (NODES - 1)} were repeated`);
  assert.deepEqual([...missing], [], "reports and answers that did not arrive");
  assert.ok(lost < NODES / 2, `${lost} of ${2 * ROUNDS * (NODES - 1)} had to be repeated`);
});

test("a broadcast reaches all of them, the sleepers too", () => {
  const { air, hub, nodes } = grow("sixty broadcast");
  for (let tag = 1; tag <= 3; tag++) {
    hub.send(0xffff, payload(tag, true), SECURE);
    air.run(10_000);
  }
  const deaf = nodes.filter((node) => new Set(tags(node)).size < 3).map(({ name }) => name);
  assert.deepEqual(deaf, []);
});
