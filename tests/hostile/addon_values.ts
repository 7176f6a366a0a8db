// What JavaScript can give to the add-on, right and wrong, and what it can do meanwhile.
import type { Random } from "../../host/air/random.ts";

const SIZES = [0, 1, 3, 8, 12, 16, 31, 32, 33, 36, 64, 65, 200, 1024, 4096];
const PAGE = 65_536;
/** Of a newer library than the compiler knows. */
const Resizable = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => ArrayBuffer;

/** Octets of an ordinary array, or of one that lies oddly. */
export function octets(random: Random, size = SIZES[random.below(SIZES.length)]): Uint8Array {
  const fill = random.chance(0.5) ? 0xff : random.below(256);
  switch (random.below(9)) {
    case 0: {
      const grows = new Resizable(size + 64, { maxByteLength: size + 8192 });
      return random.chance(0.5) ? new Uint8Array(grows) : new Uint8Array(grows, 0, size).fill(fill);
    }
    case 1:
      return new Uint8Array(new SharedArrayBuffer(size)).fill(fill);
    case 2:
      return new Uint8Array(new ArrayBuffer(size + 5), 5, size).fill(fill);
    case 3:
      return new Uint8ClampedArray(size).fill(fill) as unknown as Uint8Array;
    case 4:
      return size <= PAGE ? new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 3 }).buffer, 0, size) : new Uint8Array(size);
    default:
      return Buffer.alloc(size, fill);
  }
}

/** Takes an array's memory away, or changes how much there is. */
export function disturb(random: Random, array: unknown): void {
  if (!ArrayBuffer.isView(array)) return;
  const memory = array.buffer as ArrayBuffer & { resizable?: boolean; maxByteLength?: number; resize?: (size: number) => void };
  if (memory.resizable) memory.resize?.(random.below((memory.maxByteLength ?? 0) + 1));
  else if (memory instanceof ArrayBuffer) structuredClone(memory, { transfer: [memory] });
}

const THINGS: (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => -1,
  () => 0.5,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 2 ** 32,
  () => 2 ** 32 - 1,
  () => 2 ** 31,
  () => 2 ** 53,
  () => 5,
  () => 7n,
  () => -1n,
  () => 2n ** 63n - 1n,
  () => 2n ** 64n,
  () => "16",
  () => Symbol("octets"),
  () => ({}),
  () => [],
  () => new Array(3),
  () => () => 1,
  () => new Uint16Array(16),
  () => new Float64Array(4),
  () => new DataView(new ArrayBuffer(32)),
  () => new ArrayBuffer(32),
  () => new Proxy(new Uint8Array(32), {}),
  () => new Proxy({}, { get: () => 1 }),
  () => globalThis,
  () => Object.create(null),
];

/** Anything at all. */
export function thing(random: Random): unknown {
  return random.chance(0.3) ? octets(random) : THINGS[random.below(THINGS.length)]();
}

/** The object with some members replaced by anything, or by getters that run `meanwhile` first. */
export function twisted<T extends object>(random: Random, object: T, meanwhile: () => void, chance: number): T {
  const twist = { ...object } as Record<string, unknown>;
  for (const name of Object.keys(twist)) {
    if (!random.chance(chance)) continue;
    const value = random.chance(0.4) ? thing(random) : twist[name];
    if (random.chance(0.4)) twist[name] = value;
    else
      Object.defineProperty(twist, name, {
        enumerable: true,
        configurable: true,
        get: () => {
          meanwhile();
          return value;
        },
        set: meanwhile,
      });
  }
  return twist as T;
}
