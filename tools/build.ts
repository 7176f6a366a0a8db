// Compiles the modules of asconfig.json into build/, each with the memory it needs written in its custom section `han`.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ROOT } from "../host/modules.ts";
import { sectionIds } from "../host/wasm.ts";
import ConstantTables from "./constants.mjs";

const BUILD = join(ROOT, "build");
const START_SECTION = 8;
const STAMP = join(BUILD, "modules.stamp");
const CONSTANTS = fileURLToPath(new URL("constants.mjs", import.meta.url));
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

export interface Built {
  wasm: Uint8Array;
  /** Octets of linear memory below which all state lies. */
  memory: number;
}

/** Compiles one entry with the options of asconfig.json; `extra` comes last and wins.  `edit` may change a source on its way in. */
export async function compile(
  entry: string,
  target: string | undefined,
  extra: string[] = [],
  edit: (name: string, text: string) => string = (_, text) => text,
): Promise<Built> {
  let memory = 0;
  let wasm: Uint8Array | undefined;
  const transform = {
    afterCompile(module: { emitText(): string }): void {
      const base = /data_end[^\n]*\(i32\.const (\d+)\)/.exec(module.emitText());
      if (!base) throw new Error(`${entry}: the compiler names no __data_end; tools/build.ts must learn its new form`);
      memory = Number(base[1]);
    },
  };
  const config = target ? ["--config", "asconfig.json", "--target", target] : [];
  // Loading the compiler takes longer than seeing that nothing is to be compiled.
  const { default: asc } = await import("assemblyscript/asc");
  const result = await asc.main([entry, ...config, "--outFile", "out.wasm", ...extra], {
    // biome-ignore lint/suspicious/noExplicitAny: the compiler's own type asks for its internal classes
    transforms: [ConstantTables, transform] as any[],
    readFile: (name: string, base: string) => (existsSync(join(base, name)) ? edit(name, readFileSync(join(base, name), "utf8")) : null),
    writeFile: (name: string, contents: Uint8Array | string) => {
      if (name.endsWith(".wasm")) wasm = contents as Uint8Array;
    },
  });
  if (result.error || !wasm) throw new Error(`${entry} does not compile:\n${result.stderr.toString()}`);
  if (hasStart(wasm))
    throw new Error(`${entry}: a global does not begin with a constant, so there is a start function, and no board runs one`);
  const aligned = (memory + 15) & ~15;
  return { wasm: Buffer.concat([wasm, memorySection(aligned)]), memory: aligned };
}

/** Whether the binary has section 8. */
function hasStart(wasm: Uint8Array): boolean {
  return sectionIds(wasm).includes(START_SECTION);
}

/** A custom section named `han` that holds the octets of memory as u32, little-endian. */
function memorySection(memory: number): Buffer {
  const section = Buffer.from([0, 8, 3, 0x68, 0x61, 0x6e, 0, 0, 0, 0]);
  section.writeUInt32LE(memory, 6);
  return section;
}

function stamp(): string {
  const hash = createHash("sha256");
  const compiler = join(ROOT, "node_modules/assemblyscript/package.json");
  for (const path of [...sources(), join(ROOT, "asconfig.json"), fileURLToPath(import.meta.url), CONSTANTS, compiler]) {
    hash.update(relative(ROOT, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** Builds what is missing or older than its sources; `say` is told what takes time. */
export async function ensureBuilt(say: (line: string) => void): Promise<void> {
  const wanted = stamp();
  const names = targets();
  const have = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "";
  if (have === wanted && names.every((name) => existsSync(join(BUILD, `${name}.wasm`)))) return;
  mkdirSync(BUILD, { recursive: true });
  process.chdir(ROOT);
  for (const name of names) {
    const { wasm, memory } = await compile(entryOf(name), name);
    writeFileSync(join(BUILD, `${name}.wasm`), wasm);
    say(`${name}.wasm  ${wasm.length} octets, ${memory} of memory`);
  }
  writeFileSync(STAMP, wanted);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await ensureBuilt((line) => console.error(line));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
