// `npm test`: what it counts, that it keeps its counts however it ends, and what it says of a name that it does not know.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { advice } from "../../host/build/preflight.ts";
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

/** Runs the runner; `interruptAt` is what it must have said before it is interrupted, `leaveAt` before nobody reads on. */
function runner(words: string[], interruptAt?: string, leaveAt?: string): Promise<Ended> {
  const environment = { ...process.env };
  delete environment.NODE_TEST_CONTEXT; // or it would think that it is one of our test files
  const child = spawn(process.execPath, ["tools/test.mjs", ...words], { cwd: ROOT, env: environment });
  let output = "";
  let interrupted = false;
  const hear = (text: Buffer): void => {
    output += text;
    if (leaveAt && output.includes(leaveAt)) child.stdout.destroy();
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

test("what is broken in one place takes no counts away: they are said, and kept in a file", async () => {
  const broken = file("broken", 'import "./nowhere.ts"; test("never", () => {});');
  const { status, output } = await runner([GOOD, broken]);
  assert.match(output, /failed: .*broken\.test\.ts/);
  assert.match(output, /^1 passed, 1 failed, 1 skipped in /m);
  assert.match(output, /^== slowest\n +\d+\.\d s {2}.*(?:good|broken)\.test\.ts$/m);
  assert.equal(status, 1);
  assert.match(readFileSync(join(ROOT, "build/test-summary.txt"), "utf8"), /1 passed, 1 failed, 1 skipped in \d+\.\d minutes\n$/);
});

test("a reader that goes away ends no test", async () => {
  const { status } = await runner([GOOD], undefined, "== host");
  assert.equal(status, 0);
});

test("what is not on a board yields to what is, and what a test starts knows nothing of it", async () => {
  const niceness = file(
    "niceness",
    `import assert from "node:assert/strict";
import { getPriority } from "node:os";
test("yields", () => assert.ok(getPriority() >= 5));
test("hides", () => assert.doesNotMatch(process.env.NODE_OPTIONS ?? "", /test_yield/));`,
  );
  assert.match((await runner([niceness])).output, /^2 passed, 0 failed, 0 skipped in /m);
});

test("the files known to be long exist", () => {
  const names = Object.keys(JSON.parse(readFileSync(join(ROOT, "tests/longest.json"), "utf8")));
  assert.ok(names.length > 20);
  assert.deepEqual(
    names.filter((name) => !existsSync(join(ROOT, name))),
    [],
  );
});

test("what is missing is named with a command that this system has", () => {
  const on =
    (...programs: string[]): ((program: string) => boolean) =>
    (program) =>
      programs.includes(program);
  assert.equal(advice(["a", "b"], on("apt-get", "sudo"), false), "type: sudo apt-get install a b");
  assert.equal(advice(["a", "b"], on("apt-get"), false), 'type: su -c "apt-get install a b"');
  assert.equal(advice(["a", "b"], on("apt-get", "sudo"), true), "type: apt-get install a b");
  assert.doesNotMatch(advice(["a", "b"], on("dnf"), true), /apt/);
});

test("several missing tools are named at once, with what would bring them all", () => {
  // A system without programs: nothing can be installed there, so all that is missing is said.
  const program = `import { ensure } from ${JSON.stringify(join(ROOT, "host/build/preflight.ts"))};
try { ensure(["tshark", "curl", "qemu-system-arm"]); } catch (error) { console.log(error.message); }`;
  const said = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    cwd: ROOT,
    env: { PATH: "", NODE_OPTIONS: "" },
    encoding: "utf8",
  });
  assert.equal(
    said.trim(),
    "tshark, curl, qemu-system-arm are missing or too old here; " +
      "Debian calls the packages tshark, curl, qemu-system-arm: install what your system calls them",
  );
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
