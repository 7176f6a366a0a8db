// A folder of the stack imports only from folders to its left: docs/architecture.md, "Layers".
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";
import { sources } from "../../tools/build.ts";

/** Siblings share a rank and do not know each other. */
const LAYERS = [
  ["core"],
  ["crypto", "model"],
  ["mac"],
  ["zigbee", "ip"],
  ["sep1", "sep2"],
  ["upgrade"],
  ["application"],
  ["bridge"],
  ["devices"],
];
/** What a layer may know is less than what lies to its left: an update knows no protocol, its device tells it where it stands. */
const ONLY: Record<string, string[]> = { upgrade: ["core", "model"] };
const IMPORT = /^(?:import|export)\s[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm;

const layerOf = (path: string): string => relative(join(ROOT, "assembly"), path).split("/")[0];
const rankOf = (layer: string): number => LAYERS.findIndex((names) => names.includes(layer));

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
