// The add-on as TypeScript sees it: boards/common, compiled for the PC.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Surroundings } from "../engine.ts";
import { builtAddon } from "./build.ts";

/** enum kw_stop of boards/common/runtime.h. */
export const Stop = { None: 0, Trap: 1, Memory: 2, Halt: 3, Fuel: 4, Refused: 5 } as const;

export interface StopReport {
  code: number;
  /** A sentence without its full stop. */
  reason: string;
  /** Offset in the module of what the gate refused. */
  offset: number;
  /** The argument of `halt`. */
  halt: number;
}

export interface NativeStats {
  arenaSize: number;
  arenaUsed: number;
  arenaPeak: number;
  /** In use after loading, before anything was translated: wasm3's own and linear memory. */
  arenaLoaded: number;
  linear: number;
  translated: number;
  translatedPeak: number;
  /** Octets of wasm3's own stack, of 4096, that were ever used. */
  wasmStackPeak: number;
  /** Times the translated code was dropped. */
  drops: number;
  eventsDropped: number;
  badMic: number;
  allocations: number;
  waiting: number;
  storeErases: number;
  storeLive: number;
}

export interface NativeDeviceOptions {
  wasm: Uint8Array;
  /** Octets of linear memory, 0 for the whole page. */
  memoryLimit?: number;
  seed: Uint8Array;
  arenaSize: number;
  reserve?: number;
  /** The flash: read and written in place, it survives the device. */
  nor: Uint8Array;
  sectorSize?: number;
  deviceKey: Uint8Array;
  surroundings: Surroundings;
  trace?: boolean;
  /** Loop turns and calls in one start or poll, 0 for no limit. */
  fuel?: number;
  /** Translates everything at load and refuses what cannot be translated. */
  eager?: boolean;
  /** Tests: this allocation finds the arena full. */
  failAllocation?: number;
}

export interface NativeDevice {
  start(now: bigint, reason: number): boolean;
  poll(now: bigint): bigint | null;
  push(event: Uint8Array): boolean;
  stop(): StopReport;
  stats(): NativeStats;
  takeTrace(): Buffer;
  /** Runs a recording on this device's flash, which must hold no records yet, without its surroundings; see `ReplayEnd`. */
  replay(recording: Uint8Array): number;
  readRecord(record: number): Buffer | number;
  writeRecord(record: number, octets: Uint8Array): number;
  close(): void;
}

/** enum kw_replay_end of boards/common/trace.h. */
export const ReplayEnd = { Done: 0, Bad: 1, Refused: 2 } as const;

/** How an operation on the flash looks after the power failed in it. */
export const CutMode = { Lost: 0, Prefix: 1, Done: 2, Mixed: 3, Random: 4 } as const;

export interface NativeStoreOptions {
  nor: Uint8Array;
  sectorSize?: number;
  key: Uint8Array;
  noise: Uint8Array;
  /** The program or erase, counted from 1, in which the power fails; 0 for none. */
  cutAt?: number;
  cutMode?: number;
  cutSeed?: number;
}

export interface NativeStore {
  /** What kw_store_open answered: 0, or -7 when the flash holds no store of this key. */
  readonly opened: number;
  format(): number;
  read(record: number): Buffer | number;
  write(record: number, octets: Uint8Array): number;
  /** An empty key clears the slot. */
  keySet(slot: number, key: Uint8Array): number;
  keyGet(slot: number): Buffer | number;
  stats(): { operations: number; erases: number; live: number; dead: boolean; brokenRule: boolean };
}

export interface GateReport {
  ok: boolean;
  code: number;
  reason: string;
  offset: number;
}

export interface Native {
  NativeDevice: new (options: NativeDeviceOptions) => NativeDevice;
  NativeStore: new (options: NativeStoreOptions) => NativeStore;
  /** Text and tag, or null for sizes that CCM does not have. */
  ccmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, tagSize: number): Buffer | null;
  /** The text, or null when the tag is wrong or a size is. */
  ccmOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, textAndTag: Uint8Array, tagSize: number): Buffer | null;
  hashMmo(data: Uint8Array): Buffer;
  hmacMmo(key: Uint8Array, data: Uint8Array): Buffer;
  keyVariant(key: Uint8Array, variant: number): Buffer | null;
  sha256(data: Uint8Array): Buffer;
  drbg(seed: Uint8Array, size: number, calls: number): Buffer | null;
  gf2Multiply(a: Uint8Array, b: Uint8Array): Buffer | null;
  p256Verify(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  p256Sign(key: Uint8Array, digest: Uint8Array): Buffer | null;
  p256Agree(key: Uint8Array, point: Uint8Array): Buffer | null;
  gate(wasm: Uint8Array, memoryLimit: number): GateReport;
}

let loaded: Native | undefined;

/** The add-on; the first call after a change of the C sources builds it, in a process of its own, and says so. */
export function native(): Native {
  if (!loaded) {
    const path = builtAddon() ?? build();
    loaded = createRequire(import.meta.url)(path) as Native;
  }
  return loaded;
}

function build(): string {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const script = fileURLToPath(new URL("./build.ts", import.meta.url));
  try {
    execFileSync(process.execPath, ["--import", "tsx", script], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  } catch {
    throw new Error("the native add-on could not be built; the reason stands above");
  }
  const path = builtAddon();
  if (!path) throw new Error("the native add-on was built, but its sources changed meanwhile; run the command again");
  return path;
}
