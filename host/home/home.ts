// The home: three devices on one air and one clock, the supplier behind the hub, the household behind the meter.
import { EventKind, Log, Quantity } from "../abi.ts";
import { Clock } from "../air/clock.ts";
import { Medium } from "../air/medium.ts";
import type { Load } from "../load/load.ts";
import { Status } from "../render/status.ts";
import type { DeviceEdge, HomeDevice } from "./device.ts";
import { DEVICES, type DeviceName, eventOfLog, extendedName, type HomeEvent } from "./events.ts";
import {
  admitRecord,
  CLOCK_PERIOD_MS,
  clockRecord,
  PERMIT_PERIOD_MS,
  PERMIT_S,
  passedReading,
  permitRecord,
  TARIFF,
  tariffRecord,
} from "./head_end.ts";
import type { Keyring } from "./keyring.ts";
import type { Paced } from "./pacer.ts";
import { Progresses } from "./progress.ts";
import { type Factory, provision } from "./provision.ts";
import { Sensor } from "./sensor.ts";
import type { Site } from "./site.ts";
import type { UpdateFile } from "./update_file.ts";
import { versionName } from "./update_words.ts";
import { Updates } from "./updates.ts";

/** The load begins this long after power-on, so that the first report comes before it and the register's rise is the load's sum. */
export const LOAD_START_MS = 20_000;
/** Where the clock stands when a load without dates begins: 24 March 2025, 16:00 in London. */
export const ORIGIN_MS = Date.UTC(2025, 2, 24, 16, 0);
/** The installer plugs the next device in a moment after the one before is ready, and does not wait for ever. */
const PLUG_IN_MS = 1000;
const PATIENCE_MS = 60_000;

export interface HomeOptions {
  seed: number;
  suite: 1 | 2 | null;
  load: Load;
  /** Makes a device of what the factory wrote. */
  build(name: DeviceName, factory: Factory, edge: DeviceEdge, site: Site): HomeDevice;
  /** `Pacer.enter`. */
  enter(action: () => void): void;
  keyring: Keyring;
  tell(event: HomeEvent): void;
  /** Packages for devices, and when they go out; see `Updates`. */
  updates?: readonly UpdateFile[];
  updateAtMs?: number | null;
  /** Added to the wait for acknowledgements, for partners behind a UDP port. */
  ackGraceUs?: number;
}

export class Home implements Paced {
  readonly clock = new Clock();
  readonly medium: Medium;
  readonly status = new Status();
  readonly originMs: number;
  readonly sensor: Sensor;
  private readonly devices = new Map<DeviceName, HomeDevice>();
  private readonly factories: Map<DeviceName, Factory>;
  private readonly powered = new Set<DeviceName>();
  private readonly progress = new Progresses();
  private readonly updates: Updates;

  constructor(private readonly options: HomeOptions) {
    this.medium = new Medium({ seed: options.seed, clock: this.clock, ackGraceUs: options.ackGraceUs });
    this.originMs = (options.load.originMs ?? ORIGIN_MS) - LOAD_START_MS;
    this.status.originMs = this.originMs;
    this.sensor = new Sensor(
      this.clock,
      options.load,
      LOAD_START_MS,
      (kind, octets) => this.devices.get("meter")?.push(kind, octets) ?? false,
    );
    this.factories = provision(options.seed, options.suite);
    this.medium.onFrame(() => {
      this.status.frames++;
    });
    this.updates = new Updates({
      clock: this.clock,
      files: options.updates ?? [],
      atMs: options.updateAtMs ?? null,
      settled: () => this.commissioned && this.status.reading !== null,
      send: (record) => this.uplink(record),
      address: (name) => this.factory(name).extended,
    });
    const site = { medium: this.medium, enter: options.enter };
    for (const name of DEVICES) this.devices.set(name, options.build(name, this.factory(name), this.edge(name), site));
  }

  get nowMs(): number {
    return Math.floor(this.clock.nowUs / 1000);
  }

  /** Power for the hub; the others follow when it has a network. */
  start(): void {
    this.plugIn("hub", 0);
    this.clock.at(0, () => this.supply());
    this.updates.start();
    this.clock.at(PATIENCE_MS * 1000, () => this.plugIn("meter", 0));
    this.clock.at(2 * PATIENCE_MS * 1000, () => this.plugIn("ihd", 0));
  }

  get nowUs(): number {
    return this.clock.nowUs;
  }

  get nextUs(): number | undefined {
    return this.clock.nextUs;
  }

  advance(timeUs: number): void {
    this.clock.runUntil(timeUs);
    this.status.nowMs = this.nowMs;
    this.status.takePower(this.nowMs, this.sensor.watts);
  }

  close(): void {
    for (const device of this.devices.values()) device.close();
  }

  device(name: DeviceName): HomeDevice {
    const device = this.devices.get(name);
    if (!device) throw new Error(`there is no ${name}`);
    return device;
  }

  private factory(name: DeviceName): Factory {
    const factory = this.factories.get(name);
    if (!factory) throw new Error(`the factory made no ${name}`);
    return factory;
  }

  private plugIn(name: DeviceName, inMs: number): void {
    if (this.powered.has(name)) return;
    this.powered.add(name);
    this.clock.after(inMs * 1000, () => this.devices.get(name)?.powerOn());
  }

  /** The supplier's first words, and those that it repeats. */
  private supply(): void {
    const every = (periodMs: number, action: () => boolean): void => {
      if (action()) this.clock.after(periodMs * 1000, () => every(periodMs, action));
    };
    every(CLOCK_PERIOD_MS, () => this.uplink(clockRecord(this.originMs + this.nowMs)));
    this.uplink(tariffRecord(TARIFF));
    for (const name of DEVICES) {
      const { extended, installCode } = this.factory(name);
      if (name !== "hub") this.uplink(admitRecord(extended, installCode));
    }
    every(PERMIT_PERIOD_MS, () => {
      if (this.commissioned) return false;
      this.uplink(permitRecord(PERMIT_S));
      return true;
    });
  }

  private get commissioned(): boolean {
    return this.status.devices.meter.suite > 0 && this.status.devices.ihd.suite > 0;
  }

  private uplink(record: Buffer): boolean {
    this.devices.get("hub")?.push(EventKind.Uplink, record);
    return true;
  }

  private tell(device: DeviceName | "home", event: string, fields: Record<string, string | number | boolean | null>): void {
    this.take({ t: this.nowMs, device, event, ...fields });
  }

  private take(event: HomeEvent): void {
    this.status.take(event);
    this.options.tell(event);
  }

  private edge(name: DeviceName): DeviceEdge {
    return {
      log: (code, octets) => this.logged(name, code, octets),
      display: (line, text) => {
        if (name === "ihd") this.status.showLine(line, text);
      },
      uplink: (octets) => {
        if (this.updates.take(octets)) return;
        const passed = passedReading(octets);
        if (passed) this.tell(name, "uplink", { partner: extendedName(passed.extended), importWh: passed.importWh, powerW: passed.powerW });
      },
      sense: (quantity, periodMs) => {
        if (name !== "meter" || quantity !== Quantity.ElectricityImport) return false;
        this.sensor.start(quantity, periodMs);
        return true;
      },
      key: (slot, key) => this.options.keyring.add(name, slot, key),
      booted: ({ version, onTrial, slot }) => this.tell(name, "boot", { version: versionName(version), slot, trial: onTrial }),
      reboots: () => this.tell(name, "reboot", {}),
      trouble: (sentence) => this.tell(name, "trouble", { sentence }),
    };
  }

  private logged(name: DeviceName, code: number, octets: Uint8Array): void {
    const at = Buffer.from(octets);
    if (code === Log.Formed && at.length >= 2) {
      this.options.keyring.formed(at.readUInt16LE(0));
      this.plugIn("meter", PLUG_IN_MS);
    }
    if (code === Log.Joined && at.length >= 2) this.options.keyring.addressed(name, at.readUInt16LE(0));
    if (code === Log.Admitted && at.length >= 10) this.admitted(at.readBigUInt64LE(0), at.readUInt16LE(8));
    const event = eventOfLog(this.nowMs, name, code, octets);
    if (event?.event === "update" || event?.event === "library") this.progress.of(name, event.event).take(event);
    if (event) this.take(event);
    if (name === "meter" && event?.event === "key" && event.suite !== 0) this.plugIn("ihd", PLUG_IN_MS);
  }

  private admitted(extended: bigint, short: number): void {
    for (const [name, factory] of this.factories) if (factory.extended === extended) this.options.keyring.addressed(name, short);
  }
}
