// The home file: what is wrong is told with its line and column in one sentence, and the published schema means the same as the parser.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { Random } from "../../host/air/random.ts";
import { InputError } from "../../host/files/input_error.ts";
import { homeSchema, homeShape } from "../../host/home/home_file.ts";
import { planParse, planRead } from "../../host/home/plan_read.ts";
import type { Options } from "../../host/home/run_options.ts";
import { yamlTree } from "../../host/home/yaml_tree.ts";
import { ROOT } from "../../host/modules.ts";
import { optionsParse } from "../../tools/home/options.ts";
import { schemaFiles } from "../../tools/schema.ts";
import { run } from "./process.ts";

// The validator is CommonJS.
const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv");
const HOMES = join(ROOT, "docs/homes");
const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-home-file-"));
const MUTATIONS = 4000;

const HUB = "devices:\n  - {id: hub, role: hub}\n";

async function fault(text: string): Promise<string> {
  try {
    await planParse("home.yaml", text, HOMES);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, /^[^\n]+\.$/);
    return error.message;
  }
  return "nothing";
}

test("what is wrong is told in one sentence with line and column", async () => {
  const more = (entry: string): string => `${HUB}  - ${entry}\n`;
  const cases: [string, RegExp][] = [
    ["", /line 1, column 1: nothing stands where a home is wanted; write a home/],
    ["[1, 2]", /line 1, column 1: a list stands where a home is wanted/],
    ["devices: []\n", /line 1, column 10: the list has 0 entries; write a list of devices of 1 to \d+/],
    ["devices: 3\n", /line 1, column 10: "3" stands where a list of devices is wanted/],
    [`${HUB}colour: red\n`, /line 3, column 1: a home has no "colour"; it has seed, duration, /],
    [`seed: -1\n${HUB}`, /line 1, column 7: "-1" stands where a whole number from 0 to 9+ is wanted/],
    [`seed:\n${HUB}`, /line 1, column 6: nothing stands where a whole number/],
    [`duration: 5\n${HUB}`, /line 1, column 11: "5" stands where a time such as 90s, 2h or 1h30m is wanted/],
    [`duration: 0s\n${HUB}`, /line 1, column 11: this key takes a time such as 90s, 2h or 3d, not "0s"/],
    [`duration: 99999d\n${HUB}`, /line 1, column 11: this key takes at most 3660d/],
    [more("{id: a}"), /line 3, column 5: a device needs "role", what it is; add it/],
    [more("{id: A, role: ihd}"), /line 3, column 10: "A" stands where a name such as kitchen/],
    [more("{id: home, role: ihd}"), /line 3, column 10: "home" stands where a name/],
    [more("{id: a, role: fridge}"), /line 3, column 19: "fridge" stands where one of hub, meter, ihd.* is wanted/],
    [more("{id: hub, role: ihd}"), /line 3, column 10: line 2 names a device hub already; give this one another id/],
    [more("{id: a, role: ihd, hub: b}"), /line 3, column 29: there is no hub b; it is one of hub/],
    [more("{id: b, role: hub, hub: hub}"), /line 3, column 29: a hub belongs to no other hub/],
    [more("{id: b, role: hub}\n  - {id: a, role: ihd}"), /line 4, column 10: a may belong to any of 2 hubs; name its own with hub:/],
    [more("{id: a, role: ihd, load: flat.csv}"), /line 3, column 30: only a meter measures a load/],
    [more("{id: a, role: meter, load: none.csv}"), /line 3, column 32: there is no file \S+none\.csv/],
    [more("{id: a, role: ihd, at: [1]}"), /line 3, column 28: the list has 1 entries/],
    [more("{id: a, role: ihd, at: [1, far]}"), /line 3, column 32: "far" stands where a number from -10000 to 10000/],
    ["devices:\n  - {id: hub, role: hub, board: true}\n", /line 2, column 33: a hub does not run on a board/],
    ["devices:\n  - {id: a, role: ihd}\n", /line 2, column 5: the home has no hub; add a device with role: hub/],
    [`${HUB}events:\n  - {at: 1m, plug: a}\n`, /line 4, column 20: there is no device a; it is one of hub/],
    [
      `${HUB}events:\n  - {at: 1m}\n`,
      /line 4, column 5: a group of keys is no event; it has one of the keys unplug, plug, move, jam, remove, admit, update/,
    ],
    [`${HUB}events:\n  - {at: 1m, plug: hub, unplug: hub}\n`, /an event has no "/],
    [`${HUB}events:\n  - {at: 1m, jam: 27, for: 1s}\n`, /line 4, column 19: "27" stands where a whole number from 11 to 26/],
    [`${HUB}events:\n  - {at: 1m, update: hub, package: no.ota}\n`, /line 4, column 36: there is no file/],
    [`${HUB}tariff: {price: 0.27031, currency: GBP}\n`, /line 3, column 17: the price 0.27031 has more than 4 digits/],
    [`${HUB}tariff: {price: 1, currency: QQQ}\n`, /line 3, column 30: "QQQ" stands where one of AUD, CAD, /],
    [`${HUB}seed: 1\nseed: 2\n`, /line 4, column 1: it is no YAML that is understood here, map keys must be unique/],
    ["devices: [\n", /line \d, column \d+: it is no YAML/],
    ["a: &x [1]\nb: *x\n", /line 2, column 4: an alias stands here|a home has no "a"/],
    [`${HUB}1: 2\n`, /column 1: a key is no word/],
    [`${HUB}load: !!binary aGk=\n`, /line 3, column 16: "aGk=" is neither text nor number/],
  ];
  for (const [text, message] of cases) assert.match(await fault(text), message, text);
  const many = Array.from({ length: 33 }, (_, index) => `{id: d${index}, role: ihd}`).join("\n  - ");
  assert.match(await fault(more(many)), /line 35, column 5: d32 is more than the 32 devices that hub can hold; give it a second hub/);
  assert.match(
    await fault(`${HUB}events:\n  - {at: 1m, remove: hub}\n`),
    /line 4, column 22: hub is a hub; name a device that belongs to one/,
  );
  assert.match(await fault("[".repeat(20_000)), /nests too deep|no YAML/);
});

test("a file that cannot be read is told like any other", async () => {
  await assert.rejects(planRead(join(FOLDER, "none.yaml")), /cannot be read: there is no such file.*; name a YAML file\.$/);
  await assert.rejects(planRead(FOLDER), /it is a directory; name a YAML file\.$/);
  writeFileSync(join(FOLDER, "latin1.yaml"), Buffer.from([0xe9]));
  await assert.rejects(planRead(join(FOLDER, "latin1.yaml")), /is neither UTF-8 nor UTF-16 text/);
  const { status, out, error } = await run("--home", join(FOLDER, "none.yaml"));
  assert.deepEqual([status, out], [2, ""], error);
  assert.match(error, /^kilowasm: [^\n]+\n$/);
});

test("--home and --nodes on the command line", () => {
  const parsed = (words: string): Options =>
    optionsParse(words.split(" ").filter(Boolean), { folder: "/home/somebody", terminal: true, write: () => undefined });
  assert.deepEqual([parsed("").home, parsed("").nodes, parsed("").seed], [null, null, 1]);
  assert.deepEqual([parsed("--home a.yaml").home, parsed("--home a.yaml").seed], ["/home/somebody/a.yaml", null]);
  assert.equal(parsed("--home a.yaml --seed 4").seed, 4);
  assert.deepEqual([parsed("--nodes 1000").nodes, parsed("--nodes 1000").seed], [1000, 1]);
  assert.deepEqual(parsed("--home a.yaml --update attic=x.ota").updates, [{ device: "attic", path: "/home/somebody/x.ota" }]);
  assert.throws(() => parsed("--home a --nodes 3"), /--home and --nodes both say what the home is/);
  for (const word of ["0", "-1", "2001", "many", "1.5"])
    assert.throws(() => parsed(`--nodes ${word}`), /--nodes takes a whole number|missing/, word);
  assert.throws(() => parsed("--home a --load a"), /name the same file/);
});

test("the schema in docs is the one of the parser", () => {
  for (const [path, text] of schemaFiles()) assert.equal(readFileSync(join(ROOT, path), "utf8"), text, "npm run schema writes it anew");
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Values that are near to right ones. */
const STRANGE: Json[] = [
  null,
  true,
  0,
  1,
  -1,
  1.5,
  11,
  27,
  1e9,
  "",
  "hub",
  "Hub",
  "home",
  "1m",
  "x.csv",
  "GBP",
  [],
  [1, 2],
  [1, 2, 3],
  {},
  { at: "1m" },
  { from: [0, 0], to: [1, 1], attenuation: 3 },
];
const KEYS = ["id", "role", "at", "hub", "load", "board", "price", "plug", "unplug", "jam", "for", "seed", "nothing", "__proto__x"];

/** One thing changed somewhere. */
function mutated(value: Json, random: Random): Json {
  const inside = Array.isArray(value) ? value.length : value !== null && typeof value === "object" ? Object.keys(value).length : 0;
  if (inside === 0 || random.below(5) === 0) return STRANGE[random.below(STRANGE.length)];
  const pick = random.below(inside);
  if (Array.isArray(value)) {
    if (random.below(6) === 0) return value.filter((_, index) => index !== pick);
    return value.map((item, index) => (index === pick ? mutated(item, random) : item));
  }
  const entries = Object.entries(value as { [key: string]: Json });
  const choice = random.below(8);
  if (choice === 0) return Object.fromEntries(entries.filter((_, index) => index !== pick));
  if (choice === 1) return Object.fromEntries([...entries, [KEYS[random.below(KEYS.length)], STRANGE[random.below(STRANGE.length)]]]);
  return Object.fromEntries(entries.map(([key, item], index) => [key, index === pick ? mutated(item, random) : item]));
}

test("the schema takes and refuses what the parser takes and refuses", async () => {
  const validate = new Ajv({ strict: true, allErrors: false }).compile(homeSchema());
  const examples = readdirSync(HOMES).filter((name) => name.endsWith(".yaml"));
  const seeds = examples.map((name) => parse(readFileSync(join(HOMES, name), "utf8")) as Json);
  const random = new Random(1, "home files");
  const counts = { taken: 0, refused: 0 };
  for (let round = 0; round < MUTATIONS; round++) {
    let value = seeds[round % seeds.length];
    for (let changes = random.below(3); changes > 0; changes--) value = mutated(value, random);
    const text = JSON.stringify(value);
    const tree = await yamlTree("home.yaml", text);
    let taken = true;
    try {
      homeShape.read(tree, "home.yaml");
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
      taken = false;
    }
    assert.equal(validate(value), taken, `round ${round}: ${text}\n${JSON.stringify(validate.errors)}`);
    counts[taken ? "taken" : "refused"]++;
  }
  assert.ok(counts.taken > MUTATIONS / 10 && counts.refused > MUTATIONS / 10, JSON.stringify(counts));
});

test("a home with boards is refused at another pace than theirs", async () => {
  const path = join(FOLDER, "boards.yaml");
  writeFileSync(path, `${HUB}  - {id: meter, role: meter, board: true}\n`);
  const { status, error } = await run("--home", path);
  assert.deepEqual([status, error], [2, `kilowasm: ${path} has devices on boards, which keep real time; add --speed 1.\n`]);
});
