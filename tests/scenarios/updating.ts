// The home of `npm start` with an update for one device, in a test's hands.
import type { EventLine } from "../../host/home/events.ts";
import { Home } from "../../host/home/home.ts";
import { Keyring } from "../../host/home/keyring.ts";
import { firstPackage, v8Machine } from "../../host/home/machine.ts";
import { ModuleDevice } from "../../host/home/module_device.ts";
import { type DeviceRole, KINDS } from "../../host/home/plan.ts";
import { otaRead } from "../../host/image/ota_file.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { loadRead } from "../../host/load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../../host/load/household.ts";
import { moduleBytes } from "../../host/modules.ts";

const VERSION = 0x00010000;
const NEXT = 0x00020000;
export const UPDATE_MS = 120_000;
export const PATIENCE_MS = 8 * 60_000;

export class Fragile extends ImageSlots {
  ruin(): void {
    for (const index of this.contents.keys()) this.contents[index] = null;
  }
}

export interface Scene {
  home: Home;
  events: EventLine[];
  slots: Fragile;
}

export function scene(victim: DeviceRole, blank: boolean): Scene {
  const events: EventLine[] = [];
  let slots: Fragile | undefined;
  const file = packageBuild({ wasm: moduleBytes(KINDS[victim].module), role: KINDS[victim].image, version: NEXT, counter: 2 });
  const home = new Home({
    seed: 5,
    suite: null,
    load: loadRead(DEFAULT_HOUSEHOLD),
    build: ({ id, role, module }, factory, edge, site) => {
      const installed = firstPackage(role, moduleBytes(module), VERSION);
      const machine = v8Machine({ role, factory, installed }, (options) => {
        if (id !== victim) return new ImageSlots(options);
        slots = new Fragile({ ...options, installed: blank ? undefined : installed, factory: moduleBytes("factory_sep1") });
        return slots;
      });
      return new ModuleDevice(id, site.medium, machine, edge);
    },
    enter: (action) => action(),
    keyring: new Keyring(),
    tell: (event) => void events.push(event),
    updates: [{ device: victim, path: "the supplier's package", file, header: otaRead(file).header }],
    updateAtMs: UPDATE_MS,
  });
  home.start();
  return { home, events, slots: slots as Fragile };
}

export const of = ({ events }: Scene, device: string, event: string, from = 0): EventLine[] =>
  events.filter((each) => each.device === device && each.event === event && each.t >= from);

export function until({ home }: Scene, condition: () => boolean, ms: number): boolean {
  for (const end = home.nowMs + ms; home.nowMs < end; home.advance(home.nowUs + 250_000)) if (condition()) return true;
  return condition();
}

export const tail = ({ events }: Scene): string =>
  events
    .filter(({ event }) => !["register", "reading"].includes(event))
    .slice(-12)
    .map((each) => JSON.stringify(each))
    .join("\n");
