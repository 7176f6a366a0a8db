// When a verified file becomes the module that runs: at the planned moment, not before the manifest allows it, and never unasked.
//
//   Waiting ─planned, and due─▶ a short grace ─▶ image_activate, halt: the next boot tries it
import { ResetReason, halt, imageActivate } from "../core/host";
import { NEVER } from "../core/timers";
import { UPDATE_IMAGE, updateActivateAt, updateNote, updateRefresh } from "../model/update";

/** The acknowledgement of the message that made it due is still to leave. */
const GRACE_MS: i64 = 1500;
const AGAIN_MS: i64 = 60_000;

@unmanaged @final
class State {
  /** When to activate; the end of time while nothing is due. */
  at: i64;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function activationReset(): void { state.at = NEVER; }

export function activationDeadline(now: i64): i64 { return state.at == NEVER ? updateActivateAt(now) : state.at; }

/** A reset comes in a moment. */
export function activationIsDue(): bool { return state.at != NEVER; }

export function activationTick(now: i64): void {
  let due = updateActivateAt(now);
  if (due > now) {
    state.at = NEVER; // perhaps it was due, and the server has changed its mind
    return;
  }
  if (state.at == NEVER) state.at = now + GRACE_MS;
  if (state.at <= now) activate(now);
}

function activate(now: i64): void {
  let activated = imageActivate(UPDATE_IMAGE);
  updateRefresh();
  updateNote(now);
  state.at = now + AGAIN_MS;
  if (activated >= 0) halt(ResetReason.Halt);
}
