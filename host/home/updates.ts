// The updates of one run, as the supplier behind the hub goes about them: the devices' packages first, the hub's own when they are done.
import { FileStatus } from "../abi.ts";
import type { Clock } from "../air/clock.ts";
import type { DeviceId } from "./plan.ts";
import type { UpdateFile } from "./update_file.ts";
import { Activate, type DeviceReport, type FileReport, type Rollout } from "./update_records.ts";
import { packageInMemory, UpdateSource } from "./update_source.ts";

/** After the home is settled, so that the display shows something before it is updated. */
const SETTLE_US = 5_000_000;
const TICK_US = 1_000_000;
/** There and back over the wide-area network: what the hub asks for comes a moment later. */
const UPLINK_US = 20_000;
/** A device that says nothing for so long does not keep the hub from its own update. */
const PATIENCE_US = 3 * 3_600_000_000;
/** A home has a handful of devices; one that fails does not keep the others from theirs. */
const ROLLOUT: Omit<Rollout, "devices"> = { go: true, atOnce: 2, failures: 0, activate: Activate.Now };
const HUB_IMAGE = 0;

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

export class Updates {
  private readonly source: UpdateSource;
  /** Library numbers of the devices whose update is not over yet. */
  private readonly open = new Map<DeviceId, number>();
  /** Whose package the hub does not have yet: it loads one after the other. */
  private readonly queue: DeviceId[] = [];
  private hubAtUs = Number.POSITIVE_INFINITY;

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
    if (atMs !== null) clock.at(Math.max(atMs * 1000, clock.nowUs), () => this.begin());
    else this.whenSettled();
  }

  /** A record from the hub; false when it is not about updates. */
  take(octets: Uint8Array): boolean {
    return this.source.take(octets);
  }

  private whenSettled(): void {
    const { clock, settled } = this.options;
    if (settled()) clock.after(SETTLE_US, () => this.begin());
    else clock.after(TICK_US, () => this.whenSettled());
  }

  private begin(): void {
    const { files, clock, hub, members } = this.options;
    const others = members.filter((name) => files.some(({ device }) => device === name));
    others.forEach((name, index) => {
      this.open.set(name, index + 1);
      this.queue.push(name);
    });
    this.offerNext();
    if (files.some(({ device }) => device === hub)) this.hubAtUs = clock.nowUs + (others.length > 0 ? PATIENCE_US : 0);
    this.tick();
  }

  private offerNext(): void {
    const [name] = this.queue;
    const image = name && this.open.get(name);
    if (image) this.source.offer(image, packageInMemory(this.octets(name)), { ...ROLLOUT, devices: [this.options.address(name)] });
  }

  private tick(): void {
    const { clock } = this.options;
    if (clock.nowUs >= this.hubAtUs) {
      this.hubAtUs = Number.POSITIVE_INFINITY;
      this.source.offer(HUB_IMAGE, packageInMemory(this.octets(this.options.hub)), { ...ROLLOUT, devices: [] });
    }
    this.source.tick(Math.floor(clock.nowUs / 1000));
    clock.after(TICK_US, () => this.tick());
  }

  private octets(name: DeviceId): Buffer {
    const found = this.options.files.find(({ device }) => device === name);
    if (!found) throw new Error(`there is no package for the ${name}`);
    return found.file;
  }

  /** The hub itself refuses a file that nobody can trust. */
  private file({ image, status }: FileReport): void {
    if (image === HUB_IMAGE) return;
    const [name] = this.queue;
    if (name && this.open.get(name) === image && (status === FileStatus.Waiting || DONE.has(status))) {
      this.queue.shift();
      this.offerNext();
    }
    if (!DONE.has(status)) return;
    for (const [name, number] of this.open) if (number === image) this.over(name);
  }

  private device({ extended, status }: DeviceReport): void {
    if (!DONE.has(status)) return;
    for (const name of this.open.keys()) if (this.options.address(name) === extended) this.over(name);
  }

  private over(name: DeviceId): void {
    this.open.delete(name);
    if (this.open.size === 0 && Number.isFinite(this.hubAtUs)) this.hubAtUs = this.options.clock.nowUs;
  }
}
