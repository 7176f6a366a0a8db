// What a machine can check of documents: lines that a diff and a terminal can show, links and paths that lead somewhere, options that
// the help knows, and commands that there are.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";
import { HelpShown, optionsParse } from "../../tools/home/options.ts";

const COLUMNS_MAX = 140;
const isPage = (path: string): boolean => path.endsWith(".md");
const documents = [
  ...readdirSync(ROOT).filter(isPage),
  ...["docs", "host", "tests", "boards"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter(isPage)
      .map((path) => join(folder, path)),
  ),
];

/** Lines that are too long; a row of a table cannot be broken, everything else can. */
function longLines(text: string): number[] {
  return text.split("\n").flatMap((line, index) => ([...line].length > COLUMNS_MAX && !line.startsWith("|") ? [index + 1] : []));
}

/** Where the links and pictures of a page lead within the repository. */
function targets(text: string): string[] {
  const prose = text.replace(/^( {4}.*|```[\s\S]*?^```)$/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]).filter((target) => !/^[a-z]+:/.test(target));
}

test(`lines of documents have ${COLUMNS_MAX} characters at most`, () => {
  assert.ok(documents.includes("README.md") && documents.includes("docs/abi.md"));
  const wrong = documents.flatMap((path) => longLines(readFileSync(join(ROOT, path), "utf8")).map((line) => `${path}:${line}`));
  assert.deepEqual(wrong, []);
});

test("links of documents lead to files that are there", () => {
  const wrong = documents.flatMap((path) =>
    targets(readFileSync(join(ROOT, path), "utf8"))
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(wrong, []);
});

/** Paths that a page names outside of links: of a folder, a file, or what several files are called alike; capitals stand for any name. */
function paths(text: string): string[] {
  const found = text.matchAll(/(?<![\w/.-])(?:assembly|boards|clusters|docs|host|tests|tools)\/[\w./-]*\w/g);
  return [...found].map(([path]) => path).filter((path) => !/\/[A-Z]{2,}/.test(path));
}

/** `docs/abi.md`, `tests/nwk/join` for its test, `docs/decisions/0010`. */
function leads(path: string): boolean {
  const folder = join(ROOT, dirname(path));
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(basename(path)));
}

test("files that documents name are there", () => {
  const found = documents.flatMap((path) => paths(readFileSync(join(ROOT, path), "utf8")).map((named) => ({ path, named })));
  assert.ok(found.length > 200, `${found.length}`);
  assert.deepEqual(
    found.filter(({ named }) => !leads(named)).map(({ path, named }) => `${path}: ${named}`),
    [],
  );
});

/** What npm runs by itself, and what a newcomer is told first. */
const NPMS = ["prepare", "prepack", "prestart", "start", "test"];

test("CONTRIBUTING.md has every command of package.json, and no document another one", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: Record<string, string> };
  const told = (path: string): string[] =>
    [...readFileSync(join(ROOT, path), "utf8").matchAll(/\bnpm run ([a-z]+(?::[a-z]+)?)/g)].map((match) => match[1]);
  const all = Object.keys(scripts).filter((name) => !NPMS.includes(name));
  assert.deepEqual([...new Set(told("CONTRIBUTING.md"))].sort(), all.sort());
  const unknown = documents.flatMap((path) => told(path).flatMap((name) => (scripts[name] ? [] : [`${path}: npm run ${name}`])));
  assert.deepEqual(unknown, []);
});

test("docs/home.md has the options of the help, each once", () => {
  const lines: string[] = [];
  const surroundings = { folder: ROOT, terminal: false, write: (text: string) => void lines.push(text) };
  assert.throws(() => optionsParse(["--help"], surroundings), HelpShown);
  const told = [...lines.join("").matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1]).filter((name) => name !== "--help");
  assert.ok(told.includes("--update-at"));
  const rows = [...readFileSync(join(ROOT, "docs/home.md"), "utf8").matchAll(/^\| `(--[a-z-]+)/gm)].map((match) => match[1]);
  assert.deepEqual(rows.sort(), told.sort());
});

test("the judge of documents sees the line too long, and the link in prose but not in code", () => {
  const long = "é".repeat(COLUMNS_MAX + 1);
  assert.deepEqual(longLines(`${long.slice(1)}\n${long}\n| ${long} |\n    ${long}`), [2, 4]);
  assert.deepEqual(targets("[a](b.md#c) ![d](e.svg) [f](https://g) `[h](i)`\n\n    [j](k)"), ["b.md", "e.svg"]);
  assert.deepEqual(paths("`host/abi.ts`, tests/labs/AREA, tests/nwk; ../docs/x, zigbee/aps"), ["host/abi.ts", "tests/nwk"]);
  assert.deepEqual(["host/abi.ts", "tests/nwk/join", "docs/decisions/0010", "host/nowhere.ts"].map(leads), [true, true, true, false]);
});
