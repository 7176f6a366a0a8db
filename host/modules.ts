// Where the built modules are, and the word to say when they are not, or are of other sources.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The package that npm installs has the modules, and nothing to make them of. */
export const PACKAGED = !existsSync(join(ROOT, "assembly"));

/** What whoever has no modules, or old ones, does about it. */
export const REMEDY = PACKAGED ? "install the package again" : 'run "npm run build"';

/** Beside the modules: the digest of what they were made of. */
export const DIGEST = join(ROOT, "build/modules.digest");
let fresh = PACKAGED;

/** Of all that the modules are made of: the stack, the targets, and what calls the compiler. */
export function sourcesDigest(): string {
  const below = (folder: string, ending: string): string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(ending))
      .map((name) => join(folder, name))
      .sort();
  const hash = createHash("sha256");
  for (const path of ["asconfig.json", ...below("host/build", ".mjs"), ...below("assembly", ".ts")]) {
    const octets = readFileSync(join(ROOT, path));
    hash.update(`${path} ${octets.length}\n`).update(octets);
  }
  return hash.digest("hex");
}

/** Compared once in a process; whoever edits while it runs knows. */
function mustBeFresh(name: string): void {
  fresh ||= existsSync(DIGEST) && readFileSync(DIGEST, "utf8") === sourcesDigest();
  if (!fresh) throw new Error(`build/${name}.wasm is not of the sources as they are now; ${REMEDY}`);
}

export function builtPath(name: string): string {
  const path = join(ROOT, "build", `${name}.wasm`);
  if (!existsSync(path)) throw new Error(`build/${name}.wasm is missing; ${REMEDY}`);
  mustBeFresh(name);
  return path;
}

/** The module of a device: `hub_sep1`, `meter_sep1`, `ihd_sep1`. */
export function moduleBytes(device: string): Uint8Array {
  return readFileSync(builtPath(device));
}
