// The sizes of the stack's tables: one list a target, each limit in it, and relations that a build refuses to break.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compile, sources } from "../../host/build/built.ts";
import { ROOT } from "../../host/modules.ts";

const PAGE = "assembly/zigbee/limits.ts";
const limits = [...readFileSync(join(ROOT, PAGE), "utf8").matchAll(/isDefined\((LIMIT_\w+)\) \? (LIMIT_\w+) : \d+;/g)];
const NAMES = limits.map((match) => match[1]).sort();
const config = JSON.parse(readFileSync(join(ROOT, "asconfig.json"), "utf8")) as { targets: Record<string, { use?: string[] }> };
const withStack = Object.entries(config.targets).filter(([name]) => name.endsWith("_sep1"));

/** The page with other numbers, whatever the target says. */
const edit =
  (numbers: Record<string, number>, page = PAGE) =>
  (name: string, text: string): string =>
    name === page
      ? text.replace(/isDefined\((LIMIT_\w+)\) \? \w+ : \d+;/g, (whole, limit) => (limit in numbers ? `${numbers[limit]};` : whole))
      : text;

const build = (numbers: Record<string, number>) =>
  compile("assembly/devices/meter_sep1.ts", "meter_sep1", ["--optimizeLevel", "0"], edit(numbers));
const PAGE_2 = "assembly/ip/limits.ts";
const build2 = (numbers: Record<string, number>) =>
  compile("assembly/devices/meter_sep2.ts", "meter_sep2", ["--optimizeLevel", "0"], edit(numbers, PAGE_2));

test("a target with a stack gives each limit a number, and nothing else", () => {
  assert.ok(NAMES.length > 10);
  for (const [, asked, taken] of limits) assert.equal(asked, taken);
  assert.ok(withStack.length >= 4);
  for (const [name, { use = [] }] of withStack) {
    for (const entry of use) assert.match(entry, /^LIMIT_\w+=\d+$/, name);
    assert.deepEqual(use.map((entry) => entry.split("=")[0]).sort(), NAMES, name);
  }
});

test("each number of a target is read by the stack", () => {
  const read = new Set(
    sources().flatMap((path) => [...readFileSync(path, "utf8").matchAll(/isDefined\((\w+)\)/g)].map((match) => match[1])),
  );
  for (const [name, { use = [] }] of Object.entries(config.targets))
    for (const entry of use.filter((each) => each.startsWith("LIMIT_"))) assert.ok(read.has(entry.split("=")[0]), `${name}: ${entry}`);
});

test("no other file of the stack has the size of a table of its own that is a limit's", () => {
  const own = NAMES.map((name) => `${name.replace("LIMIT_", "")}_MAX`);
  const spread = sources()
    .filter((path) => path.includes("/zigbee/") && !path.endsWith(PAGE))
    .flatMap((path) => [...readFileSync(path, "utf8").matchAll(/const (\w+): u32 =/g)].map((match) => match[1]))
    .filter((name) => own.includes(name));
  assert.deepEqual(spread, []);
});

test("what a limit costs is its rows and no more", async () => {
  const memory = async (numbers: Record<string, number>): Promise<number> => (await build(numbers)).memory;
  const before = await memory({});
  // Rows of 11 octets; 16 more of them, because a module's memory is a multiple of 16.
  assert.equal((await memory({ LIMIT_BROADCASTS: 32 })) - before, 16 * 11);
});

test("a relation that does not hold stops the build and says why", async () => {
  await assert.rejects(build({ LIMIT_NEIGHBOURS: 32 }), /who repeated a broadcast in 32 bits/);
  await assert.rejects(build({ LIMIT_DEVICES: 35 }), /slots from 72 on are those of phase 2/);
});

test("so it is with the limits of phase 2", async () => {
  const broken = { LIMIT_PACKETS_LARGE: 4, LIMIT_DATAGRAMS_CLEAR: 4, LIMIT_HELD: 10, LIMIT_FLOWS: 8 };
  const said = await build2(broken).then(
    () => "",
    (error: Error) => error.message,
  );
  for (const why of [
    "leave no packet to answer with",
    "strangers would take every packet",
    "would keep all packets",
    "would keep the others",
  ])
    assert.ok(said.includes(why), `${why}: ${said}`);
});
