// The cross compiler: objects named by a hash of all that went into them, so that builds can share them and run side by side.
import { type ExecFileException, execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { PRODUCTS } from "./paths.ts";

const run = promisify(execFile);

export const CROSS = "arm-none-eabi-";
const MACHINE = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"];
const COMPILE = [
  ...["-std=gnu11", "-Os", "-g", "-ffunction-sections", "-fdata-sections", "-fomit-frame-pointer", "-fno-strict-aliasing", "-fno-common"],
];
const COMPILES_AT_ONCE = 2;

export interface Unit {
  source: string;
  /** -D, -I, warnings. */
  flags: string[];
  /** The hash of the tree that the source and its headers come from, where there is one: saves asking the compiler for the headers. */
  pin?: string;
}

/** Runs a tool of the cross compiler; its complaints become the message of the error. */
export async function tool(name: string, parameters: string[]): Promise<string> {
  try {
    const { stdout } = await run(CROSS + name, parameters, { maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    const failure = error as ExecFileException & { stderr?: string };
    if (failure.code === "ENOENT")
      throw new Error(`${CROSS}${name} is missing; type: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi`);
    throw new Error(`${CROSS}${name}: ${failure.stderr ?? failure.message}`);
  }
}

/** Writes through a name of its own, so that a reader never sees half a file. */
export async function replace(target: string, write: (path: string) => Promise<unknown>): Promise<void> {
  const draft = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  try {
    await write(draft);
    renameSync(draft, target);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Compiles what has no object yet and answers the objects in the order of the units. */
export async function compile(units: Unit[], say: (line: string) => void): Promise<string[]> {
  const folder = join(PRODUCTS, "objects");
  mkdirSync(folder, { recursive: true });
  const objects: string[] = [];
  const waiting = units.map((unit, index) => ({ unit, index }));
  const missing = new Map<string, Unit>();
  for (const { unit, index } of waiting) {
    const object = join(folder, `${basename(unit.source, ".c")}-${await fingerprint(unit)}.o`);
    objects[index] = object;
    if (!existsSync(object)) missing.set(object, unit);
  }
  if (missing.size > 0) say(`compiling ${missing.size} of ${units.length} files for the emulated board`);
  const queue = [...missing];
  const worker = async (): Promise<void> => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const [object, unit] = next;
      await replace(object, (draft) => tool("gcc", [...MACHINE, ...COMPILE, ...unit.flags, "-c", unit.source, "-o", draft]));
    }
  };
  await Promise.all(Array.from({ length: COMPILES_AT_ONCE }, worker));
  return objects;
}

function contentHash(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Source, every header it includes, and the flags.  The compiler names the headers. */
async function fingerprint(unit: Unit): Promise<string> {
  if (unit.pin) return digest(unit, [unit.source, unit.pin]);
  const rule = await tool("gcc", [...MACHINE, ...COMPILE, ...unit.flags, "-MM", unit.source]);
  const files = rule
    .replace(/^[^:]*:/, "")
    .replace(/\\\n/g, " ")
    .trim()
    .split(/\s+/);
  return digest(unit, files.map(contentHash));
}

function digest(unit: Unit, inputs: string[]): string {
  return createHash("sha256")
    .update(JSON.stringify([MACHINE, COMPILE, unit.flags, inputs]))
    .digest("hex")
    .slice(0, 16);
}

export async function link(objects: string[], script: string, flags: string[], target: string): Promise<void> {
  const parameters = [
    ...MACHINE,
    "-nostartfiles",
    "--specs=nano.specs",
    "-Wl,--gc-sections",
    "-Wl,--fatal-warnings",
    "-Wl,--no-warn-rwx-segments",
  ];
  await replace(target, (draft) => tool("gcc", [...parameters, ...flags, "-T", script, ...objects, "-o", draft]));
}
