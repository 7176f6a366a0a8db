// A hub that does nothing but serve packages: its module, its head-end, and the devices that may join.  For `kilowasm image serve`.
import { EventKind, FileStatus, Log } from "../abi.ts";
import type { Medium } from "../air/medium.ts";
import type { DeviceRadio } from "../engine.ts";
import { moduleBytes } from "../modules.ts";
import { type EventLine, eventOfLog, extendedName } from "./events.ts";
import { admitRecord, CLOCK_PERIOD_MS, clockRecord, PERMIT_PERIOD_MS, PERMIT_S, permitRecord } from "./head_end.ts";
import { firstPackage, v8Machine } from "./machine.ts";
import { ModuleDevice } from "./module_device.ts";
import type { Paced } from "./pacer.ts";
import type { Factory } from "./provision.ts";
import { Activate, type FileReport } from "./update_records.ts";
import { type PackageFile, UpdateSource } from "./update_source.ts";
import { reasonName, reasonWords, statusName, versionName } from "./update_words.ts";

/** The library's files. */
export const SERVED_MAX = 4;
const TICK_MS = 1000;

export interface Admitted {
  extended: bigint;
  /** With its CRC. */
  installCode: Uint8Array;
}

export interface OtaServerOptions {
  medium: Medium;
  factory: Factory;
  version: number;
  admit: readonly Admitted[];
  files: readonly PackageFile[];
  /** A maker's root key; the development's when absent. */
  root?: Buffer;
  /** How many devices load at the same time. */
  atOnce: number;
  /** UTC in milliseconds at the medium's time 0. */
  originMs: number;
  /** A dongle; a station of the medium when absent. */
  radio?: () => DeviceRadio;
  tell(event: EventLine): void;
  key(slot: number, key: Uint8Array): void;
}

export class OtaServer implements Paced {
  /** Of the files, by their index, those that the hub would not have, and why. */
  readonly refused = new Map<number, string>();
  private readonly hub: ModuleDevice;
  private readonly source: UpdateSource;
  /** Of the library's files, as told last. */
  private readonly statuses = new Map<number, number>();

  constructor(private readonly options: OtaServerOptions) {
    const { medium, factory } = options;
    const module = moduleBytes("hub_sep1");
    const sold = options.root ? { maker: { root: options.root, module } } : { installed: firstPackage("hub", module, options.version) };
    const boot = v8Machine({ role: "hub", factory, ...sold });
    this.source = new UpdateSource({
      send: (record) => this.uplink(record),
      onFile: (report) => this.file(report),
      onDevice: ({ extended, status, version, offset, size }) =>
        this.tell("device", { partner: extendedName(extended), status: statusName(status), version: versionName(version), offset, size }),
    });
    const edge = {
      log: (code: number, octets: Uint8Array) => this.logged(code, octets),
      display: () => undefined,
      uplink: (octets: Uint8Array) => void this.source.take(octets),
      sense: () => false,
      key: options.key,
      trouble: (sentence: string) => this.tell("trouble", { sentence }),
    };
    this.hub = new ModuleDevice("hub", medium, boot, edge, options.radio);
  }

  get nowUs(): number {
    return this.options.medium.clock.nowUs;
  }

  get nextUs(): number | undefined {
    return this.options.medium.clock.nextUs;
  }

  advance(timeUs: number): void {
    this.options.medium.clock.runUntil(timeUs);
  }

  start(): void {
    this.hub.powerOn();
    this.every(CLOCK_PERIOD_MS, () => this.uplink(clockRecord(this.options.originMs + this.nowUs / 1000)));
    for (const { extended, installCode } of this.options.admit) this.uplink(admitRecord(extended, installCode));
    this.every(PERMIT_PERIOD_MS, () => this.uplink(permitRecord(PERMIT_S)));
    const { files, atOnce } = this.options;
    const rollout = { go: true, atOnce, failures: 0, activate: Activate.Now, devices: [] };
    for (const [index, file] of files.entries()) this.source.offer(index + 1, file, rollout);
    this.every(TICK_MS, () => this.source.tick(Math.floor(this.nowUs / 1000)));
  }

  close(): void {
    this.hub.close();
    this.source.close();
  }

  private every(periodMs: number, action: () => void): void {
    action();
    this.options.medium.clock.after(periodMs * 1000, () => this.every(periodMs, action));
  }

  /** The hub reports each step of a file; a reader wants to know what became of it. */
  private file({ image, status, reason, version }: FileReport): void {
    if (this.statuses.get(image) === status) return;
    this.statuses.set(image, status);
    if (status === FileStatus.Failed || status === FileStatus.SignatureFailed)
      this.refused.set(image - 1, reasonWords(reasonName(reason) ?? "none"));
    this.tell("file", { image, status: statusName(status), reason: reasonName(reason), version: versionName(version) });
  }

  private uplink(record: Buffer): boolean {
    return this.hub.push(EventKind.Uplink, record);
  }

  private logged(code: number, octets: Uint8Array): void {
    // What the uplink's reports say already is not said twice.
    if (code === Log.Update || code === Log.Rollout) return;
    const event = eventOfLog(Math.floor(this.nowUs / 1000), "hub", code, octets);
    if (event) this.options.tell(event);
  }

  private tell(event: string, fields: Record<string, string | number | boolean | null>): void {
    this.options.tell({ t: Math.floor(this.nowUs / 1000), device: "hub", event, ...fields });
  }
}
