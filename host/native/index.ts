// A device's module under wasm3 in Node: the engine of the boards behind the interface of every engine.
import { IMAGE_FLAGS, IMAGE_RUNNING, ResetReason } from "../abi.ts";
import { type Dropped, dropsNamed } from "../drops.ts";
import { type Engine, EngineStopped, FUEL, type Surroundings } from "../engine.ts";
import { functionOf } from "../function_names.ts";
import {
  type DeviceImagesOptions,
  ImageSource,
  type NativeDevice,
  type NativeStats,
  native,
  ReplayEnd,
  Stop,
  type StopReport,
} from "./addon.ts";

export { type DeviceImagesOptions, ImageSource, type Native, type NativeStats, native } from "./addon.ts";

/** Room for a module on a PC; a board's budget is smaller, and is checked on the board. */
const ARENA_SIZE = 512 * 1024;
export const FLASH_SIZE = 64 * 1024;
/** The device key of everything that is simulated: it protects nothing, and a real board draws its own at manufacture. */
export const SIMULATED_DEVICE_KEY = Buffer.from("kilowasm-on-a-pc", "latin1");

export interface Wasm3Options {
  /** Exactly one of these two: a module, or slots that say which module runs. */
  wasm?: Uint8Array;
  /** Its flash, like `nor`, survives a reboot when the caller keeps it. */
  images?: DeviceImagesOptions;
  /** 32 octets; two devices never share one. */
  seed: Uint8Array;
  surroundings: Surroundings;
  /** The flash, which survives a reboot when the caller keeps it; a blank one when absent. */
  nor?: Uint8Array;
  deviceKey?: Uint8Array;
  /** Octets of linear memory, 0 for the whole page. */
  memoryLimit?: number;
  arenaSize?: number;
  /** Whether `takeTrace` has something to give. */
  trace?: boolean;
  /** Units that one start or poll may take (`FUEL` without); a module that needs more is stopped.  0 for no limit. */
  fuel?: number;
  eager?: boolean;
}

/** What a device with slots runs. */
export interface Booted {
  /** `ImageSource`. */
  source: number;
  /** File version; 0 for the factory module. */
  version: number;
  onTrial: boolean;
  /** The 48 octets of `image_state` for image 0. */
  state: Buffer;
}

/** Flash as it leaves the factory. */
export function blankFlash(): Buffer {
  return Buffer.alloc(FLASH_SIZE, 0xff);
}

/** Loads the module at once: a module that the gate or wasm3 refuses throws `EngineStopped`. */
export class Wasm3Engine implements Engine {
  readonly nor: Uint8Array;
  private readonly device: NativeDevice;

  constructor(options: Wasm3Options) {
    this.nor = options.nor ?? blankFlash();
    this.device = new (native().NativeDevice)({
      ...options,
      fuel: options.fuel ?? FUEL,
      nor: this.nor,
      deviceKey: options.deviceKey ?? SIMULATED_DEVICE_KEY,
      arenaSize: options.arenaSize ?? ARENA_SIZE,
    });
    const stop = this.device.stop();
    if (stop.code === Stop.None) return;
    this.device.close();
    throw stopped(stop);
  }

  start(now: bigint, reason: number): void {
    if (!this.device.start(now, reason)) throw stopped(this.device.stop());
  }

  poll(now: bigint): bigint {
    const deadline = this.device.poll(now);
    if (deadline === null) throw stopped(this.device.stop());
    return deadline;
  }

  push(event: Uint8Array): boolean {
    return this.device.push(event);
  }

  /** The records of the trace since the last call, docs/abi.md. */
  takeTrace(): Buffer {
    return this.device.takeTrace();
  }

  /** Octets of a store record, or a negative `Err`. */
  readRecord(record: number): Buffer | number {
    return this.device.readRecord(record);
  }

  writeRecord(record: number, octets: Uint8Array): number {
    return this.device.writeRecord(record, octets);
  }

  /** Null for a device without slots. */
  booted(): Booted | null {
    const images = this.device.images();
    if (!images || images.source === ImageSource.Nothing) return null;
    const { source, state } = images;
    return { source, state, version: state.readUInt32LE(IMAGE_RUNNING), onTrial: (state[IMAGE_FLAGS] & 1) !== 0 };
  }

  /** The trace of a recording, played on a flash that holds no records yet. */
  replay(recording: Uint8Array): Buffer {
    const end = this.device.replay(recording);
    if (end === ReplayEnd.Bad)
      throw new Error("the boards' engine cannot read the recording, or it goes on otherwise than the module does");
    if (end === ReplayEnd.Refused) throw stopped(this.device.stop());
    return this.device.takeTrace();
  }

  drops(): Dropped[] {
    const told = this.device.drops();
    return told.length === 0 ? [] : dropsNamed(told.subarray(4), told.readUInt32LE());
  }

  stats(): NativeStats {
    return this.device.stats();
  }

  close(): void {
    this.device.close();
  }
}

function stopped(stop: StopReport): EngineStopped {
  const where = stop.module && functionOf(stop.module, stop.function);
  switch (stop.code) {
    case Stop.Halt:
      return new EngineStopped(ResetReason.Halt, `the module asked for a reboot, reason ${stop.halt}`);
    case Stop.Fuel:
      return new EngineStopped(ResetReason.Watchdog, "the module ran on without an end", where);
    case Stop.Refused:
      return new EngineStopped(ResetReason.Trap, `the module is refused: ${stop.reason}${stop.offset ? `, at offset ${stop.offset}` : ""}`);
    case Stop.Memory:
      return new EngineStopped(ResetReason.Trap, "the module's translated code does not fit the arena");
    default:
      return new EngineStopped(ResetReason.Trap, `the module trapped: ${stop.reason}`, where);
  }
}
