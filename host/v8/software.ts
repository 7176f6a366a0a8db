// The software bodies of assembly/crypto/software for engines without native code: a small module on the device's own memory.
import { readFileSync } from "node:fs";
import { builtPath } from "../modules.ts";

export interface SoftwareBodies {
  gf2_multiply(field: number, a: number, b: number, out: number, squarings: number): number;
}

const linked = new WeakMap<WebAssembly.Memory, SoftwareBodies>();
let compiled: WebAssembly.Module | undefined;

export function softwareBodies(memory: WebAssembly.Memory): SoftwareBodies {
  const known = linked.get(memory);
  if (known) return known;
  compiled ??= new WebAssembly.Module(readFileSync(builtPath("software")));
  const bodies = new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as SoftwareBodies;
  linked.set(memory, bodies);
  return bodies;
}
