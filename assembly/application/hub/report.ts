// What a hub tells its head-end of the devices of a rollout: each change of a device's status, and its progress.
//
//   up 4 device status   | IEEE address 8 | FileStatus | image | 0 u16 | version u32 | offset u32 | size u32 |
import { Log, log, uplinkSend } from "../../core/host";
import { LIBRARY_FILES, libraryFile } from "../../model/library";
import { ROLLOUT_DEVICES, rolloutDevice, rolloutWatch } from "../../model/rollout";
import { fetchTell } from "./fetch";

const KIND_DEVICE: u32 = 4;
const SIZE: u32 = 25;
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
    store<u64>(room, device.extended, 1);
    store<u8>(room, device.status, 9);
    store<u8>(room, device.file, 10);
    store<u16>(room, 0, 11);
    store<u32>(room, device.version, 13);
    store<u32>(room, watch.offset, 17);
    store<u32>(room, libraryFile(device.file).size, 21);
    uplinkSend(room, SIZE);
    log(Log.Rollout, room + 1, SIZE - 1);
    return true;
  }
  return false;
}
