// Two networks take turns in a hub of both phases (assembly/mac/interfaces.ts): whatever both stacks have of state is exchanged, or used up
// within a turn, or meant for both.  Who adds state to a file that both reach says here which.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";

const EXCHANGED = "by macSelect";
const WITHIN = "written and read within one turn";
const BOTH = "of both";
const SHARED: Record<string, string> = {
  "core/drops counters": BOTH,
  "core/drops note": WITHIN,
  "core/drops state": BOTH,
  "core/drops awaited": BOTH,
  "mac/mac mac": EXCHANGED,
  "mac/mac macHeard": WITHIN,
  "mac/mac macAir": WITHIN,
  "mac/mac macInterface": EXCHANGED,
  "mac/scan scan": EXCHANGED,
  "model/clock clock": BOTH,
  "model/tariff fresh": BOTH,
  "model/tariff list": BOTH,
  "model/tariff tariffNew": WITHIN,
  "model/tariff version": BOTH,
};
const IMPORT = /^\s*(?:import|export)\b[^;"']*?\bfrom\s+["']([^"']+)["']/gm;
const STATE = /^(?:export )?(?:const (\w+) = (?:changetype<\w+>\()?memory\.data\(|let (\w+))/gm;

function reached(entry: string, found = new Set<string>()): Set<string> {
  if (found.has(entry)) return found;
  found.add(entry);
  for (const [, path] of readFileSync(join(ROOT, entry), "utf8").matchAll(IMPORT)) {
    const file = `${normalize(join(dirname(entry), path))}.ts`;
    if (existsSync(join(ROOT, file))) reached(file, found);
  }
  return found;
}

test("what the stacks of both phases share is exchanged, used up within a turn, or meant for both", () => {
  const second = reached("assembly/sep2/hub.ts");
  const shared = [...reached("assembly/sep1/hub.ts")].filter((path) => second.has(path));
  assert.ok(shared.includes("assembly/mac/mac.ts") && shared.length > 8);
  const state = shared.flatMap((path) =>
    [...readFileSync(join(ROOT, path), "utf8").matchAll(STATE)].map(
      ([, placed, plain]) => `${path.replace(/^assembly\/|\.ts$/g, "")} ${placed ?? plain}`,
    ),
  );
  assert.deepEqual(state.sort(), Object.keys(SHARED).sort());
  const exchanged = readFileSync(join(ROOT, "assembly/mac/interfaces.ts"), "utf8");
  for (const name of Object.keys(SHARED).filter((each) => SHARED[each] === EXCHANGED))
    assert.match(exchanged, new RegExp(`\\b${name.split(" ")[1]}\\b`), name);
});
