// The compiler, in a process of its own under plain Node: a TypeScript loader would translate its 13 MB first, in every process.
// Standard input is one line of JSON: `root`, and `jobs`, each {entry, options, sources, file, text}.  Each result is put in place whole.
// A line `done FILE` follows each; two processes that want the same file compile it once.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const LOOK_AGAIN_MS = 50;
const PHASE_LAYERS = 4;

const { root, jobs } = JSON.parse(readFileSync(0, "utf8"));
process.chdir(root);
/** Loaded late: that takes longer than seeing that another process has done the work. */
let compiler;
let ConstantTables;

try {
  for (const job of jobs) {
    await oneAtATime(job.file, () => make(job));
    console.log(`done ${job.file}`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** Runs `action` unless the file is there, or comes to be there while another process holds its lock. */
async function oneAtATime(file, action) {
  const lock = `${file}.lock`;
  mkdirSync(dirname(file), { recursive: true });
  while (!existsSync(file)) {
    if (!take(lock)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      continue;
    }
    try {
      if (!existsSync(file)) await action();
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** Whether the lock is ours now; one whose holder has ended is removed. */
function take(lock) {
  try {
    const handle = openSync(lock, "wx");
    writeFileSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    const holder = Number(readFileSync(lock, "utf8"));
    if (holder) process.kill(holder, 0);
  } catch (error) {
    if (error.code === "ESRCH") rmSync(lock, { force: true });
  }
  return false;
}

async function make({ entry, options, sources, file, text }) {
  compiler ??= (await import("assemblyscript/asc")).default;
  ConstantTables ??= (await import("./constants.mjs")).default;
  let memory = "";
  let drops = "";
  let layers = [];
  let result;
  const unknown = new Set();
  const transform = {
    afterCompile(module) {
      const written = module.emitText();
      memory = /data_end[^\n]*\(i32\.const (\d+)\)/.exec(written)?.[1] ?? "";
      drops = /global \$assembly\/core\/drops\/counters [^\n]*\(i32\.const (\d+)\)/.exec(written)?.[1] ?? "";
      const number = (name) =>
        Number(new RegExp(`global \\$assembly/core/drops/${name} [^\\n]*\\(i32\\.const (\\d+)\\)`).exec(written)?.[1] ?? 0);
      layers = drops && [number("FIRST"), number("LAYERS")];
    },
  };
  // `--debug` changes nothing but that functions keep their names; host/build/compile.ts takes them off.
  const { error, stderr } = await compiler.main([entry, ...options, ...(text ? ["--textFile"] : ["--debug", "--outFile"]), "out"], {
    transforms: [ConstantTables, transform],
    readFile: (name, base) => {
      if (name in sources) return sources[name];
      const path = join(base, name);
      if (!existsSync(path)) return null;
      if (name.endsWith(".ts") && !name.startsWith("node_modules/")) unknown.add(name);
      return readFileSync(path, "utf8");
    },
    writeFile: (_name, contents) => {
      result = contents;
    },
  });
  if (error || !result)
    throw new Error(`${entry} does not compile: ${error?.message ?? ""}\n${stripVTControlCharacters(stderr.toString())}`);
  if (unknown.size) throw new Error(`${entry} reaches ${[...unknown].join(", ")}, which host/build/compile.ts did not find`);
  if (!memory) throw new Error(`${entry}: the compiler names no __data_end; host/build/asc.mjs must learn its new form`);
  const draft = `${file}.${process.pid}`;
  const own = drops ? [numberSection("drops", Number(drops), ...ofLayers(layers))] : [];
  writeFileSync(draft, text ? result : Buffer.concat([result, ...own, numberSection("han", (Number(memory) + 15) & ~15)]));
  renameSync(draft, file);
}

/** What a section `drops` says of its layers, where they are not the four of phase 1. */
function ofLayers([first, count]) {
  if (count !== PHASE_LAYERS) return [first, count];
  return first ? [first] : [];
}

/** A custom section of u32, little-endian: `han` the octets of memory, `drops` where the counters lie, and of which layers (docs/abi.md). */
function numberSection(name, ...values) {
  const head = Buffer.from([0, 1 + name.length + 4 * values.length, name.length, ...Buffer.from(name)]);
  return Buffer.concat([head, Buffer.from(Uint32Array.from(values).buffer)]);
}
