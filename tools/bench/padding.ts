// Modules of a wanted size that the load gate accepts: a real one with functions that nobody calls.
import binaryen from "binaryen";
import { Random } from "../../host/air/random.ts";

/** Below the gate's limit for one function. */
const BODY_OCTETS = 15_000;
/** A constant, and the drop behind it. */
const STEP_OCTETS = 11;

/** The module grown to `size` octets, a few less at the most; the octets look random, so nothing is gained by compressing them. */
export function padded(wasm: Uint8Array, size: number, seed: number): Uint8Array {
  const random = new Random(seed, "padding");
  const module = binaryen.readBinary(wasm);
  try {
    let missing = size - module.emitBinary().length;
    for (let count = 0; missing > STEP_OCTETS * 4; count++) {
      const steps = Math.floor((Math.min(missing, BODY_OCTETS) - 12) / STEP_OCTETS);
      const drops = Array.from({ length: steps }, () => module.drop(module.i64.const(wide(random))));
      module.addFunction(`padding${count}`, binaryen.none, binaryen.none, [], module.block(null, drops));
      missing = size - module.emitBinary().length;
    }
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

/** A constant whose LEB128 form takes nine octets. */
function wide(random: Random): bigint {
  const low = BigInt(random.next());
  return (BigInt(0x0100_0000 + random.below(0x3000_0000)) << 32n) | low;
}
