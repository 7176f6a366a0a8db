// A hub with a library on the table of the cluster tests, and the head-end that fills it; the OTA commands of a client by hand.
import { createHash } from "node:crypto";
import { FileStatus, Role } from "../../host/abi.ts";
import { Activate, type Rollout } from "../../host/home/update_records.ts";
import { packageInMemory, UpdateSource } from "../../host/home/update_source.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { Device, HUB } from "./home.ts";

export const OTA = 0x0019;
export const UPTIME_START = 1000n;
/** More than any test needs. */
const ROUNDS_MAX = 200_000;
export const GO: Rollout = { go: true, atOnce: 0, failures: 0, activate: Activate.Now, devices: [] };

/** Octets that look like nothing in particular. */
export function noise(size: number, seed = "noise"): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; index * 32 < size; index++) parts.push(createHash("sha256").update(`${seed} ${index}`).digest());
  return Buffer.concat(parts).subarray(0, size);
}

export function packageFor(
  options: {
    role?: number;
    version?: number;
    size?: number;
    destination?: bigint;
    imageType?: number;
    hardware?: { minimum: number; maximum: number };
  } = {},
): Buffer {
  const { role = Role.Ihd, version = 0x01000100, size = 3000, ...rest } = options;
  return packageBuild({ wasm: noise(size, String(version)), memory: 65_536, role, version, counter: 1, ...rest });
}

export interface Loss {
  /** Whether a record of the uplink is lost, and in how many copies it arrives. */
  down?: (record: Buffer) => number;
  up?: (record: Buffer) => number;
}

export class OtaHub {
  readonly slots: ImageSlots;
  readonly store = new Map<number, Buffer>();
  readonly source: UpdateSource;
  device: Device;
  now = UPTIME_START;
  private rounds = 0;
  /** Records to the hub that have still to arrive; a test may change their order. */
  readonly down: Buffer[] = [];

  constructor(
    private readonly module: WebAssembly.Module,
    private readonly loss: Loss = {},
    files = 4,
  ) {
    this.slots = new ImageSlots({ identity: developmentIdentity(Role.Hub), files, fileCapacity: 300_000 });
    this.slots.boot();
    this.source = new UpdateSource({
      send: (record) => {
        for (let copies = this.loss.down?.(record) ?? 1; copies > 0; copies--) this.down.push(record);
        return true;
      },
    });
    this.device = this.start();
  }

  private start(): Device {
    return new Device(this.module, HUB, this.store, this.now, this.slots);
  }

  /** What a power cut leaves. */
  reset(): void {
    this.slots.boot();
    this.down.length = 0;
    this.device = this.start();
  }

  /** One round of the uplink at one moment; false when nothing moved. */
  exchange(): boolean {
    this.source.tick(Number(this.now));
    this.device.tick(this.now);
    if (++this.rounds > ROUNDS_MAX) throw new Error("hub and head-end do not come to rest");
    const up = this.device.uplink.splice(0);
    for (const record of up) for (let copies = this.loss.up?.(record) ?? 1; copies > 0; copies--) this.source.take(record);
    const down = this.down.splice(0);
    for (const record of down) this.device.event(record, this.now);
    return up.length > 0 || down.length > 0;
  }

  /** Lets time pass until a file has a status; true when it came to that. */
  until(image: number, status: number, patienceMs = 600_000): boolean {
    for (const end = this.now + BigInt(patienceMs); this.now < end; ) {
      while (this.exchange()) if (this.status(image) === status) break;
      if (this.status(image) === status) {
        while (this.exchange());
        return true;
      }
      this.now += 500n;
    }
    return false;
  }

  pass(ms: number, stepMs = 500): void {
    for (const end = this.now + BigInt(ms); this.now < end; this.now += BigInt(stepMs)) while (this.exchange());
    while (this.exchange());
  }

  status(image: number): number {
    const state = new Uint8Array(48);
    this.slots.state(image, state);
    return state[0];
  }

  /** A hub that has a file and may give it away. */
  load(image: number, file: Buffer, rollout: Rollout = GO): void {
    this.source.offer(image, packageInMemory(file), rollout);
    if (!this.until(image, FileStatus.Waiting)) throw new Error(`file ${image} is not ready: status ${this.status(image)}`);
    this.pass(2000);
    this.device.take();
  }

  /** A command of a client; what the hub sends then. */
  ask(from: bigint, command: number, payload: Buffer, key?: number): Buffer[] {
    this.device.take();
    this.device.hear(Buffer.concat([Buffer.from([0x01, 0x55, command]), payload]), { cluster: OTA, from, key, now: this.now });
    this.device.tick(this.now);
    return this.device.take().map(({ zcl }) => zcl);
  }

  query(from: bigint, version: number, more: { type?: number; manufacturer?: number; hardware?: number } = {}): Buffer {
    const out = Buffer.alloc(9);
    out.writeUInt8(more.hardware === undefined ? 0 : 1, 0);
    file(more.type ?? 3, version, more.manufacturer).copy(out, 1);
    const hardware = Buffer.alloc(more.hardware === undefined ? 0 : 2);
    if (more.hardware !== undefined) hardware.writeUInt16LE(more.hardware);
    return one(this.ask(from, 1, Buffer.concat([out, hardware])));
  }

  block(from: bigint, version: number, offset: number, more: { max?: number; node?: bigint; period?: number; type?: number } = {}): Buffer {
    const head = Buffer.concat([
      Buffer.from([(more.node === undefined ? 0 : 1) | (more.period === undefined ? 0 : 2)]),
      file(more.type ?? 3, version),
      u32(offset),
      Buffer.from([more.max ?? 48]),
    ]);
    const node = Buffer.alloc(more.node === undefined ? 0 : 8);
    if (more.node !== undefined) node.writeBigUInt64LE(more.node);
    const period = Buffer.alloc(more.period === undefined ? 0 : 2);
    if (more.period !== undefined) period.writeUInt16LE(more.period);
    return one(this.ask(from, 3, Buffer.concat([head, node, period])));
  }

  page(from: bigint, version: number, offset: number, size: number, spacing = 0, max = 48): Buffer[] {
    const tail = Buffer.alloc(5);
    tail.writeUInt8(max, 0);
    tail.writeUInt16LE(size, 1);
    tail.writeUInt16LE(spacing, 3);
    return this.ask(from, 4, Buffer.concat([Buffer.from([0]), file(3, version), u32(offset), tail]));
  }

  end(from: bigint, status: number, version: number): Buffer {
    return one(this.ask(from, 6, Buffer.concat([Buffer.from([status]), file(3, version)])));
  }

  /** `FileStatus` of a device as the head-end knows it. */
  reported(extended: bigint): number | undefined {
    return this.source.devices.find((device) => device.extended === extended)?.status;
  }
}

function one(frames: Buffer[]): Buffer {
  if (frames.length !== 1) throw new Error(`${frames.length} answers: ${frames.map((frame) => frame.toString("hex")).join(" ")}`);
  return frames[0];
}

export function file(type: number, version: number, manufacturer = 0xfff1): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt16LE(manufacturer, 0);
  out.writeUInt16LE(type, 2);
  out.writeUInt32LE(version, 4);
  return out;
}

export function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}

export const OLD = 0x01000000;
export const NEW = 0x01000100;
export const ihd = 0x00124b00000000ffn;
export const other = 0x00124b00000000een;
export const SUCCESS = 0x00;
export const NOT_AUTHORIZED = 0x7e;
export const MALFORMED = 0x80;
export const INVALID_FIELD = 0x85;
export const ABORT = 0x95;
export const WAIT_FOR_DATA = 0x97;
export const NO_IMAGE = 0x98;

/** A default response of the hub to a command. */
export const refusal = (command: number, status: number): string => Buffer.from([0x18, 0x55, 0x0b, command, status]).toString("hex");
export const response = (command: number, ...parts: Buffer[]): string =>
  Buffer.concat([Buffer.from([0x19, 0x55, command]), ...parts]).toString("hex");
export const octet = (value: number): Buffer => Buffer.from([value]);

/** A hub with one file in its library. */
export function loadedHub(
  module: WebAssembly.Module,
  options: Parameters<typeof packageFor>[0] = {},
  rollout = GO,
): { hub: OtaHub; image: Buffer } {
  const hub = new OtaHub(module);
  const image = packageFor({ version: NEW, ...options });
  hub.load(1, image, rollout);
  return { hub, image };
}
