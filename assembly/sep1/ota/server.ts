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
import { ZCL_END, zclDefault, zclHeard, zclReply, zclSendReply } from "../../zigbee/zcl/zcl";
import { otaEndAnswer, otaTime } from "./activation";
import {
  OTA_ABORT, OTA_ANY_VERSION, OTA_BLOCK, OTA_BLOCK_ANSWER, OTA_BLOCK_ANSWER_HEAD, OTA_BLOCK_SIZE, OTA_END, OTA_END_ANSWER, OTA_HAS_NODE,
  OTA_NOT_AUTHORIZED, OTA_NO_IMAGE, OTA_PAGE, OTA_PAGE_SIZE, OTA_QUERY, OTA_QUERY_ANSWER, OTA_REQUIRE_MORE_IMAGE, OTA_SPECIFIC,
  OTA_SPECIFIC_ANSWER, OTA_SUCCESS, OTA_WAIT_FOR_DATA, OtaBlock, OtaEnd, OtaFile, OtaPage, OtaQuery, OtaSpecific, otaBlockAnswerHead,
  otaBlockParse, otaBlockPeriod, otaEndParse, otaPageParse, otaQueryAnswerEmit, otaQueryParse, otaSpecificParse, otaStatusEmit, otaWaitEmit,
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
  switch (zclHeard.command) {
    case OTA_QUERY: return query(now);
    case OTA_BLOCK: return block(false, now);
    case OTA_PAGE: return block(true, now);
    case OTA_END: return end(now);
    case OTA_SPECIFIC: return specific(now);
  }
  zclDefault(ZCL_NO_CLUSTER_COMMAND, now);
}

function query(now: i64): void {
  if (otaQueryParse(zclHeard.payload, zclHeard.size) < 0) return malformed(now);
  let view = changetype<OtaQuery>(zclHeard.payload);
  let running = view.file.version;
  rolloutSeen(apsHeard.sourceExtended, running, now);
  let best: u32 = 0;
  let excluded = false;
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    let file = libraryFile(image);
    if (!fits(image, view.file) || file.version <= running || libraryIsPersonal(file)) continue;
    if (view.hasHardware && (view.hardware < file.hardwareFirst || view.hardware > file.hardwareLast)) continue;
    if (rolloutGoes(image, apsHeard.sourceExtended)) {
      if (best == 0 || file.version > libraryFile(best).version) best = image;
    } else if (rolloutRuns(image) && !rolloutNames(image, apsHeard.sourceExtended)) excluded = true;
  }
  answerFile(OTA_QUERY_ANSWER, best, excluded ? OTA_NOT_AUTHORIZED : OTA_NO_IMAGE, now);
}

/** A file for this device alone is its own permission: no rollout names it. */
function specific(now: i64): void {
  if (otaSpecificParse(zclHeard.size) < 0) return malformed(now);
  let view = changetype<OtaSpecific>(zclHeard.payload);
  if (view.node != apsHeard.sourceExtended) return zclDefault(ZCL_INVALID_FIELD, now);
  let best: u32 = 0;
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    let file = libraryFile(image);
    if (!fits(image, view.file) || !libraryIsPersonal(file)) continue;
    if (view.file.version != OTA_ANY_VERSION && view.file.version != file.version) continue;
    if (best == 0 || file.version > libraryFile(best).version) best = image;
  }
  answerFile(OTA_SPECIFIC_ANSWER, best, OTA_NO_IMAGE, now);
}

function answerFile(command: u32, image: u32, refusal: u32, now: i64): void {
  let at = zclReply(ZCL_TYPE_CLUSTER, command);
  let file = libraryFile(image);
  at += image == 0 ? otaStatusEmit(at, refusal) : otaQueryAnswerEmit(at, file.manufacturer, file.type, file.version, file.size);
  zclSendReply(at, now);
}

function block(page: bool, now: i64): void {
  let at = zclHeard.payload;
  let size = page ? otaPageParse(at, zclHeard.size) : otaBlockParse(at, zclHeard.size);
  if (size < 0) return malformed(now);
  let view = changetype<OtaBlock>(at);
  let pageSize = page ? changetype<OtaPage>(at).pageSize : 1;
  if (view.dataMax == 0 || pageSize == 0) return malformed(now);
  // A device speaks for itself: nothing else about it is authentic.
  let node = at + (page ? OTA_PAGE_SIZE : OTA_BLOCK_SIZE);
  if (view.control & OTA_HAS_NODE && load<u64>(node) != apsHeard.sourceExtended) return zclDefault(ZCL_INVALID_FIELD, now);
  let image = held(view.file);
  let period = page ? -1 : otaBlockPeriod(at, size);
  let status = permit(image, view.offset, now);
  switch (status) {
    case OTA_SUCCESS: {
      if (!page) return octets(image, view.offset, view.dataMax, now);
      if (!pageSuits()) return zclDefault(ZCL_NO_CLUSTER_COMMAND, now); // the client then asks for blocks
      let spacing = changetype<OtaPage>(at).spacing;
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
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_BLOCK_ANSWER);
  let room = min<u32>(dataMax, <u32>(ZCL_END - at) - OTA_BLOCK_ANSWER_HEAD);
  let count = imageRead(image, offset, at + OTA_BLOCK_ANSWER_HEAD, min<u32>(room, file.size - offset));
  if (count <= 0) {
    libraryLook(image); // the board knows why
    return abort(now);
  }
  otaServerCounters.blocks++;
  otaBlockAnswerHead(at, file.manufacturer, file.type, file.version, offset, count);
  zclSendReply(at + OTA_BLOCK_ANSWER_HEAD + count, now);
}

/** Without a clock the times are an interval, 075123 section 11.13.8.2. */
function wait(seconds: u32, period: i32, now: i64): void {
  otaServerCounters.waits++;
  let current = otaTime(now);
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_BLOCK_ANSWER);
  zclSendReply(at + otaWaitEmit(at, current, current + seconds, period < 0 ? 0 : period), now);
}

function abort(now: i64): void {
  otaServerCounters.aborts++;
  rolloutAborted(apsHeard.sourceExtended);
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_BLOCK_ANSWER);
  zclSendReply(at + otaStatusEmit(at, OTA_ABORT), now);
}

function end(now: i64): void {
  if (otaEndParse(zclHeard.size) < 0) return malformed(now);
  let view = changetype<OtaEnd>(zclHeard.payload);
  let who = apsHeard.sourceExtended;
  pageEnd(who);
  if (view.status != OTA_SUCCESS) {
    if (view.status != OTA_REQUIRE_MORE_IMAGE) rolloutFailed(who);
    return zclDefault(ZCL_SUCCESS, now);
  }
  let image = held(view.file);
  if (image == 0 || !libraryReady(image)) return zclDefault(OTA_ABORT, now);
  let file = libraryFile(image);
  if (libraryIsPersonal(file) ? file.destination != who : !rolloutNames(image, who)) return zclDefault(OTA_NOT_AUTHORIZED, now);
  let at = zclReply(ZCL_TYPE_CLUSTER, OTA_END_ANSWER);
  zclSendReply(at + otaEndAnswer(at, image, who, now), now);
}

function malformed(now: i64): void {
  otaServerCounters.malformed++;
  zclDefault(ZCL_MALFORMED, now);
}

/** Whether a verified file is of a maker and a type, and for the device that asks. */
function fits(image: u32, file: OtaFile): bool {
  let has = libraryFile(image);
  return libraryReady(image) && has.manufacturer == file.manufacturer && has.type == file.type
    && (has.destination == 0 || has.destination == apsHeard.sourceExtended);
}

/** The file of which a device speaks, whatever its state; 0 when there is none. */
function held(file: OtaFile): u32 {
  for (let image: u32 = 1; image <= LIBRARY_FILES; image++) {
    let has = libraryFile(image);
    if (has.status == FileStatus.None) continue;
    if (has.manufacturer == file.manufacturer && has.type == file.type && has.version == file.version) return image;
  }
  return 0;
}
