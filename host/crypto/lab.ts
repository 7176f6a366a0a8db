// assembly/crypto on V8, for tests and for `npm run vectors`: compiled on need, linked with the software product.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { hashMmo, hmacMmo } from "./mmo.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
const OPTIONS = ["--runtime", "assembly/core/runtime/index", "-O3", "--use", "abort=", "--initialMemory", "1", "--maximumMemory", "1"];
const FOLDERS = ["assembly/core", "assembly/crypto", "assembly/sep1/key_establishment"];

const modules = new Map<string, Promise<WebAssembly.Module>>();

/** The module of an entry of assembly/, compiled once in a process. */
export function compiled(entry: string, outFile: string, extra: string[]): Promise<WebAssembly.Module> {
  let pending = modules.get(outFile);
  if (!pending) {
    pending = compileFresh(entry, outFile, extra).then((octets) => new WebAssembly.Module(octets));
    modules.set(outFile, pending);
  }
  return pending;
}

/** Compiles an entry unless the result is newer than every source; answers the file, a module or its text. */
export async function compileFresh(entry: string, outFile: string, extra: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const out = join(ROOT, "build/crypto", outFile);
  if (!isFresh(out)) {
    mkdirSync(dirname(out), { recursive: true });
    const draft = `${out}.${process.pid}`; // two tests may compile at once; each puts a whole file in place
    const { default: asc } = await import("assemblyscript/asc");
    const kind = outFile.endsWith(".wat") ? "--textFile" : "--outFile";
    const args = [entry, ...OPTIONS, ...extra, kind, relative(ROOT, draft), "--baseDir", ROOT];
    const { error, stderr } = await asc.main(args);
    if (error) {
      rmSync(draft, { force: true });
      throw new Error(`${entry} does not compile: ${error.message}\n${stderr.toString()}`);
    }
    renameSync(draft, out);
  }
  return new Uint8Array(readFileSync(out));
}

export type Gf2Multiply = (field: number, a: number, b: number, out: number, squarings: number) => number;

/** The product of two elements, linked on a memory. */
export async function linkSoftware(memory: WebAssembly.Memory): Promise<Gf2Multiply> {
  const module = await compiled("assembly/crypto/software/gf2_multiply.ts", "software.wasm", ["--importMemory"]);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return instance.exports.gf2_multiply as Gf2Multiply;
}

/** What a lab asks of its board besides hashes and products. */
export interface LabBoard {
  entropy(octets: Uint8Array): void;
  storeRead?(record: number): Uint8Array | undefined;
}

export type Exports = Record<string, (...args: (number | bigint)[]) => number>;

/** A module with doors for tests. */
export class Lab {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory;
  private readonly base: number;

  private constructor(instance: WebAssembly.Instance) {
    this.exports = instance.exports as unknown as Exports;
    this.memory = instance.exports.memory as WebAssembly.Memory;
    this.base = this.call("labAt");
  }

  static async open(board: LabBoard, entry = "assembly/crypto/lab.ts", outFile = "lab.wasm"): Promise<Lab> {
    return Lab.link(await compiled(entry, outFile, ["--shrinkLevel", "2"]), board);
  }

  /** Links a module that was compiled elsewhere, such as one that counts its instructions. */
  static async link(module: WebAssembly.Module, board: LabBoard): Promise<Lab> {
    let memory: WebAssembly.Memory | undefined;
    let product: Gf2Multiply | undefined;
    const view = (at: number, size: number) => new Uint8Array((memory as WebAssembly.Memory).buffer, at, size);
    const han = {
      gf2_multiply: (...args: Parameters<Gf2Multiply>) => product?.(...args) ?? -14,
      hash_mmo: (at: number, size: number, out: number) => {
        view(out, 16).set(hashMmo(view(at, size)));
        return 0;
      },
      hmac_mmo: (key: number, at: number, size: number, out: number) => {
        view(out, 16).set(hmacMmo(view(key, 16), view(at, size)));
        return 0;
      },
      entropy: (at: number, size: number) => board.entropy(view(at, size)),
      store_read: (record: number, at: number, capacity: number) => {
        const octets = board.storeRead?.(record);
        if (!octets) return -7;
        if (octets.length > capacity) return -5;
        view(at, octets.length).set(octets);
        return octets.length;
      },
    };
    const instance = await WebAssembly.instantiate(module, { han });
    memory = instance.exports.memory as WebAssembly.Memory;
    product = await linkSoftware(memory);
    return new Lab(instance);
  }

  call(name: string, ...args: (number | bigint)[]): number {
    const door = this.exports[name];
    if (!door) throw new Error(`the lab has no door ${name}`);
    return door(...args);
  }

  /** An address in the lab's own buffer. */
  at(offset: number): number {
    return this.base + offset;
  }

  put(offset: number, octets: Uint8Array): number {
    new Uint8Array(this.memory.buffer).set(octets, this.at(offset));
    return this.at(offset);
  }

  read(address: number, size: number): Buffer {
    return Buffer.from(new Uint8Array(this.memory.buffer, address, size));
  }

  /** Calls `name(out, ...)` with octets as addresses and numbers as they are; answers what it wrote, or the negative `Err`. */
  compute(name: string, ...args: (Uint8Array | number)[]): Buffer | number {
    let offset = 128;
    const passed = args.map((arg) => {
      if (typeof arg === "number") return arg;
      const address = this.put(offset, arg);
      offset += 128;
      return address;
    });
    const size = this.call(name, this.at(0), ...passed);
    return size < 0 ? size : this.read(this.at(0), size);
  }
}

function isFresh(out: string): boolean {
  const made = statSync(out, { throwIfNoEntry: false })?.mtimeMs;
  return made !== undefined && FOLDERS.every((folder) => newest(join(ROOT, folder)) < made);
}

function newest(folder: string): number {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}
