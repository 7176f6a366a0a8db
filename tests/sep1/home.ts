// Three devices' clusters on one table: frames that one sends are heard by the other at once, through real ZCL octets.

import { IMPORTS } from "../../host/abi.ts";
import { labModule } from "../../host/build/labs.ts";
import { type Images, NO_IMAGES } from "../../host/image/images.ts";

export const HUB = 0;
export const METER = 1;
export const IHD = 2;
export const ADDRESS = [0x00124b0000000001n, 0x00124b0000000002n, 0x00124b0000000003n];
export const ESTABLISHED = 2;
/** What a board answers that has no such thing. */
const ABSENT = -7;

/** The entry of these tests, compiled. */
export const deviceModule = async (): Promise<WebAssembly.Module> => labModule("sep1/device");

export interface Sent {
  extended: bigint;
  target: number;
  endpoint: number;
  cluster: number;
  options: number;
  zcl: Buffer;
}

interface Exports {
  memory: WebAssembly.Memory;
  buffer(): number;
  start(kind: number, now: bigint): void;
  hear(extended: bigint, cluster: number, keyKind: number, broadcast: number, size: number, now: bigint): number;
  misdirected(endpoint: number, profile: number, cluster: number, size: number): number;
  event(now: bigint): number;
  tick(now: bigint): bigint;
  known(index: number, extended: bigint): void;
  confirm(handle: number): void;
  bind(cluster: number, extended: bigint): number;
  partners(hub: bigint, meter: bigint, now: bigint): void;
  stage(to: number): void;
  keepAlive(slot: number, size: number): bigint;
}

export class Device {
  readonly sent: Sent[] = [];
  readonly logs: { code: number; octets: Buffer }[] = [];
  readonly screen: string[] = [];
  /** Records for the head-end, taken as they were sent. */
  readonly uplink: Buffer[] = [];
  draws = 0;
  /** Of the transmission last accepted. */
  lastHandle = 0;
  /** What `apsSend` answers; negative refuses. */
  sendAnswer = 0;
  private readonly exports: Exports;

  constructor(
    module: WebAssembly.Module,
    readonly kind: number,
    readonly store: Map<number, Buffer> = new Map(),
    now = 0n,
    images: Images = NO_IMAGES,
  ) {
    const octets = (at: number, size: number) => Buffer.from(new Uint8Array(this.exports.memory.buffer, at, size));
    const [section = new ArrayBuffer(0)] = WebAssembly.Module.customSections(module, "constants");
    const constants = new Uint8Array(section);
    const instance = new WebAssembly.Instance(module, {
      env: {
        abort: (_message: number, _file: number, line: number, column: number) => {
          throw new Error(`assertion at ${line}:${column}`);
        },
      },
      test: {
        sent: (extended: bigint, target: number, endpoint: number, cluster: number, options: number, at: number, size: number) => {
          if (this.sendAnswer < 0) return this.sendAnswer;
          this.sent.push({ extended: BigInt.asUintN(64, extended), target, endpoint, cluster, options, zcl: octets(at, size) });
          this.lastHandle = (this.lastHandle + 1) & 0xff;
          return this.lastHandle;
        },
      },
      han: {
        ...Object.fromEntries(IMPORTS.map(({ name }) => [name, () => ABSENT])),
        ...this.imageImports(images),
        constant_read: (offset: number, at: number, capacity: number) => {
          const piece = constants.subarray(offset, offset + capacity);
          new Uint8Array(this.exports.memory.buffer).set(piece, at);
          return piece.length;
        },
        uplink_send: (at: number, size: number) => {
          this.uplink.push(octets(at, size));
          return 0;
        },
        store_read: (record: number, at: number, capacity: number) => {
          const found = this.store.get(record);
          if (!found) return -7;
          if (found.length > capacity) return -5;
          new Uint8Array(this.exports.memory.buffer).set(found, at);
          return found.length;
        },
        store_write: (record: number, at: number, size: number) => {
          this.store.set(record, octets(at, size));
          return 0;
        },
        sense: () => 0,
        display: (line: number, at: number, size: number) => {
          this.draws++;
          this.screen[line] = octets(at, size).toString("latin1");
          return 0;
        },
        log: (code: number, at: number, size: number) => {
          this.logs.push({ code, octets: octets(at, size) });
        },
      },
    });
    this.exports = instance.exports as unknown as Exports;
    // The stack of pointers is far from here: dirty memory shows what relies on zeros.
    this.fill(Buffer.alloc(512, 0xa5));
    this.exports.start(kind, now);
  }

  /** Answers what the mirror leaves to the device. */
  hear(zcl: Buffer | string, options: { from?: bigint; cluster: number; key?: number; broadcast?: boolean; now?: bigint }): number {
    const frame = typeof zcl === "string" ? Buffer.from(zcl.replaceAll(" ", ""), "hex") : zcl;
    this.fill(frame);
    const from = options.from ?? 0x00124b00000000ffn;
    return this.exports.hear(from, options.cluster, options.key ?? ESTABLISHED, options.broadcast ? 1 : 0, frame.length, options.now ?? 0n);
  }

  misdirected(zcl: Buffer, endpoint: number, profile: number, cluster: number): number {
    this.fill(zcl);
    return this.exports.misdirected(endpoint, profile, cluster, zcl.length);
  }

  event(payload: Buffer, now: bigint): number {
    const head = Buffer.alloc(16);
    head.writeUInt16LE(payload.length, 2);
    head.writeBigInt64LE(now, 8);
    this.fill(Buffer.concat([head, payload]));
    return this.exports.event(now);
  }

  measured(joules: bigint, watts: number, now: bigint): void {
    const payload = Buffer.alloc(13);
    payload.writeBigInt64LE(joules, 0);
    payload.writeInt32LE(watts, 8);
    payload.writeUInt8(1, 12);
    this.event(payload, now);
  }

  tick(now: bigint): bigint {
    return this.exports.tick(now);
  }
  /** A hub's trust centre knows a device. */
  known(index: number, extended: bigint): void {
    this.exports.known(index, extended);
  }
  confirm(handle: number): void {
    this.exports.confirm(handle);
  }
  bind(cluster: number, extended: bigint): number {
    return this.exports.bind(cluster, extended);
  }
  partners(hub: bigint, meter: bigint, now = 0n): void {
    this.exports.partners(hub, meter, now);
  }
  stage(to: number): void {
    this.exports.stage(to);
  }
  /** A Keep-Alive answer under the key in `slot`; answers the minutes that the trust centre may then be silent. */
  keepAlive(zcl: string, slot: number): number {
    const frame = Buffer.from(zcl.replaceAll(" ", ""), "hex");
    this.fill(frame);
    return Number(this.exports.keepAlive(slot, frame.length)) / 60_000;
  }
  private imageImports(images: Images): Record<string, (...values: number[]) => number> {
    const view = (at: number, size: number) => new Uint8Array(this.exports.memory.buffer, at, size);
    return {
      image_begin: (image, at) => images.begin(image, Uint8Array.from(view(at, 12))),
      image_write: (image, offset, at, size) => images.write(image, offset >>> 0, Uint8Array.from(view(at, size))),
      image_read: (image, offset, at, capacity) => images.read(image, offset >>> 0, view(at, capacity)),
      image_finish: (image) => images.finish(image),
      image_activate: (image) => images.activate(image),
      image_confirm: (healthy) => images.confirm(healthy !== 0),
      image_state: (image, at, capacity) => images.state(image, view(at, capacity)),
    };
  }

  /** Takes what was sent since the last call. */
  take(): Sent[] {
    return this.sent.splice(0);
  }
  logged(code: number): Buffer[] {
    return this.logs.filter((entry) => entry.code === code).map((entry) => entry.octets);
  }

  private fill(octets: Buffer): void {
    new Uint8Array(this.exports.memory.buffer).set(octets, this.exports.buffer());
  }
}

export function clockRecord(utc: number, offset: number, summerStart: number, summerEnd: number, shift: number): Buffer {
  const out = Buffer.alloc(21);
  out.writeUInt8(1, 0);
  out.writeUInt32LE(utc, 1);
  out.writeInt32LE(offset, 5);
  out.writeUInt32LE(summerStart, 9);
  out.writeUInt32LE(summerEnd, 13);
  out.writeInt32LE(shift, 17);
  return out;
}

export function tariffRecord(t: {
  event: number;
  start?: number;
  minutes?: number;
  currency?: number;
  price: number;
  digits?: number;
  tier?: number;
  label?: string;
}): Buffer {
  const label = Buffer.from(t.label ?? "", "latin1");
  const out = Buffer.alloc(20);
  out.writeUInt8(2, 0);
  out.writeUInt32LE(t.event, 1);
  out.writeUInt32LE(t.start ?? 0, 5);
  out.writeUInt16LE(t.minutes ?? 0xffff, 9);
  out.writeUInt16LE(t.currency ?? 826, 11);
  out.writeUInt32LE(t.price, 13);
  out.writeUInt8(t.digits ?? 4, 17);
  out.writeUInt8(t.tier ?? 1, 18);
  out.writeUInt8(label.length, 19);
  return Buffer.concat([out, label]);
}

/** Seconds since 2000-01-01 of an ISO instant. */
export function zigbeeTime(iso: string): number {
  return Date.parse(iso) / 1000 - 946_684_800;
}
