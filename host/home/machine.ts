// What boots a device's module in this process: image slots, and the engine that runs what they choose.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { IMAGE_PHASE, ImageReason, ResetReason } from "../abi.ts";
import { EngineStopped, FUEL, type Surroundings } from "../engine.ts";
import { developmentIdentity, type Identity } from "../image/keys.ts";
import { versionParse } from "../image/manifest.ts";
import { packageBuild } from "../image/package.ts";
import { FILE_CAPACITY, FILES_MAX, ImageSlots, SECTOR_SIZE, SLOT_CAPACITY, type SlotsOptions } from "../image/slots.ts";
import { ROOT } from "../modules.ts";
import { KeySlots } from "../v8/crypto.ts";
import { V8Engine } from "../v8/engine.ts";
import type { Boot, BootedEngine } from "./device.ts";
import { type DeviceId, type DeviceRole, KINDS, type Phase, phaseOfStack, stackOf } from "./plan.ts";
import { addressOctets, type Factory } from "./provision.ts";
import type { Recordings } from "./recordings.ts";

export interface Maker {
  /** x || y. */
  root: Buffer;
  module: Uint8Array;
}

/** What the device believes. */
function identityFor(role: DeviceRole, maker: Maker | undefined): Identity {
  const identity = developmentIdentity(KINDS[role].image);
  return maker ? { ...identity, root: maker.root } : identity;
}

/** What a device is made of. */
export interface MachineOptions {
  role: DeviceRole;
  factory: Factory;
  /** The package in slot A; none where the root key's owner alone could sign it. */
  installed?: Buffer;
  /** A maker's root key instead of the development's; the device is sold with its module as the factory's. */
  maker?: Maker;
  /** Where boots under V8 are recorded, and under which name. */
  recorded?: { id: DeviceId; recordings: Recordings };
}

/** The version of this program is that of the modules it comes with. */
export function programVersion(): number {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  return versionParse(version);
}

/** The module that a device is sold with, as a package of the version that this program has. */
export function firstPackage(role: DeviceRole, wasm: Uint8Array, version: number, phase: Phase = 1): Buffer {
  return packageBuild({ wasm, role: KINDS[role].image, version, counter: 1, phase: stackOf(phase) });
}

function nothingRuns(refused = ""): EngineStopped {
  return new EngineStopped(ResetReason.Trap, `no slot holds a module that can run${refused}`);
}

/** A board's noise source never says the same twice, so every boot has a seed of its own. */
function seeds(factory: Factory): () => Buffer {
  let boots = 0;
  return () => createHash("sha256").update(factory.seed).update(String(boots++)).digest();
}

/** `make` is for whoever looks at what the slots do. */
export function v8Machine(options: MachineOptions, make = (slots: SlotsOptions) => new ImageSlots(slots)): Boot {
  const { role, factory, installed, recorded, maker } = options;
  const identity = identityFor(role, maker);
  const files = role === "hub" ? FILES_MAX : 0;
  const slots = make({ identity, address: addressOctets(factory.extended), installed, factory: maker?.module, files });
  const keys = new KeySlots();
  const seed = seeds(factory);
  const boot = (surroundings: Surroundings): BootedEngine => {
    let refused = "";
    for (let choice = slots.boot(); choice.wasm; choice = slots.refused(ImageReason.Gate, 0)) {
      try {
        const record = recorded?.recordings.wants(recorded.id) ?? false;
        const engine = new V8Engine({ wasm: choice.wasm, seed: seed(), surroundings, store: factory.records, keys, images: slots, record });
        if (record) recorded?.recordings.add(recorded.id, choice.wasm, engine);
        return Object.assign(engine, {
          module: { version: slots.version, onTrial: slots.trying, slot: choice.source, phase: phaseOfStack(slots.phase) },
        });
      } catch (error) {
        // V8 or the contract refuses the module: the slots choose another one.
        refused += `; slot ${choice.source}: ${(error as Error).message}`;
      }
    }
    throw nothingRuns(refused);
  };
  return boot;
}

/** The engine of the boards in this process; the add-on is built when it is needed for the first time, and says so. */
export async function wasm3Machines(): Promise<(options: MachineOptions) => Boot> {
  const { blankFlash, native, Wasm3Engine } = await import("../native/index.ts");
  const { manufacture, SLOT_NAMES } = await import("./wasm3_slots.ts");
  native();
  return ({ role, factory, installed, maker }) => {
    const nor = blankFlash();
    const images = manufacture({
      identity: identityFor(role, maker),
      address: addressOctets(factory.extended),
      installed,
      factory: maker?.module,
      files: role === "hub" ? FILES_MAX : 0,
      sectorSize: SECTOR_SIZE,
      slotSectors: SLOT_CAPACITY / SECTOR_SIZE,
      fileSectors: FILE_CAPACITY / SECTOR_SIZE,
    });
    const seed = seeds(factory);
    let made = false;
    const boot = (surroundings: Surroundings): BootedEngine => {
      const engine = new Wasm3Engine({ images, seed: seed(), surroundings, nor, fuel: FUEL });
      if (!made) for (const [record, octets] of factory.records) engine.writeRecord(record, octets);
      made = true;
      const booted = engine.booted();
      if (!booted) throw nothingRuns();
      const { version, onTrial, source, state } = booted;
      return Object.assign(engine, {
        module: { version, onTrial, slot: SLOT_NAMES[source], phase: phaseOfStack(state[IMAGE_PHASE] as number) },
      });
    };
    return boot;
  };
}
