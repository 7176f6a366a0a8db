// What follows from clusters/ is what its files generate, and a descriptor that means nothing is refused by name.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";
import { commandIn } from "../../host/vectors/se.ts";
import { parsePayload } from "../../host/zcl/codec.ts";
import { BadDescriptor, readCluster, readClusters } from "../../host/zcl/descriptor.ts";
import { tokensOf } from "../../host/zcl/tokens.ts";
import { clusterFiles } from "../../tools/clusters.ts";

/** The commands of each cluster as an independent decoder numbers them: the field's path, the identifier, the name. */
const SHARED = join(ROOT, "../shared/design/se-commands.tsv");
const KEYS: Record<string, string> = {
  ke: "key_establishment",
  met: "metering",
  msg: "messaging",
  pp: "prepayment",
  tun: "tunneling",
  sub_ghz: "sub_ghz",
};

for (const [path, text] of clusterFiles()) {
  test(`${path} is what clusters/ generates`, () => {
    assert.equal(readFileSync(join(ROOT, path), "utf8"), text);
  });
}

const clusters = readClusters(join(ROOT, "clusters"));

test("every command has few tokens, and no two clusters an identifier", () => {
  assert.equal(new Set(clusters.map(({ id }) => id)).size, clusters.length);
  const sizes = clusters.flatMap((cluster) => cluster.commands.map((command) => tokensOf(command, cluster.key).length));
  assert.ok(sizes.reduce((sum, size) => sum + size, 0) / sizes.length < 9);
});

test("the commands of our clusters are those that an independent decoder knows", (t) => {
  if (!existsSync(SHARED)) return t.skip("the shared list is not here");
  const wanted = new Map<string, Set<string>>();
  for (const line of readFileSync(SHARED, "utf8").split("\n")) {
    const [path, id] = line.split("\t");
    const match = /\.(\w+)\.cmd\.srv_(rx|tx)\.id$/.exec(path);
    if (!match) continue;
    const key = KEYS[match[1]] ?? match[1];
    wanted.set(key, (wanted.get(key) ?? new Set()).add(`${match[2] === "rx" ? "server" : "client"} ${Number(id)}`));
  }
  let compared = 0;
  for (const { key, commands } of clusters) {
    const list = wanted.get(key);
    if (!list) continue;
    assert.deepEqual(commands.map(({ to, id }) => `${to} ${id}`).sort(), [...list].sort(), key);
    compared++;
  }
  assert.ok(compared >= 4);
});

const CLUSTER = { id: "0x0fff", name: "Some", document: "none", since: "1", security: "link" };
const command = (fields: object[]) =>
  readCluster("some", JSON.stringify({ ...CLUSTER, attributes: [], commands: [{ id: "0x00", to: "server", name: "one", fields }] }));
const A = { name: "a", type: "uint8" };
const STRING = { name: "s", type: "string" };

for (const [why, fields, message] of [
  ["a type that does not exist", [{ name: "a", type: "uint9" }], /some\.one\.a: there is no type "uint9"/],
  ["a member that means nothing", [{ ...A, optoinal: true }], /some\.one: it has a member "optoinal"/],
  ["a list without its count", [A, { name: "l", fields: [A] }], /some\.one\.l: a list needs its count/],
] as const) {
  test(`${why} is refused`, () => {
    assert.throws(
      () => command([...fields]),
      (error: Error) => error instanceof BadDescriptor && message.test(error.message),
    );
  });
}

for (const [why, fields, message] of [
  ["a condition on what has no place", [STRING, A, { name: "b", type: "uint8", if: "a == 1" }], /"a" is at no fixed place/],
  [
    "a condition on what may be missing",
    [
      { ...A, optional: true },
      { name: "b", type: "uint8", if: "a == 1" },
    ],
    /"a" is at no fixed place/,
  ],
  ["a count that is not before", [A, STRING, { name: "l", type: "uint8", count: "a" }], /its count "a" is not the field before/],
  [
    "a list that may be missing",
    [
      { ...A, optional: true },
      { name: "l", type: "uint8", count: "a" },
    ],
    /what may be missing cannot repeat/,
  ],
  ["an optional field in a list", [{ name: "l", count: "rest", fields: [{ ...A, optional: true }] }], /inside a list nothing is optional/],
] as const) {
  test(`${why} has no tokens`, () => {
    const [one] = command([...fields] as object[]).commands;
    assert.throws(() => tokensOf(one, "some"), message);
  });
}

test("every seed is a whole command to the walker's twin", () => {
  const lines = readFileSync(join(ROOT, "tests/fuzz/seeds/clusters.txt"), "utf8").split("\n");
  const seeds = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.split(" "));
  for (const [hex, name] of seeds) {
    const octets = Buffer.from(hex, "hex");
    const { command, head } = commandIn(clusters, octets.readUInt16LE(0), octets.subarray(2));
    assert.ok(command, name);
    assert.equal(parsePayload(command, octets.subarray(2 + head)).known, octets.length - 2 - head, name);
  }
  assert.equal(new Set(seeds.map(([, name]) => name)).size, clusters.flatMap(({ commands }) => commands).length);
});
