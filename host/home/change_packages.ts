// The packages of a change to phase 2: the modules of build/, signed by the development's release key.
import { Encoding } from "../image/manifest.ts";
import { packageBuild } from "../image/package.ts";
import { type DeviceRole, KINDS, stackOf } from "./plan.ts";
import { soldModule } from "./sold_module.ts";

/** 2.0.0, and a patch more for each attempt after the first. */
const VERSION = 0x0200_0000;
const COUNTER = 2;

/** What a device of this kind runs in phase 2. */
export function changeModule(role: DeviceRole): string {
  return role === "hub" ? "hub_both" : `${role}_sep2`;
}

/** Makes each package once. */
export function changePackages(): (role: DeviceRole, attempt: number) => Buffer {
  const made = new Map<string, Buffer>();
  return (role, attempt) => {
    const key = `${role} ${attempt}`;
    const file =
      made.get(key) ??
      packageBuild({
        wasm: soldModule(changeModule(role)),
        role: KINDS[role].image,
        version: VERSION + attempt - 1,
        counter: COUNTER,
        phase: stackOf(2),
        encoding: Encoding.Compressed,
      });
    made.set(key, file);
    return file;
  };
}
