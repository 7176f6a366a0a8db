// What a hub tells its head-end of the devices of a rollout: each change of a device's status, and its progress.
import { Log, log, uplinkSend } from "../../core/host";
import { LOG_ROLLOUT_SIZE } from "../../core/log";
import { LIBRARY_FILES, libraryFile } from "../../model/library";
import { ROLLOUT_DEVICES, rolloutDevice, rolloutWatch } from "../../model/rollout";
import { fetchTell } from "./fetch";
import { DEVICE_SIZE, DeviceRecord, UP_DEVICE } from "./uplink";

if (DEVICE_SIZE != LOG_ROLLOUT_SIZE) ERROR("the log holds what is told, without its kind");
const room = memory.data(1 + DEVICE_SIZE);
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
    store<u8>(room, UP_DEVICE);
    let record = changetype<DeviceRecord>(room + 1);
    record.extended = device.extended;
    record.status = device.status;
    record.image = device.file;
    record.reserved = 0;
    record.version = device.version;
    record.offset = watch.offset;
    record.size = libraryFile(device.file).size;
    uplinkSend(room, 1 + DEVICE_SIZE);
    log(Log.Rollout, room + 1, DEVICE_SIZE);
    return true;
  }
  return false;
}
