// What a hub holds of a meter that is in another network: who it is, and in `register` what it told last.
//
//   unknown --told--> mirrored --silence--> unknown
import { register, registerReset } from "./register";

/** Three times what a meter may let pass between two readings. */
const SILENT_MS: i64 = 15 * 60_000;

@unmanaged @final
class Mirror { extended: u64; }
const mirror = changetype<Mirror>(memory.data(offsetof<Mirror>(), 8));

export function mirrorReset(): void {
  registerReset();
  mirror.extended = 0;
}

/** A reading of the meter with this IEEE address; false while another one is mirrored. */
export function mirrorTake(extended: u64, importWh: i64, powerW: i32, now: i64): bool {
  if (meterIsMirrored(now) && mirror.extended != extended) return false;
  mirror.extended = extended;
  register.importWh = importWh;
  register.importKnown = true;
  register.powerW = powerW;
  register.powerKnown = true;
  register.at = now;
  return true;
}

/** Whether there is a reading that is not too old. */
export function meterIsMirrored(now: i64): bool { return register.importKnown && now - register.at < SILENT_MS; }
