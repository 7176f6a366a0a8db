// The load gate for V8: it validates the code itself, so only the contract is left to check (boards/common/gate.h has the whole list).
import { IMPORTS } from "../abi.ts";
import { sectionIds } from "../wasm.ts";

/** Numbers of enum kw_gate_reason. */
export const GateReason = {
  Ok: 0,
  Magic: 1,
  Size: 2,
  Start: 6,
  ImportUnknown: 14,
  ExportUnknown: 20,
  ExportMissing: 22,
  OwnSection: 43,
} as const;

const MODULE_MAX = 256 * 1024;
const START_SECTION = 8;
const PAGE = 65536;
const CONSTANTS_MAX = 32768;
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
  if (!ownSections(module)) return GateReason.OwnSection;
  const exported = WebAssembly.Module.exports(module).map((entry) => entry.name);
  if (exported.some((name) => !EXPORTS.includes(name))) return GateReason.ExportUnknown;
  return EXPORTS.every((name) => exported.includes(name)) ? GateReason.Ok : GateReason.ExportMissing;
}

/** Whether the sections `han` and `constants` are there once at most, and what they can be. */
function ownSections(module: WebAssembly.Module): boolean {
  const [han, constants] = ["han", "constants"].map((name) => WebAssembly.Module.customSections(module, name));
  if (han.length > 1 || constants.length > 1 || (constants[0]?.byteLength ?? 0) > CONSTANTS_MAX) return false;
  if (han.length === 0) return true;
  const need = han[0].byteLength === 4 ? new DataView(han[0]).getUint32(0, true) : 0;
  return need >= 1 && need <= PAGE;
}
