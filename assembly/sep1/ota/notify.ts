// Tells devices to ask: when a rollout begins and each hour while it goes on.  075123 section 11.13.3.
//
//   plan for everybody    one broadcast under the network key         plan for some    a unicast to each, one after the other
//   a device that waits for its activation, and may have it now, gets an upgrade end answer that it has not asked for
import { FileStatus } from "../../core/host";
import { NEVER } from "../../core/timers";
import { LIBRARY_FILES, libraryFile, libraryReady } from "../../model/library";
import { ROLLOUT_DEVICES, rolloutDevice, rolloutGoes, rolloutPlan, rolloutRuns } from "../../model/rollout";
import { BROADCAST_ALL } from "../../zigbee/address";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { zclBegin, zclBroadcast, zclSend } from "../../zigbee/zcl/zcl";
import { CLUSTER_OTA } from "../clusters";
import { otaActivation, otaEndAnswer, otaTime } from "./activation";
import { OTA_IMAGE_NOTIFY, OTA_UPGRADE_END_RESPONSE, imageNotifyEmit } from "../descriptors/ota";
import { OTA_JITTER_MAX, OTA_NOTIFY_VERSION, OTA_TIME_WAIT } from "./command";

const PERIOD_MS: i64 = 3_600_000;
/** One unicast has its acknowledgement before the next one leaves. */
const GAP_MS: i64 = 500;
/** Whatever endpoint the client has. */
const EVERY_ENDPOINT: u32 = 0xff;

@unmanaged @final
class State {
  /** When the next device of the round is told; the end of time between two rounds. */
  at: i64;
  image: u32;
  index: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
/** When the devices of a file are told next, by its number. */
const due = memory.data((LIBRARY_FILES + 1) * 8, 8);

export function notifyReset(now: i64): void {
  state.at = NEVER;
  for (let image: u32 = 0; image <= LIBRARY_FILES; image++) store<i64>(due + (image << 3), now);
}

/** A file is ready, or a plan has changed: its devices are told soon. */
export function notifySoon(image: u32, now: i64): void {
  store<i64>(due + (image << 3), now);
}

export function notifyTick(now: i64): void {
  if (state.at == NEVER) begin(now);
  if (state.at > now) return;
  while (state.index < ROLLOUT_DEVICES) {
    if (!tell(state.image, state.index++, now)) continue;
    state.at = now + GAP_MS;
    return;
  }
  state.at = NEVER;
}

export function notifyDeadline(): i64 {
  if (state.at != NEVER) return state.at;
  let earliest = NEVER;
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    if (isOffered(image)) earliest = min<i64>(earliest, load<i64>(due + (image << 3)));
  }
  return earliest;
}

/** Begins the round of the first file that is due. */
function begin(now: i64): void {
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    let at = due + (image << 3);
    if (!isOffered(image) || load<i64>(at) > now) continue;
    store<i64>(at, now + PERIOD_MS);
    state.image = image;
    state.index = 0;
    state.at = now;
    if (rolloutPlan(image).everyone) zclBroadcast(BROADCAST_ALL, CLUSTER_OTA, notification(image), now);
    return;
  }
}

/** Tells one device what it should know; false when there is nothing. */
function tell(image: u32, index: u32, now: i64): bool {
  let device = rolloutDevice(index);
  if (device.extended == 0 || !rolloutGoes(image, device.extended)) return false;
  if (device.file == image && device.status == FileStatus.Waiting) return release(image, device.extended, now);
  if (rolloutPlan(image).everyone || (device.file == image && device.version == libraryFile(image).version)) return false;
  zclSend(device.extended, EVERY_ENDPOINT, CLUSTER_OTA, notification(image), now);
  return true;
}

function release(image: u32, extended: u64, now: i64): bool {
  if (otaActivation(image, otaTime(now)) == OTA_TIME_WAIT) return false;
  let at = zclBegin(ZCL_TYPE_CLUSTER | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE, OTA_UPGRADE_END_RESPONSE);
  zclSend(extended, EVERY_ENDPOINT, CLUSTER_OTA, at + otaEndAnswer(at, image, extended, now), now);
  return true;
}

/** Jitter 100: everybody asks; a home has no more devices than the hub can answer. */
function notification(image: u32): usize {
  let file = libraryFile(image);
  let at = zclBegin(ZCL_TYPE_CLUSTER | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE, OTA_IMAGE_NOTIFY);
  return at + imageNotifyEmit(at, OTA_NOTIFY_VERSION, OTA_JITTER_MAX, file.manufacturer, file.type, file.version);
}

function isOffered(image: u32): bool {
  return libraryReady(image) && rolloutRuns(image);
}
