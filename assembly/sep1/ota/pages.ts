// Answers to page requests: one after the other as fast as frames leave, without acknowledgements or repetitions.  075123 11.13.6.5.
//
//   the air    | answer 1 | answer 2 | answer 3 |      a new one is put together when one of the two before it has left
//   the queue       2          3          4
//
// What was lost the client asks for by blocks.  Other traffic stands in the same queue, so it waits for two frames at most.
import { Err } from "../../core/err";
import { imageRead } from "../../core/host";
import { NEVER } from "../../core/timers";
import { libraryFile, libraryIsPersonal, libraryReady } from "../../model/library";
import { rolloutAborted, rolloutGoes, rolloutTurn } from "../../model/rollout";
import { apsHeard } from "../../zigbee/aps/aps";
import { apsSleeps } from "../../zigbee/aps/transmit";
import { nwkIsSleepyChild, nwkQueued } from "../../zigbee/nwk/nwk";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { ZCL_END_ANSWER, zclBeginAnswer, zclHeard, zclSendOnce } from "../../zigbee/zcl/zcl";
import { CLUSTER_OTA } from "../clusters";
import { OTA_IMAGE_BLOCK_RESPONSE } from "../descriptors/ota";
import { OTA_ABORT, OTA_BLOCK_ANSWER_HEAD, otaBlockAnswerEmit, otaRefusalEmit } from "./command";

/** Devices that are served in pages at a time; others wait or ask for blocks. */
export const PAGES_MAX: u32 = 2;
/** One answer is on the air, the next is ready. */
const QUEUED_MAX: u32 = 2;
/** The queue is full of other frames. */
const AGAIN_MS: i64 = 10;

@unmanaged @final
class Page {
  /** 0: the row is free. */
  extended: u64;
  /** Not before. */
  due: i64;
  offset: u32;
  end: u32;
  /** Of the file, which may be another one by now. */
  version: u32;
  short: u16;
  spacing: u16;
  image: u8;
  endpoint: u8;
  sequence: u8;
  dataMax: u8;
}
const pages = memory.data(PAGES_MAX * offsetof<Page>(), 8);

/** The page whose turn is next. */
let turn: u32 = 0;

export function pagesReset(): void {
  memory.fill(pages, 0, PAGES_MAX * offsetof<Page>());
}

/** Begins the page that `zclHeard` asks for, instead of another one of the same device; false when too many are under way. */
export function pageBegin(image: u32, offset: u32, size: u32, dataMax: u32, spacing: u32, now: i64): bool {
  let page = pageOf(apsHeard.sourceExtended);
  if (!page) page = pageOf(0);
  if (!page) return false;
  let file = libraryFile(image);
  page.extended = apsHeard.sourceExtended;
  page.due = now;
  page.offset = offset;
  page.end = offset + min<u32>(size, file.size - offset);
  page.version = file.version;
  page.short = <u16>apsHeard.source;
  page.spacing = <u16>spacing;
  page.image = <u8>image;
  page.endpoint = <u8>apsHeard.sourceEndpoint;
  page.sequence = <u8>zclHeard.sequence;
  page.dataMax = <u8>dataMax;
  return true;
}

/** Whether who asks can take a stream: a sleepy device behind a router fetches frame by frame, and its parent holds few. */
export function pageSuits(): bool {
  return !apsSleeps(apsHeard.source) || nwkIsSleepyChild(apsHeard.source);
}

/** A device wants no more. */
export function pageEnd(extended: u64): void {
  let page = pageOf(extended);
  if (page) page.extended = 0;
}

/** Sends what is due and has room, page by page in turn. */
export function pagesTick(now: i64): void {
  let idle: u32 = 0;
  while (idle < PAGES_MAX) {
    let page = pageAt(turn++ % PAGES_MAX);
    if (page.extended != 0 && page.due <= now && answer(page, now)) idle = 0;
    else idle++;
  }
}

export function pagesDeadline(): i64 {
  let earliest = NEVER;
  for (let index: u32 = 0; index < PAGES_MAX; index++) {
    let page = pageAt(index);
    if (page.extended != 0 && hasRoom(page)) earliest = min<i64>(earliest, page.due); // without room: a frame that leaves is an event
  }
  return earliest;
}

/** Sends the next answer of a page; false when there is no room for it. */
function answer(page: Page, now: i64): bool {
  if (!hasRoom(page)) return false;
  let file = libraryFile(page.image);
  let at = zclBeginAnswer(ZCL_TYPE_CLUSTER | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE, page.sequence, OTA_IMAGE_BLOCK_RESPONSE);
  let count: i32 = -1;
  if (libraryReady(page.image) && file.version == page.version && mayGoOn(page, now)) {
    let room = min<u32>(page.dataMax, <u32>(ZCL_END_ANSWER - at) - OTA_BLOCK_ANSWER_HEAD);
    count = imageRead(page.image, page.offset, at + OTA_BLOCK_ANSWER_HEAD, min<u32>(room, page.end - page.offset));
  }
  if (count <= 0) return abort(page, at, now);
  let size = otaBlockAnswerEmit(at, file.manufacturer, file.type, file.version, page.offset, count);
  if (!send(page, at + size, now)) return false;
  page.offset += count;
  page.due = now + page.spacing;
  if (page.offset >= page.end) page.extended = 0;
  return true;
}

/** The file is gone, or another one, or the device may have it no longer. */
function abort(page: Page, at: usize, now: i64): bool {
  if (!send(page, at + otaRefusalEmit(at, OTA_ABORT), now)) return false;
  rolloutAborted(page.extended);
  page.extended = 0;
  return true;
}

function send(page: Page, end: usize, now: i64): bool {
  let sent = zclSendOnce(page.short, page.extended, page.endpoint, CLUSTER_OTA, end, now);
  if (sent == Err.NoBuffer) page.due = now + AGAIN_MS;
  else if (sent < 0) page.extended = 0; // there is no key or no way any more
  return sent >= 0;
}

function mayGoOn(page: Page, now: i64): bool {
  if (libraryIsPersonal(libraryFile(page.image))) return true;
  return rolloutGoes(page.image, page.extended) && rolloutTurn(page.image, page.extended, page.offset, now);
}

function hasRoom(page: Page): bool {
  return nwkQueued(page.short, nwkIsSleepyChild(page.short)) < QUEUED_MAX;
}

function pageOf(extended: u64): Page {
  for (let index: u32 = 0; index < PAGES_MAX; index++) if (pageAt(index).extended == extended) return pageAt(index);
  return changetype<Page>(0);
}

function pageAt(index: u32): Page {
  return changetype<Page>(pages + index * offsetof<Page>());
}
