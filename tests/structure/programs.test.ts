// Programs of the repository: all begin in tools/words/program.ts, and outputs that a person names are written by host/files/output_file.ts.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";

const BEGINS = /^(?:await )?(?:program\(\s*import\.meta\.url|runProgram\()/m;
/** What a test runs as a process is no program for people. */
const MAY_BE_WITHOUT = new Set(["tools/test_yield.mjs", "tools/kilowasm.mjs", "tools/test.mjs", "tools/words/program.ts"]);

function files(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/\.(test|spec)\.ts$/.test(path))
    .sort();
}

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
const named = Object.values(scripts).flatMap((script) => script.match(/\b(?:tools|tests)\/\S+\.ts/g) ?? []);

/** Programs: what a script names, what looks at the command line, and what of tools/ has nothing for others. */
function programs(): string[] {
  const all = [...files("tools"), ...files("host"), ...files("tests").filter((path) => path.endsWith(".ts"))];
  const looks = all.filter((path) => /process\.argv\b|\bparseArgs\(/.test(textOf(path)));
  const closed = files("tools").filter((path) => !/^export /m.test(textOf(path)));
  return [...new Set([...named, ...looks, ...closed])].filter((path) => !MAY_BE_WITHOUT.has(path)).sort();
}

test("every program begins where all begin", () => {
  const all = programs();
  for (const known of ["tools/sizes.ts", "tools/main.ts", "tests/fuzz/run.ts", "tools/home/picture.ts"])
    assert.ok(all.includes(known), known);
  assert.deepEqual(
    all.filter((path) => !BEGINS.test(textOf(path))),
    ["host/native/addon.ts"], // hands its own text to a process that builds
  );
});

/** Who writes files besides host/files/output_file.ts: none has its name from a command line. */
const WRITERS: Record<string, string> = {
  "host/board/board.ts": "flash and key of an emulated board",
  "host/board/build.ts": "products of a build",
  "host/board/install.ts": "flash of an emulated board",
  "host/board/replay.ts": "files between this process and the emulator",
  "host/build/asc.mjs": "products of a build",
  "host/build/built.ts": "products of a build",
  "host/build/objects.ts": "products of a build",
  "host/build/third_party.ts": "sources from a registry",
  "host/ip/hub_tap.ts": "settings of an interface of Linux",
  "host/measure/boot.ts": "noise of a measured board",
  "host/native/addon.ts": "what a build says, on standard error",
  "host/native/build.ts": "products of a build",
  "host/web/build_page.ts": "products of a build",
  "tools/abi.ts": "generated sources",
  "tools/budget.ts": "tests/budgets.json",
  "tools/clusters.ts": "generated sources",
  "tools/format_stack.ts": "sources in form",
  "tools/home/update_picture.ts": "packages for a picture, in a temporary folder",
  "tools/household.ts": "a generated file",
  "tools/image/codec_model.ts": "generated sources",
  "tools/layers.ts": "a generated picture",
  "tools/pack.ts": "dist/",
  "tools/records.ts": "generated sources",
  "tools/schema2030.ts": "generated sources",
  "tools/schema.ts": "generated documents",
  "tools/test.ts": "the summary of a run",
  "tools/test_bundle.ts": "test files as JavaScript",
  "tools/test_run.ts": "costs of tests",
};

/** What a file imports of Node's files. */
function fromFiles(path: string): string[] {
  const lists = [...textOf(path).matchAll(/import (?:\* as )?([^;]*?) from "(?:node:)?fs(?:\/promises)?"/g)];
  return lists.flatMap(([, list]) => list.split(/[{},\s]+/));
}

test("what a command line names as an output is written in one place", () => {
  const writes = /^(?:writeFile|writev|write|appendFile|createWriteStream|copyFile|cp|rename|truncate|ftruncate)(?:Sync)?$/;
  const found = [...files("tools"), ...files("host")].filter((path) => fromFiles(path).some((name) => writes.test(name)));
  assert.deepEqual(
    found.filter((path) => path !== "host/files/output_file.ts" && !(path in WRITERS)),
    [],
  );
});

/** Who reads what a command line names reads it bounded, in host/files/input_file.ts. */
test("what a command line names as an input is read in one place", () => {
  const readers: Record<string, string> = {
    "host/home/machine.ts": "package.json",
    "host/home/update_source.ts": "a package that is read in parts",
    "host/vectors/ota.ts": "files of a folder, whose kind and size were looked at",
    "tools/image/codec_model.ts": "modules of build/",
    "tools/image/line.ts": "a serial port",
    "tools/image/serve.ts": "package.json",
    "tools/image/source.ts": "our own sources",
    "tools/words/exit.ts": "package.json",
  };
  const folders = ["tools/home", "tools/image", "tools/trace", "tools/words", "host/home", "host/load", "host/vectors"];
  const reads = /^(?:readFile|open|createReadStream)(?:Sync)?$/;
  const found = folders.flatMap(files).filter((path) => fromFiles(path).some((name) => reads.test(name)));
  assert.deepEqual(found.sort(), Object.keys(readers).sort());
});

/** Runs a program whose reader has gone before it says anything, and one whose disk is full. */
function shell(words: string): { status: number | null; stderr: string } {
  return spawnSync("bash", ["-o", "pipefail", "-c", words], { cwd: ROOT, encoding: "utf8" });
}

const BABBLER = `${process.execPath} --import tsx tests/structure/babbler.ts`;

test("a reader that goes away is no failure, and a verdict is told without one", () => {
  for (const [words, status] of [
    ["talk 0 | true", 0],
    ["talk 0 | head -1", 0],
    ["judge 0 | true", 0],
    ["judge 7 | true", 7],
    ["judge 7", 7],
    ["talk 7", 7],
  ] as const) {
    const done = shell(`${BABBLER} ${words.includes("|") ? words : `${words} > /dev/null`}`);
    assert.deepEqual([done.status, done.stderr], [status, ""], words);
  }
});

test("a full disk is a failure with a sentence, also beside a verdict", () => {
  for (const words of ["talk 0", "judge 0"]) {
    const done = shell(`${BABBLER} ${words} > /dev/full`);
    assert.equal(done.status, 1, words);
    assert.match(done.stderr, /^(kilowasm: the output cannot be written: the disk is full\.\n)+$/, words);
  }
});

test("what goes wrong is a sentence, and with a stack only where we are to blame", () => {
  const done = shell(`${BABBLER} fail`);
  assert.deepEqual([done.status, done.stderr], [1, "the disk of all disks\n"]);
  const usage = shell(`${BABBLER} usage`);
  assert.deepEqual([usage.status, usage.stderr], [2, "there is no such word\n"]);
  const fault = shell(`${BABBLER} fault`);
  assert.equal(fault.status, 1);
  assert.match(fault.stderr, /^TypeError: .*\n {4}at /);
});
