// An update of the device itself, in no protocol's words: what the board holds beside the running module, and when it may be activated.
//
//   None ─▶ Loading ─▶ Verifying ─▶ Waiting ─▶ Activating (on trial) ─▶ Activated
//             └▶ Failed   └▶ SignatureFailed        └▶ ActivationFailed            docs/abi.md, FileStatus
import { FileStatus, IMAGE_STATE, ImageReason, Log, Record, imageBegin, imageState, log, storeRead, storeWrite } from "../core/host";
import { LOG_UPDATE_SIZE, LogUpdate } from "../core/log";
import { NEVER } from "../core/timers";
import { clockKnown, clockUtc } from "./clock";
import { UpgradeRecord } from "./records";

/** The slot beside the running module's. */
export const UPDATE_IMAGE: u32 = 0;
/** Activation in place of a time: when it is told. */
export const UPDATE_WHEN_TOLD: u32 = 0xffff_ffff;

const ON_TRIAL: u32 = 1;
const FACTORY: u32 = 2;
/** Progress is noted at every fiftieth of the file, and after so long. */
const PARTS: u32 = 50;
const NOTE_MS: i64 = 2000;

/** The board's image state, docs/abi.md; zeros on a board without slots. */
@unmanaged @final
export class Update {
  status: u8;
  reason: u8;
  manufacturer: u16;
  type: u16;
  hardware: u16;
  version: u32;
  size: u32;
  offset: u32;
  running: u32;
  flags: u8;
  tries: u8;
  detail: u16;
  role: u8;
  files: u8;
  phase: u8;
  reserved: u8;
  notBefore: u32;
  capacity: u32;
  counter: u32;
  epoch: u32;

  get onTrial(): bool { return (this.flags & ON_TRIAL) != 0; }
  get isFactory(): bool { return (this.flags & FACTORY) != 0; }
}
if (offsetof<Update>() != IMAGE_STATE) ERROR("the state of docs/abi.md has another size");

@unmanaged @final
class State {
  /** By the module's own time; the end of time when it is not known. */
  activateAt: i64;
  notedAt: i64;
  notedOffset: u32;
  notedVersion: u32;
  noted: u32;
  /** An `ImageReason` that the board does not know of. */
  reason: u32;
  has: bool;
}

export const update = changetype<Update>(memory.data(offsetof<Update>(), 8));
const plan = changetype<UpgradeRecord>(memory.data(offsetof<UpgradeRecord>(), 4));
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const note = changetype<LogUpdate>(memory.data(LOG_UPDATE_SIZE, 4));
const NOTHING_NOTED: u32 = 0xffff;

/** Reads what the board holds and what was planned before the reset. */
export function updateReset(): void {
  memory.fill(changetype<usize>(state), 0, offsetof<State>());
  state.activateAt = NEVER;
  state.noted = NOTHING_NOTED;
  let size: u32 = offsetof<UpgradeRecord>();
  if (storeRead(Record.Upgrade, changetype<usize>(plan), size) != <i32>size) memory.fill(changetype<usize>(plan), 0, size);
  updateRefresh();
}

/** Reads the board's state again; false on a board without slots. */
export function updateRefresh(): bool {
  let size: u32 = IMAGE_STATE;
  state.has = imageState(UPDATE_IMAGE, changetype<usize>(update), size) == <i32>size;
  if (!state.has) memory.fill(changetype<usize>(update), 0, size);
  else if (state.reason != 0 && update.status == FileStatus.Loading) {
    update.status = <u8>FileStatus.Failed;
    update.reason = <u8>state.reason;
  }
  return state.has;
}

/** Whether the board can hold another module. */
export function updatePossible(): bool { return state.has; }

/** How much of the file is here. */
export function updatePercent(): u32 {
  return update.size == 0 ? 0 : <u32>(<u64>update.offset * 100 / update.size);
}

/** A number that changes with what a person is told of an update. */
export function updateMark(): u32 {
  return <u32>update.status | <u32>update.reason << 8 | updatePercent() << 16;
}

/** Begins or goes on with the file of which `key` tells, as `image_begin` has it; answers the offset that is wanted first, or an `Err`. */
export function updateBegin(key: usize): i32 {
  state.reason = ImageReason.None;
  state.activateAt = NEVER;
  if (plan.version != 0) remember(0, 0); // what was planned was planned for another attempt
  let first = imageBegin(UPDATE_IMAGE, key);
  updateRefresh();
  return first;
}

/** The loading was given up for a reason that the board does not know of; the octets stay for a later attempt. */
export function updateFailed(reason: u32): void {
  state.reason = reason;
  updateRefresh();
}

/** The file held may be activated in so many seconds; `utc` is that moment where it is known, else 0. */
export function updateActivateIn(seconds: u32, utc: u32, now: i64): void {
  state.activateAt = now + <i64>seconds * 1000;
  if (utc == 0 && clockKnown()) utc = clockUtc(now) + seconds;
  remember(update.version, utc);
}

/** The file held waits until it is told. */
export function updateActivateWhenTold(): void {
  state.activateAt = NEVER;
  remember(update.version, UPDATE_WHEN_TOLD);
}

/** Whether it is known when the file held is activated. */
export function updateIsPlanned(): bool {
  return state.activateAt != NEVER || planned() != 0;
}

/** The planned moment in UTC, `UPDATE_WHEN_TOLD` or 0 when it is not known. */
export function updateActivation(): u32 {
  return plan.version == update.version ? plan.utc : 0;
}

/** When the file held is to be activated, by the module's time; the end of time while that is open. */
export function updateActivateAt(now: i64): i64 {
  if (update.status != FileStatus.Waiting) return NEVER;
  let utc = planned();
  let at = state.activateAt;
  if (utc != 0 && clockKnown()) at = min<i64>(at, timeOf(utc, now));
  if (at == NEVER || update.notBefore == 0) return at;
  return clockKnown() ? max<i64>(at, timeOf(update.notBefore, now)) : NEVER;
}

/** Notes what has changed: the status, or a step of the progress. */
export function updateNote(now: i64): void {
  if (!state.has) return;
  let status: u32 = <u32>update.status | <u32>update.reason << 8;
  if (status == state.noted && update.version == state.notedVersion) {
    if (update.offset == state.notedOffset) return;
    if (now - state.notedAt < NOTE_MS && update.offset - state.notedOffset < update.size / PARTS) return;
  }
  state.noted = status;
  state.notedVersion = update.version;
  state.notedOffset = update.offset;
  state.notedAt = now;
  note.image = UPDATE_IMAGE;
  note.status = update.status;
  note.reason = update.reason;
  note.tries = update.tries;
  note.running = update.running;
  note.version = update.version;
  note.offset = update.offset;
  note.size = update.size;
  log(Log.Update, changetype<usize>(note), LOG_UPDATE_SIZE);
}

function planned(): u32 {
  return plan.version == update.version && plan.utc != UPDATE_WHEN_TOLD ? plan.utc : 0;
}

/** A record that says the same already is not written again; one that cannot be written is asked for again after a reset. */
function remember(version: u32, utc: u32): void {
  if (plan.version == version && plan.utc == utc) return;
  plan.version = version;
  plan.utc = utc;
  storeWrite(Record.Upgrade, changetype<usize>(plan), offsetof<UpgradeRecord>());
}

function timeOf(utc: u32, now: i64): i64 {
  return now + (<i64>utc - <i64>clockUtc(now)) * 1000;
}
