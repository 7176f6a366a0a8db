// An OTA client on a table: the client's module, and a board's slots as docs/abi.md tells them.  ota_script.ts is its server.
import assert from "node:assert/strict";
import { FileStatus, IMAGE_STATE, IMPORTS, ImageNumber, ImageReason, Log } from "../../host/abi.ts";
import { hashMmo } from "../../host/crypto/mmo.ts";
import { Err } from "../../host/err.ts";
import { ADDRESS, ESTABLISHED, HUB, type Sent } from "./home.ts";

export const OTA = 0x0019;
export const MANUFACTURER = 0xfff1;
export const TYPE = 3;
export const RUNNING = 0x01000000;
export const OFFERED = 0x01000001;
export const HOUR = 3_600_000;
/** Octets of a block in one frame: 127 less MAC 11, NWK 26, APS 25, and 17 of the command. */
export const BLOCK_SIZE = 56;
const RECORD_UPGRADE = 26;
const RECORD_ADDRESS = 1;
/** Header, certificate and manifest of the pretended package; the board's resume records come with each sector. */
const HEAD = 700;
const SECTOR = 4096;
const HUB_ADDRESS = ADDRESS[HUB] as bigint;

/** The slot of one device: flash and state outlive its resets. */
export class Slot {
  running = RUNNING;
  status: number = FileStatus.None;
  reason: number = ImageReason.None;
  version = 0;
  size = 0;
  offset = 0;
  notBefore = 0;
  onTrial = false;
  capacity = 131_072;
  flash = Buffer.alloc(0);
  /** What a reset leaves of the flash. */
  kept = 0;
  /** Refuses the octet there for this reason. */
  refuse: { at: number; reason: number } | undefined;
  /** What `image_finish` finds. */
  verdict: number = ImageReason.None;
  readonly calls: string[] = [];

  reset(): void {
    if (this.status === FileStatus.Loading) this.offset = 0;
  }

  begin(at: Buffer): number {
    const [version, size] = [at.readUInt32LE(4), at.readUInt32LE(8)];
    this.calls.push(`begin ${version.toString(16)} ${size}`);
    assert.equal(at.readUInt16LE(0), MANUFACTURER);
    assert.equal(at.readUInt16LE(2), TYPE);
    if (this.onTrial) return Err.Busy;
    if (size > this.capacity) {
      this.reason = ImageReason.Size;
      return Err.NoBuffer;
    }
    if (version !== this.version || size !== this.size || this.status === FileStatus.Waiting) {
      this.kept = 0;
      this.flash = Buffer.alloc(size, 0xa5);
    }
    Object.assign(this, { version, size, offset: 0, status: FileStatus.Loading, reason: ImageReason.None });
    return 0;
  }

  write(offset: number, octets: Buffer): number {
    if (this.status !== FileStatus.Loading) return Err.NotFound;
    if (offset !== this.offset) return this.offset;
    const end = offset + octets.length;
    if (this.refuse && this.refuse.at < end) {
      this.status = FileStatus.Failed;
      this.reason = this.refuse.reason;
      return Err.Refused;
    }
    octets.copy(this.flash, offset);
    this.offset = end;
    if (end >= HEAD && this.kept > end) this.offset = this.kept;
    this.kept = Math.max(this.kept, Math.floor(this.offset / SECTOR) * SECTOR);
    return this.offset;
  }

  finish(): number {
    this.calls.push("finish");
    if (this.offset !== this.size) return Err.NotFound;
    this.reason = this.verdict;
    this.status = this.verdict === ImageReason.None ? FileStatus.Waiting : FileStatus.SignatureFailed;
    return this.verdict === ImageReason.None ? 0 : Err.BadMic;
  }

  activate(): number {
    this.calls.push("activate");
    if (this.status !== FileStatus.Waiting) return Err.NotFound;
    this.status = FileStatus.Activating;
    return 0;
  }

  confirm(healthy: number): number {
    this.calls.push(`confirm ${healthy}`);
    if (!this.onTrial) return Err.NotFound;
    this.onTrial = false;
    this.status = healthy ? FileStatus.Activated : FileStatus.ActivationFailed;
    return 0;
  }

  state(to: Uint8Array): number {
    const at = Buffer.alloc(IMAGE_STATE);
    at.writeUInt8(this.status, 0);
    at.writeUInt8(this.reason, 1);
    at.writeUInt16LE(MANUFACTURER, 2);
    at.writeUInt16LE(TYPE, 4);
    at.writeUInt16LE(1, 6);
    for (const [index, word] of [this.version, this.size, this.offset, this.running].entries()) at.writeUInt32LE(word, 8 + 4 * index);
    at.writeUInt8(this.onTrial ? 1 : 0, 24);
    at.writeUInt8(3, 28);
    at.writeUInt8(2, 30);
    at.writeUInt32LE(this.notBefore, 32);
    at.writeUInt32LE(this.capacity, 36);
    to.set(at);
    return IMAGE_STATE;
  }
}

/** The board's own certificate, image 5 of docs/abi.md; a device has none of it without this. */
export class Certificate {
  installed = false;
  keys = 0;
  /** What `image_finish` answers. */
  verdict = 0;
  file = Buffer.alloc(0);
  size = 0;

  begin(at: Buffer): number {
    this.file = Buffer.alloc(0);
    this.size = at.readUInt32LE(8);
    return this.size > 1664 ? Err.NoBuffer : 0;
  }

  write(offset: number, octets: Buffer): number {
    if (offset === this.file.length) this.file = Buffer.concat([this.file, octets]);
    return this.file.length;
  }

  finish(): number {
    this.installed ||= this.verdict === 0;
    return this.verdict;
  }

  state(to: Uint8Array): number {
    to.fill(0);
    to[0] = this.installed ? FileStatus.Activated : FileStatus.None;
    return IMAGE_STATE;
  }

  make(): number {
    this.keys++;
    return 0;
  }

  request(to: Uint8Array): number {
    if (this.keys === 0) return Err.NotFound;
    to.set(REQUEST);
    return REQUEST.length;
  }
}

/** As long as a real one. */
export const REQUEST = Buffer.from(Array.from({ length: 287 }, (_, index) => (index * 7) & 0xff));

interface Exports {
  memory: WebAssembly.Memory;
  buffer(): number;
  start(now: bigint): void;
  ready(now: bigint): void;
  lost(): void;
  clock(utc: number, now: bigint): void;
  matched(sequence: number, endpoint: number, now: bigint): void;
  hear(extended: bigint, cluster: number, keyKind: number, broadcast: number, size: number, now: bigint): number;
  tick(joined: boolean, key: boolean, now: bigint): bigint;
  expecting(): bigint;
  wrote(): boolean;
}

export class Halted extends Error {}

/** A client with its board. */
export class Client {
  readonly sent: Sent[] = [];
  readonly logs: { code: number; octets: Buffer }[] = [];
  /** What `apsSend` answers; negative refuses. */
  sendAnswer = 0;
  joined = true;
  key = true;
  private noise = 1;
  private readonly exports: Exports;

  constructor(
    module: WebAssembly.Module,
    readonly slot: Slot,
    readonly store: Map<number, Buffer> = new Map([[RECORD_ADDRESS, Buffer.alloc(8, 3)]]),
    now = 0,
    private readonly hashWorks = true,
    readonly certificate?: Certificate,
  ) {
    slot.reset();
    const instance = new WebAssembly.Instance(module, this.imports());
    this.exports = instance.exports as unknown as Exports;
    this.fill(Buffer.alloc(512, 0xa5));
    this.exports.start(BigInt(now));
  }

  ready(now: number): void {
    this.exports.ready(BigInt(now));
  }
  lost(): void {
    this.exports.lost();
  }
  clock(utc: number, now: number): void {
    this.exports.clock(utc, BigInt(now));
  }
  matched(frame: Sent, endpoint: number, now: number): void {
    this.exports.matched(frame.zcl[0] as number, endpoint, BigInt(now));
  }
  tick(now: number): number {
    const next = this.exports.tick(this.joined, this.key, BigInt(now));
    return next > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(next);
  }
  expecting(): number {
    return Number(this.exports.expecting());
  }
  hear(zcl: Buffer, now: number, options: { from?: bigint; key?: number; broadcast?: boolean } = {}): number {
    this.fill(zcl);
    const { from = HUB_ADDRESS, key = options.broadcast ? 0 : ESTABLISHED, broadcast = false } = options;
    return this.exports.hear(from, OTA, key, broadcast ? 1 : 0, zcl.length, BigInt(now));
  }
  wrote(): boolean {
    return this.exports.wrote();
  }
  take(): Sent[] {
    return this.sent.splice(0);
  }
  /** The updates and steps of health that were noted. */
  logged(code: number): Buffer[] {
    return this.logs.filter((entry) => entry.code === code).map((entry) => entry.octets);
  }
  get statuses(): number[] {
    const all = this.logged(Log.Update).map((octets) => octets.readUInt8(1));
    return all.filter((status, index) => status !== all[index - 1]);
  }
  get plan(): Buffer | undefined {
    return this.store.get(RECORD_UPGRADE);
  }

  private fill(octets: Buffer): void {
    new Uint8Array(this.exports.memory.buffer).set(octets, this.exports.buffer());
  }

  private imports(): WebAssembly.Imports {
    const view = (at: number, size: number) => new Uint8Array(this.exports.memory.buffer, at, size);
    const octets = (at: number, size: number) => Buffer.from(view(at, size));
    const { slot, store, certificate } = this;
    const own = (image: number, ask: (own: Certificate) => number, other: () => number): number => {
      if (image !== ImageNumber.Certificate) return other();
      return certificate ? ask(certificate) : Err.NotFound;
    };
    const others = Object.fromEntries(IMPORTS.map(({ name }) => [name, () => Err.NotFound]));
    return {
      env: {
        abort: (_message: number, _file: number, line: number, column: number) => {
          throw new Error(`assertion at ${line}:${column}`);
        },
      },
      test: {
        sent: (extended: bigint, target: number, endpoint: number, cluster: number, options: number, at: number, size: number) => {
          if (this.sendAnswer < 0) return this.sendAnswer;
          this.sent.push({ extended: BigInt.asUintN(64, extended), target, endpoint, cluster, options, zcl: octets(at, size) });
          return 1;
        },
      },
      han: {
        ...others,
        store_read: (record: number, at: number, capacity: number) => {
          const found = store.get(record);
          if (!found) return Err.NotFound;
          if (found.length > capacity) return Err.NoBuffer;
          view(at, found.length).set(found);
          return found.length;
        },
        store_write: (record: number, at: number, size: number) => {
          store.set(record, octets(at, size));
          return 0;
        },
        // Small steps, so that waits are near the middle of what they may be.
        entropy: (at: number, size: number) => view(at, size).fill(this.noise++ % 7),
        hash_mmo: (at: number, size: number, out: number) => {
          view(out, 16).set(this.hashWorks ? hashMmo(octets(at, size)) : Buffer.alloc(16));
          return 0;
        },
        log: (code: number, at: number, size: number) => void this.logs.push({ code, octets: octets(at, size) }),
        halt: () => {
          throw new Halted();
        },
        image_begin: (image: number, at: number) =>
          own(
            image,
            (it) => it.begin(octets(at, 12)),
            () => slot.begin(octets(at, 12)),
          ),
        image_write: (image: number, offset: number, at: number, size: number) =>
          own(
            image,
            (it) => it.write(offset >>> 0, octets(at, size)),
            () => slot.write(offset >>> 0, octets(at, size)),
          ),
        image_finish: (image: number) =>
          own(
            image,
            (it) => it.finish(),
            () => slot.finish(),
          ),
        identity_make: () => certificate?.make() ?? Err.NotFound,
        identity_request: (at: number, capacity: number) => certificate?.request(view(at, capacity)) ?? Err.NotFound,
        image_activate: () => slot.activate(),
        image_confirm: (_healthy: number) => slot.confirm(_healthy),
        image_state: (image: number, at: number) =>
          own(
            image,
            (it) => it.state(view(at, IMAGE_STATE)),
            () => slot.state(view(at, IMAGE_STATE)),
          ),
      },
    };
  }
}
