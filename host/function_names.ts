// Which function of a shipped module an index names.  Modules carry no names; the build keeps them beside, in build/NAME.names:
// a line with the module's SHA-256, then a line `index name` for each function.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./modules.ts";

const BUILD = join(ROOT, "build");
const ENDING = ".names";
/** Every name begins with it. */
const STACK = "assembly/";
/** Octets of a module's SHA-256 by which boards name it. */
const HASH_OCTETS = 8;

/** As whoever reports a trap names a module: 16 digits. */
export function moduleHash(wasm: Uint8Array): string {
  return sha256(wasm).slice(0, 2 * HASH_OCTETS);
}

export function namesText(wasm: Uint8Array, names: ReadonlyMap<number, string>): string {
  return [sha256(wasm), ...[...names].map(([index, name]) => `${index} ${name}`), ""].join("\n");
}

/** `zigbee/nwk/receive/nwkReceive`; by number where the build has no names of such a module. */
export function functionOf(hash: string, index: number, folder = BUILD): string {
  const line = linesOf(hash, folder).find((each) => each.startsWith(`${index} `));
  if (!line) return `function ${index} of module ${hash}`;
  const name = line.slice(line.indexOf(" ") + 1);
  return name.startsWith(STACK) ? name.slice(STACK.length) : name;
}

/** What a board says of a module that stopped, with the function's name where the build knows it: boards/mps2-an386/main.c. */
export function withNames(text: string): string {
  return text.replace(/ in function (\d+) of module ([0-9a-f]{16})$/, (_, index, hash) => `, in ${functionOf(hash, Number(index))}`);
}

function linesOf(hash: string, folder: string): string[] {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ENDING)) : [];
  for (const name of files) {
    const [module, ...lines] = readFileSync(join(folder, name), "utf8").split("\n");
    if (module.startsWith(hash)) return lines;
  }
  return [];
}

function sha256(wasm: Uint8Array): string {
  return createHash("sha256").update(wasm).digest("hex");
}
