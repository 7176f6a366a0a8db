// Builds the add-on in build/native when its sources changed, with a word to the user.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { objectsOf, type Unit } from "../build/objects.ts";
import { ensure } from "../build/preflight.ts";
import { bearSslPin, fetchThirdParty, wasm3Pin } from "../build/third_party.ts";

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
export async function buildAddon(say: (line: string) => void): Promise<string> {
  const present = builtAddon();
  if (present) return present;
  const hash = sourcesHash();
  ensure(["cc"], say);
  fetchThirdParty(say);
  mkdirSync(OUTPUT, { recursive: true });
  const work = mkdtempSync(join(OUTPUT, ".build-"));
  try {
    say(`building ${basename(TARGET)} with cc, once after each change of the C sources`);
    place(await compile(work, SANITISE ? SANITISED : OPTIMISED), TARGET, hash);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return TARGET;
}

/** Puts a program and its stamp in place, each whole: whoever builds at the same time never reads half a stamp. */
function place(linked: string, target: string, hash: string): void {
  writeFileSync(`${linked}.stamp`, hash);
  renameSync(linked, target);
  renameSync(`${linked}.stamp`, `${target}.stamp`);
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

/** Manifests are judged by verdicts.c, which remembers. */
function withVerdicts({ source, flags }: Unit): Unit {
  return { source, flags: source === join(COMMON, "manifest.c") ? [...flags, "-Dkw_p256_verify=kept_p256_verify"] : flags };
}

async function compile(work: string, mode: string[]): Promise<string> {
  const objects = await compileUnits(mode, [...engineUnits(SANITISE).map(withVerdicts), ...addonUnits()]);
  const linked = join(work, "linked.node");
  await run("cc", [...mode, ...(SANITISE ? UNDEFINED : []), "-shared", "-o", linked, ...objects]);
  return linked;
}

/** A program of its own around the engine, under AddressSanitizer, built in build/native/NAME when the C sources or its own changed; answers its path. */
export async function buildSanitisedProgram(
  source: string | string[],
  name: string,
  say: (line: string) => void,
  /** The only files of boards/common that it takes, with no interpreter; all of the engine when absent. */
  common?: string[],
): Promise<string> {
  const target = join(OUTPUT, name);
  const own = [source].flat();
  const contents = createHash("sha256").update(sourcesHash());
  for (const path of own) contents.update(readFileSync(path));
  const hash = contents.digest("hex");
  if (existsSync(target) && existsSync(`${target}.stamp`) && readFileSync(`${target}.stamp`, "utf8") === hash) return target;
  ensure(["cc"], say);
  fetchThirdParty(say);
  mkdirSync(OUTPUT, { recursive: true });
  const work = mkdtempSync(join(OUTPUT, ".build-"));
  try {
    say(`building ${name} with cc, once after each change of the C sources`);
    const objects = await compileUnits(SANITISED, [
      ...engineUnits(true, common),
      ...own.map((path) => ({ source: path, flags: [...OWN, ...UNDEFINED, ...engineFlags()] })),
    ]);
    await run("cc", [...SANITISED, ...UNDEFINED, "-o", join(work, "linked"), ...objects]);
    place(join(work, "linked"), target, hash);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return target;
}

/** As a part of the add-on wants them; programs share them. */
async function compileUnits(mode: string[], units: Unit[]): Promise<string[]> {
  const flags = [...mode, "-fPIC", "-fvisibility=hidden", "-ftls-model=initial-exec"];
  const version = await run("cc", ["--version"]);
  return objectsOf({ folder: join(OUTPUT, "objects"), flags, version, run: (words) => run("cc", words) }, units, () => undefined);
}

const OWN = ["-std=c11", "-Wall", "-Wextra"];

function includes(folders: string[]): string[] {
  return folders.flatMap((folder) => ["-I", join(ROOT, folder)]);
}

function engineFlags(): string[] {
  const sources = engineSources();
  return ["-fno-strict-aliasing", "-DKW_FUEL", "-DKW_THREADS", ...includes(sources.include), "-include", join(ROOT, sources.forceInclude)];
}

function engineUnits(sanitise: boolean, only?: string[]): Unit[] {
  const sources = engineSources();
  const engine = engineFlags();
  const own = [...OWN, ...(sanitise ? UNDEFINED : [])];
  // The arena tells AddressSanitizer what is allocated, and must itself see everything.
  const special = (name: string): string[] => (sanitise && name === "arena.c" ? ["-fno-sanitize=address", "-DKW_ARENA_POISON"] : []);
  return [
    ...(only ?? sources.common).map((name) => ({ source: join(COMMON, name), flags: [...own, ...engine, ...special(name)] })),
    ...(only ? [] : sources.wasm3Units).map((name) => ({ source: join(COMMON, name), flags: ["-std=gnu11", ...engine] })),
    ...(only ? [] : sources.wasm3).map((name) => ({
      source: join(ROOT, `build/thirdparty/wasm3/source/${name}`),
      flags: ["-std=gnu11", ...engine],
      pin: wasm3Pin() + readFileSync(join(ROOT, sources.forceInclude), "utf8"),
    })),
    ...sources.bearssl.map((name) => ({
      source: join(ROOT, `build/thirdparty/bearssl/src/${name}`),
      flags: includes(sources.bearsslInclude),
      pin: bearSslPin(),
    })),
  ];
}

function addonUnits(): Unit[] {
  const headers = join(dirname(createRequire(import.meta.url).resolve("node-api-headers/package.json")), "include");
  const own = [...OWN, ...(SANITISE ? UNDEFINED : [])];
  const addon = [
    "addon.c",
    "device.c",
    "device_edge.c",
    "device_images.c",
    "functions.c",
    "images.c",
    "nor.c",
    "package.c",
    "store.c",
    "tap.c",
    "value.c",
    "verdicts.c",
  ];
  return addon.map((name) => ({ source: join(NATIVE, name), flags: [...own, "-I", NATIVE, "-I", headers, ...engineFlags()] }));
}

/** Answers what the command printed. */
function run(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part) => {
      output += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part) => {
      errors += part;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(`${command} failed: ${errors.split("\n").find((line) => /undefined reference|error:/i.test(line)) ?? errors.trim()}`),
        );
    });
  });
}

/** AddressSanitizer must be in the process before the add-on: the library to name in LD_PRELOAD. */
export function sanitizerLibrary(): string {
  return execFileSync("cc", ["-print-file-name=libasan.so"], { encoding: "utf8" }).trim();
}
