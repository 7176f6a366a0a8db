// `npm test`: what it counts, that it keeps its counts when it is interrupted, and what it says of a name that it does not know.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ROOT } from "../../host/modules.ts";

const folder = mkdtempSync(join(tmpdir(), "runner-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, body: string): string {
  const path = join(folder, `${name}.test.ts`);
  writeFileSync(path, `import { test } from "node:test";\n${body}\n`);
  return path;
}

interface Ended {
  status: number | null;
  output: string;
}

/** Runs the runner; `interruptAt` is what it must have said before it is interrupted. */
function runner(words: string[], interruptAt?: string): Promise<Ended> {
  const environment = { ...process.env };
  delete environment.NODE_TEST_CONTEXT; // or it would think that it is one of our test files
  const child = spawn(process.execPath, ["--import", "tsx", "tools/test.ts", ...words], { cwd: ROOT, env: environment });
  let output = "";
  let interrupted = false;
  const hear = (text: Buffer): void => {
    output += text;
    if (!interruptAt || interrupted || !output.includes(interruptAt)) return;
    interrupted = true;
    child.kill("SIGINT");
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, output })));
}

const GOOD = file("good", 'test("holds", () => {}); test("later", { skip: "not today" }, () => {});');
const BAD = file("bad", 'test("breaks", () => { throw new Error("as it should"); });');
const ENDLESS = file(
  "endless",
  'test("begins", () => {}); test("never ends", async () => { setInterval(() => {}, 1000); await new Promise(() => {}); });',
);

test("passed, failed and skipped are counted, and a failure is named with its file", async () => {
  const good = await runner([GOOD]);
  assert.match(good.output, /^1 passed, 0 failed, 1 skipped in /m);
  assert.equal(good.status, 0);
  const both = await runner([GOOD, BAD]);
  assert.match(both.output, /failed: .*bad\.test\.ts: breaks/);
  assert.match(both.output, /^1 passed, 1 failed, 1 skipped in /m);
  assert.equal(both.status, 1);
});

test("an interrupted run says what ran", async () => {
  const { status, output } = await runner([ENDLESS], "begins");
  assert.match(output, /^1 passed, \d+ failed, 0 skipped in .*; interrupted, the rest did not run$/m);
  assert.equal(status, 130);
});

test("a name that is no area is answered with the areas", async () => {
  const { status, output } = await runner(["nowhere"]);
  assert.match(output, /nowhere is neither a test file nor an area; areas are air, aps, /);
  assert.equal(status, 1);
});
