// The parsers of ND, RPL and MPL, called from tests: an input ends where the memory ends, so a read beyond it traps; a write is seen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { labModule } from "../../host/build/labs.ts";

const PAGE = 65536;
const TO = 8192;

export interface Vector {
  parser: string;
  name: string;
  octets: Buffer;
  answer: number;
}

export function readMeshVectors(): Vector[] {
  return readFileSync("tests/vectors/mesh.txt", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("|").map((part) => part.trim()))
    .map(([parser, name, hex, answer]) => ({ parser, name, octets: Buffer.from(hex.replaceAll(" ", ""), "hex"), answer: Number(answer) }));
}

export class Parsers {
  private readonly calls: Record<string, (...values: number[]) => number>;
  private readonly memory: Buffer;

  constructor() {
    const imports = new Proxy({}, { get: () => new Proxy({}, { get: () => () => assert.fail("a parser called the board") }) });
    const instance = new WebAssembly.Instance(labModule("ip/mesh"), imports as WebAssembly.Imports);
    this.calls = instance.exports as Record<string, (...values: number[]) => number>;
    this.memory = Buffer.from((instance.exports.memory as WebAssembly.Memory).buffer);
  }

  parse(parser: string, octets: Uint8Array): number {
    this.memory.set(octets, PAGE - octets.length);
    const copy = Buffer.from(this.memory);
    const answer = this.calls[`parse_${parser}`](PAGE - octets.length, octets.length);
    assert.ok(this.memory.equals(copy), `${parser} wrote for ${Buffer.from(octets).toString("hex")}`);
    return answer;
  }

  /** What the emitters make of an input that was accepted; nothing for a form that is never sent. */
  emit(parser: string, octets: Uint8Array, before: number): Buffer {
    this.memory.fill(before, TO, TO + 1024);
    this.memory.set(octets, PAGE - octets.length);
    const size = this.calls[`emit_${parser}`](PAGE - octets.length, octets.length, TO);
    assert.ok(size >= 0, `${parser} refuses ${Buffer.from(octets).toString("hex")}`);
    return Buffer.from(this.memory.subarray(TO, TO + size));
  }

  /** What the accessors say; `target` is the address that a source route is compressed against. */
  read(parser: string, octets: Uint8Array, target: Uint8Array = Buffer.alloc(16)): bigint[] {
    this.memory.set(target, TO);
    this.memory.set(octets, PAGE - octets.length);
    const count = this.calls[`read_${parser}`](PAGE - octets.length, octets.length, TO);
    return Array.from({ length: count }, (_, index) => this.memory.readBigUInt64LE(TO + 8 * index));
  }
}
