// A meter: what its measuring element says becomes the register.
import { EVENT_HEAD, EVENT_SIZE, Quantity, sense } from "../../core/host";
import { clockReset } from "../../model/clock";
import { registerLoad, registerMeasured } from "../../model/register";

/** As often as a display is to be live; a report then goes out with the measurement that it tells. */
export const METER_SAMPLE_MS: u32 = 10_000;
// Measured: | energy i64 J | power i32 W | quantity u8 |, docs/abi.md
const ENERGY: usize = EVENT_HEAD;
const POWER: usize = EVENT_HEAD + 8;
const QUANTITY: usize = EVENT_HEAD + 12;
const SIZE: u32 = 13;

/** Answers an `Err` when the board has no such element. */
export function meterReset(now: i64): i32 {
  clockReset(); // nobody tells a meter the time but the server of updates
  registerLoad(now);
  return sense(Quantity.ElectricityImport, METER_SAMPLE_MS);
}

/** Takes a Measured event. */
export function meterInput(event: usize, now: i64): void {
  if (load<u16>(event + EVENT_SIZE) < SIZE || load<u8>(event + QUANTITY) != Quantity.ElectricityImport) return;
  registerMeasured(load<i64>(event + ENERGY), load<i32>(event + POWER), now);
}
