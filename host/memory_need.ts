// What a built module says about itself.
import { customSection } from "./wasm.ts";

/** Octets of linear memory that the build measured (custom section `han`), or 0 for the whole page. */
export function memoryNeed(wasm: Uint8Array): number {
  const need = customSection(wasm, "han");
  return need.length === 4 ? Buffer.from(need).readUInt32LE() : 0;
}
