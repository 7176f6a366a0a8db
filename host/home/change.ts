// A home's change to phase 2, as the supplier behind its hub goes about it once the devices have certificates.
//
//   hub ──its own update──▶ load ──each has its module──▶ told ──the time comes: meters, repeaters; displays a while later──▶ change ─▶ over
//
// Who fails holds nobody: the others load, are told and change without him, and he is offered his module anew afterwards.
import { FileStatus } from "../abi.ts";
import type { Clock } from "../air/clock.ts";
import { seconds } from "./head_end.ts";
import type { DeviceId, DeviceRole, PlanRow } from "./plan.ts";
import { Activate, type DeviceReport, type FileReport } from "./update_records.ts";
import { packageInMemory, UpdateSource } from "./update_source.ts";

const TICK_MS = 1000;
/** There and back over the wide-area network. */
const UPLINK_US = 20_000;
const HUB_IMAGE = 0;
/** Files of the library, in the order in which the hub fetches them and the devices change. */
const IMAGES: Partial<Record<DeviceRole, number>> = { meter: 1, repeater: 2, ihd: 3 };
/** Devices that load at the same time, all files together: each has a share of the air. */
const AT_ONCE = 2;
/** A device that is away while the others load gets its module when it comes back, and the others do not wait for it. */
const LOAD_PATIENCE_MS = 3_600_000;
/** From the last word on the time to the time. */
const NOTICE_MS = 60_000;
/** By then meters are at work in their new network: a display finds there what it is to show. */
export const DISPLAYS_AFTER_MS = 180_000;
/** A plan is told again while somebody has not heard of it. */
const REPEAT_MS = 60_000;
/** Times that a device is offered its module, each time as another version: one that went back takes the same no more for a day. */
const ATTEMPTS = 3;
/** Between two attempts: what was in the way may have gone. */
const AGAIN_MS = 1_800_000;
/** From the restart to the answer of the hub, as far as anybody knows before. */
const TRIAL_MS = 30_000;

export type ChangeStage = "certificates" | "hub" | "load" | "told" | "change" | "over";

export interface ChangePace {
  noticeMs: number;
  displaysAfterMs: number;
}
const PACE: ChangePace = { noticeMs: NOTICE_MS, displaysAfterMs: DISPLAYS_AFTER_MS };

export interface ChangeOptions {
  clock: Clock;
  hub: DeviceId;
  members: readonly Pick<PlanRow, "id" | "role">[];
  /** A device's module of phase 2 as a package; each attempt has a higher version. */
  pack(role: DeviceRole, attempt: number): Buffer;
  /** When the devices change, at the earliest; null for as soon as they can. */
  activateAtMs: number | null;
  /** From the last word on the time to the time, and from meters to displays. */
  pace?: ChangePace;
  /** Milliseconds since 1970 at simulated time 0. */
  originMs: number;
  /** Hands a record to the hub. */
  send(record: Buffer): boolean;
  address(id: DeviceId): bigint;
  /** Runs its module of phase 2, and has confirmed it. */
  changed(id: DeviceId): boolean;
  /** Tells the hub what one that has restarted does not know: the time. */
  remind(): void;
  tell(state: ChangeState): void;
}

export interface ChangeState {
  stage: ChangeStage;
  /** Devices that have changed, the hub among them, and all that are to. */
  changed: number;
  devices: number;
  /** Simulated time until all is done, as far as it can be known. */
  leftMs: number | null;
}

/** The devices of one kind and their file. */
interface Batch {
  role: DeviceRole;
  image: number;
  devices: DeviceId[];
  attempt: number;
  size: number;
  offered: boolean;
  ready: boolean;
  /** Since when nobody of the kind is under way, and somebody went back. */
  backMs: number | null;
}

export class Change {
  private readonly source: UpdateSource;
  private readonly batches: Batch[];
  private readonly pace: ChangePace;
  private readonly reports = new Map<DeviceId, DeviceReport>();
  private stage: ChangeStage = "hub";
  private hubAttempt = 1;
  private hubReport: FileReport | undefined;
  private sinceMs = 0;
  private repeatMs = 0;
  /** When meters and displays change. */
  private timesMs: { first: number; displays: number } | null = null;
  private told = "";

  constructor(private readonly options: ChangeOptions) {
    const { clock, members, pace = PACE } = options;
    this.pace = pace;
    this.source = new UpdateSource({
      send: (record) => {
        clock.after(UPLINK_US, () => options.send(record));
        return true;
      },
      onFile: (report) => this.file(report),
      onDevice: (report) => this.device(report),
    });
    this.batches = Object.entries(IMAGES).map(([name, image]) => {
      const role = name as DeviceRole;
      const devices = members.filter((each) => each.role === role).map(({ id }) => id);
      return { role, image, devices, attempt: 1, size: 0, offered: false, ready: false, backMs: null };
    });
    this.batches = this.batches.filter(({ devices }) => devices.length > 0);
  }

  start(): void {
    this.offerHub();
    this.enter("hub");
    this.tick();
  }

  /** A record from the hub; false when it is not about updates. */
  take(octets: Uint8Array): boolean {
    return this.source.take(octets);
  }

  get isOver(): boolean {
    return this.stage === "over";
  }

  private get nowMs(): number {
    return Math.floor(this.options.clock.nowUs / 1000);
  }

  private get everybody(): DeviceId[] {
    return [this.options.hub, ...this.batches.flatMap(({ devices }) => devices)];
  }

  private enter(stage: ChangeStage): void {
    this.stage = stage;
    this.sinceMs = this.nowMs;
    this.repeatMs = this.nowMs;
  }

  private offerHub(): void {
    this.hubReport = undefined;
    this.source.offer(HUB_IMAGE, packageInMemory(this.options.pack("hub", this.hubAttempt)), this.rollout([]));
  }

  private tick(): void {
    this.source.tick(this.nowMs);
    this.step();
    this.tell();
    if (this.stage !== "over") this.options.clock.after(TICK_MS * 1000, () => this.tick());
  }

  private step(): void {
    switch (this.stage) {
      case "hub":
        if (this.options.changed(this.options.hub)) this.load();
        else if (this.hubReport && isFailure(this.hubReport.status)) this.hubAgain();
        break;
      case "load":
        if (this.loaded() || this.nowMs - this.sinceMs >= LOAD_PATIENCE_MS) this.agree();
        break;
      case "told":
        this.repeat();
        if (this.timesMs && this.nowMs >= this.timesMs.first) this.enter("change");
        break;
      case "change":
        this.repeat();
        for (const batch of this.batches) this.again(batch);
        if (this.everybody.every((id) => this.isThrough(id))) this.enter("over");
    }
  }

  private hubAgain(): void {
    this.hubAttempt++;
    if (this.hubAttempt > ATTEMPTS) this.enter("over");
    else this.offerHub();
  }

  private load(): void {
    this.options.remind();
    for (const batch of this.batches) batch.size = this.options.pack(batch.role, batch.attempt).length;
    this.enter("load");
    this.offerNext();
  }

  /** A hub fetches one file after the other. */
  private offerNext(): void {
    if (this.batches.some(({ offered, ready }) => offered && !ready)) return;
    const batch = this.batches.find(({ offered }) => !offered);
    if (batch) this.offer(batch, batch.devices);
  }

  private offer(batch: Batch, devices: readonly DeviceId[]): void {
    const file = this.options.pack(batch.role, batch.attempt);
    Object.assign(batch, { offered: true, ready: false });
    this.source.offer(batch.image, packageInMemory(file), this.planOf(batch, devices));
  }

  private rollout(devices: readonly DeviceId[], activate = Activate.Now, time = 0) {
    const addresses = devices.map((id) => this.options.address(id));
    return { go: true, atOnce: AT_ONCE, failures: 0, activate, time, devices: addresses };
  }

  private planOf({ role }: Batch, devices: readonly DeviceId[]) {
    if (!this.timesMs) return this.rollout(devices, Activate.OnCommand);
    const { first, displays } = this.timesMs;
    const at = role === "ihd" ? displays : first;
    return this.rollout(devices, Activate.AtTime, seconds(this.options.originMs + at));
  }

  private loaded(): boolean {
    const settled = (id: DeviceId): boolean => isSettled(this.reports.get(id)?.status) || this.options.changed(id);
    return this.batches.every(({ ready, devices }) => ready && devices.every(settled));
  }

  /** All of them hear when: one after the other would cut those off who are heard by others alone. */
  private agree(): void {
    const first = Math.max(this.options.activateAtMs ?? 0, this.nowMs + this.pace.noticeMs);
    this.timesMs = { first, displays: first + this.pace.displaysAfterMs };
    this.enter("told");
    this.options.remind();
    for (const batch of this.batches) if (batch.offered) this.source.rollout(batch.image, this.planOf(batch, batch.devices));
  }

  /** What was lost on the way is told again; who came late gets his file. */
  private repeat(): void {
    this.offerNext();
    if (this.nowMs - this.repeatMs < REPEAT_MS) return;
    this.repeatMs = this.nowMs;
    this.options.remind();
    for (const batch of this.batches) {
      const waits = batch.devices.filter((id) => !this.options.changed(id) && (this.reports.get(id)?.status ?? 0) <= FileStatus.Waiting);
      if (batch.ready && waits.length > 0 && batch.attempt === 1) this.source.rollout(batch.image, this.planOf(batch, batch.devices));
    }
  }

  /** Those of a kind who went back, when the others of it are through: the same module as another version. */
  private again(batch: Batch): void {
    const back = batch.devices.filter((id) => this.isBack(id));
    const through = batch.devices.every((id) => this.options.changed(id) || back.includes(id));
    batch.backMs = back.length > 0 && through ? (batch.backMs ?? this.nowMs) : null;
    if (batch.backMs === null || batch.attempt >= ATTEMPTS || this.nowMs - batch.backMs < AGAIN_MS) return;
    batch.attempt++;
    for (const id of back) this.reports.delete(id);
    this.offer(batch, back);
  }

  private isBack(id: DeviceId): boolean {
    const report = this.reports.get(id);
    return !this.options.changed(id) && report !== undefined && isFailure(report.status);
  }

  private isThrough(id: DeviceId): boolean {
    const batch = this.batches.find(({ devices }) => devices.includes(id));
    return this.options.changed(id) || (batch !== undefined && batch.attempt >= ATTEMPTS && this.isBack(id));
  }

  private file(report: FileReport): void {
    if (report.image === HUB_IMAGE) {
      this.hubReport = report;
      return;
    }
    const batch = this.batches.find(({ image }) => image === report.image);
    if (!batch || batch.ready || report.status !== FileStatus.Waiting) return;
    batch.ready = true;
    this.offerNext();
  }

  private device(report: DeviceReport): void {
    const id = this.everybody.find((each) => this.options.address(each) === report.extended);
    if (id) this.reports.set(id, report);
  }

  private tell(): void {
    const changed = this.everybody.filter((id) => this.options.changed(id)).length;
    const state = { stage: this.stage, changed, devices: this.everybody.length, leftMs: this.leftMs() };
    const mark = `${state.stage} ${changed} ${Math.floor((this.nowMs - this.sinceMs) / REPEAT_MS)}`;
    if (mark === this.told) return;
    this.told = mark;
    this.options.tell(state);
  }

  private leftMs(): number | null {
    const end = this.pace.displaysAfterMs + TRIAL_MS;
    if (this.stage === "over") return 0;
    if (this.timesMs) return Math.max(0, this.timesMs.displays + TRIAL_MS - this.nowMs);
    const load = this.stage === "load" ? this.loadLeftMs() : null;
    return load === null ? null : Math.max(load + this.pace.noticeMs, (this.options.activateAtMs ?? 0) - this.nowMs) + end;
  }

  /** What is missing yet, at the rate so far. */
  private loadLeftMs(): number | null {
    let done = 0;
    let all = 0;
    for (const { devices, size } of this.batches) {
      for (const id of devices) {
        const report = this.reports.get(id);
        all += size;
        done += isSettled(report?.status) ? size : (report?.offset ?? 0);
      }
    }
    return done === 0 ? null : Math.round(((this.nowMs - this.sinceMs) * (all - done)) / done);
  }
}

function isFailure(status: number): boolean {
  return status === FileStatus.Failed || status === FileStatus.SignatureFailed || status === FileStatus.ActivationFailed;
}

/** It has all of its file, or will not get it. */
function isSettled(status: number | undefined): boolean {
  return status !== undefined && (status >= FileStatus.Waiting || isFailure(status));
}
