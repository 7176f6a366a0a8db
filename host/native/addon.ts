// The add-on as TypeScript sees it: boards/common, compiled for the PC.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Surroundings } from "../engine.ts";
import type { Identity } from "../image/keys.ts";
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
  /** Of the function that ran when the module trapped or used up its fuel; else 0. */
  function: number;
  /** `moduleHash` of its module; else empty. */
  module: string;
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
  /** Functions translated, how many of these had been before, and functions dropped for room. */
  translations: number;
  retranslations: number;
  evictions: number;
  eventsDropped: number;
  badMic: number;
  allocations: number;
  waiting: number;
  storeErases: number;
  storeLive: number;
}

/** The image slots of a device, boards/common/image.h. */
export interface DeviceImagesOptions {
  /** The region's flash, read and written in place: two sectors of state, slot A, slot B, library files. */
  nor: Uint8Array;
  sectorSize?: number;
  /** Octets that the flash programs at once: 8, 16 or 32. */
  unit?: number;
  slotSectors: number;
  files?: number;
  fileSectors?: number;
  identity: Identity;
  /** The module of last resort. */
  factory?: Uint8Array;
  /** IEEE address as on the air; not known when absent. */
  address?: Uint8Array;
}

/** enum kw_image_source of boards/common/image.h. */
export const ImageSource = { SlotA: 0, SlotB: 1, Factory: 2, Nothing: 3 } as const;

export interface NativeDeviceOptions {
  /** Exactly one of these two: a module, or slots that say which module runs. */
  wasm?: Uint8Array;
  images?: DeviceImagesOptions;
  /** Octets of linear memory, 0 for the whole page. */
  memoryLimit?: number;
  seed: Uint8Array;
  arenaSize: number;
  /** Octets that translation may take of what loading leaves of the arena; 0 for all. */
  codeRoom?: number;
  /** The flash: read and written in place, it survives the device. */
  nor: Uint8Array;
  sectorSize?: number;
  /** Octets that the flash programs at once: 8, 16 or 32. */
  unit?: number;
  deviceKey: Uint8Array;
  surroundings: Surroundings;
  trace?: boolean;
  /** Loop turns and calls in one start or poll, 0 for no limit. */
  fuel?: number;
  /** Translates everything once at load and refuses what cannot be translated. */
  eager?: boolean;
  /** Tests: before each call functions are dropped by chance, of which this is the seed; 0 for never. */
  shake?: number;
  /** Tests: this allocation finds the arena full. */
  failAllocation?: number;
}

export interface NativeDevice {
  start(now: bigint, reason: number): boolean;
  poll(now: bigint): bigint | null;
  push(event: Uint8Array): boolean;
  stop(): StopReport;
  /** The octets of the module's counters of what it dropped; none where it does not count, or is not loaded. */
  drops(): Buffer;
  stats(): NativeStats;
  takeTrace(): Buffer;
  /** Runs a recording on this device's flash, which must hold no records yet, without its surroundings; see `ReplayEnd`. */
  replay(recording: Uint8Array): number;
  readRecord(record: number): Buffer | number;
  writeRecord(record: number, octets: Uint8Array): number;
  /** What was booted, and what `image_state` writes for image 0; null for a device without slots. */
  images(): { source: number; state: Buffer } | null;
  close(): void;
}

/** enum kw_replay_end of boards/common/replay.h. */
export const ReplayEnd = { Done: 0, Bad: 1, Refused: 2 } as const;

/** How an operation on the flash looks after the power failed in it. */
export const CutMode = { Lost: 0, Prefix: 1, Done: 2, Mixed: 3, Random: 4 } as const;

export interface NativeStoreOptions {
  nor: Uint8Array;
  sectorSize?: number;
  /** Octets that the flash programs at once: 8, 16 or 32. */
  unit?: number;
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

export interface NativeImagesOptions {
  /** Two sectors of state, slot A, slot B, library files; read and written in place. */
  nor: Uint8Array;
  sectorSize?: number;
  /** Octets that the flash programs at once: 8, 16 or 32. */
  unit?: number;
  slotSectors: number;
  files?: number;
  fileSectors?: number;
  identity: Identity;
  deviceKey: Uint8Array;
  /** 32 octets, other ones in each uptime. */
  noise: Uint8Array;
  address?: Uint8Array;
  factory?: Uint8Array;
  cutAt?: number;
  cutMode?: number;
  cutSeed?: number;
  /** The sector that takes neither erase nor program, and how many from there on. */
  stuck?: number;
  stuckSectors?: number;
  /** And says that it did. */
  stuckSilent?: boolean;
  /** A sector, blank after an erase that was cut short, of which some bits are zeros from this uptime on. */
  decay?: number;
  /** Whether `journal` has something to give. */
  journal?: boolean;
}

/** One uptime of boards/common/image.h. */
export interface NativeImages {
  /** What kw_images_open answered. */
  readonly opened: number;
  /** An `ImageSource`. */
  boot(): number;
  /** The module that boot decided for. */
  running(): Buffer | null;
  install(file: Uint8Array): number;
  /** `key`: the 12 octets of image_begin. */
  begin(image: number, key: Uint8Array): number;
  write(image: number, offset: number, octets: Uint8Array): number;
  read(image: number, offset: number, capacity: number): Buffer | number;
  finish(image: number): number;
  activate(image: number): number;
  confirm(healthy: number): number;
  refused(reason: number, detail: number): void;
  overdue(now: bigint): boolean;
  state(image: number): Buffer | number;
  /** `stale`: programs into sectors that were not erased in this uptime. */
  stats(): { operations: number; erases: number; stale: number; dead: boolean; brokenRule: boolean };
  /** Each whole operation: kind u32 (1 program, 2 erase), offset u32, size u32, octets programmed. */
  journal(): Buffer;
}

export interface GateReport {
  ok: boolean;
  code: number;
  reason: string;
  offset: number;
}

export interface PackageTakeOptions {
  /** Without one it is anyone's package, and `root` is needed. */
  board?: Identity;
  root?: Uint8Array;
  manufacturer: number;
  type: number;
  version: number;
  size: number;
  /** IEEE address as on the air. */
  destination?: Uint8Array;
  epoch?: number;
  counter?: number;
  running?: number;
}

/** struct kw_release_key */
export interface NativeReleaseKey {
  id: Buffer;
  epoch: number;
  point: Buffer;
}

/** struct kw_manifest */
export interface NativeManifest {
  counter: number;
  vendor: Buffer;
  classId: Buffer;
  role: number;
  phase: number;
  encoding: number;
  version: number;
  hardwareMinimum: number;
  hardwareMaximum: number;
  imageSize: number;
  payloadSize: number;
  imageDigest: Buffer;
  payloadDigest: Buffer;
  baseDigest: Buffer;
  abiMinimum: number;
  abiMaximum: number;
  memory: number;
  nativeMinimum: number;
  notBefore: number;
  keyId: Buffer;
  /** Absent where the manifest names nobody. */
  destination?: { manufacturer: number; type: number; address?: Buffer };
}

export interface PackageTaken {
  /** `ImageReason` of the refusal, 0 for none. */
  reason: number;
  /** What kw_package_end says. */
  end: number;
  /** enum kw_package_part */
  part: number;
  offset: number;
  payloadAt: number;
  /** Whether kw_package_skip did what it was asked. */
  skipped: boolean;
  payload: Buffer;
  key: NativeReleaseKey;
  manifest: NativeManifest;
}

export interface NativeDecoded {
  reason: number;
  done: boolean;
  /** The decoder asked for octets that it had not made: never. */
  outside: boolean;
  image: Buffer;
}

export interface Native {
  NativeDevice: new (options: NativeDeviceOptions) => NativeDevice;
  NativeStore: new (options: NativeStoreOptions) => NativeStore;
  NativeImages: new (options: NativeImagesOptions) => NativeImages;
  /** Text and tag, or null for sizes that CCM does not have. */
  ccmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array, tagSize: number): Buffer | null;
  /** The text, or null when the tag is wrong or a size is. */
  ccmOpen(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, textAndTag: Uint8Array, tagSize: number): Buffer | null;
  hashMmo(data: Uint8Array): Buffer;
  /** A TUN or TAP interface of Linux: a file descriptor of a stream (tap.c), or the negative errno. */
  openTap(name: Uint8Array, isTap: number): number;
  hmacMmo(key: Uint8Array, data: Uint8Array): Buffer;
  keyVariant(key: Uint8Array, variant: number): Buffer | null;
  sha256(data: Uint8Array): Buffer;
  drbg(seed: Uint8Array, size: number, calls: number): Buffer | null;
  /** The 32 octets after `calls` generate calls and new entropy, or null where none was due. */
  drbgReseeded(seed: Uint8Array, more: Uint8Array, calls: number): Buffer | null;
  /** What `calls` calls of boards/common/noise.c take of a source, or null when it is not fit to use. */
  noise(source: Uint8Array, size: number, calls: number): Buffer | null;
  /** (a * b)^(2^squarings), or null where the contract answers `Reserved`. */
  gf2Multiply(field: number, a: Uint8Array, b: Uint8Array, squarings: number): Buffer | null;
  /** Signatures of packages that this process has judged, and not remembered. */
  p256Judged(): number;
  p256Verify(point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean;
  p256Sign(key: Uint8Array, digest: Uint8Array): Buffer | null;
  p256Agree(key: Uint8Array, point: Uint8Array): Buffer | null;
  gate(wasm: Uint8Array, memoryLimit: number): GateReport;
  /** Gives the chunks to boards/common/package.c; `skip` passes so many octets of the payload at its beginning. */
  packageTake(options: PackageTakeOptions, chunks: Uint8Array[], skip?: number): PackageTaken;
  manifestRead(
    root: Uint8Array,
    certificate: Uint8Array,
    manifest: Uint8Array,
  ): { keyReason: number; manifestReason: number; key: NativeReleaseKey; manifest: NativeManifest };
  /** Calls boards/common/codec.c with so many octets of input and of room at most; with a seed other than 0 with random numbers up to these. Cuts of 0 are none. */
  decode(
    encoding: number,
    payload: Uint8Array,
    imageSize: number,
    base: Uint8Array,
    inputCut: number,
    roomCut: number,
    seed: number,
  ): NativeDecoded;
}

/** A process of its own, because `native` waits for it; what it says is seen while it works. */
const BUILD = `import { writeSync } from "node:fs";
const say = (line) => writeSync(2, line + "\\n");
try {
  await (await import(process.argv[1])).buildAddon(say);
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}`;

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
  // In the package the sources are compiled, and nothing has to read TypeScript.
  const typed = import.meta.url.endsWith(".ts");
  const script = new URL(typed ? "./build.ts" : "./build.js", import.meta.url).href;
  try {
    const words = [...(typed ? ["--import", "tsx"] : []), "--input-type=module", "--eval", BUILD, script];
    execFileSync(process.execPath, words, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  } catch {
    throw new Error("the native add-on could not be built; the reason stands above");
  }
  const path = builtAddon();
  if (!path) throw new Error("the native add-on was built, but its sources changed meanwhile; run the command again");
  return path;
}
