// What a built module says about itself.
import { customSection } from "./wasm.ts";

/** Octets of linear memory that the build measured (custom section `han`), or 0: the whole page.  What is no module says nothing; the gate tells why. */
export function memoryNeed(wasm: Uint8Array): number {
  const need = sectionOf(wasm);
  return need.length === 4 ? Buffer.from(need).readUInt32LE() : 0;
}

function sectionOf(wasm: Uint8Array): Uint8Array {
  try {
    return customSection(wasm, "han");
  } catch {
    return new Uint8Array(0);
  }
}
