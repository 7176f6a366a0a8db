// What a package is made of: a module given as a file, or an assembly entry that is compiled here.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { compile, entryOf, sources, targets } from "../../host/build/built.ts";
import { InputError } from "../../host/files/input_error.ts";
import { DEVICE_ROLES, phaseOfModule, stackOf } from "../../host/home/plan.ts";
import { packageImage, packageOpen } from "../../host/image/package.ts";
import { moduleBytes, PACKAGED, ROOT } from "../../host/modules.ts";
import { judging, say } from "../words/exit.ts";
import { fromHere, readWhole } from "./files.ts";

const WASM_MAGIC = Buffer.from([0x00, 0x61, 0x73, 0x6d]);
const OTA_MAGIC = Buffer.from([0x1e, 0xf1, 0xee, 0x0b]);
/** Entries are named after the role that they play: ihd_sep1. */
const ROLE_OF_ENTRY = new RegExp(`^(${DEVICE_ROLES.join("|")})_`);

export interface Source {
  wasm: Buffer;
  /** Role in the entry's name, where it has one. */
  role?: string;
  /** ZigBee stack version, by the entry's name. */
  stack: number;
  /** SHA-256 over compiler options and sources, where the module was compiled here. */
  sources?: string;
}

export function isWasm(octets: Buffer): boolean {
  return octets.subarray(0, 4).equals(WASM_MAGIC);
}

export function isOta(octets: Buffer): boolean {
  return octets.subarray(0, 4).equals(OTA_MAGIC);
}

/** A name such as ihd_sep1, a path of an entry ending in .ts, or a .wasm file. */
export async function sourceOf(word: string): Promise<Source> {
  if (word.endsWith(".wasm")) return { wasm: readModule(word), ...nameTells(word) };
  const target = targets().find((name) => name === word);
  const entry = target ? join(ROOT, entryOf(target)) : fromHere(word);
  if (!target && !(word.endsWith(".ts") && existsSync(entry))) {
    const known = targets().filter((name) => ROLE_OF_ENTRY.test(name));
    throw new InputError(`${word} is neither an entry (${known.join(", ")}) nor a .ts or .wasm file.`);
  }
  if (PACKAGED) {
    if (!target) throw new InputError(`compiling ${word} needs kilowasm's repository; give a .wasm file.`);
    return { wasm: Buffer.from(moduleBytes(target)), ...nameTells(word) };
  }
  say(`compiling ${relative(ROOT, entry)}.`);
  process.chdir(ROOT); // the compiler names what it compiles by where it stands
  const options = target ?? targets().find((name) => entry === join(ROOT, entryOf(name)));
  try {
    const { wasm } = await compile(relative(ROOT, entry), options);
    return { wasm: Buffer.from(wasm), sources: sourcesDigest(), ...nameTells(word) };
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

function nameTells(word: string): { role?: string; stack: number } {
  const name = word.split("/").at(-1) ?? "";
  const stack = stackOf(phaseOfModule(name.replace(/\.\w+$/, "")));
  const match = ROLE_OF_ENTRY.exec(name);
  return match ? { role: match[1], stack } : { stack };
}

function sourcesDigest(): string {
  const hash = createHash("sha256");
  for (const path of [join(ROOT, "asconfig.json"), ...sources()])
    hash.update(relative(ROOT, path)).update("\0").update(readFileSync(path)).update("\0");
  return hash.digest("hex");
}

export function readModule(path: string): Buffer {
  const octets = readWhole(path);
  if (!isWasm(octets)) throw new InputError(`${path} is no WebAssembly module: it does not begin with 00 61 73 6d.`);
  return octets;
}

/** The module of a .wasm file or of a package, whoever signed it; a delta's needs `base`. */
export function moduleOf(path: string, base?: Buffer): Buffer {
  const octets = readWhole(path);
  if (isWasm(octets)) return octets;
  if (!isOta(octets)) throw new InputError(`${path} is neither a WebAssembly module nor a package.`);
  return judging(path, () => packageImage(packageOpen(octets, { root: null }), base));
}
