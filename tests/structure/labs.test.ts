// Labs and the compiler's cache: which sources are labs, and that a result is made once, anew when a source changes, and never from half.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, test } from "node:test";
import { sources } from "../../host/build/built.ts";
import { compileAll, compileEntry } from "../../host/build/compile.ts";
import { LAB_NAMES } from "../../host/build/labs.ts";
import { ROOT } from "../../host/modules.ts";

const COMPILER = join(ROOT, "host/build/asc.mjs");
const ENTRY = "assembly/core/counter.ts";
const folder = mkdtempSync(join(tmpdir(), "labs-"));
after(() => rmSync(folder, { recursive: true }));

function inFolder(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(path, name));
}

test("every source in tests/labs is a lab or part of one, and nothing of them is in the stack", () => {
  const files = inFolder(join(ROOT, "tests/labs"));
  const entries = LAB_NAMES.map((name) => join(ROOT, `tests/labs/${name}.ts`));
  const parts = files.filter((path) => !entries.includes(path)).map((path) => relative(join(ROOT, "tests/labs"), path));
  assert.deepEqual(parts.sort(), [
    "aps/node.ts",
    "ip/mesh_node.ts",
    "ip/mle_radio.ts",
    "ip/names_route.ts",
    "ip/own_stub.ts",
    "ip/pana_send.ts",
    "ip/radio_stub.ts",
    "ip/route_stub.ts",
    "nwk/shared.ts",
    "sep1/aps_stub.ts",
    "sep1/commands.ts",
  ]);
  for (const entry of entries) assert.ok(existsSync(entry), entry);
  for (const path of sources()) assert.doesNotMatch(readFileSync(path, "utf8"), /from "[^"]*tests\//, path);
});

test("an edit is another module, and what cannot be compiled says where", () => {
  const number = (value: number) =>
    compileEntry({
      entry: ENTRY,
      options: [],
      edit: (name, text) => (name === ENTRY ? `export function f(): i32 { return ${value}; }` : text),
    });
  const call = (value: number): number =>
    (new WebAssembly.Instance(new WebAssembly.Module(number(value).wasm), {}).exports.f as () => number)();
  assert.equal(call(41), 41);
  assert.equal(call(42), 42);
  assert.deepEqual(number(41), number(41));
  const broken = {
    entry: ENTRY,
    options: [],
    edit: (name: string, text: string) => (name === ENTRY ? "export function f(): i32 { return x; }" : text),
  };
  assert.throws(() => compileEntry(broken), /counter\.ts does not compile: [\s\S]*Cannot find name 'x'/);
  assert.throws(() => compileEntry({ entry: "assembly/core/none.ts", options: [] }), /does not exist/);
});

test("several are compiled at once, each in its place", async () => {
  const said: string[] = [];
  const entries = [1, 2, 3].map((value) => ({
    entry: ENTRY,
    options: [],
    edit: (name: string, text: string) => (name === ENTRY ? `export function f(): i32 { return ${value + process.pid}; }` : text),
  }));
  const built = await compileAll(entries, 2, (entry) => said.push(entry));
  assert.deepEqual(said, [ENTRY, ENTRY, ENTRY]);
  for (const [index, { wasm, memory }] of built.entries()) {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {});
    assert.equal((exports.f as () => number)(), index + 1 + process.pid);
    assert.equal(memory, 16);
  }
  await compileAll(entries, 2, () => assert.fail("compiled again"));
});

/** One job for the compiler's process as host/build/compile.ts would hand it over. */
function job(file: string, texts: Record<string, string>): string {
  return JSON.stringify({ root: ROOT, jobs: [{ entry: "entry.ts", options: [], sources: texts, file, text: false }] });
}

const runtime = Object.fromEntries(
  inFolder(join(ROOT, "assembly/core/runtime")).map((path) => [relative(ROOT, path), readFileSync(path, "utf8")]),
);

test("a source that is not part of the key stops the compiler", () => {
  const text = `import { Counter } from "./assembly/core/counter";\nexport function f(): u32 { return offsetof<Counter>(); }`;
  const input = job(join(folder, "half.wasm"), { ...runtime, "entry.ts": text });
  const { status, stderr } = spawnSync(process.execPath, [COMPILER], { input, encoding: "utf8" });
  assert.equal(status, 1);
  assert.match(stderr, /entry\.ts reaches assembly\/core\/counter\.ts, .*did not find/);
  assert.ok(!existsSync(join(folder, "half.wasm")) && !existsSync(join(folder, "half.wasm.lock")));
});

test("two processes that want the same compile it once, and a lock whose holder died holds nobody", async () => {
  const file = join(folder, "once.wasm");
  // No process has this number: it is above what the kernel gives.
  writeFileSync(`${file}.lock`, "4194305");
  const input = job(file, { ...runtime, "entry.ts": "export function f(): i32 { return 7; }" });
  const run = (): Promise<number | null> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [COMPILER], { stdio: ["pipe", "ignore", "inherit"] });
      child.on("close", resolve);
      child.stdin.end(input);
    });
  assert.deepEqual(await Promise.all([run(), run()]), [0, 0]);
  assert.deepEqual(readdirSync(folder), ["once.wasm"]);
});
