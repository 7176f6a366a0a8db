// Compiles entries, each once per content: a result is kept under the hash of all it was made from.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../modules.ts";
import { functionNames, sectionIds, withoutNames } from "../wasm.ts";

const CACHE = join(ROOT, "build/compiled");
const COMPILER = fileURLToPath(new URL("asc.mjs", import.meta.url));
/** Results kept; the oldest go. */
const KEPT_MAX = 400;
const START_SECTION = 8;
const MEMORY_SECTION = 10;
/** What every module is linked with, whoever imports it. */
const RUNTIME = "assembly/core/runtime/index.ts";
const IMPORT = /^\s*(?:import|export)\b[^;"']*?\bfrom\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']/gm;

/** May change a source on its way in; its result is what is compiled and what the key is made of. */
export type Edit = (name: string, text: string) => string;

export interface Wanted {
  /** A path from the repository's root. */
  entry: string;
  options: readonly string[];
  edit?: Edit;
  /** The text form instead of the binary. */
  text?: boolean;
}

export interface Built {
  wasm: Uint8Array<ArrayBuffer>;
  /** Of its functions by their index; what is shipped carries none. */
  names: Map<number, string>;
  /** Octets of linear memory below which all state lies. */
  memory: number;
}

interface Job {
  entry: string;
  options: readonly string[];
  sources: Record<string, string>;
  file: string;
  text: boolean;
}

/** Every source that an entry reaches, by its path from the root, as the compiler will see it. */
function reached(entry: string, edit: Edit): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (name: string): void => {
    if (name in found) return;
    const text = edit(name, readFileSync(join(ROOT, name), "utf8"));
    found[name] = text;
    for (const match of text.matchAll(IMPORT)) {
      const path = normalize(join(dirname(name), match[1] ?? match[2]));
      const file = [`${path}.ts`, `${path}/index.ts`].find((candidate) => existsSync(join(ROOT, candidate)));
      if (file) visit(file);
    }
  };
  visit(entry);
  visit(RUNTIME);
  return found;
}

let version: Buffer | undefined;

/** What the same sources and options may differ by: the compiler, its optimiser, and how we call them. */
function compilerVersion(): Buffer {
  version ??= Buffer.concat(
    [
      COMPILER,
      ...["host/build/constants.mjs", "asconfig.json", "node_modules/assemblyscript/package.json"].map((name) => join(ROOT, name)),
    ].map((path) => readFileSync(path)),
  );
  return version;
}

function jobOf({ entry, options, edit = (_, text) => text, text = false }: Wanted): Job {
  if (!existsSync(join(ROOT, entry))) throw new Error(`${entry} does not exist`);
  const sources = reached(entry, edit);
  const hash = createHash("sha256")
    .update(compilerVersion())
    .update(JSON.stringify([entry, options, text]));
  for (const name of Object.keys(sources).sort()) hash.update(name).update("\0").update(sources[name]).update("\0");
  const name = `${basename(dirname(entry))}-${basename(entry, ".ts")}-${hash.digest("hex").slice(0, 24)}`;
  return { entry, options, sources, file: join(CACHE, `${name}.${text ? "wat" : "wasm"}`), text };
}

const input = (jobs: Job[]): string => JSON.stringify({ root: ROOT, jobs });
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, NODE_OPTIONS: "" });

/** The file of a job, made now where it is missing. */
function made(job: Job): string {
  if (existsSync(job.file)) {
    const now = new Date();
    utimesSync(job.file, now, now); // used is as good as new: `prune` takes the oldest
    return job.file;
  }
  prune();
  const { status, stderr } = spawnSync(process.execPath, [COMPILER], { input: input([job]), encoding: "utf8", env: environment() });
  if (status !== 0) throw new Error(stderr.trim());
  return job.file;
}

function read(job: Job): Built {
  const named = readFileSync(made(job));
  const wasm = withoutNames(named);
  if (sectionIds(wasm).includes(START_SECTION))
    throw new Error(`${job.entry}: a global does not begin with a constant, so there is a start function, and no board runs one`);
  // The custom section `han` comes last; its value is its last four octets.
  return {
    wasm,
    names: functionNames(named),
    memory: new DataView(wasm.buffer, wasm.length - MEMORY_SECTION).getUint32(MEMORY_SECTION - 4, true),
  };
}

export function compileEntry(wanted: Wanted): Built {
  return read(jobOf(wanted));
}

export function compileText(wanted: Wanted): string {
  return readFileSync(made(jobOf({ ...wanted, text: true })), "utf8");
}

/** Compiles what is missing in as many processes at once; `say` hears the entry of each as it is done. */
export async function compileAll(all: readonly Wanted[], processes: number, say: (entry: string) => void): Promise<Built[]> {
  const jobs = all.map(jobOf);
  const missing = jobs.filter((job) => !existsSync(job.file));
  if (missing.length) prune();
  // Every process takes its share: two entries of similar weight seldom stand n apart.
  const shares = Array.from({ length: processes }, (_, share) => missing.filter((_, index) => index % processes === share));
  await Promise.all(shares.filter((share) => share.length).map((share) => compileShare(share, say)));
  return jobs.map(read);
}

function compileShare(jobs: Job[], say: (entry: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMPILER], { env: environment(), stdio: ["pipe", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stderr.setEncoding("utf8").on("data", (text) => {
      errors += text;
    });
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (output + text).split("\n");
      output = lines.pop() as string;
      for (const line of lines) say((jobs.find((job) => line === `done ${job.file}`) as Job).entry);
    });
    child.on("error", reject);
    child.on("close", (status) => (status === 0 ? resolve() : reject(new Error(errors.trim()))));
    child.stdin.end(input(jobs));
  });
}

function prune(): void {
  if (!existsSync(CACHE)) return;
  const ages = readdirSync(CACHE)
    .map((name) => join(CACHE, name))
    .flatMap((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? [{ path, at: found.mtimeMs }] : [];
    })
    .sort((a, b) => b.at - a.at);
  for (const { path } of ages.slice(KEPT_MAX)) rmSync(path, { force: true });
}
