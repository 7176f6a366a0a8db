// Where the built modules are, and the word to say when they are not.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The package that npm installs has the modules, and nothing to make them of. */
export const PACKAGED = !existsSync(join(ROOT, "assembly"));

/** What whoever has no modules, or old ones, does about it. */
export const REMEDY = PACKAGED ? "install the package again" : 'run "npm run build"';

export function builtPath(name: string): string {
  const path = join(ROOT, "build", `${name}.wasm`);
  if (!existsSync(path)) throw new Error(`build/${name}.wasm is missing; ${REMEDY}`);
  return path;
}

/** The module of a device: `hub_sep1`, `meter_sep1`, `ihd_sep1`. */
export function moduleBytes(device: string): Uint8Array {
  return readFileSync(builtPath(device));
}
