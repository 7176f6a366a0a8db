// `npm run budget`: what the devices cost on the emulated board, against tests/budgets.json.  `-- --write` makes today's figures the limits.
// `-- meter ihd` looks at these devices only.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt } from "../host/build/built.ts";
import { InputError } from "../host/files/input_error.ts";
import { type Figures, MEASURED, measure } from "../host/measure/figures.ts";
import { MEASURED_SEP2, measureSep2, type Sep2Figures } from "../host/measure/figures_sep2.ts";
import { GROWTH_MAX, LOADING, loadingCosts, type ShapeCost } from "../host/measure/loading.ts";
import { ROOT } from "../host/modules.ts";
import { program } from "./words/program.ts";

const FILE = join(ROOT, "tests/budgets.json");

interface Budgets {
  about: string;
  /** Instructions for each octet of the worst modules, by their shapes. */
  loading?: Record<string, number>;
  devices: Record<string, Measured>;
}

/** Of one phase or the other. */
type Measured = Partial<Record<keyof (Figures & Sep2Figures), number | null>>;

const KNOWN = [...MEASURED, ...Object.keys(MEASURED_SEP2), LOADING];

const ABOUT =
  "Limits from the emulated board, octets and instructions; npm run budget compares, npm run budget -- --write replaces. docs/memory.md explains each.";

const LABELS: Record<keyof Measured, string> = {
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
  documentFrameInstructions: "instructions of the dearest such frame: it ends an answer, whose document is read",
  joinInstructions: "instructions from the start to being in, EAP-TLS among them",
  handshakeInstructions: "instructions of a handshake of TLS as its client, with its frames",
  getInstructions: "instructions of a request and its answer on an open connection",
  cbkeSuite1Instructions: "instructions of a key establishment, suite 1",
  cbkeSuite2Instructions: "instructions of a key establishment, suite 2",
  longestPollInstructions: "instructions of the longest poll",
};

function budgets(): Budgets {
  if (!existsSync(FILE)) return { about: ABOUT, devices: {} };
  return JSON.parse(readFileSync(FILE, "utf8")) as Budgets;
}

/** Prints one device; answers the number of figures above their limit. */
function compare(name: string, figures: Measured, limits: Measured | undefined): number {
  let above = 0;
  console.log(`\n${name}${limits ? "" : " (no budget yet)"}`);
  for (const key of Object.keys(LABELS) as (keyof Measured)[]) {
    const figure = figures[key] ?? null;
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

/** Prints what modules of each shape cost; answers how many cost more than they may. */
function compareLoading(costs: readonly ShapeCost[], limits: Record<string, number> | undefined): number {
  let above = 0;
  console.log("\nchecking and loading, instructions for each octet of the worst modules");
  for (const { shape, octets, instructionsPerOctet, growth } of costs) {
    const limit = limits?.[shape];
    const exceeds = limits !== undefined && (limit === undefined || instructionsPerOctet > limit);
    const bends = growth > GROWTH_MAX;
    if (exceeds || bends) above++;
    const words = [`${shape}, ${count(octets)} octets`, exceeds ? `ABOVE ${limit}` : "", bends ? `NOT LINEAR: ${growth.toFixed(3)}` : ""];
    console.log(`  ${instructionsPerOctet.toFixed(1).padStart(12)}  ${words.filter(Boolean).join("  ")}`);
  }
  return above;
}

/** To a tenth, upwards. */
const tenths = (value: number): number => Math.ceil(value * 10) / 10;

const count = (value: number): string => value.toLocaleString("en");

async function main(words: string[]): Promise<number> {
  const write = words.includes("--write");
  const names = words.filter((word) => word !== "--write");
  const unknown = names.find((name) => !KNOWN.includes(name));
  if (unknown) throw new InputError(`"${unknown}" is no device; npm run budget knows ${KNOWN.join(", ")} and --write`);
  const say = (line: string): void => console.error(line);
  await ensureBuilt(say);
  const wanted = names.length > 0 ? names : KNOWN;
  const devices = MEASURED.filter((name) => wanted.includes(name));
  const measured = new Map<string, Measured>();
  if (devices.length > 0) for (const [name, figures] of await measure(devices, say)) measured.set(name, figures);
  const later = Object.keys(MEASURED_SEP2).filter((name) => wanted.includes(name));
  if (later.length > 0) for (const [name, figures] of await measureSep2(later, say)) measured.set(name, figures);
  const file = budgets();
  let above = 0;
  for (const [name, figures] of measured) {
    above += compare(name, figures, write ? undefined : file.devices[name]);
    if (write) file.devices[name] = figures;
    else if (!file.devices[name]) above++;
  }
  if (wanted.includes(LOADING)) {
    const costs = await loadingCosts(say);
    above += compareLoading(costs, write ? undefined : (file.loading ?? {}));
    if (write) file.loading = Object.fromEntries(costs.map(({ shape, instructionsPerOctet }) => [shape, tenths(instructionsPerOctet)]));
  }
  // What other measures keep in the file, as those of TLS, stays.
  if (write) writeFileSync(FILE, `${JSON.stringify({ ...file, about: ABOUT, devices: file.devices }, null, 2)}\n`);
  if (above > 0) console.log(`\n${above} figures are above their limit or have none; a raise is written with: npm run budget -- --write`);
  return above > 0 ? 1 : 0;
}

await program(import.meta.url, main, { unread: true });
