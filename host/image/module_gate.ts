// The load gate for V8: it validates the code itself, so only the contract is left to check (boards/common/gate.h has the whole list).
import { IMPORTS } from "../abi.ts";
import { sectionIds } from "../wasm.ts";

/** Numbers of enum kw_gate_reason. */
export const GateReason = { Ok: 0, Magic: 1, Size: 2, Start: 6, ImportUnknown: 14, ExportUnknown: 20, ExportMissing: 22 } as const;

const MODULE_MAX = 256 * 1024;
const START_SECTION = 8;
const EXPORTS = ["abi", "start", "poll", "memory"];

/** 0, or why a board would not load the module. */
export function gate(wasm: Buffer): number {
  if (wasm.length > MODULE_MAX) return GateReason.Size;
  if (!WebAssembly.validate(Uint8Array.from(wasm))) return GateReason.Magic;
  if (sectionIds(wasm).includes(START_SECTION)) return GateReason.Start;
  const module = new WebAssembly.Module(Uint8Array.from(wasm));
  const known = new Set(IMPORTS.map((row) => row.name));
  if (WebAssembly.Module.imports(module).some((entry) => entry.module !== "han" || entry.kind !== "function" || !known.has(entry.name)))
    return GateReason.ImportUnknown;
  const exported = WebAssembly.Module.exports(module).map((entry) => entry.name);
  if (exported.some((name) => !EXPORTS.includes(name))) return GateReason.ExportUnknown;
  return EXPORTS.every((name) => exported.includes(name)) ? GateReason.Ok : GateReason.ExportMissing;
}
