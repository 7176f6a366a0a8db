// What a hub tells its head-end of the devices of a rollout: each change of a device's status, and its progress.
//
//   up 4 device status   | 4 | as Log.Rollout, docs/abi.md |
import { Log, log, uplinkSend } from "../../core/host";
import { LOG_ROLLOUT_SIZE, LogRollout } from "../../core/log";
import { LIBRARY_FILES, libraryFile } from "../../model/library";
import { ROLLOUT_DEVICES, rolloutDevice, rolloutWatch } from "../../model/rollout";
import { fetchTell } from "./fetch";

const KIND_DEVICE: u32 = 4;
const SIZE: u32 = 1 + LOG_ROLLOUT_SIZE;
const room = memory.data(SIZE);
/** What was told of each plan. */
const plans = memory.data(LIBRARY_FILES + 1);

/** Tells of one device or one plan that has changed; true when there may be more. */
export function reportTick(): bool {
  for (let image: u32 = 0; image <= LIBRARY_FILES; image++) {
    let plan = libraryFile(image).plan;
    if (load<u8>(plans + image) == plan) continue;
    store<u8>(plans + image, plan);
    fetchTell(image);
    return true;
  }
  for (let index: u32 = 0; index < ROLLOUT_DEVICES; index++) {
    let watch = rolloutWatch(index);
    if (watch.changed == 0) continue;
    watch.changed = 0;
    watch.told = watch.offset;
    let device = rolloutDevice(index);
    store<u8>(room, KIND_DEVICE);
    let note = changetype<LogRollout>(room + 1);
    note.partner = device.extended;
    note.status = device.status;
    note.file = device.file;
    note.reserved = 0;
    note.version = device.version;
    note.offset = watch.offset;
    note.size = libraryFile(device.file).size;
    uplinkSend(room, SIZE);
    log(Log.Rollout, room + 1, LOG_ROLLOUT_SIZE);
    return true;
  }
  return false;
}
