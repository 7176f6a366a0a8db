// What a machine can check of docs/conventions: lengths, marks of unfinished work, allocation.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { compile, sources } from "../../host/build/built.ts";
import { ROOT } from "../../host/modules.ts";

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 60;
const PAGE_LINES_MAX = 60;
/** Written so that this file does not find itself. */
const MARK = new RegExp(`\\b(${["TO", "FIX", "XX", "HA"].map((head, index) => head + ["DO", "ME", "X", "CK"][index]).join("|")})\\b`);

function files(folder: string, endings: string[]): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path, endings);
    return endings.some((ending) => entry.name.endsWith(ending)) ? [join(ROOT, path)] : [];
  });
}

const written = [
  ...files("assembly", [".ts"]),
  ...files("host", [".ts", ".c", ".h"]),
  ...files("boards", [".c", ".h"]),
  ...files("tools", [".ts"]),
  ...files("tests", [".ts", ".c"]),
];

/** Functions that begin in column one or as members; their end is the brace at the same depth. */
function longFunctions(path: string): string[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const found: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const head = /^( {0,2})(?=\S)(?:export |static |async |private |protected |function )*[\w<>*, ]*\w+\([^;]*\)[^;]*\{$/.exec(
      lines[index],
    );
    if (!head || /^\s*(if|for|while|switch|test|describe|class)\b/.test(lines[index])) continue;
    const end = lines.findIndex((line, at) => at > index && line === `${head[1]}}`);
    if (end - index + 1 > FUNCTION_LINES_MAX) found.push(`${relative(ROOT, path)}:${index + 1} ${end - index + 1} lines`);
  }
  return found;
}

test("a file is one sitting", () => {
  const long = written.filter((path) => readFileSync(path, "utf8").split("\n").length - 1 > FILE_LINES_MAX);
  assert.deepEqual(
    long.map((path) => relative(ROOT, path)),
    [],
  );
});

test("a device's page is one screen", () => {
  const pages = files("assembly/devices", [".ts"]);
  assert.ok(pages.length > 8);
  const long = pages.filter((path) => readFileSync(path, "utf8").split("\n").length - 1 > PAGE_LINES_MAX);
  assert.deepEqual(
    long.map((path) => relative(ROOT, path)),
    [],
  );
});

test("a function is one screen", () => {
  const named = written.filter((path) => !relative(ROOT, path).startsWith("tests"));
  assert.deepEqual(named.flatMap(longFunctions), []);
});

test("nothing is marked as unfinished", () => {
  const marked = written.filter((path) => MARK.test(readFileSync(path, "utf8")));
  assert.deepEqual(
    marked.map((path) => relative(ROOT, path)),
    [],
  );
});

test("the stack uses neither floating point nor what a heap gives", () => {
  const forbidden = /\bf(32|64)\b|: (string|Map|Set|Array)\b|\bnew [A-Z]/;
  const wrong = sources().flatMap((path) =>
    readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => forbidden.test(line.replace(/\/\/.*|\/\*.*?\*\/|^\s*\*.*/, "")))
      .map((line) => `${relative(ROOT, path)}: ${line.trim()}`),
  );
  assert.deepEqual(wrong, []);
});

test("code that allocates does not compile", async () => {
  const folder = join(ROOT, "build/structure");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "heap.ts"),
    "class Thing { x: i32 = 1; }\nexport function abi(): u32 { return changetype<u32>(new Thing()); }\n",
  );

  await assert.rejects(compile("build/structure/heap.ts", "meter_sep1"), /no heap/);
});
