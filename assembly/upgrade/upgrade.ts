// A device's own update, from the file that waits to the module that is confirmed: what an entry calls.
import { updateNote, updateReset } from "../model/update";
import { activationDeadline, activationReset, activationTick } from "./activation";
import { healthDeadline, healthReset, healthTick } from "./health";

export { healthOnTrial as upgradeOnTrial } from "./health";

/** Reads what the board holds; a module on trial tests itself. */
export function upgradeReset(now: i64): void {
  updateReset();
  activationReset();
  updateNote(now);
  healthReset(now);
}

/** `joined`, `key` and `server` say what holds now: docs/abi.md, Log.Health. */
export function upgradeTick(joined: bool, key: bool, server: bool, now: i64): void {
  healthTick(joined, key, server, now);
  activationTick(now);
  updateNote(now);
}

export function upgradeDeadline(now: i64): i64 { return min<i64>(healthDeadline(), activationDeadline(now)); }
