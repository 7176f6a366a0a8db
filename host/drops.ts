// What a running module dropped since its start, as its counters say: docs/abi.md, section `drops`.
import { Drop, Layer } from "./abi.ts";
import { customSection } from "./wasm.ts";

const REASONS = 16;
/** Octets of all counters. */
export const DROPS_SIZE = 4 * REASONS * 4;

export interface Dropped {
  /** `nwk`, `aps`, `zdo`, `zcl`. */
  layer: string;
  /** `replayed`, `badMic`, ...: `Drop` of docs/abi.md. */
  reason: string;
  count: number;
}

/** Where a module counts; null where it does not say. */
export function dropsAt(wasm: Uint8Array): number | null {
  const place = customSection(wasm, "drops");
  return (place.length === 4 && Buffer.from(place).readUInt32LE()) || null;
}

/** Who and why, of the octets of all counters; what never happened is left out. */
export function dropsNamed(counters: Uint8Array): Dropped[] {
  const at = Buffer.from(counters);
  return Array.from({ length: at.length / 4 }, (_, index) => ({
    layer: nameOf(Layer, Math.floor(index / REASONS)),
    reason: nameOf(Drop, index % REASONS),
    count: at.readUInt32LE(4 * index),
  })).filter(({ count }) => count > 0);
}

function nameOf(names: { [name: string]: number }, value: number): string {
  const name = Object.entries(names).find(([, number]) => number === value)?.[0];
  return name ? name[0].toLowerCase() + name.slice(1) : String(value);
}
