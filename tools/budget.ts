// `npm run budget`: what the devices cost on the emulated board, against tests/budgets.json.  `-- --write` makes today's figures the limits.
// `-- meter ihd` looks at these devices only.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt } from "../host/build/built.ts";
import { InputError } from "../host/load/input_error.ts";
import { type Figures, MEASURED, measure } from "../host/measure/figures.ts";
import { ROOT } from "../host/modules.ts";
import { program } from "./words/program.ts";

const FILE = join(ROOT, "tests/budgets.json");

interface Budgets {
  about: string;
  devices: Record<string, Figures>;
}

const ABOUT =
  "Limits from the emulated board, octets and instructions; npm run budget compares, npm run budget -- --write replaces. docs/memory.md explains each.";

const LABELS: Record<keyof Figures, string> = {
  module: "module",
  wasmCode: "wasm code",
  wasmData: "wasm data",
  linearMemory: "linear memory",
  translatedPeak: "translated code at its peak",
  wasm3Own: "wasm3's own",
  arenaPeak: "arena at its peak",
  cHeap: "C heap",
  cStackPeak: "C stack at its peak",
  staticRam: "RAM without the arena",
  ram: "whole RAM",
  flash: "flash of the native firmware with its factory module",
  loadInstructions: "instructions to check and load the module",
  bootInstructions: "instructions from the reset to a module of a slot, verified and loaded",
  frameInstructions: "instructions of a full-size frame, its code translated",
  settledFrameInstructions: "instructions of the dearest after the first minute",
  cbkeSuite1Instructions: "instructions of a key establishment, suite 1",
  cbkeSuite2Instructions: "instructions of a key establishment, suite 2",
  longestPollInstructions: "instructions of the longest poll",
};

function budgets(): Budgets {
  if (!existsSync(FILE)) return { about: ABOUT, devices: {} };
  return JSON.parse(readFileSync(FILE, "utf8")) as Budgets;
}

/** Prints one device; answers the number of figures above their limit. */
function compare(name: string, figures: Figures, limits: Figures | undefined): number {
  let above = 0;
  console.log(`\n${name}${limits ? "" : " (no budget yet)"}`);
  for (const key of Object.keys(LABELS) as (keyof Figures)[]) {
    const figure = figures[key];
    if (figure === null) continue;
    const limit = limits?.[key] ?? null;
    const exceeds = limits !== undefined && (limit === null || figure > limit);
    if (exceeds) above++;
    console.log(
      `  ${count(figure).padStart(12)}  ${LABELS[key]}${limit === null || limit === figure ? "" : `  limit ${count(limit)}`}${exceeds ? "  ABOVE" : ""}`,
    );
  }
  return above;
}

const count = (value: number): string => value.toLocaleString("en");

async function main(words: string[]): Promise<number> {
  const write = words.includes("--write");
  const names = words.filter((word) => word !== "--write");
  const unknown = names.find((name) => !MEASURED.includes(name));
  if (unknown) throw new InputError(`"${unknown}" is no device; npm run budget knows ${MEASURED.join(", ")} and --write`);
  const say = (line: string): void => console.error(line);
  await ensureBuilt(say);
  const measured = await measure(names.length > 0 ? names : MEASURED, say);
  const file = budgets();
  let above = 0;
  for (const [name, figures] of measured) {
    above += compare(name, figures, write ? undefined : file.devices[name]);
    if (write) file.devices[name] = figures;
    else if (!file.devices[name]) above++;
  }
  if (write) writeFileSync(FILE, `${JSON.stringify({ ...file, about: ABOUT }, null, 2)}\n`);
  if (above > 0) console.log(`\n${above} figures are above their limit or have none; a raise is written with: npm run budget -- --write`);
  return above > 0 ? 1 : 0;
}

await program(import.meta.url, main, { unread: true });
