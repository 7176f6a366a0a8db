// A device's module under V8: the contract of docs/abi.md, with nothing native.
import { ABI_VERSION, ResetReason } from "../abi.ts";
import { type Dropped, dropsAt, dropsNamed } from "../drops.ts";
import { type Engine, EngineStopped, FUEL, type Surroundings } from "../engine.ts";
import { functionOf, moduleHash } from "../function_names.ts";
import { type Images, NO_IMAGES } from "../image/images.ts";
import type { TraceFile } from "../trace.ts";
import { customSection } from "../wasm.ts";
import { ModuleBodies } from "./bodies.ts";
import { KeySlots } from "./crypto.ts";
import { BoardIdentity } from "./identity.ts";
import { bind } from "./imports.ts";
import { FUEL_EXPORT, meteredModule } from "./meter.ts";
import { EventQueue } from "./queue.ts";
import { Recorder } from "./recorder.ts";

export interface V8Options {
  wasm: Uint8Array;
  /** 32 octets; two devices never share one. */
  seed: Uint8Array;
  surroundings: Surroundings;
  /** What survives a reboot; the caller keeps both maps. */
  store?: Map<number, Uint8Array>;
  keys?: KeySlots;
  /** Image slots, or what was recorded of some; a board without slots when absent. */
  images?: Images;
  /** Keys and certificates of phase 2; a board without TLS when absent. */
  identity?: BoardIdentity;
  /** Units that one call may take, 2 or more. */
  fuel?: number;
  /** Whether `recording` and `trace` are kept. */
  record?: boolean;
}

type Exports = {
  /** A lab may have none. */
  abi?(): number;
  start(now: bigint, reason: number): void;
  poll(now: bigint): bigint;
  memory: WebAssembly.Memory;
  /** What the running call may still take; a lab's module may have none. */
  [FUEL_EXPORT]?: WebAssembly.Global;
};

export class V8Engine implements Engine {
  readonly store: Map<number, Uint8Array>;
  readonly keys: KeySlots;
  private readonly images: Images;
  private readonly queue = new EventQueue();
  private readonly recorder: Recorder | undefined;
  private readonly exports: Exports;
  private readonly wasm: Uint8Array;
  private readonly fuel: number;

  constructor(options: V8Options) {
    const { seed, surroundings } = options;
    this.wasm = options.wasm;
    this.fuel = options.fuel ?? FUEL;
    this.store = options.store ?? new Map();
    this.keys = options.keys ?? new KeySlots();
    this.images = options.images ?? NO_IMAGES;
    this.recorder = options.record ? new Recorder(seed, this.store, this.keys.entries()) : undefined;
    const constants = customSection(options.wasm, "constants");
    const { store, keys, images, queue } = this;
    const outside = this.recorder?.outside(surroundings) ?? surroundings;
    const bodies = new ModuleBodies({
      surroundings: outside,
      store,
      keys,
      images,
      queue,
      seed,
      constants,
      identity: options.identity ?? BoardIdentity.of(store),
    });
    const plain = bind(bodies);
    const han = this.recorder?.around(plain, (at, size) => bodies.copy(at, size)) ?? plain;
    this.exports = new WebAssembly.Instance(meteredModule(options.wasm), { han }).exports as Exports;
    bodies.open(this.exports.memory, this.exports[FUEL_EXPORT]);
    const version = this.askAbi();
    if (version >>> 16 !== ABI_VERSION >>> 16 || (version & 0xffff) > (ABI_VERSION & 0xffff))
      throw new EngineStopped(ResetReason.Trap, "the module was built for another version of the contract");
  }

  /** Events lost because the queue was full. */
  get dropped(): number {
    return this.queue.dropped;
  }

  /** What went into the module, for an engine that records. */
  get recording(): TraceFile {
    return this.recorded.recording;
  }

  /** What came out of it. */
  get trace(): TraceFile {
    return this.recorded.trace;
  }

  start(now: bigint, reason: number): void {
    this.recorder?.start(now, reason);
    this.refuel();
    try {
      this.exports.start(now, reason);
    } catch (error) {
      throw this.stopped(error);
    }
  }

  poll(now: bigint): bigint {
    if (this.images.overdue(now)) throw new EngineStopped(ResetReason.Trap, "the module on trial has not confirmed itself in time");
    this.recorder?.poll(now);
    let deadline: bigint;
    this.refuel();
    try {
      deadline = this.exports.poll(now);
    } catch (error) {
      throw this.stopped(error);
    }
    this.recorder?.answer(deadline);
    return deadline;
  }

  push(event: Uint8Array): boolean {
    const taken = this.queue.push(event);
    if (taken) this.recorder?.event(event);
    return taken;
  }

  /** Events that wait for the next poll. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Where a module says that it counts is its own word: nothing where that is outside of its memory. */
  drops(): Dropped[] {
    const place = dropsAt(this.wasm);
    const memory = new Uint8Array(this.exports.memory.buffer);
    if (place === null || place.at + place.size > memory.length) return [];
    return dropsNamed(memory.subarray(place.at, place.at + place.size), place.layer);
  }

  close(): void {
    this.queue.clear();
  }

  private get recorded(): Recorder {
    if (!this.recorder) throw new Error("this engine records nothing; make it with `record`");
    return this.recorder;
  }

  private askAbi(): number {
    this.refuel();
    try {
      return (this.exports.abi?.() ?? ABI_VERSION) >>> 0;
    } catch (error) {
      throw this.stopped(error);
    }
  }

  private refuel(): void {
    const fuel = this.exports[FUEL_EXPORT];
    if (fuel) fuel.value = this.fuel;
  }

  private stopped(error: unknown): EngineStopped {
    if (error instanceof EngineStopped) {
      this.recorder?.trap();
      return error;
    }
    // The module's own faults; whatever else its surroundings throw is theirs, and no reboot mends it.
    if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) throw error;
    this.recorder?.trap();
    const fuel = this.exports[FUEL_EXPORT];
    if (fuel && fuel.value === 0) return new EngineStopped(ResetReason.Watchdog, "the module ran on without an end", this.where(error));
    const stopped = new EngineStopped(ResetReason.Trap, `the module trapped: ${error.message}`, this.where(error));
    stopped.cause = error;
    return stopped;
  }

  /** The innermost function of the module on the error's stack; metering leaves indices as they are. */
  private where(error: Error): string | undefined {
    const index = /wasm-function\[(\d+)\]/.exec(error.stack ?? "")?.[1];
    return index && functionOf(moduleHash(this.wasm), Number(index));
  }
}
