// The image slots of a device that is no board: the answers of docs/abi.md, kept in this process's memory over reboots.
//
// It is the twin of boards/common/image.c and image_load.c, call by call.  Of compressed packages it decodes the whole payload at
// once, so it finds a fault in one, and goes on after a reset, at other octets than a board.
import { createHash } from "node:crypto";
import { FileStatus, IMAGE_STATE, ImageReason } from "../abi.ts";
import { Err } from "../err.ts";
import { memoryNeed } from "../memory_need.ts";
import { ImageError } from "./image_error.ts";
import type { Images } from "./images.ts";
import type { Identity } from "./keys.ts";
import { Encoding, type Manifest } from "./manifest.ts";
import { gate } from "./module_gate.ts";
import { SLOT_HEAD, slotVerify } from "./slot.ts";
import { type Entry, freshEntry, NO_SLOT, Quality, statusOf } from "./slot_record.ts";
import { stateOctets } from "./slot_state.ts";
import { SlotsBoot, TRIES } from "./slots_boot.ts";
import { type PackageKey, PackageStream, type Receiver } from "./stream.ts";

export { type Source, TRIAL_MS } from "./slots_boot.ts";

export const FILES_MAX = 4;
/** A hub of both phases is the largest module; a board has the slots that its own needs. */
export const SLOT_CAPACITY = 192 * 1024;
export const FILE_CAPACITY = 128 * 1024;
export const SECTOR_SIZE = 4096;
/** Octets of a ZigBee OTA header that announce the package. */
const ANNOUNCED_AT = 10;
const ANNOUNCED = 8;

export interface SlotsOptions {
  identity: Identity;
  /** IEEE address as on the air. */
  address?: Uint8Array;
  /** The package that slot A holds at manufacture. */
  installed?: Uint8Array;
  /** The module of last resort. */
  factory?: Uint8Array;
  /** Files of the library; 0 on a device that is no hub. */
  files?: number;
  slotCapacity?: number;
  fileCapacity?: number;
  sectorSize?: number;
}

interface Load {
  image: number;
  stream: PackageStream;
  /** The flash may hold the rest of what is written again. */
  resuming: boolean;
  /** It counts as an attempt. */
  spent: boolean;
}

export class ImageSlots extends SlotsBoot implements Images {
  /** Image 0's, and one for the library. */
  private readonly loads: (Load | null)[] = [null, null];
  /** What the flash has of each package. */
  private readonly kept: Buffer[];
  private readonly slotCapacity: number;
  private readonly fileCapacity: number;
  private readonly sectorSize: number;

  constructor(options: SlotsOptions) {
    const files = options.files ?? 0;
    if (files > FILES_MAX) throw new RangeError(`a library has at most ${FILES_MAX} files, not ${files}`);
    super(options.identity, options.factory, files, options.address ?? new Uint8Array(8));
    this.kept = Array.from({ length: 1 + files }, () => Buffer.alloc(0));
    this.slotCapacity = options.slotCapacity ?? SLOT_CAPACITY;
    this.fileCapacity = options.fileCapacity ?? FILE_CAPACITY;
    this.sectorSize = options.sectorSize ?? SECTOR_SIZE;
    if (options.installed) this.install(options.installed);
  }

  begin(image: number, octets: Uint8Array): number {
    if (!this.has(image)) return Err.NotFound;
    if (this.running.onTrial) return Err.Busy;
    const at = Buffer.from(octets);
    const key = { manufacturer: at.readUInt16LE(0), type: at.readUInt16LE(2), version: at.readUInt32LE(4), size: at.readUInt32LE(8) };
    if (key.size === 0) return this.forget(image);
    if (key.size > this.capacity(image)) return Err.NoBuffer;
    return this.beginKey(image, key);
  }

  write(image: number, offset: number, octets: Uint8Array): number {
    if (!this.has(image)) return Err.NotFound;
    const load = this.loading(image);
    const { status, key } = this.record.entries[image];
    if (!load) return status === FileStatus.Waiting ? key.size : Err.NotFound;
    if (offset !== load.stream.have || octets.length === 0) return load.stream.have;
    try {
      return this.take(load, octets);
    } catch (error) {
      return this.refuse(image, error);
    }
  }

  read(image: number, offset: number, to: Uint8Array): number {
    if (image === 0 || !this.has(image) || this.record.entries[image].status !== FileStatus.Waiting) return Err.NotFound;
    const file = this.kept[image].subarray(0, this.record.entries[image].key.size);
    const part = file.subarray(Math.min(offset, file.length), offset + to.length);
    to.set(part);
    return part.length;
  }

  finish(image: number): number {
    if (!this.has(image)) return Err.NotFound;
    const load = this.loading(image);
    if (!load) return this.record.entries[image].status === FileStatus.Waiting ? Err.Ok : Err.NotFound;
    try {
      load.stream.end();
      if (image === 0) this.finishOwn(load.stream);
      else this.finishFile(load.stream);
    } catch (error) {
      return this.refuse(image, error);
    }
    this.record.entries[image].status = FileStatus.Waiting;
    this.save();
    this.loads[image === 0 ? 0 : 1] = null;
    return Err.Ok;
  }

  activate(image: number): number {
    const { record } = this;
    const own = record.entries[0];
    const ready = own.status === FileStatus.Waiting && record.quality[record.slot] === Quality.Ready;
    if (image !== 0 || !ready || this.running.onTrial) return Err.NotFound;
    this.loads[0] = null;
    record.trial = record.slot;
    record.tries = TRIES;
    own.status = FileStatus.Activating;
    this.save();
    return Err.Ok;
  }

  state(image: number, to: Uint8Array): number {
    if (!this.has(image)) return Err.NotFound;
    if (to.length < IMAGE_STATE) return Err.NoBuffer;
    const { identity, running, record } = this;
    const offset = this.offsetOf(image, record.entries[image]);
    to.set(stateOctets({ image, identity, running, record, offset, capacity: this.capacity(image) }));
    return IMAGE_STATE;
  }

  protected override forgetLoads(): void {
    this.loads.fill(null);
  }

  private has(image: number): boolean {
    return image < this.record.entries.length;
  }

  private capacity(image: number): number {
    return image === 0 ? this.slotCapacity : this.fileCapacity;
  }

  private loading(image: number): Load | null {
    const load = this.loads[image === 0 ? 0 : 1];
    return load?.image === image ? load : null;
  }

  private offsetOf(image: number, entry: Entry): number {
    return this.loading(image)?.stream.have ?? (entry.status >= FileStatus.Waiting ? entry.key.size : 0);
  }

  /** The slot that a package goes to: never the running one, else where the same one was begun, else the one of less use. */
  private target(begun: boolean): number {
    const { running, record } = this;
    if (running.slot !== NO_SLOT) return 1 - running.slot;
    if (record.confirmed !== NO_SLOT) return 1 - record.confirmed;
    if (begun) return record.slot;
    return record.quality[1] < record.quality[0] ? 1 : 0;
  }

  private receiver(image: number): Receiver {
    const { identity, address, record, running } = this;
    const { epoch, counter } = record;
    return { root: identity.root, identity: image === 0 ? identity : null, address, epoch, counter, running: running.version };
  }

  private install(file: Uint8Array): void {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(file.length);
    const key = Buffer.concat([file.subarray(ANNOUNCED_AT, ANNOUNCED_AT + ANNOUNCED), size]);
    const done = this.begin(0, key) === 0 && this.write(0, 0, file) === file.length && this.finish(0) === 0;
    const { record } = this;
    const content = done ? this.verify(record.slot) : null;
    if (!content) throw new Error(`the first module's package is refused, reason ${record.entries[0].reason}`);
    record.confirmed = record.slot;
    record.quality[record.slot] = Quality.Good;
    record.counter = content.manifest.counter;
    record.epoch = content.key.epoch;
    record.entries[0].status = FileStatus.Activated;
    record.attempts = 0;
    this.save();
  }

  private beginKey(image: number, key: PackageKey): number {
    const { record } = this;
    const entry = record.entries[image];
    const there = entry.status === FileStatus.Waiting || (entry.status === FileStatus.Loading && entry.sectors > 0);
    const begun = there && sameKey(entry.key, key);
    const slot = image === 0 ? this.target(begun) : 0;
    if (image === 0 && slot === record.confirmed) return Err.Busy; // a trial that ended badly still runs
    const resuming = begun && (image !== 0 || slot === record.slot);
    if (image === 0 && !resuming && !this.mayAttempt()) return Err.Busy;
    this.loads[image === 0 ? 0 : 1] = { image, resuming, spent: false, stream: new PackageStream(this.receiver(image), key) };
    Object.assign(entry, { reason: ImageReason.None, detail: 0 });
    if (resuming) return 0;
    record.entries[image] = freshEntry(key, FileStatus.Loading);
    if (image !== 0) {
      this.save();
      return 0;
    }
    // Only a trial that waits for the reboot ends here: the slot keeps its worth until a manifest has proved good.
    const cancelled = record.trial !== NO_SLOT;
    Object.assign(record, { trial: NO_SLOT, tries: 0, slot });
    if (cancelled) this.save();
    return 0;
  }

  private forget(image: number): number {
    const { record, running } = this;
    this.endLoad(image);
    record.entries[image] = freshEntry();
    if (image === 0) {
      if (record.quality[record.slot] === Quality.Ready && running.slot !== record.slot) record.quality[record.slot] = Quality.Empty;
      Object.assign(record, { trial: NO_SLOT, tries: 0 });
    }
    this.save();
    return Err.Ok;
  }

  /** Badly, or given up. */
  private endLoad(image: number): void {
    const load = this.loading(image);
    if (!load) return;
    if (image === 0 && !load.spent) this.spend();
    this.loads[image === 0 ? 0 : 1] = null;
  }

  private refuse(image: number, error: unknown): number {
    if (!(error instanceof ImageError)) throw error;
    const load = this.loading(image);
    const entry = this.record.entries[image];
    if (load) entry.key = load.stream.expected;
    this.endLoad(image);
    const { reason } = error;
    Object.assign(entry, { status: statusOf(reason), reason, detail: reason === ImageReason.Gate ? error.offset : 0, sectors: 0 });
    this.save();
    return entry.status === FileStatus.SignatureFailed ? Err.BadMic : Err.Refused;
  }

  private take(load: Load, octets: Uint8Array): number {
    const { stream, image } = load;
    const before = stream.payloadAt;
    stream.take(octets);
    if (image !== 0 && load.resuming && !this.fileAgrees(image, stream)) {
      // Another file under the same name: from its first octet on.
      this.record.entries[image] = freshEntry(stream.expected, FileStatus.Loading);
      this.save();
      Object.assign(load, { resuming: false, stream: new PackageStream(this.receiver(image), stream.expected) });
      return 0;
    }
    if (before === 0 && stream.payloadAt > 0) {
      const held = image === 0 ? this.ownPayload(load) : this.filePayload(load);
      if (held) {
        this.loads[image === 0 ? 0 : 1] = null;
        return stream.expected.size;
      }
    }
    if (!load.resuming) this.keep(load);
    return stream.have;
  }

  /** The manifest is good; true when the slot holds this very file already. */
  private ownPayload(load: Load): boolean {
    const { record } = this;
    const { stream } = load;
    const own = record.entries[0];
    const head = stream.file.subarray(0, stream.payloadAt);
    const same = load.resuming && head.equals(record.head);
    if (load.resuming && !same && !this.mayAttempt())
      throw new ImageError(stream.payloadAt, "another file than the one begun", ImageReason.Changed);
    load.resuming = false;
    stream.base(this.running.module ?? undefined);
    if (same && own.status === FileStatus.Waiting) return true;
    if (same) load.spent = true; // when it was begun
    if (same && !this.goesOn()) throw new ImageError(stream.payloadAt, "it came no further, too often", ImageReason.Aborted);
    if (same) stream.checkBase(); // a reset may have brought another module than it was begun with
    if (same && record.offset >= stream.payloadAt) {
      if (record.offset > stream.have) stream.skip(this.kept[0], record.offset);
      return false;
    }
    const manifest = stream.manifest as Manifest;
    if (manifest.imageSize > this.slotCapacity - SLOT_HEAD)
      throw new ImageError(stream.payloadAt, "the module exceeds the slot", ImageReason.Size);
    stream.checkBase();
    record.entries[0] = { ...freshEntry(stream.expected, FileStatus.Loading), notBefore: manifest.notBefore ?? 0 };
    record.quality[record.slot] = Quality.Empty;
    this.contents[record.slot] = null;
    this.resumed = 0;
    load.spent = true;
    this.spend();
    record.head = Uint8Array.from(head);
    record.offset = stream.payloadAt;
    this.save();
    return false;
  }

  private filePayload(load: Load): boolean {
    const entry = this.record.entries[load.image];
    entry.notBefore = load.stream.manifest?.notBefore ?? 0;
    if (!load.resuming) return false;
    load.resuming = false;
    if (entry.status === FileStatus.Waiting) return true;
    const upTo = entry.sectors * this.sectorSize;
    if (upTo > load.stream.have) load.stream.skip(this.kept[load.image], upTo);
    return false;
  }

  /** Whether what is written again is what the flash holds. */
  private fileAgrees(image: number, stream: PackageStream): boolean {
    const { status, key, sectors } = this.record.entries[image];
    const upTo = status === FileStatus.Waiting ? key.size : sectors * this.sectorSize;
    const size = stream.payloadAt > 0 ? stream.payloadAt : stream.have;
    return size <= upTo && this.kept[image].subarray(0, size).equals(stream.file.subarray(0, size));
  }

  /** After each full sector a snapshot says where to go on. */
  private keep({ image, stream }: Load): void {
    const entry = this.record.entries[image];
    const { payloadAt, have, payloadSize } = stream;
    this.kept[image] = stream.file;
    if (image === 0 && payloadAt === 0) return;
    const done = Math.min(have - payloadAt, payloadSize);
    if (image === 0 && done === payloadSize) stream.payload();
    const plain = stream.manifest?.encoding === Encoding.Plain;
    const sectors = Math.floor((image !== 0 ? have : plain ? SLOT_HEAD + done : done) / this.sectorSize);
    if (sectors <= entry.sectors) return;
    entry.sectors = sectors;
    if (image === 0) this.record.offset = payloadAt + Math.max(0, sectors * this.sectorSize - (plain ? SLOT_HEAD : 0));
    this.save();
  }

  private finishOwn(stream: PackageStream): void {
    const { record } = this;
    const content = { certificate: stream.certificate, envelope: stream.envelope, module: stream.payload() };
    slotVerify(content, this.judge());
    const verdict = gate(content.module, (stream.manifest as Manifest).memory);
    if (verdict !== 0) throw new ImageError(verdict, "the load gate refuses the module", ImageReason.Gate);
    const need = memoryNeed(content.module);
    if (need !== 0 && need !== (stream.manifest as Manifest).memory)
      throw new ImageError(0, "the module asks for another memory than its manifest says", ImageReason.Memory);
    this.contents[record.slot] = content;
    record.quality[record.slot] = Quality.Ready;
  }

  private finishFile(stream: PackageStream): void {
    if (!stream.manifest) return; // nobody has signed it
    const payload = stream.file.subarray(stream.payloadAt, stream.payloadAt + stream.payloadSize);
    const digest = createHash("sha256").update(payload).digest();
    if (!digest.equals(stream.manifest.payloadDigest))
      throw new ImageError(stream.payloadAt, "the payload differs from its manifest", ImageReason.PayloadDigest);
  }
}

function sameKey(a: PackageKey, b: PackageKey): boolean {
  return a.manufacturer === b.manufacturer && a.type === b.type && a.version === b.version && a.size === b.size;
}
