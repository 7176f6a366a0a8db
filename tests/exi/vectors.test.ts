// Documents of an independent codec, where they are, through `npm run vectors -- exi`; and that the comparison can fail.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { xmlTree } from "../../host/files/xml_tree.ts";
import { ROOT } from "../../host/modules.ts";
import { difference, runExi } from "../../host/vectors/exi.ts";
import { runVectors } from "../../host/vectors/run.ts";

const SHARED = join(ROOT, "../shared/vectors/exi.jsonl");
const OWN = join(ROOT, "tests/vectors/exi.jsonl");
const skip = !existsSync(SHARED) && "the shared vectors are not here";
const NS = 'xmlns="urn:ieee:std:2030.5:ns"';

test("every shared document passes both ways", { skip }, async () => {
  const said: string[] = [];
  const { passed, failed, documents } = await runExi(readFileSync(SHARED, "utf8"), (line) => said.push(line));
  assert.deepEqual([failed, passed], [0, 4 * documents], said.join("\n"));
  assert.ok(documents > 300);
});

test("so do the odd ones", async () => {
  const said: string[] = [];
  const { passed, failed } = await runExi(readFileSync(OWN, "utf8"), (line) => said.push(line));
  assert.deepEqual([failed, passed > 20], [0, true], said.join("\n"));
});

test("a document that is not what its vector says fails by name, in each direction", async () => {
  const [line] = readFileSync(OWN, "utf8")
    .split("\n")
    .filter((each) => each.startsWith("{"));
  const vector = JSON.parse(line) as { name: string; xml: string; exi: string };
  const wrong = async (change: Partial<typeof vector>): Promise<string[]> => {
    const said: string[] = [];
    const { failed } = await runExi(JSON.stringify({ ...vector, ...change }), (each) => said.push(each));
    assert.ok(failed > 0);
    return said;
  };
  const told = await wrong({ xml: vector.xml.replace("<pIN>5<", "<pIN>6<") });
  assert.match(told.join("\n"), new RegExp(`FAILED ${vector.name}: EXI to XML: .*pIN is "5", must be "6"`));
  assert.match(told.join("\n"), /XML to EXI: is a030/);
  assert.match((await wrong({ exi: `${vector.exi.slice(0, -2)}ff` })).join("\n"), /EXI to EXI/);
  await assert.rejects(
    runExi("[]", () => undefined),
    /not an object/,
  );
  await assert.rejects(
    runExi("# nothing", () => undefined),
    /no documents/,
  );
});

test("counts and lines are one object where that is wanted", async () => {
  const said: string[] = [];
  assert.equal(await runVectors(["exi", OWN, "--json"], (line) => said.push(line), assert.fail), 0);
  const { passed, failed, lines } = JSON.parse(said.join("\n")) as { passed: number; failed: number; lines: string[] };
  assert.deepEqual([passed > 20, failed, lines.length], [true, 0, 1]);
});

test("equal in value is equal under some type of XML Schema, and nothing else", () => {
  const one = (value: string, attributes = ""): string => `<a ${NS} ${attributes}><b>${value}</b></a>`;
  const differs = (a: string, b: string): boolean => difference(xmlTree(a), xmlTree(b)) !== undefined;
  for (const [a, b] of ["005 5", "+5 5", "-0 0", "true 1", "0 false", "0aff 0AFF", "x x"].map((pair) => pair.split(" ")))
    assert.equal(differs(one(a), one(b)), false, `${a} ${b}`);
  for (const [a, b] of ["5 6", "-5 5", "true 0", "0aff 0AFE", "ab AB0", "x X", "yes true", "a "].map((pair) => pair.split(" ")))
    assert.equal(differs(one(a), one(b)), true, `${a} ${b}`);
  assert.ok(differs(one("1", 'href="/a"'), one("1")));
  assert.ok(differs(one("1"), one("1", 'href="/a"')));
  assert.ok(differs(one("1"), `<a ${NS}><b>1</b><b>1</b></a>`));
  assert.ok(differs(one("1"), `<a ${NS}><c>1</c></a>`));
  assert.ok(differs(one("1"), '<a xmlns="urn:x"><b>1</b></a>'));
});
