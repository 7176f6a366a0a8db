// The hub's own next module: upgrade/ activates it and watches it on trial; the plan for file 0 says when, and the head-end is its server.
//
//   Waiting ─plan 0─▶ activated ─▶ on trial: network formed or resumed, head-end heard ─▶ confirmed, else the old one again
import { FileStatus } from "../../core/host";
import { NEVER } from "../../core/timers";
import { clockKnown, clockUtc } from "../../model/clock";
import { libraryFile } from "../../model/library";
import { ACTIVATE_AT, ACTIVATE_NOW, rolloutPlan, rolloutRuns } from "../../model/rollout";
import { update, updateActivateIn, updateActivateWhenTold, updateIsPlanned, updateRefresh } from "../../model/update";
import { upgradeDeadline, upgradeOnTrial, upgradeReset, upgradeTick } from "../../upgrade/upgrade";
import { fetchProbe, fetchReset } from "./fetch";

/** The head-end is asked again and again whether it is there. */
const PROBE_MS: i64 = 10_000;

@unmanaged @final
class State {
  probeAt: i64;
  heard: bool;
  /** The plan has been looked at. */
  planned: bool;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function ownReset(now: i64): void {
  state.heard = false;
  state.planned = false;
  state.probeAt = now;
  upgradeReset(now);
}

/** The head-end has said something: perhaps the time, or a plan for file 0. */
export function ownUplinkHeard(): void {
  state.heard = true;
  state.planned = false;
}

/** File 0 has changed. */
export function ownChanged(): void { state.planned = false; }

export function ownDeadline(now: i64): i64 {
  return min<i64>(upgradeDeadline(now), upgradeOnTrial() && !state.heard ? state.probeAt : NEVER);
}

/** Looks whether it is time; may not come back. */
export function ownTick(formed: bool, now: i64): void {
  let onTrial = upgradeOnTrial();
  if (onTrial && !state.heard && state.probeAt <= now) {
    state.probeAt = now + PROBE_MS;
    fetchProbe();
  }
  if (!state.planned) plan(now);
  upgradeTick(formed, formed, state.heard, now);
  if (onTrial && !upgradeOnTrial()) fetchReset(now); // what had to wait for the trial's end
}

/** Tells the update when it is to be activated. */
function plan(now: i64): void {
  state.planned = true;
  if (update.status != libraryFile(0).status) updateRefresh();
  if (update.status != FileStatus.Waiting) return;
  let plan = rolloutPlan(0);
  let known = clockKnown();
  if (rolloutRuns(0) && (plan.activate == ACTIVATE_NOW || plan.released)) updateActivateIn(0, 0, now);
  else if (rolloutRuns(0) && plan.activate == ACTIVATE_AT && known)
    updateActivateIn(<u32>max<i64>(<i64>plan.time - clockUtc(now), 0), plan.time, now);
  else if (updateIsPlanned()) updateActivateWhenTold();
}
