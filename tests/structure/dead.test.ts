// Nothing in the stack is exported that no device uses.  A test is no user: what only tests reach is a door, and stands here with its reason.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { sources } from "../../host/build/built.ts";
import { ROOT } from "../../host/modules.ts";

const DOORS: Record<string, string> = {
  agreementForceEphemeral: "vectors of key establishment bring their own ephemeral keys",
  agreementPartnerKey: "an intermediate value of those vectors",
  agreementSecret: "an intermediate value of those vectors",
  dropsOf: "a lab reads what was counted; a device tells it by Log.Refused",
  keSuites: "a test reads which suites an exchange may use",
  pointDecode: "points of vectors enter one by one",
  pointDecodeWhole: "points of vectors enter one by one",
  zdoSendActiveEndpoints: "a test's device asks what any device may ask of ours",
  zdoSendNodeDescriptor: "a test's device asks what any device may ask of ours",
  zdoSendSimpleDescriptor: "a test's device asks what any device may ask of ours",
};
/** Exported for the board, one of a table or an interface that is whole, generated or not, or in the runtime's own terms. */
const NOT_OURS =
  /tests\/labs\/|assembly\/(devices|core\/runtime|sep1\/descriptors|sep1\/instances|crypto\/software)\/|assembly\/core\/(host|log)\.ts|zcl\/types\.ts|assembly\/sep1\/clusters\.ts|assembly\/sep2\/(document\/(reader|writer|format)|schema\/names)\.ts/;
const EXPORT = /^export (?:function|const|class|enum|namespace|let) (\w+)/gm;

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");

/** How often each word stands in the texts. */
function words(texts: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) for (const [word] of text.matchAll(/\w+/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function dead(files: { path: string; text: string }[]): string[] {
  const counts = words(files.map(({ text }) => withoutComments(text)));
  return files
    .filter(({ path }) => !NOT_OURS.test(path))
    .flatMap(({ path, text }) => [...withoutComments(text).matchAll(EXPORT)].map((match) => ({ path, name: match[1] })))
    .filter(({ name }) => counts.get(name) === 1)
    .map(({ path, name }) => `${name} in ${relative(ROOT, path)}`);
}

const files = sources().map((path) => ({ path, text: readFileSync(path, "utf8") }));

/** A layer that is being built is used by its labs until the first device imports from it, and its numbers by what is still to come. */
const BUILDING = "ip";
const inDevices = files.some(({ path, text }) => /assembly\/devices\//.test(path) && text.includes(`from "../${BUILDING}/`));
const stack = [...files];
if (!inDevices) {
  const labs = join(ROOT, "tests/labs", BUILDING);
  for (const name of readdirSync(labs)) files.push({ path: join(labs, name), text: readFileSync(join(labs, name), "utf8") });
}

test("every export is used by something in the stack, or is a door with a reason", () => {
  const found = dead(files).filter((line) => inDevices || !/^[A-Z_]+ in assembly\/ip\//.test(line));
  assert.deepEqual(
    found.filter((line) => !(line.split(" ")[0] in DOORS)),
    [],
  );
  const names = new Set(dead(stack).map((line) => line.split(" ")[0]));
  assert.deepEqual(
    Object.keys(DOORS).filter((name) => !names.has(name)),
    [],
    "these are no doors any more",
  );
});

test("a name that stands in a comment and its own line only is found", () => {
  const path = `${ROOT}/assembly/mac/x.ts`;
  assert.deepEqual(dead([{ path, text: "// unused\nexport const unused: u32 = 1;\nexport const used: u32 = 2;\nlet a = used;" }]), [
    "unused in assembly/mac/x.ts",
  ]);
});
