// What checking and loading the worst of valid modules costs on the emulated board: instructions for each octet, at two sizes.
import { replayOnBoard } from "../board/replay.ts";
import { TraceFile, TraceKind } from "../trace.ts";
import { octetsOf, SHAPES } from "./costly.ts";

/** Octets of arena in which each of them loads. */
const ARENA_SIZE = 216 << 10;
/** What is fixed makes the first half dearer; the second one may not be dearer than that. */
export const GROWTH_MAX = 1.03;

/** The word for all of this in `npm run budget`. */
export const LOADING = "loading";

export interface ShapeCost {
  shape: string;
  octets: number;
  /** For each octet of the larger module beyond an empty one. */
  instructionsPerOctet: number;
  /** For each octet of the second half of the larger module, over those of the first: 1 where cost is linear. */
  growth: number;
}

function recording(): Buffer {
  const file = TraceFile.recording();
  file.add(TraceKind.Seed, Buffer.alloc(32, 7));
  file.add(TraceKind.Start, Buffer.alloc(12));
  return file.bytes();
}

async function loadCost(wasm: Buffer, say: (line: string) => void): Promise<number> {
  const { values } = await replayOnBoard({ wasm, recording: recording(), memoryLimit: 65_536, arenaSize: ARENA_SIZE, say });
  return values.get("load_instructions") ?? Number.NaN;
}

/** One shape at both sizes; `empty` is the smallest module with its cost. */
async function shapeCost(shape: string, empty: [number, number], say: (line: string) => void): Promise<ShapeCost> {
  const points = [empty];
  for (const part of [0.5, 1]) {
    const wasm = SHAPES[shape](part * octetsOf(shape));
    points.push([wasm.length, await loadCost(wasm, say)]);
  }
  const rate = (from: number, to: number): number => (points[to][1] - points[from][1]) / (points[to][0] - points[from][0]);
  return { shape, octets: points[2][0], instructionsPerOctet: rate(0, 2), growth: rate(1, 2) / rate(0, 1) };
}

/** Every shape, the dearest first. */
export async function loadingCosts(say: (line: string) => void): Promise<ShapeCost[]> {
  const [smallest] = Object.values(SHAPES);
  const wasm = smallest(0);
  const empty: [number, number] = [wasm.length, await loadCost(wasm, say)];
  const costs: ShapeCost[] = [];
  for (const shape of Object.keys(SHAPES)) costs.push(await shapeCost(shape, empty, say));
  return costs.sort((a, b) => b.instructionsPerOctet - a.instructionsPerOctet);
}
