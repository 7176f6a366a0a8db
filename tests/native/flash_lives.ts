// The figures of docs/memory.md, "Flash that errs": npx tsx tests/native/flash_lives.ts
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildSanitisedProgram } from "../../host/native/build.ts";
import { program } from "../../tools/words/program.ts";

const STORE = ["ccm.c", "crypto.c", "nor_flash.c", "store.c", "store_entry.c", "store_label.c"];
const source = (name: string): string => fileURLToPath(new URL(`./${name}`, import.meta.url));
const KINDS = 10;

export function flashLives(): Promise<string> {
  return buildSanitisedProgram([source("flash_lives.c"), source("flash_model.c")], "flash_lives", console.error, STORE);
}

const STATE = ["ccm.c", "crypto.c", "image_state.c", "nor_flash.c", "store_label.c"];

export function imageLives(): Promise<string> {
  return buildSanitisedProgram([source("image_lives.c"), source("flash_model.c")], "image_lives", console.error, STATE);
}

/** One run of it; AddressSanitizer ends it at the first wrong access. */
export function runLives(program: string, ...options: (string | number)[]): string {
  return execFileSync(program, options.map(String), { encoding: "utf8", env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" } });
}

async function main(): Promise<void> {
  const program = await flashLives();
  const runs: (string | number)[][] = [
    ["stuck", 1000, 1],
    ["worn", 1000, 1],
    ["rot", 3000, 1],
    ["wear", 20_000],
  ];
  for (let kind = 1; kind <= KINDS; kind++) runs.push(["fault", kind, 1]);
  for (const options of runs) process.stdout.write(`${options.join(" ")}: ${runLives(program, ...options)}`);
  const state = await imageLives();
  for (const options of runs.filter(([what]) => what !== "worn" && what !== "wear"))
    process.stdout.write(`image state, ${options.join(" ")}: ${runLives(state, ...options)}`);
}

await program(import.meta.url, main, { unread: true });
