// Folders of host/ and tools/ are rooms: their imports form no circle, the files beside the rooms of host/ know none of them, and host/ does not know tools/.
// Of assembly/ the layers are held apart by imports.test.ts; the folders of one layer form no circle either.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";

const IMPORT = /(?:\bfrom|\bimport\(|\bimport)\s*"(\.[^"]+)"/g;

interface Edge {
  from: string;
  to: string;
  file: string;
}

function files(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return /\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

function edgesOf(file: string, text: string): Edge[] {
  return [...text.matchAll(IMPORT)]
    .map(([, name]) => ({ from: dirname(file), to: dirname(relative(ROOT, resolve(ROOT, dirname(file), name))), file }))
    .filter(({ from, to }) => from !== to);
}

/** One circle as its rooms in order, the first at the end again; nothing when there is none. */
function circle(edges: readonly Edge[]): string[] | undefined {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const done = new Set<string>();
  const visit = (room: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(room)) return [...way.slice(way.indexOf(room)), room];
    if (done.has(room)) return undefined;
    for (const other of next.get(room) ?? []) {
      const found = visit(other, [...way, room]);
      if (found) return found;
    }
    done.add(room);
    return undefined;
  };
  for (const room of next.keys()) {
    const found = visit(room, []);
    if (found) return found;
  }
  return undefined;
}

const edges = ["host", "tools"].flatMap(files).flatMap((file) => edgesOf(file, readFileSync(join(ROOT, file), "utf8")));

test("the rooms of host/ and tools/ form no circle", () => {
  assert.ok(edges.length > 300, `${edges.length} imports between rooms were found`);
  const found = circle(edges);
  const why = found?.slice(1).map((to, index) => edges.find((edge) => edge.from === found[index] && edge.to === to)?.file);
  assert.equal(found, undefined, `${found?.join(" -> ")}, by ${why?.join(", ")}`);
});

test("the folders of a layer of assembly/ form no circle among each other", () => {
  const all = files("assembly").flatMap((file) => edgesOf(file, readFileSync(join(ROOT, file), "utf8")));
  // What lies beside a layer's folders is of both ends: limits and addresses below them, stacks and faces above.
  const within = (folder: string, other: string): boolean => `${other}/`.startsWith(`${folder}/`);
  const between = all.filter(({ from, to }) => !within(from, to) && !within(to, from));
  assert.ok(between.length > 300, `${between.length} imports between folders were found`);
  const found = circle(between);
  assert.equal(found, undefined, found?.join(" -> "));
});

test("host/ does not know tools/", () => {
  assert.deepEqual(
    edges.filter(({ from, to }) => from.startsWith("host") && to.startsWith("tools")).map(({ file }) => file),
    [],
  );
});

/** Words of a program: what prints, ends the process, or reads its command line. */
const PROGRAM =
  /\bconsole\s*\.\s*(?:log|error|warn|info|debug|table|dir)\b|\bprocess\s*\.\s*(?:stdout|stderr|stdin|exit|exitCode|abort)\b|\bwriteSync\(\s*[12]\b/;
/** Programs that host/ runs in processes of their own. */
const PROGRAMS = ["host/build/asc.mjs"];

test("host/ neither prints nor exits: what it has to say goes through what a tool gave it", () => {
  const printing = files("host").filter((file) => !PROGRAMS.includes(file) && PROGRAM.test(readFileSync(join(ROOT, file), "utf8")));
  assert.deepEqual(printing, ["host/native/addon.ts"], "addon.ts has the text of a program that builds it");
  for (const word of ["console.log(1)", "process.stdout.write(x)", "process.exitCode = 1", "process . exit()", "writeSync(2, x)"])
    assert.match(word, PROGRAM);
  for (const word of ['process.once("exit", kill)', "process.execPath", 'from "./console.ts"', "this.console(x)"])
    assert.doesNotMatch(word, PROGRAM);
});

test("what lies beside the rooms of host/ knows none of them", () => {
  assert.deepEqual(
    edges.filter(({ from }) => from === "host").map(({ file, to }) => `${file} -> ${to}`),
    [],
  );
});

test("a circle is found, however long, and by every form of import", () => {
  const rooms = (file: string, text: string): Edge[] => edgesOf(file, text);
  const one = rooms("host/a/x.ts", 'import { y } from "../b/y.ts";');
  const two = rooms("host/b/y.ts", 'const z = await import("../c/z.ts");');
  const three = rooms("host/c/z.ts", 'export * from "../a/x.ts";');
  assert.equal(circle([...one, ...two]), undefined);
  assert.deepEqual(circle([...one, ...two, ...three]), ["host/a", "host/b", "host/c", "host/a"]);
  assert.deepEqual(rooms("host/a/x.ts", 'import "./w.ts";'), []);
});
