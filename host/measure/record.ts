// Recordings of a home's devices, made by V8: what boards and engines are measured and compared with.
import { createHash } from "node:crypto";
import type { EventLine } from "../home/events.ts";
import { Home } from "../home/home.ts";
import { Keyring } from "../home/keyring.ts";
import { firstPackage } from "../home/machine.ts";
import { ModuleDevice } from "../home/module_device.ts";
import { type DeviceId, KINDS, type PlanRow } from "../home/plan.ts";
import { addressOctets, type Factory } from "../home/provision.ts";
import { developmentIdentity } from "../image/keys.ts";
import { FILES_MAX, ImageSlots } from "../image/slots.ts";
import { loadRead } from "../load/file.ts";
import { DEFAULT_HOUSEHOLD } from "../load/household.ts";
import { moduleBytes } from "../modules.ts";
import { V8Engine } from "../v8/engine.ts";

const RECORDED_VERSION = 0x0100_0000;

export interface HomeRecording {
  /** From each device's first start to the end of the run, or to its reboot. */
  recordings: Map<DeviceId, Buffer>;
  traces: Map<DeviceId, Buffer>;
  events: EventLine[];
}

/** Each boot's own: nothing is updated in a recorded home, but the answers of slots are in the recordings. */
function slots({ role, module }: PlanRow, factory: Factory): ImageSlots {
  const made = new ImageSlots({
    identity: developmentIdentity(KINDS[role].image),
    address: addressOctets(factory.extended),
    installed: firstPackage(role, moduleBytes(module), RECORDED_VERSION),
    files: role === "hub" ? FILES_MAX : 0,
  });
  made.boot();
  return made;
}

/** Runs a home with one key-establishment suite, or both to choose from, for a simulated time. */
export function recordHome(suite: 1 | 2 | null, durationMs: number, seed = 1): HomeRecording {
  const engines = new Map<DeviceId, V8Engine>();
  const events: EventLine[] = [];
  const home = new Home({
    seed,
    suite,
    load: loadRead(DEFAULT_HOUSEHOLD),
    enter: (action) => action(),
    keyring: new Keyring(),
    tell: (event) => events.push(event),
    build: (row, factory, edge, { medium }) =>
      new ModuleDevice(
        row.id,
        medium,
        (surroundings) => {
          const first = !engines.has(row.id);
          const boot = createHash("sha256").update(factory.seed).update(String(first)).digest();
          const engine = new V8Engine({
            wasm: moduleBytes(row.module),
            seed: boot,
            surroundings,
            store: factory.records,
            images: slots(row, factory),
            record: first,
          });
          if (first) engines.set(row.id, engine);
          return engine;
        },
        edge,
      ),
  });
  home.start();
  home.advance(durationMs * 1000);
  home.close();
  const files = (of: (engine: V8Engine) => Buffer): Map<DeviceId, Buffer> => new Map([...engines].map(([id, engine]) => [id, of(engine)]));
  return { recordings: files((engine) => engine.recording.bytes()), traces: files((engine) => engine.trace.bytes()), events };
}
