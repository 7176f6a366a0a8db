// The module that a device is sold with: a file of build/ that may be older than this program.
import { ABI_VERSION } from "../abi.ts";
import { FUEL } from "../engine.ts";
import { moduleBytes, REMEDY } from "../modules.ts";
import { FUEL_EXPORT, meteredModule } from "../v8/meter.ts";

const MINOR_MASK = 0xffff;

/** Major, then minor: 2.0. */
function spoken(version: number): string {
  return `${version >>> 16}.${version & MINOR_MASK}`;
}

/** The version of docs/abi.md that a module says it was built for; undefined where it cannot even say that. */
function contractOf(wasm: Uint8Array): number | undefined {
  try {
    const module = meteredModule(wasm);
    const imports: Record<string, Record<string, () => number>> = {};
    // Asked for its version, a module calls nobody; of another contract it may import what nobody has.
    for (const { module: room, name } of WebAssembly.Module.imports(module)) {
      imports[room] ??= {};
      imports[room][name] = () => 0;
    }
    const { exports } = new WebAssembly.Instance(module, imports);
    const fuel = exports[FUEL_EXPORT];
    if (fuel instanceof WebAssembly.Global) fuel.value = FUEL;
    return (exports.abi as () => number)() >>> 0;
  } catch {
    return undefined; // no module, no such export, or it traps
  }
}

/** Throws in one sentence where boards of this program would not run the module. */
export function contractCheck(file: string, wasm: Uint8Array): void {
  const version = contractOf(wasm);
  if (version === undefined) throw new Error(`${file} is no module that says which contract it was built for; ${REMEDY}.`);
  if (version >>> 16 === ABI_VERSION >>> 16 && (version & MINOR_MASK) <= (ABI_VERSION & MINOR_MASK)) return;
  throw new Error(`${file} was built for contract ${spoken(version)}, and this program has ${spoken(ABI_VERSION)}; ${REMEDY}.`);
}

/** The octets of a module of build/ that can run here. */
export function soldModule(name: string): Uint8Array {
  const wasm = moduleBytes(name);
  contractCheck(`build/${name}.wasm`, wasm);
  return wasm;
}
