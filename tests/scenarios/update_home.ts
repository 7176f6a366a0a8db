// The home with image slots in every device and a head-end in the test's hands: what an update scenario cuts, loses and changes.
import assert from "node:assert/strict";
import { EventKind, FileStatus } from "../../host/abi.ts";
import type { Boot, BootedEngine, DeviceEdge } from "../../host/home/device.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { firstPackage, v8Machine } from "../../host/home/machine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { type DeviceId, type DeviceRole, KINDS } from "../../host/home/plan.ts";
import type { Factory } from "../../host/home/provision.ts";
import { Activate, hubRecord, type Rollout } from "../../host/home/update_records.ts";
import { packageInMemory, UpdateSource } from "../../host/home/update_source.ts";
import { type PackageOptions, packageBuild } from "../../host/image/package.ts";
import { ImageSlots, type SlotsOptions } from "../../host/image/slots.ts";
import { loadParse } from "../../host/load/file.ts";
import { moduleBytes } from "../../host/modules.ts";
import { BRISK } from "./house.ts";
import { Watch } from "./watch.ts";

export const V1 = 0x00010000;
export const V2 = 0x00020000;
const UPLINK_US = 20_000;

/** The shipped module with a section that nobody reads: `extra` octets of it. */
export function nextModule(name: DeviceRole, extra = 4): Buffer {
  const section = Buffer.alloc(extra + 5 + 5);
  const size = extra + 5;
  // Section 0, its size in five octets of LEB128, a name of four letters.
  section[0] = 0;
  for (let index = 0; index < 5; index++) section[1 + index] = ((size >>> (7 * index)) & 0x7f) | (index < 4 ? 0x80 : 0);
  section[6] = 4;
  const body = Buffer.alloc(extra, 0x6b);
  for (let index = 0; index < extra; index++) body[index] = (index * 167 + (index >>> 8) * 13) & 0xff;
  return Buffer.concat([moduleBytes(KINDS[name].module), section.subarray(0, 7), Buffer.from("mark"), body]);
}

export function nextPackage(name: DeviceRole, options: Partial<PackageOptions> & { extra?: number } = {}): Buffer {
  const { extra, ...rest } = options;
  return packageBuild({ wasm: nextModule(name, extra), role: KINDS[name].image, version: V2, counter: 2, ...rest });
}

/** Runs another module than the one that it holds from the beginning. */
class Slots extends ImageSlots {
  constructor(
    options: SlotsOptions,
    private readonly instead: Uint8Array | undefined,
  ) {
    super(options);
  }

  override boot(): ReturnType<ImageSlots["boot"]> {
    const choice = super.boot();
    return choice.wasm && this.instead && this.version === V1 ? { ...choice, wasm: this.instead } : choice;
  }
}

export class UpdateHome extends Watch {
  readonly home: Home;
  readonly source: UpdateSource;
  readonly slots = new Map<DeviceId, ImageSlots>();
  /** Whether a record of the uplink arrives. */
  uplinkIsUp = true;
  /** What each device's last boot made. */
  readonly engines = new Map<DeviceId, BootedEngine>();
  private readonly devices = new Map<DeviceId, ModuleDevice>();
  private readonly factories = new Map<DeviceId, Factory>();

  constructor(
    readonly seed: number,
    private readonly sizes: Partial<SlotsOptions> = {},
    /** Run in the place of a device's own, as long as it is not updated. */
    modules: Partial<Record<DeviceId, Uint8Array>> = {},
  ) {
    super();
    this.home = new Home({
      seed,
      suite: null,
      load: loadParse("the scenario's load", BRISK),
      build: ({ id, role, module }, factory, edge, site) => {
        this.factories.set(id, factory);
        const installed = firstPackage(role, moduleBytes(module), V1);
        const boot = v8Machine({ role, factory, installed }, (options) => {
          const slots = new Slots({ ...options, ...this.sizes }, modules[id]);
          this.slots.set(id, slots);
          return slots;
        });
        const noted: Boot = (surroundings) => {
          const engine = boot(surroundings);
          this.engines.set(id, engine);
          return engine;
        };
        const device = new ModuleDevice(id, site.medium, noted, this.watched(edge));
        this.devices.set(id, device);
        return device;
      },
      enter: (action) => action(),
      keyring: new Keyring(),
      tell: (event) => void this.events.push(event),
    });
    const { clock } = this.home;
    this.source = new UpdateSource({
      send: (record) => {
        clock.after(UPLINK_US, () => this.uplinkIsUp && this.device("hub").push(EventKind.Uplink, record));
        return true;
      },
    });
    const tick = (): void => {
      this.source.tick(this.nowMs);
      clock.after(1_000_000, tick);
    };
    tick();
    this.home.start();
  }

  /** Records about updates are the scenario's. */
  private watched(edge: DeviceEdge): DeviceEdge {
    return {
      ...edge,
      uplink: (octets) => {
        if (!hubRecord(octets)) edge.uplink(octets);
        else if (this.uplinkIsUp) this.source.take(octets);
      },
    };
  }

  device(name: DeviceId): ModuleDevice {
    return this.devices.get(name) as ModuleDevice;
  }

  address(name: DeviceId): bigint {
    return (this.factories.get(name) as Factory).extended;
  }

  join(patienceMs = 180_000): void {
    assert.ok(
      this.until(() => this.of("ihd", "bound").length > 0 && this.agrees(), patienceMs),
      `the home is not complete; ${this.tail()}`,
    );
  }

  /** Readings go on. */
  goesOn(patienceMs = 120_000): void {
    const from = this.nowMs;
    assert.ok(
      this.until(() => this.agrees(from), patienceMs),
      `no reading; ${this.tail()}`,
    );
  }

  offer(image: number, name: DeviceId, file: Buffer, rollout: Partial<Rollout> = {}): void {
    const devices = name === "hub" ? [] : [this.address(name)];
    this.source.offer(image, packageInMemory(file), { go: true, atOnce: 2, failures: 1, activate: Activate.Now, devices, ...rollout });
  }

  /** What a device's slots hold. */
  status(name: DeviceId): { status: number; reason: number; offset: number } {
    const at = new Uint8Array(48);
    this.slots.get(name)?.state(0, at);
    return { status: at[0], reason: at[1], offset: Buffer.from(at).readUInt32LE(16) };
  }

  running(name: DeviceId): number {
    return this.slots.get(name)?.version ?? 0;
  }

  /** The device runs the new version, and has said so itself. */
  updated(name: DeviceId, patienceMs = 900_000, version = V2): number {
    const from = this.nowMs;
    const is = (): boolean => this.running(name) === version && this.status(name).status === FileStatus.Activated;
    assert.ok(this.until(is, patienceMs), `the ${name} is not updated: ${JSON.stringify(this.status(name))}; ${this.tail()}`);
    return this.nowMs - from;
  }

  cut(name: DeviceId, offMs: number): void {
    this.device(name).close();
    this.run(offMs);
    this.device(name).powerOn();
  }

  tail(count = 25): string {
    const lines = this.events.filter(({ event }) => event !== "register" && event !== "reading").slice(-count);
    return `seed ${this.seed}, now ${this.nowMs}\n${lines.map((each) => JSON.stringify(each)).join("\n")}`;
  }

  sound(): void {
    assert.deepEqual(
      this.events.filter(({ event }) => event === "trouble"),
      [],
      `seed ${this.seed}`,
    );
  }

  close(): void {
    this.source.close();
    this.home.close();
  }
}
