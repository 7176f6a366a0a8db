// A home whose meter and display were sold without a certificate of phase 2, under V8 or wasm3, in a test's hands.
import type { Boot, DeviceEdge } from "../../host/home/device.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { firstPackage, type MachineOptions, v8Machine } from "../../host/home/machine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { loadParse } from "../../host/load/file.ts";
import { moduleBytes } from "../../host/modules.ts";
import { BRISK } from "./house.ts";
import { Watch } from "./watch.ts";

const V1 = 0x0001_0000;

export interface EnrolOptions {
  seed?: number;
  machine?: (options: MachineOptions) => Boot;
  /** In the place of the supplier's authority. */
  certify?: (extended: bigint, request: Uint8Array) => Uint8Array[];
  /** Wrapped around what each device's board keeps, under V8. */
  kept?: (id: DeviceId, records: Map<number, Uint8Array>) => void;
  /** A record from the hub on its way to the supplier: what arrives, or null. */
  up?: (octets: Uint8Array) => Uint8Array | null;
}

export class EnrolHome extends Watch {
  readonly home: Home;
  /** What each device's board keeps, under V8. */
  readonly records = new Map<DeviceId, Map<number, Uint8Array>>();

  constructor({ seed = 1, machine = v8Machine, up = (octets) => octets, certify, kept }: EnrolOptions = {}) {
    super();
    const lossy = (edge: DeviceEdge): DeviceEdge => ({
      ...edge,
      uplink: (octets) => {
        const arrives = up(octets);
        if (arrives) edge.uplink(arrives);
      },
    });
    this.home = new Home({
      seed,
      suite: 1,
      enrols: true,
      ...(certify ? { certify } : {}),
      load: loadParse("the scenario's load", BRISK),
      build: ({ id, role, module }, factory, edge, site) => {
        this.records.set(id, factory.records);
        kept?.(id, factory.records);
        const boot = machine({ role, factory, installed: firstPackage(role, moduleBytes(module), V1) });
        return new ModuleDevice(id, site.medium, boot, lossy(edge));
      },
      enter: (action) => action(),
      keyring: new Keyring(),
      tell: (event) => void this.events.push(event),
    });
    this.home.start();
  }

  steps(id: DeviceId): string[] {
    return this.of(id, "certificate").map(({ step }) => step);
  }

  has(id: DeviceId): boolean {
    return this.steps(id).includes("installed");
  }
}
