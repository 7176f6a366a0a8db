// A home of phase 1 whose supplier brings it to phase 2, in a test's hands.
import assert from "node:assert/strict";
import { changePackages } from "../../host/home/change_packages.ts";
import type { HomeDevice } from "../../host/home/device.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { firstPackage, type MachineOptions, v8Machine } from "../../host/home/machine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { DEFAULT_PLAN, type DeviceId, type DeviceRole, type PlanRow, phaseOfModule, withChange } from "../../host/home/plan.ts";
import type { Factory } from "../../host/home/provision.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { loadParse } from "../../host/load/file.ts";
import { moduleBytes } from "../../host/modules.ts";
import { BRISK } from "./house.ts";
import { Watch } from "./watch.ts";

export const V1 = 0x0001_0000;
/** When the change begins. */
export const CHANGE_MS = 120_000;

export class UpgradeHome extends Watch {
  readonly home: Home;
  readonly slots = new Map<DeviceId, ImageSlots>();
  /** What each device's board keeps. */
  readonly records = new Map<DeviceId, Map<number, Uint8Array>>();

  constructor(
    readonly seed: number,
    pack: (role: DeviceRole, attempt: number) => Buffer = changePackages(),
    plan = DEFAULT_PLAN,
    /** Changes what the factory wrote into a device. */
    made: (row: PlanRow, factory: Factory) => void = () => undefined,
  ) {
    super();
    this.home = new Home({
      plan: withChange(plan, CHANGE_MS),
      seed,
      suite: 1,
      load: loadParse("the scenario's load", BRISK),
      build: (row, factory, edge, site) => {
        const installed = firstPackage(row.role, moduleBytes(row.module), V1, phaseOfModule(row.module));
        made(row, factory);
        this.records.set(row.id, factory.records);
        const machine = v8Machine({ role: row.role, factory, installed } satisfies MachineOptions, (options) => {
          const slots = new ImageSlots(options);
          this.slots.set(row.id, slots);
          return slots;
        });
        return new ModuleDevice(row.id, site.medium, machine, edge);
      },
      enter: (action) => action(),
      keyring: new Keyring(plan),
      tell: (event) => void this.events.push(event),
      changePack: pack,
    });
    this.home.start();
  }

  device(id: DeviceId): HomeDevice {
    return this.home.device(id);
  }

  /** Version and phase that run. */
  runs(id: DeviceId): string {
    const { version, phase } = this.home.status.device(id);
    return `${version} phase ${phase}`;
  }

  tail(count = 30): string {
    const lines = this.events.filter(({ event }) => !["register", "reading", "answer"].includes(event)).slice(-count);
    return `seed ${this.seed}, now ${this.nowMs}\n${lines.map((each) => JSON.stringify(each)).join("\n")}`;
  }

  expect(what: string, condition: () => boolean, ms: number): void {
    assert.ok(this.until(condition, ms), `${what}; ${this.tail()}`);
  }

  close(): void {
    this.home.close();
  }
}

/** The hub's package is the module of phase 1 that says it is of phase 2: there is no network of phase 2 then. */
export function without2(): (role: DeviceRole, attempt: number) => Buffer {
  const real = changePackages();
  const hub = packageBuild({ wasm: moduleBytes("hub_sep1"), role: 1, version: 0x0200_0000, counter: 2, phase: 3 });
  return (role, attempt) => (role === "hub" ? hub : real(role, attempt));
}
