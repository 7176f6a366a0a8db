// A folder of the stack imports only from folders to its left: docs/architecture.md, "Layers".
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { sources } from "../../host/build/built.ts";
import { ROOT } from "../../host/modules.ts";
import { LAYERS, LAYERS_PICTURE, layerPresent, layersPicture, ONLY } from "../../tools/layers.ts";

const IMPORT = /^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm;

const layerOf = (path: string): string => relative(join(ROOT, "assembly"), path).split("/")[0];
const rankOf = (layer: string): number => LAYERS.findIndex((names: readonly string[]) => names.includes(layer));

/** What is wrong with one import, or nothing. */
function judge(from: string, to: string): string | undefined {
  const [source, target] = [layerOf(from), layerOf(to)];
  if (rankOf(source) < 0) return `${source} is no layer`;
  if (rankOf(target) < 0) return `${target} is no layer`;
  if (source === target) return undefined;
  if (ONLY[source] && !ONLY[source].includes(target)) return `${source} must not import from ${target}`;
  if (rankOf(target) < rankOf(source)) return undefined;
  return `${source} must not import from ${target}`;
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, "utf8");
  return [...text.matchAll(IMPORT)].map((match) => resolve(dirname(path), `${match[1] ?? match[2]}.ts`));
}

test("every import of the stack goes left", () => {
  const wrong = sources().flatMap((path) =>
    importsOf(path).flatMap((target) => {
      const reason = judge(path, target);
      return reason ? [`${relative(ROOT, path)}: ${reason}`] : [];
    }),
  );
  assert.deepEqual(wrong, []);
});

test("the judge refuses the right and the sibling", () => {
  const at = (layer: string): string => join(ROOT, "assembly", layer, "x.ts");
  assert.equal(judge(at("zigbee"), at("sep1")), "zigbee must not import from sep1");
  assert.equal(judge(at("sep1"), at("sep2")), "sep1 must not import from sep2");
  assert.equal(judge(at("sep1"), at("crypto")), undefined);
  assert.equal(judge(at("upgrade"), at("zigbee")), "upgrade must not import from zigbee");
  assert.equal(judge(at("upgrade"), at("model")), undefined);
});

test("the picture of the layers is drawn from them", () => {
  const picture = readFileSync(join(ROOT, LAYERS_PICTURE), "utf8");
  assert.equal(picture, layersPicture(layerPresent), "npm run layers draws it anew");
  const drawn = [...picture.matchAll(/class="name" x="[\d.]+" y="(\d+)">(\w+)</g)].map(([, y, name]) => ({ y: Number(y), name }));
  assert.deepEqual(drawn.map(({ name }) => name).sort(), LAYERS.flat().sort());
  // Who may import lies above whom it may import from; siblings lie side by side.
  for (const upper of drawn) for (const lower of drawn) assert.equal(rankOf(upper.name) > rankOf(lower.name), upper.y < lower.y);
  const planned = drawn.filter(({ name }) => !layerPresent(name)).length;
  assert.equal(picture.match(/class="box planned"/g)?.length ?? 0, planned);
});

test("every folder of the stack is a layer", () => {
  const folders = readdirSync(join(ROOT, "assembly"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  assert.deepEqual(
    folders.map(({ name }) => name).filter((name) => rankOf(name) < 0),
    [],
  );
});
