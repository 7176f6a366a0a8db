// The updates of one home, as the supplier behind the hub goes about them: the devices' packages first, the hub's own when they are done.
import { FileStatus } from "../abi.ts";
import type { Clock } from "../air/clock.ts";
import type { DeviceId } from "./plan.ts";
import type { UpdateFile } from "./update_file.ts";
import { Activate, type DeviceReport, type FileReport, type Rollout } from "./update_records.ts";
import { IMAGES, packageInMemory, UpdateSource } from "./update_source.ts";

/** After the home is settled, so that the display shows something before it is updated. */
const SETTLE_US = 5_000_000;
const TICK_US = 1_000_000;
/** There and back over the wide-area network: what the hub asks for comes a moment later. */
const UPLINK_US = 20_000;
/** A device that says nothing for so long does not keep the hub from its own update. */
const PATIENCE_US = 3 * 3_600_000_000;
/** A device that has not fetched a file of its own after so long does not keep a number of the library. */
const PERSONAL_US = 1_800_000_000;
/** A home has a handful of devices; one that fails does not keep the others from theirs. */
const ROLLOUT: Omit<Rollout, "devices"> = { go: true, atOnce: 2, failures: 0, activate: Activate.Now };
const HUB_IMAGE = 0;
/** Files that a hub keeps for its devices, under the numbers from 1 on. */
const LIBRARY_FILES = IMAGES - 1;

const DONE = new Set<number>([FileStatus.Activated, FileStatus.ActivationFailed, FileStatus.Failed, FileStatus.SignatureFailed]);

export interface UpdatesOptions {
  clock: Clock;
  hub: DeviceId;
  /** The hub's devices, in the order in which they are served. */
  members: readonly DeviceId[];
  files: readonly UpdateFile[];
  /** Simulated time; null for soon after the home is settled. */
  atMs: number | null;
  settled(): boolean;
  /** Hands a record to the hub. */
  send(record: Buffer): boolean;
  address(name: DeviceId): bigint;
}

/** A package and those who are to have it; it gets a number of the library when its turn comes. */
interface Batch {
  image: number;
  file: Buffer;
  devices: DeviceId[];
  /** A file for one device alone, which no rollout names: until then. */
  untilUs?: number;
}

export class Updates {
  private readonly source: UpdateSource;
  /** What the devices whose update is not over yet are to have. */
  private readonly open = new Map<DeviceId, Batch>();
  /** Files for one device alone. */
  private readonly personal = new Map<DeviceId, Batch>();
  /** What the hub does not have yet: it loads one after the other. */
  private readonly queue: Batch[] = [];
  /** What was offered last under each number. */
  private readonly library = new Map<number, Batch>();
  private lastImage = 0;
  private hubFile: Buffer | null = null;
  private hubAtUs = Number.POSITIVE_INFINITY;
  private ticking = false;

  constructor(private readonly options: UpdatesOptions) {
    const { clock } = options;
    this.source = new UpdateSource({
      send: (record) => {
        clock.after(UPLINK_US, () => options.send(record));
        return true;
      },
      onFile: (report) => this.file(report),
      onDevice: (report) => this.device(report),
    });
  }

  start(): void {
    const { clock, files, atMs } = this.options;
    if (files.length === 0) return;
    if (atMs !== null) clock.at(Math.max(atMs * 1000, clock.nowUs), () => this.begin(files));
    else this.whenSettled();
  }

  /** Goes about some updates now; the hub's own comes last. */
  begin(files: readonly UpdateFile[]): void {
    const { clock, hub, members } = this.options;
    for (const { device, file } of members.flatMap((id) => files.filter((each) => each.device === id))) {
      const batch = [...this.queue, ...this.library.values()].find((each) => each.file.equals(file)) ?? this.enqueue(file);
      batch.devices.push(device);
      this.open.set(device, batch);
      if (batch.image !== 0) this.source.rollout(batch.image, this.rolloutOf(batch));
    }
    const own = files.find(({ device }) => device === hub);
    if (own) this.hubFile = own.file;
    this.offerNext();
    if (own) this.hubAtUs = clock.nowUs + (this.open.size > 0 ? PATIENCE_US : 0);
    this.keepTicking();
  }

  /** A file for one device alone, instead of the one before; `personalOver` when it has it, or does not want it. */
  offerPersonal(id: DeviceId, file: Buffer): void {
    const untilUs = this.options.clock.nowUs + PERSONAL_US;
    const before = this.personal.get(id);
    if (before?.file.equals(file)) {
      before.untilUs = untilUs;
      return;
    }
    this.personalOver(id);
    const batch = { image: 0, file, devices: [id], untilUs };
    this.queue.push(batch);
    this.personal.set(id, batch);
    this.offerNext();
    this.keepTicking();
  }

  personalOver(id: DeviceId): void {
    const batch = this.personal.get(id);
    this.personal.delete(id);
    if (!batch) return;
    const waiting = this.queue.indexOf(batch);
    if (waiting >= 0) this.queue.splice(waiting, 1);
    if (batch.image !== 0) this.source.withdraw(batch.image);
    this.library.delete(batch.image);
    this.offerNext();
  }

  /** A record from the hub; false when it is not about updates. */
  take(octets: Uint8Array): boolean {
    return this.source.take(octets);
  }

  private keepTicking(): void {
    if (!this.ticking) this.tick();
    this.ticking = true;
  }

  private whenSettled(): void {
    const { clock, settled, files } = this.options;
    if (settled()) clock.after(SETTLE_US, () => this.begin(files));
    else clock.after(TICK_US, () => this.whenSettled());
  }

  private enqueue(file: Buffer): Batch {
    const batch = { image: 0, file, devices: [] };
    this.queue.push(batch);
    return batch;
  }

  private offerNext(): void {
    const [batch] = this.queue;
    if (batch?.image !== 0) return;
    batch.image = this.freeImage();
    if (batch.image === 0) return;
    this.library.set(batch.image, batch);
    this.source.offer(batch.image, packageInMemory(batch.file), batch.untilUs === undefined ? this.rolloutOf(batch) : undefined);
  }

  private rolloutOf({ devices }: Batch): Rollout {
    return { ...ROLLOUT, devices: [...new Set(devices)].map((id) => this.options.address(id)) };
  }

  /** A number of the library that no open update needs, the longest unused first; 0 when all are needed. */
  private freeImage(): number {
    const used = new Set([...this.open.values(), ...this.personal.values()].map(({ image }) => image));
    for (let step = 1; step <= LIBRARY_FILES; step++) {
      const image = ((this.lastImage - 1 + step) % LIBRARY_FILES) + 1;
      if (used.has(image)) continue;
      this.lastImage = image;
      return image;
    }
    return 0;
  }

  private tick(): void {
    const { clock } = this.options;
    if (this.hubFile && clock.nowUs >= this.hubAtUs) {
      this.hubAtUs = Number.POSITIVE_INFINITY;
      this.source.offer(HUB_IMAGE, packageInMemory(this.hubFile), { ...ROLLOUT, devices: [] });
    }
    for (const [id, { untilUs = 0 }] of this.personal) if (clock.nowUs >= untilUs) this.personalOver(id);
    this.source.tick(Math.floor(clock.nowUs / 1000));
    clock.after(TICK_US, () => this.tick());
  }

  /** The hub itself refuses a file that nobody can trust. */
  private file({ image, status }: FileReport): void {
    if (image === HUB_IMAGE) return;
    const done = DONE.has(status);
    if (this.queue[0]?.image === image && (status === FileStatus.Waiting || done)) {
      this.queue.shift();
      this.offerNext();
    }
    if (!done) return;
    for (const [id, batch] of this.open) if (batch.image === image) this.over(id);
    for (const [id, batch] of this.personal) if (batch.image === image) this.personalOver(id);
  }

  private device({ extended, status }: DeviceReport): void {
    if (!DONE.has(status)) return;
    for (const id of this.open.keys()) if (this.options.address(id) === extended) this.over(id);
  }

  private over(id: DeviceId): void {
    this.open.delete(id);
    this.offerNext();
    if (this.open.size === 0 && Number.isFinite(this.hubAtUs)) this.hubAtUs = this.options.clock.nowUs;
  }
}
