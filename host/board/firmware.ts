// The firmware of a device of the home: what its board is, and the factory module as the last resort.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Role } from "../abi.ts";
import type { DeviceName } from "../home/events.ts";
import { developmentIdentity, type Identity } from "../image/keys.ts";
import { builtPath, ROOT } from "../modules.ts";
import { buildFirmware } from "./build.ts";

const ROLES: Record<DeviceName, number> = { hub: Role.Hub, meter: Role.Meter, ihd: Role.Ihd };

/** The module that joins a network and downloads, and does nothing else. */
export function factoryModule(name: DeviceName): string {
  const factory = name === "hub" ? "hub_factory" : "factory_sep1";
  // Without one, the device's own module is what it was sold with.
  return existsSync(join(ROOT, "build", `${factory}.wasm`)) ? factory : `${name}_sep1`;
}

/** The path of the firmware, built where it is older than its sources. */
export async function deviceFirmware(
  name: DeviceName,
  say: (line: string) => void,
  identity: Identity = developmentIdentity(ROLES[name]),
): Promise<string> {
  return buildFirmware({ name: `${name}_sep1`, wasm: builtPath(factoryModule(name)), identity, say });
}
