// Who is to get which file of the library, how many at once, and when to stop: what a head-end decides and a hub carries out.
//
//   device   None ──asks──▶ (turn) Loading ──has it all──▶ Waiting ──told──▶ Activating ──runs it──▶ Activated
//                              │ refuses, aborts                                │  still the old one, or never heard again
//                              ▼                                                ▼
//                            Failed                                     ActivationFailed        each counts as a failure of the plan
//
// A plan stops after so many failures.  All of this is one record; what is only of interest while it lasts is in `watches`.
import { FileStatus, Record, storeRead, storeWrite } from "../core/host";
import { Err } from "../core/err";
import { NEVER } from "../core/timers";
import { LIBRARY_FILES, libraryFile } from "./library";
import { Plan, RolloutDevice } from "./records";

export { Plan, RolloutDevice };

/** Devices that a hub follows; also the longest list of a plan. */
export const ROLLOUT_DEVICES: u32 = 16;
export const ROLLOUT_NOBODY: i32 = -1;

/** When what was loaded begins to run: `Plan.activate`. */
export const ACTIVATE_NOW: u32 = 0;
export const ACTIVATE_AT: u32 = 1;
export const ACTIVATE_ON_COMMAND: u32 = 2;

/** A device that says nothing for so long gives up its turn. */
const TURN_MS: i64 = 300_000;
/** A device asks at once after it was told to activate, when the answer was lost. */
const GRACE_MS: i64 = 60_000;
/** Three tries of 20 minutes each, and time to find the network again. */
const COME_BACK_MS: i64 = 2 * 3_600_000;
/** Told of while it is loaded: each 32nd part. */
const PROGRESS_SHIFT: u32 = 5;

@unmanaged @final
export class RolloutWatch {
  /** Loading: the turn lasts until then.  Activating: from then on the old version is a failure. */
  until: i64;
  offset: u32;
  /** What was told last. */
  told: u32;
  /** 1: somebody should be told. */
  changed: u32;
  reserved: u32;
}

const PLANS: u32 = (LIBRARY_FILES + 1) * offsetof<Plan>();
/** docs/records.md: where the devices begin, and 5 rows before them. */
const PLANS_ROOM: u32 = 64;
const RECORD: u32 = PLANS_ROOM + ROLLOUT_DEVICES * offsetof<RolloutDevice>();
if (PLANS > PLANS_ROOM) ERROR("the plans do not fit their place");
if (RECORD > 512) ERROR("a record holds 512 octets");
const record = memory.data(RECORD, 8);
const watches = memory.data(ROLLOUT_DEVICES * offsetof<RolloutWatch>(), 8);

/** Goes on with what the record says. */
export function rolloutReset(now: i64): void {
  memory.fill(watches, 0, ROLLOUT_DEVICES * offsetof<RolloutWatch>());
  if (storeRead(Record.Library, record, RECORD) != RECORD) memory.fill(record, 0, RECORD);
  tellPlans();
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) {
    let device = rolloutDevice(index);
    if (device.extended == 0 || device.file == 0) continue;
    rolloutWatch(index).until = device.status == FileStatus.Activating ? now + GRACE_MS : 0;
    rolloutWatch(index).changed = 1;
  }
}

export function rolloutPlan(image: u32): Plan {
  assert(image <= LIBRARY_FILES);
  return changetype<Plan>(record + image * offsetof<Plan>());
}

export function rolloutDevice(index: u32): RolloutDevice {
  assert(index < ROLLOUT_DEVICES);
  return changetype<RolloutDevice>(record + PLANS_ROOM + index * offsetof<RolloutDevice>());
}

export function rolloutWatch(index: u32): RolloutWatch {
  assert(index < ROLLOUT_DEVICES);
  return changetype<RolloutWatch>(watches + index * offsetof<RolloutWatch>());
}

/**
 * A new plan for a file, for the `count` addresses at `list` or, when there are none, for everybody.  Answers 0, `Duplicate` when
 * that is the plan already, or `NoBuffer` when the devices are too many; then nothing has changed.
 */
export function rolloutSet(image: u32, plan: Plan, list: usize, count: u32): i32 {
  let held = rolloutPlan(image);
  if (same(held, plan, image, list, count)) return Err.Duplicate;
  let free: u32 = 0;
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) free += u32(isFree(index));
  let needed: u32 = 0;
  for (let entry: u32 = 0; entry < count; entry++) needed += u32(rolloutOf(load<u64>(list + (entry << 3))) == ROLLOUT_NOBODY);
  if (needed > free) return Err.NoBuffer;
  memory.copy(changetype<usize>(held), changetype<usize>(plan), offsetof<Plan>());
  held.failures = 0;
  held.released = 0;
  held.stopped = 0;
  held.everyone = u8(count == 0);
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) {
    let device = rolloutDevice(index);
    device.listed = <u8>(<u32>device.listed & ~(1 << image));
    if (device.file == image && isOver(device.status)) {
      device.file = 0;
      device.status = <u8>FileStatus.None;
    }
  }
  for (let entry: u32 = 0; entry < count; entry++) {
    let device = rolloutDevice(take(load<u64>(list + (entry << 3))));
    device.listed = <u8>(<u32>device.listed | (1 << image));
  }
  return save();
}

/** What waits for a command may activate now. */
export function rolloutRelease(image: u32): i32 {
  rolloutPlan(image).released = 1;
  return save();
}

/** A file is no longer what it was: its plan ends. */
export function rolloutForget(image: u32): void {
  let plan = rolloutPlan(image);
  if (plan.go == 0) return;
  plan.go = 0;
  save();
}

/** A device was removed: no plan is about it any more. */
export function rolloutErase(extended: u64): void {
  let index = rolloutOf(extended);
  if (index == ROLLOUT_NOBODY) return;
  memory.fill(changetype<usize>(rolloutDevice(index)), 0, offsetof<RolloutDevice>());
  save();
}

/** The row of a device, or `ROLLOUT_NOBODY`. */
export function rolloutOf(extended: u64): i32 {
  if (extended == 0) return ROLLOUT_NOBODY;
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) if (rolloutDevice(index).extended == extended) return index;
  return ROLLOUT_NOBODY;
}

/** Whether devices may load a file now. */
export function rolloutRuns(image: u32): bool {
  return rolloutPlan(image).go != 0 && rolloutPlan(image).stopped == 0;
}

/** Whether a plan names a device. */
export function rolloutNames(image: u32, extended: u64): bool {
  if (rolloutPlan(image).everyone) return true;
  let index = rolloutOf(extended);
  return index != ROLLOUT_NOBODY && (<u32>rolloutDevice(index).listed & (1 << image)) != 0;
}

/** Whether a device may have a file now: its plan runs and names the device, which has not failed with it. */
export function rolloutGoes(image: u32, extended: u64): bool {
  if (!rolloutRuns(image) || !rolloutNames(image, extended)) return false;
  let index = rolloutOf(extended);
  return index == ROLLOUT_NOBODY || rolloutDevice(index).file != image || !hasFailed(rolloutDevice(index).status);
}

/** A device asks for octets of a file: its turn goes on or begins; false: it has to wait. */
export function rolloutTurn(image: u32, extended: u64, offset: u32, now: i64): bool {
  let index = take(extended);
  if (index == ROLLOUT_NOBODY) return false;
  let device = rolloutDevice(index);
  let watch = rolloutWatch(index);
  let version = libraryFile(image).version;
  let has = device.file == image && device.version == version && device.status == FileStatus.Loading && watch.until > now;
  if (!has) {
    let plan = rolloutPlan(image);
    if (plan.atOnce != 0 && loading(image, index, now) >= plan.atOnce) return false;
    watch.told = 0;
    if (device.file != image || device.version != version || device.status != FileStatus.Loading) {
      device.file = <u8>image;
      device.version = version;
      rolloutStatus(index, FileStatus.Loading);
    }
  }
  watch.until = now + TURN_MS;
  watch.offset = offset;
  if (offset - watch.told > libraryFile(image).size >>> PROGRESS_SHIFT) watch.changed = 1;
  return true;
}

/** A device has all of a file: what it is told to do becomes its status. */
export function rolloutLoaded(image: u32, extended: u64, activates: bool, until: i64): void {
  let index = take(extended);
  if (index == ROLLOUT_NOBODY) return;
  let device = rolloutDevice(index);
  device.file = <u8>image;
  device.version = libraryFile(image).version;
  let watch = rolloutWatch(index);
  watch.offset = libraryFile(image).size;
  watch.until = until + GRACE_MS;
  rolloutStatus(index, activates ? FileStatus.Activating : FileStatus.Waiting);
}

/** A device refused a file or gave it up. */
export function rolloutFailed(extended: u64): void {
  let index = rolloutOf(extended);
  if (index != ROLLOUT_NOBODY && !isOver(rolloutDevice(index).status)) fail(index, FileStatus.Failed);
}

/** A device was told to give a file up; that is not its failure. */
export function rolloutAborted(extended: u64): void {
  let index = rolloutOf(extended);
  if (index != ROLLOUT_NOBODY && rolloutDevice(index).status == FileStatus.Loading) rolloutStatus(index, FileStatus.Failed);
}

/** A device says which version it runs. */
export function rolloutSeen(extended: u64, version: u32, now: i64): void {
  let index = rolloutOf(extended);
  if (index == ROLLOUT_NOBODY) return;
  let device = rolloutDevice(index);
  if (device.file == 0) return;
  if (version == device.version) {
    if (device.status != FileStatus.Activated) rolloutStatus(index, FileStatus.Activated);
  } else if (device.status == FileStatus.Activated || (device.status == FileStatus.Activating && rolloutWatch(index).until <= now)) {
    fail(index, FileStatus.ActivationFailed);
  }
}

/** A device that was told to activate has come where its server of files does not see it: it runs that, or goes back later. */
export function rolloutArrived(extended: u64): void {
  let index = rolloutOf(extended);
  if (index != ROLLOUT_NOBODY && rolloutDevice(index).status == FileStatus.Activating) rolloutStatus(index, FileStatus.Activated);
}

/** Changes a device's status for good. */
export function rolloutStatus(index: u32, status: u32): void {
  let device = rolloutDevice(index);
  let watch = rolloutWatch(index);
  watch.changed = 1;
  if (status == FileStatus.Loading) watch.offset = 0;
  if (device.status == status) return;
  device.status = <u8>status;
  save();
}

/** Looks for devices that were told to activate and were not heard again. */
export function rolloutTick(now: i64): void {
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) {
    if (deadlineOf(index) <= now) fail(index, FileStatus.ActivationFailed);
  }
}

export function rolloutDeadline(): i64 {
  let earliest = NEVER;
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) earliest = min<i64>(earliest, deadlineOf(index));
  return earliest;
}

function deadlineOf(index: u32): i64 {
  let device = rolloutDevice(index);
  return device.extended != 0 && device.status == FileStatus.Activating ? rolloutWatch(index).until + COME_BACK_MS : NEVER;
}

function fail(index: u32, status: u32): void {
  let plan = rolloutPlan(rolloutDevice(index).file);
  if (plan.failures < 0xff) plan.failures++;
  if (plan.failuresMax != 0 && plan.failures >= plan.failuresMax) plan.stopped = 1;
  rolloutStatus(index, status);
}

/** How many others are loading a file now. */
function loading(image: u32, except: i32, now: i64): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) {
    let device = rolloutDevice(index);
    if (<i32>index == except || device.extended == 0 || device.file != image) continue;
    if (device.status == FileStatus.Loading && rolloutWatch(index).until > now) count++;
  }
  return count;
}

/** A device's row, a new one when there is room; `ROLLOUT_NOBODY` when all are under way. */
function take(extended: u64): i32 {
  let index = rolloutOf(extended);
  for (let other: u32 = 0; index == ROLLOUT_NOBODY && other < ROLLOUT_DEVICES; other++) {
    if (!isFree(other)) continue;
    index = other;
    memory.fill(changetype<usize>(rolloutDevice(other)), 0, offsetof<RolloutDevice>());
    memory.fill(changetype<usize>(rolloutWatch(other)), 0, offsetof<RolloutWatch>());
    rolloutDevice(other).extended = extended;
  }
  return index;
}

/** Nobody's, or of a device that no list names and that is through. */
function isFree(index: u32): bool {
  let device = rolloutDevice(index);
  return device.extended == 0 || (device.listed == 0 && (device.file == 0 || device.status == FileStatus.Activated));
}

function hasFailed(status: u32): bool {
  return status == FileStatus.Failed || status == FileStatus.ActivationFailed;
}

function isOver(status: u32): bool {
  return hasFailed(status) || status == FileStatus.Activated;
}

/** Whether a plan is the one that is held; what it has come to does not count. */
function same(held: Plan, plan: Plan, image: u32, list: usize, count: u32): bool {
  if (held.go != plan.go || held.atOnce != plan.atOnce || held.failuresMax != plan.failuresMax) return false;
  if (held.activate != plan.activate || held.time != plan.time || (held.everyone != 0) != (count == 0)) return false;
  let listed: u32 = 0;
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) listed += (<u32>rolloutDevice(index).listed >>> image) & 1;
  if (listed != count) return false;
  for (let entry: u32 = 0; entry < count; entry++) if (!rolloutNames(image, load<u64>(list + (entry << 3)))) return false;
  return true;
}

/** A refused write is made up for by the next; until then a reset would begin with an older plan. */
function save(): i32 {
  tellPlans();
  return storeWrite(Record.Library, record, RECORD) < 0 ? <i32>Err.NoBuffer : Err.Ok;
}

function tellPlans(): void {
  for (let image: u32 = 0; image <= LIBRARY_FILES; image++) {
    let plan = rolloutPlan(image);
    libraryFile(image).plan = plan.go == 0 ? 0 : plan.stopped ? 2 : 1;
  }
}
