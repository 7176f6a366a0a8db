// What a running module dropped since its start, as its counters say: docs/abi.md, section `drops`.
import { Drop, Layer } from "./abi.ts";
import { customSection } from "./wasm.ts";

const REASONS = 16;
/** Octets of the counters of a layer, and how many layers a phase has; a module has those of one phase, or of both. */
const LAYER_SIZE = REASONS * 4;
const PHASE_LAYERS = 4;

export interface Dropped {
  /** `nwk`, `aps`, `zdo`, `zcl`; of a module of phase 2 `link`, `ip`, `control`, `transport`. */
  layer: string;
  /** `replayed`, `badMic`, ...: `Drop` of docs/abi.md. */
  reason: string;
  count: number;
}

/** Where a module counts, how many octets, and its lowest layer; null where it does not say. */
export function dropsAt(wasm: Uint8Array): { at: number; size: number; layer: number } | null {
  const place = Buffer.from(customSection(wasm, "drops"));
  if (place.length !== 4 && place.length !== 8 && place.length !== 12) return null;
  const [at, layer = 0, layers = PHASE_LAYERS] = Array.from({ length: place.length / 4 }, (_, index) => place.readUInt32LE(4 * index));
  if (at === 0 || layers < 1 || layers > 2 * PHASE_LAYERS) return null;
  return { at, size: layers * LAYER_SIZE, layer };
}

/** Who and why, of the octets of all counters; what never happened is left out. */
export function dropsNamed(counters: Uint8Array, layer: number): Dropped[] {
  const at = Buffer.from(counters);
  return Array.from({ length: at.length / 4 }, (_, index) => ({
    layer: nameOf(Layer, layer + Math.floor(index / REASONS)),
    reason: nameOf(Drop, index % REASONS),
    count: at.readUInt32LE(4 * index),
  })).filter(({ count }) => count > 0);
}

function nameOf(names: { [name: string]: number }, value: number): string {
  const name = Object.entries(names).find(([, number]) => number === value)?.[0];
  return name ? name[0].toLowerCase() + name.slice(1) : String(value);
}
