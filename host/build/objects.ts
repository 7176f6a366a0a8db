// Objects of C sources, each named by a hash of all that went into it, so that programs share them and builds can run side by side.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

const AT_ONCE = 2;

export interface Unit {
  source: string;
  /** -D, -I, warnings. */
  flags: string[];
  /** The hash of the tree that the source and its headers come from, where there is one: saves asking the compiler for the headers. */
  pin?: string;
}

export interface Compiler {
  /** Where its objects are kept. */
  folder: string;
  /** For every unit, and whatever else an object depends on. */
  flags: string[];
  version?: string;
  /** Answers what it prints. */
  run(parameters: string[]): Promise<string>;
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

async function inWorkers<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) await work(item, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Compiles what has no object yet and answers the objects in the order of the units; `say` hears how many are missing. */
export async function objectsOf(compiler: Compiler, units: readonly Unit[], say: (missing: number) => void): Promise<string[]> {
  mkdirSync(compiler.folder, { recursive: true });
  const objects: string[] = [];
  await inWorkers(units, async (unit, index) => {
    objects[index] = join(compiler.folder, `${basename(unit.source, ".c")}-${await fingerprint(compiler, unit)}.o`);
  });
  const missing = new Map(units.map((unit, index) => [objects[index], unit] as const).filter(([object]) => !existsSync(object)));
  if (missing.size > 0) say(missing.size);
  await inWorkers([...missing], ([object, { flags, source }]) =>
    replace(object, (draft) => compiler.run([...compiler.flags, ...flags, "-c", source, "-o", draft])),
  );
  return objects;
}

/** Source, every header it includes, and the flags.  The compiler names the headers. */
async function fingerprint({ flags, version, run }: Compiler, unit: Unit): Promise<string> {
  const digest = (inputs: string[]): string =>
    createHash("sha256")
      .update(JSON.stringify([version, flags, unit.flags, inputs]))
      .digest("hex")
      .slice(0, 16);
  if (unit.pin) return digest([unit.source, unit.pin]);
  const rule = await run([...flags, ...unit.flags, "-MM", unit.source]);
  const files = rule
    .replace(/^[^:]*:/, "")
    .replace(/\\\n/g, " ")
    .trim()
    .split(/\s+/);
  return digest(files.map((path) => createHash("sha256").update(readFileSync(path)).digest("hex")));
}
