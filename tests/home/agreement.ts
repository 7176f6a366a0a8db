// The promise of a display: until the next report, its latest reading is the meter's latest register.
import assert from "node:assert/strict";
import type { Line } from "./process.ts";

/** What comes outside of a meter's rhythm, its first words after a reset, may wait so long, and another register may follow sooner. */
const POLL_MS = 7400;

/** Holds a run's lines to it, once there is a reading at all; at least `least` reports must have been compared. */
export function agree(lines: readonly Line[], least: number): void {
  let register: Line | undefined;
  let reading: Line | undefined;
  let compared = 0;
  for (const line of lines) {
    if (line.event === "reading") reading = line;
    if (line.event === "reading" && line.importWh !== null) assert.ok(register, "a reading before any report");
    if (line.event !== "register") continue;
    if (register && line.t - register.t > POLL_MS && reading && reading.importWh !== null) {
      assert.deepEqual([reading.importWh, reading.powerW], [register.importWh, register.powerW], `after the report at ${register.t} ms`);
      compared++;
    }
    register = line;
  }
  assert.ok(compared >= least, `only ${compared} reports were compared`);
}
