// Which module runs: the twin of boards/common/image_boot.c, in memory.
import { FileStatus, ImageReason } from "../abi.ts";
import { Err } from "../err.ts";
import { addressAt } from "./destination.ts";
import { ImageError } from "./image_error.ts";
import type { Identity } from "./keys.ts";
import { type Judge, type SlotContent, slotVerify, type Verified } from "./slot.ts";
import { freshRecord, NO_SLOT, Quality, type SlotRecord } from "./slot_record.ts";

export const TRIES = 3;
/** A module on trial that has not confirmed by then is stopped. */
export const TRIAL_MS = 1_200_000n;

/** Packages in a row that were begun and not confirmed, and the uptime after which one of them is forgotten: boards/common/image_attempts.c. */
export const ATTEMPTS_MAX = 8;
export const ATTEMPT_MS = 10_800_000n;
const ATTEMPTS_COUNTED = 255;

export type Source = "a" | "b" | "factory" | "nothing";
const SLOTS: Source[] = ["a", "b"];

/** The module that runs. */
export interface Running {
  source: Source;
  /** 0 or 1, or NO_SLOT. */
  slot: number;
  onTrial: boolean;
  module: Uint8Array | null;
  version: number;
  counter: number;
  epoch: number;
  phase: number;
}

const NOTHING: Running = { source: "nothing", slot: NO_SLOT, onTrial: false, module: null, version: 0, counter: 0, epoch: 0, phase: 0 };

export class SlotsBoot {
  protected record: SlotRecord;
  /** What the flash has of the record: a reset leaves this. */
  private saved: SlotRecord;
  protected readonly contents: (SlotContent | null)[] = [null, null];
  protected running: Running = { ...NOTHING };
  /** Of ATTEMPT_MS since boot; undefined while nobody tells the time. */
  private periods: number | undefined;
  private forgotten = 0;
  /** Sectors that the last download began with which went on, one more. */
  protected resumed = 0;
  /** What did not load in this uptime. */
  private readonly unloadable = new Set<Source>();

  constructor(
    protected readonly identity: Identity,
    private readonly factory: Uint8Array | undefined,
    files: number,
    /** IEEE address as on the air; zeros where it is not known. */
    protected readonly address: Uint8Array,
  ) {
    this.record = freshRecord(files);
    this.saved = structuredClone(this.record);
  }

  get counter(): number {
    return this.record.counter;
  }

  get epoch(): number {
    return this.record.epoch;
  }

  /** File version of the running module, 0 for the factory module. */
  get version(): number {
    return this.running.version;
  }

  /** ZigBee stack version of the running module. */
  get phase(): number {
    return this.running.phase;
  }

  get trying(): boolean {
    return this.running.onTrial;
  }

  /** A reset: decides what runs, and counts a try before a trial. */
  boot(): { source: Source; wasm: Uint8Array | null } {
    this.record = structuredClone(this.saved);
    this.unloadable.clear();
    Object.assign(this, { periods: undefined, forgotten: 0, resumed: 0 });
    return this.choose();
  }

  /** The running module could not be loaded: a trial ends, a confirmed slot is lost.  Answers what runs instead. */
  refused(reason: number, detail: number): { source: Source; wasm: Uint8Array | null } {
    const { source, slot, onTrial } = this.running;
    this.unloadable.add(source);
    if (onTrial) this.giveUp(reason, detail);
    else if (slot !== NO_SLOT && this.record.confirmed === slot) this.lose(reason, detail);
    return this.choose();
  }

  /** Tells the time since boot as well. */
  overdue(now: bigint): boolean {
    this.periods = Number(now / ATTEMPT_MS);
    return this.running.onTrial && now >= TRIAL_MS;
  }

  confirm(healthy: boolean): number {
    if (!this.running.onTrial) return Err.NotFound;
    if (!healthy) {
      this.giveUp(ImageReason.Unhealthy, 0);
      return Err.Ok;
    }
    const { record, running } = this;
    record.confirmed = record.trial;
    record.quality[record.confirmed] = Quality.Good;
    record.counter = Math.max(record.counter, running.counter);
    record.epoch = Math.max(record.epoch, running.epoch);
    Object.assign(record.entries[0], { status: FileStatus.Activated, reason: ImageReason.None });
    record.attempts = 0;
    this.endTrial();
    this.save();
    return Err.Ok;
  }

  protected mayAttempt(): boolean {
    const { record, periods = 0 } = this;
    record.attempts = Math.max(0, record.attempts - (periods - this.forgotten));
    this.forgotten = periods;
    return this.periods === undefined || record.attempts < ATTEMPTS_MAX;
  }

  protected spend(): void {
    this.record.attempts = Math.min(this.record.attempts + 1, ATTEMPTS_COUNTED);
  }

  /** One that comes no further than the last that went on is another attempt. */
  protected goesOn(): boolean {
    const from = this.record.entries[0].sectors + 1;
    const further = from !== this.resumed;
    this.resumed = from;
    if (further) return true;
    const may = this.mayAttempt();
    this.spend();
    return may;
  }

  protected save(): void {
    this.saved = structuredClone(this.record);
  }

  /** What a reset forgets besides the record. */
  protected forgetLoads(): void {}

  protected endTrial(): void {
    this.record.trial = NO_SLOT;
    this.record.tries = 0;
    this.running.onTrial = false;
  }

  private choose(): { source: Source; wasm: Uint8Array | null } {
    this.forgetLoads();
    this.running = { ...NOTHING };
    const found = this.trial() || this.confirmed() || this.former() || this.untried() || this.lastResort() || this.anything();
    return found ? { source: this.running.source, wasm: this.running.module } : { source: "nothing", wasm: null };
  }

  private run(slot: number, { module, manifest, key }: Verified, onTrial = false): true {
    const { version, counter, phase } = manifest;
    this.running = { source: SLOTS[slot], slot, onTrial, module, version, counter, epoch: key.epoch, phase };
    return true;
  }

  /** What a slot is compared with, at the end of a download and at every boot. */
  protected judge(): Judge {
    const { epoch, counter } = this.record;
    return { identity: this.identity, epoch, counter, address: addressAt(this.address) };
  }

  protected verify(slot: number): Verified | null {
    const content = this.contents[slot];
    if (!content) return null;
    try {
      return slotVerify(content, this.judge());
    } catch (error) {
      if (error instanceof ImageError) return null;
      throw error;
    }
  }

  private mayRun(slot: number): boolean {
    return slot !== NO_SLOT && !this.unloadable.has(SLOTS[slot]);
  }

  private giveUp(reason: number, detail: number): void {
    const { record } = this;
    record.quality[record.trial] = reason === ImageReason.Lost ? Quality.Empty : Quality.GivenUp;
    Object.assign(record.entries[0], { status: FileStatus.ActivationFailed, reason, detail });
    this.endTrial();
    this.save();
  }

  private lose(reason: number, detail: number): void {
    const own = this.record.entries[0];
    this.record.quality[this.record.confirmed] = Quality.Empty;
    this.record.confirmed = NO_SLOT;
    Object.assign(own, { reason, detail });
    if (own.status === FileStatus.Activated) own.status = FileStatus.ActivationFailed;
    this.save();
  }

  private trySlot(slot: number, content: Verified): true {
    this.record.tries--;
    this.save();
    return this.run(slot, content, true);
  }

  private trial(): boolean {
    const { trial, tries } = this.record;
    if (!this.mayRun(trial)) return false;
    const content = tries > 0 ? this.verify(trial) : null;
    if (content) return this.trySlot(trial, content);
    this.giveUp(tries === 0 ? ImageReason.NotConfirmed : ImageReason.Lost, 0);
    return false;
  }

  private confirmed(): boolean {
    const slot = this.record.confirmed;
    if (!this.mayRun(slot)) return false;
    const content = this.verify(slot);
    if (content) return this.run(slot, content);
    this.lose(ImageReason.Lost, 0);
    return false;
  }

  /** The slot of this quality that verifies, the one with the higher version where both do. */
  private bestOf(quality: Quality): { slot: number; content: Verified } | null {
    let best: { slot: number; content: Verified } | null = null;
    for (const slot of [0, 1]) {
      const content = this.record.quality[slot] === quality && this.mayRun(slot) ? this.verify(slot) : null;
      if (content && (!best || content.manifest.version > best.content.manifest.version)) best = { slot, content };
    }
    return best;
  }

  /** One that was confirmed before is so again. */
  private former(): boolean {
    const best = this.bestOf(Quality.Good);
    if (!best) return false;
    this.record.confirmed = best.slot;
    this.save();
    return this.run(best.slot, best.content);
  }

  /** One that was never confirmed, or of which nothing is known, goes on trial. */
  private untried(): boolean {
    const best = this.bestOf(Quality.Ready) ?? this.bestOf(Quality.Unknown);
    if (!best) return false;
    const { record } = this;
    Object.assign(record, { trial: best.slot, tries: TRIES, slot: best.slot });
    record.quality[best.slot] = Quality.Ready;
    record.entries[0].status = FileStatus.Activating;
    record.entries[0].key = { ...record.entries[0].key, version: best.content.manifest.version };
    return this.trySlot(best.slot, best.content);
  }

  private lastResort(): boolean {
    if (!this.factory || this.unloadable.has("factory")) return false;
    let phase = 0;
    while (phase < 7 && ((this.identity.phases >> phase) & 1) === 0) phase++;
    this.running = { ...NOTHING, source: "factory", module: this.factory, phase };
    return true;
  }

  /** Where there is no factory module, a module that was given up is better than none. */
  private anything(): boolean {
    for (const quality of [Quality.Ready, Quality.GivenUp, Quality.Empty, Quality.Unknown]) {
      const best = this.bestOf(quality);
      if (best) return this.run(best.slot, best.content);
    }
    return false;
  }
}
