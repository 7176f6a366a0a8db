// Builds the add-on in build/native when its sources changed, with a word to the user.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensure } from "../../tools/preflight.ts";
import { fetchThirdParty } from "../../tools/thirdparty/fetch.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NATIVE = join(ROOT, "host/native");
const COMMON = join(ROOT, "boards/common");
const OUTPUT = join(ROOT, "build/native");

/** boards/common/sources.json: the C files of the engine, for every build of it. */
export interface EngineSources {
  common: string[];
  wasm3Units: string[];
  wasm3: string[];
  bearssl: string[];
  include: string[];
  bearsslInclude: string[];
  forceInclude: string;
}

export function engineSources(): EngineSources {
  return JSON.parse(readFileSync(join(COMMON, "sources.json"), "utf8"));
}

interface Unit {
  source: string;
  flags: string[];
}

const OPTIMISED = ["-O2", "-g1"];
// The interpreter's operations jump to each other; without sibling calls the native stack would grow with every one.
const SANITISED = ["-O2", "-g", "-fsanitize=address", "-foptimize-sibling-calls", "-fno-omit-frame-pointer"];
/** For our own units only: third-party code has habits that are undefined and work. */
const UNDEFINED = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"];

/** Whether the AddressSanitizer build is wanted. */
const SANITISE = process.env.KW_SANITIZE === "1";
const TARGET = join(OUTPUT, SANITISE ? "kilowasm-asan.node" : "kilowasm.node");
const STAMP = `${TARGET}.stamp`;

/** The path of the add-on when it is there and of these sources. */
export function builtAddon(): string | undefined {
  return existsSync(TARGET) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === sourcesHash() ? TARGET : undefined;
}

/** The path of the add-on, built if need be. */
export async function buildAddon(say: (line: string) => void = (line) => console.error(line)): Promise<string> {
  const present = builtAddon();
  if (present) return present;
  const hash = sourcesHash();
  ensure(["cc"], say);
  fetchThirdParty(say);
  mkdirSync(OUTPUT, { recursive: true });
  const work = mkdtempSync(join(OUTPUT, ".build-"));
  try {
    say(`building ${basename(TARGET)} with cc, once after each change of the C sources`);
    renameSync(await compile(work, SANITISE ? SANITISED : OPTIMISED), TARGET);
    writeFileSync(STAMP, hash);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return TARGET;
}

/** Of everything that goes into the add-on and is ours; third-party sources are pinned by hashes of their own. */
function sourcesHash(): string {
  const hash = createHash("sha256").update(process.version);
  const folders = [COMMON, NATIVE, join(ROOT, "boards/thirdparty")];
  for (const folder of folders) {
    for (const name of readdirSync(folder).sort()) {
      if (/\.(c|h|json|lock|sha256)$/.test(name) || name === "build.ts") hash.update(name).update(readFileSync(join(folder, name)));
    }
  }
  return hash.digest("hex");
}

async function compile(work: string, mode: string[]): Promise<string> {
  const objects: string[] = [];
  const waiting = units().map((unit, index) => ({ unit, object: join(work, `${index}.o`) }));
  for (const { object } of waiting) objects.push(object);
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await run("cc", [...mode, "-fPIC", "-fvisibility=hidden", ...next.unit.flags, "-c", next.unit.source, "-o", next.object]);
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker));
  const linked = join(work, "linked.node");
  await run("cc", [...mode, ...(SANITISE ? UNDEFINED : []), "-shared", "-o", linked, ...objects]);
  return linked;
}

function units(): Unit[] {
  const sources = engineSources();
  const at = (path: string): string => join(ROOT, path);
  const includes = (folders: string[]): string[] => folders.flatMap((folder) => ["-I", at(folder)]);
  const engine = ["-fno-strict-aliasing", "-DKW_FUEL", ...includes(sources.include), "-include", at(sources.forceInclude)];
  const bearssl = includes(sources.bearsslInclude);
  const headers = join(ROOT, "node_modules/node-api-headers/include");
  const own = ["-std=c11", "-Wall", "-Wextra", ...(SANITISE ? UNDEFINED : [])];
  const addon = ["addon.c", "device.c", "functions.c", "nor.c", "store.c", "value.c"];
  return [
    ...sources.common.map((name) => ({ source: join(COMMON, name), flags: [...own, ...engine] })),
    ...sources.wasm3Units.map((name) => ({ source: join(COMMON, name), flags: ["-std=gnu11", ...engine] })),
    ...sources.wasm3.map((name) => ({ source: at(`build/thirdparty/wasm3/source/${name}`), flags: ["-std=gnu11", ...engine] })),
    ...sources.bearssl.map((name) => ({ source: at(`build/thirdparty/bearssl/src/${name}`), flags: bearssl })),
    ...addon.map((name) => ({
      source: join(NATIVE, name),
      flags: [...own, "-I", NATIVE, "-I", headers, ...engine],
    })),
  ];
}

function run(command: string, args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (part) => {
      text += part;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} failed: ${text.split("\n").find((line) => /error/i.test(line)) ?? text.trim()}`));
    });
  });
}

/** AddressSanitizer must be in the process before the add-on: the library to name in LD_PRELOAD. */
export function sanitizerLibrary(): string {
  return execFileSync("cc", ["-print-file-name=libasan.so"], { encoding: "utf8" }).trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await buildAddon());
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
