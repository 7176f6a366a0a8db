// Folders of host/ and tools/ are rooms: their imports form no circle, the files beside the rooms of host/ know none of them, and host/ does not know tools/.
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

test("host/ does not know tools/", () => {
  assert.deepEqual(
    edges.filter(({ from, to }) => from.startsWith("host") && to.startsWith("tools")).map(({ file }) => file),
    [],
  );
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
