// assembly/crypto on V8, for tests and for `npm run vectors`, linked with the software product.

import { compileEntry } from "../build/compile.ts";
import { type LabName, labModule } from "../build/labs.ts";
import { hashMmo, hmacMmo } from "./mmo.ts";

/** How the product is compiled: as the module `software`. */
export const SOFTWARE = { entry: "assembly/crypto/software/gf2_multiply.ts", options: ["--target", "software"] };
let software: WebAssembly.Module | undefined;

export type Gf2Multiply = (field: number, a: number, b: number, out: number, squarings: number) => number;

/** The product of two elements, linked on a memory. */
export async function linkSoftware(memory: WebAssembly.Memory): Promise<Gf2Multiply> {
  software ??= new WebAssembly.Module(compileEntry(SOFTWARE).wasm);
  const instance = await WebAssembly.instantiate(software, { env: { memory } });
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

  static async open(board: LabBoard, name: LabName = "crypto/doors"): Promise<Lab> {
    return Lab.link(labModule(name), board);
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
