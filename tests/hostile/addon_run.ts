// `npm run fuzz:addon [-- STEPS SEED]`: wrong uses of the add-on in a process of its own, with AddressSanitizer before everything else.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../host/modules.ts";
import { sanitizerLibrary } from "../../host/native/build.ts";
import { program } from "../../tools/words/program.ts";

export const ADDON_STEPS = 30_000;
const PROGRAM = fileURLToPath(new URL("addon_fuzz.ts", import.meta.url));
/** A sanitised process is slow to start, and builds what it needs first. */
const PATIENCE_MS = 600_000;
const STEP_MS_MAX = 5;

/** What was called and how often; throws when the process did not end by itself. */
export function runAddonFuzz(steps: number, seed: string): Record<string, number> {
  const sanitised = { ...process.env, KW_SANITIZE: "1", ASAN_OPTIONS: "detect_leaks=0", NODE_OPTIONS: "" };
  const run = (words: string[], env: NodeJS.ProcessEnv): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [...words], { cwd: ROOT, encoding: "utf8", env, timeout: PATIENCE_MS + steps * STEP_MS_MAX });
  const build = `import("./host/native/build.ts").then((native) => native.buildAddon((line) => console.error(line)))`;
  const built = run(["--import", "tsx", "--eval", build], sanitised);
  if (built.status !== 0) throw new Error(`the sanitised add-on could not be built: ${built.stderr}`);
  const ended = run(["--expose-gc", "--import", "tsx", PROGRAM, String(steps), seed], { ...sanitised, LD_PRELOAD: sanitizerLibrary() });
  if (ended.status !== 0) {
    const how = ended.signal ?? `code ${ended.status}`;
    throw new Error(`the add-on ended the process, seed ${seed}, ${how}: ${ended.stderr.slice(-6000)}`);
  }
  return JSON.parse(ended.stdout.trim().split("\n").at(-1) ?? "{}");
}

async function main([steps = "1000000", seed = String(process.pid)]: string[]): Promise<void> {
  console.log(`seed ${seed}`);
  console.log(JSON.stringify(runAddonFuzz(Number(steps), seed)));
}

await program(import.meta.url, main, { unread: true });
