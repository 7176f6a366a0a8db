// Compiles the modules of asconfig.json into build/, each with the memory it needs written in its custom section `han`, and beside it
// what its functions are called.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { namesText } from "../function_names.ts";
import { DIGEST, ROOT, sourcesDigest } from "../modules.ts";
import { type Built, compileAll, compileEntry, type Edit } from "./compile.ts";

const BUILD = join(ROOT, "build");
/** Compilers at once: each takes half a gigabyte. */
export const PROCESSES = Math.min(2, availableParallelism());
/** Entries that are not devices; the rest are assembly/devices/NAME.ts. */
const ENTRIES: Record<string, string> = { software: "assembly/crypto/software/gf2_multiply.ts" };

export function targets(): string[] {
  return Object.keys(JSON.parse(readFileSync(join(ROOT, "asconfig.json"), "utf8")).targets);
}

export function entryOf(target: string): string {
  return ENTRIES[target] ?? `assembly/devices/${target}.ts`;
}

/** Every AssemblyScript source, in a fixed order. */
export function sources(): string[] {
  const walk = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return walk(path);
      return entry.name.endsWith(".ts") ? [path] : [];
    });
  return walk(join(ROOT, "assembly")).sort();
}

/** Compiles one entry with the options of asconfig.json; `extra` comes last and wins.  `edit` may change a source on its way in. */
export async function compile(entry: string, target: string | undefined, extra: string[] = [], edit?: Edit): Promise<Built> {
  return compileEntry({ entry, options: [...(target ? ["--target", target] : []), ...extra], edit });
}

/** Builds what is missing or older than its sources; `say` is told what takes time. */
export async function ensureBuilt(say: (line: string) => void): Promise<void> {
  // Of before: what somebody changes meanwhile makes the modules old ones.
  const digest = sourcesDigest();
  const names = targets();
  const wanted = names.map((name) => ({ entry: entryOf(name), options: ["--target", name] }));
  const built = await compileAll(wanted, PROCESSES, (entry) => say(`compiled ${entry}`));
  mkdirSync(BUILD, { recursive: true });
  names.forEach((name, index) => {
    const { wasm, names, memory } = built[index];
    put(`${name}.names`, Buffer.from(namesText(wasm, names)));
    if (put(`${name}.wasm`, wasm)) say(`${name}.wasm  ${wasm.length} octets, ${memory} of memory`);
  });
  put(basename(DIGEST), Buffer.from(digest));
}

/** False when the file is there as it should be. */
function put(name: string, octets: Uint8Array): boolean {
  const path = join(BUILD, name);
  if (existsSync(path) && readFileSync(path).equals(octets)) return false;
  writeFileSync(`${path}.${process.pid}`, octets); // whoever reads meanwhile sees a whole file
  renameSync(`${path}.${process.pid}`, path);
  return true;
}
