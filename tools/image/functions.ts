// Which functions of a module changed to another: bodies are told apart by their octets, in their order.

import { moduleSizes } from "../../host/wasm.ts";

export interface ModuleDifference {
  sizes: Record<"total" | "code" | "data", [number, number]>;
  functions: { same: number; changed: number; added: number; removed: number };
  /** Where bodies differ, in the order of the new module; numbers count the module's own functions. */
  changes: { kind: "changed" | "added" | "removed"; index: number; sizes: [number, number] }[];
}

const CODE_SECTION = 10;
/** The gate lets no more through; comparing takes the square of it. */
const FUNCTIONS_MAX = 4096;

export function moduleDifference(before: Buffer, after: Buffer): ModuleDifference {
  const [a, b] = [moduleSizes(before), moduleSizes(after)];
  if (Math.max(a.functions.length, b.functions.length) > FUNCTIONS_MAX) throw new Error(`it has more than ${FUNCTIONS_MAX} functions`);
  const bodies = [functionBodies(before), functionBodies(after)] as const;
  const { pairs, changes } = align(...bodies);
  const count = (kind: string): number => changes.filter((change) => change.kind === kind).length;
  return {
    sizes: { total: [a.total, b.total], code: [a.code, b.code], data: [a.data, b.data] },
    functions: { same: pairs, changed: count("changed"), added: count("added"), removed: count("removed") },
    changes,
  };
}

/** The octets of each body, as text to compare. */
function functionBodies(wasm: Buffer): string[] {
  const bodies: string[] = [];
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const octet = wasm[at++];
      value += (octet & 0x7f) * 2 ** shift;
      if (octet < 0x80) return value;
    }
  };
  while (at < wasm.length) {
    const id = wasm[at++];
    const size = number();
    const end = at + size;
    for (let left = id === CODE_SECTION ? number() : 0; left > 0; left--) {
      const length = number();
      bodies.push(wasm.toString("latin1", at, at + length));
      at += length;
    }
    at = end;
  }
  return bodies;
}

/** The longest common subsequence; what lies between two of its members is changed in pairs, the rest added or removed. */
function align(before: string[], after: string[]): { pairs: number; changes: ModuleDifference["changes"] } {
  const width = after.length + 1;
  const length = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      length[i * width + j] =
        before[i] === after[j] ? length[(i + 1) * width + j + 1] + 1 : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
  const changes: ModuleDifference["changes"] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [fromI, fromJ] = [i, j];
    while (i < before.length && j < after.length && before[i] !== after[j])
      if (length[(i + 1) * width + j] >= length[i * width + j + 1]) i++;
      else j++;
    if (i === before.length || j === after.length) [i, j] = [before.length, after.length];
    changes.push(...gap(before.slice(fromI, i), after.slice(fromJ, j), fromJ));
    if (i < before.length && j < after.length) [i, j] = [i + 1, j + 1];
  }
  return { pairs: length[0], changes };
}

function gap(before: string[], after: string[], from: number): ModuleDifference["changes"] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => {
    const sizes: [number, number] = [before[index]?.length ?? 0, after[index]?.length ?? 0];
    const kind = index >= before.length ? "added" : index >= after.length ? "removed" : "changed";
    return { kind, index: from + Math.min(index, after.length), sizes };
  });
}
