// The firmware of a device of the home: what its board is, and the factory module as the last resort.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ARENA_SIZE, buildFirmware, METER_ARENA_SIZE, SEP2_ARENA_SIZES } from "../board/build.ts";
import { developmentIdentity } from "../image/keys.ts";
import { builtPath, ROOT } from "../modules.ts";
import { type DeviceRole, KINDS } from "./plan.ts";
import { soldModule } from "./sold_module.ts";

/** The module that joins a network and downloads, and does nothing else. */
export function factoryModule(role: DeviceRole): string {
  const factory = role === "hub" ? "hub_factory" : "factory_sep1";
  // Without one, the device's own module is what it was sold with.
  return existsSync(join(ROOT, "build", `${factory}.wasm`)) ? factory : KINDS[role].module;
}

export function arenaSize(role: DeviceRole): number {
  return role === "meter" ? METER_ARENA_SIZE : ARENA_SIZE;
}

/** A board that goes on in phase 2 has room for its sessions of TLS. */
function bothArenaSize(role: DeviceRole): number {
  return role === "ihd" ? SEP2_ARENA_SIZES.ihd : SEP2_ARENA_SIZES.meter;
}

/** Of a device of phase 1 whose board can go on in phase 2. */
export function bothFirmware(role: DeviceRole, say: (line: string) => void): Promise<string> {
  const { module, image } = KINDS[role];
  soldModule(factoryModule(role));
  const wasm = builtPath(factoryModule(role));
  return buildFirmware({ name: `${module}-both`, wasm, identity: developmentIdentity(image), arenaSize: bothArenaSize(role), say });
}

/** The path of the firmware, built where it is older than its sources; with a maker's root key it has the device's own module as the factory's. */
export async function deviceFirmware(role: DeviceRole, say: (line: string) => void, root?: Buffer): Promise<string> {
  const { module, image } = KINDS[role];
  const identity = developmentIdentity(image);
  if (!root) soldModule(factoryModule(role));
  const common = { arenaSize: arenaSize(role), say };
  if (!root) return buildFirmware({ name: module, wasm: builtPath(factoryModule(role)), identity, ...common });
  return buildFirmware({ name: `${module}-own`, wasm: builtPath(module), identity: { ...identity, root }, ...common });
}

/** Of a board that is made for phase 2: the device's own module is the factory's. */
export function sep2Firmware(role: keyof typeof SEP2_ARENA_SIZES, say?: (line: string) => void): Promise<string> {
  const identity = developmentIdentity(KINDS[role].image);
  const arenaSize = SEP2_ARENA_SIZES[role];
  return buildFirmware({ name: `${role}_sep2`, wasm: builtPath(`${role}_sep2`), identity, arenaSize, ...(say ? { say } : {}) });
}
