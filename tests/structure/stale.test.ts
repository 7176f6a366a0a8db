// Modules of other sources than those that are there now are not handed out: a sentence says what to run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { ensureBuilt } from "../../host/build/built.ts";
import { builtPath, DIGEST, ROOT, sourcesDigest } from "../../host/modules.ts";
import { cpuMs } from "../support/cpu.ts";

const CPU_MS_MAX = 100;
const STALE = 'build/hub.wasm is not of the sources as they are now; run "npm run build"';

/** A repository as far as host/modules.ts looks at one. */
const root = mkdtempSync(join(tmpdir(), "kw-stale-"));
before(() => ensureBuilt(() => {}));
after(() => rmSync(root, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** In a process of its own, with the module read anew for each step: what `builtPath` says after a build and after each change. */
const STEPS = `import { renameSync, rmSync, writeFileSync } from "node:fs";
const [url, root, text] = process.argv.slice(1);
const file = (path) => root + "/" + path;
let count = 0;
const ask = async (change) => {
  const modules = await import(url + "?" + count++);
  change(modules);
  try {
    console.log(modules.builtPath("hub") === file("build/hub.wasm") ? "fresh" : "another");
  } catch (error) {
    console.log(error.message);
  }
};
const build = ({ DIGEST, sourcesDigest }) => writeFileSync(DIGEST, sourcesDigest());
const changes = [
  () => writeFileSync(file("assembly/devices/hub.ts"), text + " "),
  () => writeFileSync(file("assembly/devices/new.ts"), ""),
  () => renameSync(file("assembly/devices/new.ts"), file("assembly/devices/other.ts")),
  () => rmSync(file("assembly/devices/other.ts")),
  () => writeFileSync(file("asconfig.json"), "{ }"),
  () => writeFileSync(file("host/build/asc.mjs"), text),
];
await ask(() => undefined);
for (const change of changes) {
  await ask(build);
  await ask(change);
}
await ask(build);
await ask(() => writeFileSync(file("host/build/notes.txt"), "no source"));`;

test("a module is handed out after a build, and not after any change of what it was made of", () => {
  cpSync(join(ROOT, "host/modules.ts"), join(root, "host/modules.ts"));
  write("package.json", '{ "type": "module" }');
  write("asconfig.json", "{}");
  write("assembly/devices/hub.ts", "text");
  write("host/build/asc.mjs", "");
  write("build/hub.wasm", "");
  const url = pathToFileURL(join(root, "host/modules.ts")).href;
  const words = ["--import", "tsx", "--input-type=module", "--eval", STEPS, url, root, "text"];
  const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: ROOT, encoding: "utf8" });
  assert.equal(stderr, "");
  const changed = Array.from({ length: 6 }, () => ["fresh", STALE]).flat();
  assert.deepEqual(stdout.trim().split("\n"), [STALE, ...changed, "fresh", "fresh"]);
});

test("a build leaves the digest of its sources, which costs little to make", () => {
  const from = cpuMs();
  const digest = sourcesDigest();
  const cost = cpuMs() - from;
  assert.equal(readFileSync(DIGEST, "utf8"), digest);
  assert.equal(builtPath("hub_sep1"), join(ROOT, "build/hub_sep1.wasm"));
  assert.ok(cost < CPU_MS_MAX, `${cost} ms of the processor`);
});
