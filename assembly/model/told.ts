// Energy as somebody else tells it: one wrong total is not shown.
import { household } from "./cost";
import { register } from "./register";
import { DRAW_WH, TOTAL_UNKNOWN_MS, Total, totalTake } from "./total";

const total = changetype<Total>(memory.data(offsetof<Total>(), 8));

export function toldReset(): void { memory.fill(changetype<usize>(total), 0, offsetof<Total>()); }

/** Takes a total of so coarse a step; after a reset the one that was counted last is the one to go on from. */
export function toldEnergy(importWh: i64, stepWh: i64, now: i64): void {
  register.stepWh = stepWh;
  if (!total.known && household.begun) {
    total.known = true;
    total.value = household.wh;
    total.at = now - TOTAL_UNKNOWN_MS;
  }
  totalTake(total, importWh, now, DRAW_WH, stepWh);
  register.importWh = total.value;
}
