// OTA Upgrade cluster, server: gives the library's files to the devices that a rollout names.  ZigBee OTA 095264 section 6, 075123
// section 11.13.
//
//   query   ─▶ the newest file for the device, or why there is none
//   block   ─▶ octets; WAIT_FOR_DATA while the file or the device's turn is to come; ABORT when the file is not to be had (any more)
//   page    ─▶ the same, with many answers: pages.ts
//   end     ─▶ when to activate                                         devices are told to ask: notify.ts
import { FileStatus, imageRead } from "../../core/host";
import { LIBRARY_FILES, libraryFile, libraryIsPersonal, libraryLook, libraryReady } from "../../model/library";
import {
  rolloutAborted, rolloutDeadline, rolloutFailed, rolloutGoes, rolloutNames, rolloutRuns, rolloutSeen, rolloutTick, rolloutTurn,
} from "../../model/rollout";
import { apsHeard } from "../../zigbee/aps/aps";
import { ZCL_INVALID_FIELD, ZCL_MALFORMED, ZCL_NO_CLUSTER_COMMAND, ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { ZCL_END_ANSWER, zclDefault, zclHeard, zclReply, zclSendReply, zclTake } from "../../zigbee/zcl/zcl";
import { otaEndAnswer, otaTime } from "./activation";
import {
  ImageBlock, ImagePage, OTA_IMAGE_BLOCK, OTA_IMAGE_BLOCK_RESPONSE, OTA_IMAGE_PAGE, OTA_QUERY_NEXT_IMAGE, OTA_QUERY_NEXT_IMAGE_RESPONSE,
  OTA_QUERY_SPECIFIC_FILE, OTA_QUERY_SPECIFIC_FILE_RESPONSE, OTA_UPGRADE_END, OTA_UPGRADE_END_RESPONSE, QueryNextImage, QuerySpecificFile,
  UpgradeEnd, imageBlockResponseStatus97Emit, queryNextImageResponseStatus0Emit,
} from "../descriptors/ota";
import {
  OTA_ABORT, OTA_ANY_VERSION, OTA_BLOCK_ANSWER_HEAD, OTA_HAS_HARDWARE, OTA_HAS_NODE, OTA_NOT_AUTHORIZED, OTA_NO_IMAGE,
  OTA_REQUIRE_MORE_IMAGE, OTA_SUCCESS, OTA_WAIT_FOR_DATA, otaBlockAnswerEmit, otaBlockPeriod, otaRefusalEmit,
} from "./command";
import { notifyDeadline, notifyReset, notifyTick } from "./notify";
import { pageBegin, pageEnd, pageSuits, pagesDeadline, pagesReset, pagesTick } from "./pages";

/** When to ask again: another device loads, the file comes over the uplink; both pages are in use. */
const WAIT_S: u32 = 60;
const WAIT_PAGE_S: u32 = 10;

@unmanaged @final
export class OtaServerCounters {
  /** Commands that were no commands. */
  malformed: u32;
  waits: u32;
  aborts: u32;
  blocks: u32;
}
export const otaServerCounters = changetype<OtaServerCounters>(memory.data(offsetof<OtaServerCounters>()));

export function otaServerReset(now: i64): void {
  pagesReset();
  notifyReset(now);
}

/** Sends what pages and notifications have due; looks after devices that were told to activate. */
export function otaServerTick(now: i64): void {
  pagesTick(now);
  notifyTick(now);
  rolloutTick(now);
}

export function otaServerDeadline(): i64 {
  return min<i64>(pagesDeadline(), min<i64>(notifyDeadline(), rolloutDeadline()));
}

/** A command to the server, in `zclHeard`. */
export function otaServe(now: i64): void {
  if (!zclTake(now)) {
    otaServerCounters.malformed++;
    return;
  }
  switch (zclHeard.command) {
    case OTA_QUERY_NEXT_IMAGE: return query(now);
    case OTA_IMAGE_BLOCK: return block(false, now);
    case OTA_IMAGE_PAGE: return block(true, now);
    case OTA_UPGRADE_END: return end(now);
    case OTA_QUERY_SPECIFIC_FILE: return specific(now);
  }
}

function query(now: i64): void {
  let view = changetype<QueryNextImage>(zclHeard.payload);
  let running = view.fileVersion;
  rolloutSeen(apsHeard.sourceExtended, running, now);
  let best: u32 = 0;
  let excluded = false;
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    let file = libraryFile(image);
    if (!fits(image, view.manufacturer, view.imageType) || file.version <= running || libraryIsPersonal(file)) continue;
    if (view.control & OTA_HAS_HARDWARE && (view.hardware < file.hardwareFirst || view.hardware > file.hardwareLast)) continue;
    if (rolloutGoes(image, apsHeard.sourceExtended)) {
      if (best == 0 || file.version > libraryFile(best).version) best = image;
    } else if (rolloutRuns(image) && !rolloutNames(image, apsHeard.sourceExtended)) excluded = true;
  }
  answerFile(OTA_QUERY_NEXT_IMAGE_RESPONSE, best, excluded ? OTA_NOT_AUTHORIZED : OTA_NO_IMAGE, now);
}

/** A file for this device alone is its own permission: no rollout names it. */
function specific(now: i64): void {
  let view = changetype<QuerySpecificFile>(zclHeard.payload);
  if (view.node != apsHeard.sourceExtended) return zclDefault(ZCL_INVALID_FIELD, now);
  let best: u32 = 0;
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    let file = libraryFile(image);
    if (!fits(image, view.manufacturer, view.imageType) || !libraryIsPersonal(file)) continue;
    if (view.fileVersion != OTA_ANY_VERSION && view.fileVersion != file.version) continue;
    if (best == 0 || file.version > libraryFile(best).version) best = image;
  }
  answerFile(OTA_QUERY_SPECIFIC_FILE_RESPONSE, best, OTA_NO_IMAGE, now);
}

function answerFile(command: u32, image: u32, refusal: u32, now: i64): void {
  let at = zclReply(ZCL_TYPE_CLUSTER, command);
  let file = libraryFile(image);
  if (image == 0) at += otaRefusalEmit(at, refusal);
  else at += queryNextImageResponseStatus0Emit(at, file.manufacturer, file.type, file.version, file.size);
  zclSendReply(at, now);
}

function block(page: bool, now: i64): void {
  let at = zclHeard.payload;
  let view = changetype<ImageBlock>(at); // a page's request begins as a block's
  let pageSize = page ? changetype<ImagePage>(at).pageSize : 1;
  if (view.dataMax == 0 || pageSize == 0) return malformed(now);
  // A device speaks for itself: nothing else about it is authentic.
  if (view.control & OTA_HAS_NODE) {
    let node = page ? changetype<ImagePage>(at).node : view.node;
    if (node != apsHeard.sourceExtended) return zclDefault(ZCL_INVALID_FIELD, now);
  }
  let image = held(view.manufacturer, view.imageType, view.fileVersion);
  let period = page ? -1 : otaBlockPeriod(view, zclHeard.known);
  let status = permit(image, view.offset, now);
  switch (status) {
    case OTA_SUCCESS: {
      if (!page) return octets(image, view.offset, view.dataMax, now);
      if (!pageSuits()) return zclDefault(ZCL_NO_CLUSTER_COMMAND, now); // the client then asks for blocks
      let spacing = changetype<ImagePage>(at).spacing;
      if (!pageBegin(image, view.offset, pageSize, view.dataMax, spacing, now)) wait(WAIT_PAGE_S, -1, now);
      return;
    }
    case OTA_WAIT_FOR_DATA: return wait(WAIT_S, period, now);
    case OTA_ABORT: return abort(now);
    case OTA_NOT_AUTHORIZED: return zclDefault(status, now);
  }
  malformed(now);
}

/** What becomes of a request for octets of a file from a device. */
function permit(image: u32, offset: u32, now: i64): u32 {
  let who = apsHeard.sourceExtended;
  if (image == 0) return OTA_ABORT;
  let file = libraryFile(image);
  if (file.destination != 0 && file.destination != who) return OTA_NOT_AUTHORIZED;
  if (file.status == FileStatus.Loading || file.status == FileStatus.Verifying) return OTA_WAIT_FOR_DATA;
  if (!libraryReady(image)) return OTA_ABORT;
  if (libraryIsPersonal(file)) return offset < file.size ? OTA_SUCCESS : ZCL_MALFORMED;
  if (!rolloutGoes(image, who)) return OTA_ABORT;
  if (offset >= file.size) return ZCL_MALFORMED;
  return rolloutTurn(image, who, offset, now) ? OTA_SUCCESS : OTA_WAIT_FOR_DATA;
}

function octets(image: u32, offset: u32, dataMax: u32, now: i64): void {
  let file = libraryFile(image);
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_IMAGE_BLOCK_RESPONSE);
  let room = min<u32>(dataMax, <u32>(ZCL_END_ANSWER - at) - OTA_BLOCK_ANSWER_HEAD);
  let count = imageRead(image, offset, at + OTA_BLOCK_ANSWER_HEAD, min<u32>(room, file.size - offset));
  if (count <= 0) {
    libraryLook(image); // the board knows why
    return abort(now);
  }
  otaServerCounters.blocks++;
  zclSendReply(at + otaBlockAnswerEmit(at, file.manufacturer, file.type, file.version, offset, count), now);
}

/** Without a clock the times are an interval, 075123 section 11.13.8.2. */
function wait(seconds: u32, period: i32, now: i64): void {
  otaServerCounters.waits++;
  let current = otaTime(now);
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_IMAGE_BLOCK_RESPONSE);
  zclSendReply(at + imageBlockResponseStatus97Emit(at, current, current + seconds, period < 0 ? 0 : period), now);
}

function abort(now: i64): void {
  otaServerCounters.aborts++;
  rolloutAborted(apsHeard.sourceExtended);
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_IMAGE_BLOCK_RESPONSE);
  zclSendReply(at + otaRefusalEmit(at, OTA_ABORT), now);
}

function end(now: i64): void {
  let view = changetype<UpgradeEnd>(zclHeard.payload);
  let who = apsHeard.sourceExtended;
  pageEnd(who);
  if (view.status != OTA_SUCCESS) {
    if (view.status != OTA_REQUIRE_MORE_IMAGE) rolloutFailed(who);
    return zclDefault(ZCL_SUCCESS, now);
  }
  let image = held(view.manufacturer, view.imageType, view.fileVersion);
  if (image == 0 || !libraryReady(image)) return zclDefault(OTA_ABORT, now);
  let file = libraryFile(image);
  if (libraryIsPersonal(file) ? file.destination != who : !rolloutNames(image, who)) return zclDefault(OTA_NOT_AUTHORIZED, now);
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_UPGRADE_END_RESPONSE);
  zclSendReply(at + otaEndAnswer(at, image, who, now), now);
}

function malformed(now: i64): void {
  otaServerCounters.malformed++;
  zclDefault(ZCL_MALFORMED, now);
}

/** Whether a verified file is of a maker and a type, and for the device that asks. */
function fits(image: u32, manufacturer: u32, type: u32): bool {
  let has = libraryFile(image);
  return libraryReady(image) && has.manufacturer == manufacturer && has.type == type
    && (has.destination == 0 || has.destination == apsHeard.sourceExtended);
}

/** The file of which a device speaks, whatever its state; 0 when there is none. */
function held(manufacturer: u32, type: u32, version: u32): u32 {
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    let has = libraryFile(image);
    if (has.status == FileStatus.None) continue;
    if (has.manufacturer == manufacturer && has.type == type && has.version == version) return image;
  }
  return 0;
}
