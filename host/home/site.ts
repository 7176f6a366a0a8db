// Where a device is put: the air around it, and the way in for what happens outside of the simulation.
import type { Medium } from "../air/medium.ts";

export interface Site {
  medium: Medium;
  /** Runs `action` at the simulation's present (`Pacer.enter`). */
  enter(action: () => void): void;
}
