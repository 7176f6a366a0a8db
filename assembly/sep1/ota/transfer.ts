// Loading the offered file in pages or blocks: 075123 section 11.13.6 to 11.13.8.
//
//   Pause --due--> Asked --octets--> written; Asked while the page goes on, else the next request
//     ^              |--nothing in time: asked again, later each time; a few times in a row: Stalled
//     \--wait--------/     gap in a page: what follows is kept aside while the missing block is asked for
//
// The board says which octet it wants next; nothing else decides where the transfer goes on.
import { Err } from "../../core/err";
import { imageBegin, imageWrite } from "../../core/host";
import { NEVER } from "../../core/timers";
import { UPDATE_IMAGE, update, updateBegin } from "../../model/update";
import { ZCL_HEADER_SIZE_MIN } from "../../zigbee/zcl/frame";
import { ZCL_SIZE_ANSWER, zclHeard, zclKnown } from "../../zigbee/zcl/zcl";
import { ImageBlockResponse, OTA_IMAGE_PAGE } from "../descriptors/ota";
import { OTA_ABORT, OTA_BLOCK_ANSWER_HEAD, OTA_SUCCESS, OTA_WAIT_FOR_DATA, OTA_WAIT_SIZE } from "./command";
import { otaAskBlock, otaAskPage, otaIsOffered, otaOffer } from "./requests";

/** How a call left the transfer. */
export enum Transfer {
  UnderWay = 0,
  /** All octets are written. */
  Complete = 1,
  /** The board refused: the model has the reason. */
  Refused = 2,
  /** The server ended it. */
  Aborted = 3,
  /** The server sends another file. */
  Changed = 4,
  /** It was asked for in vain too often. */
  Stalled = 5,
}

/** Octets in one frame with both security layers, from a server that knows that we know it. */
export const OTA_DATA_MAX: u32 = ZCL_SIZE_ANSWER - ZCL_HEADER_SIZE_MIN - OTA_BLOCK_ANSWER_HEAD;
/** Asking anew costs two frames, so a page has many; it ends with a block of full size. */
const PAGE_SIZE: u32 = OTA_DATA_MAX * 256;
/** The head of a file is short, for what the board has of the rest after a reset is not loaded again. */
const PAGE_SIZE_FIRST: u32 = OTA_DATA_MAX * 16;
if (PAGE_SIZE > 0xffff) ERROR("a page's size does not fit its field");
const SILENCE_MS: i64 = 2500;
const SILENCE_SHIFT_MAX: u32 = 4; // 2.5 s, 5 s ... 40 s
const FAILURES_MAX: u32 = 8;
/** Pages that brought less than half of what they should: the way is too bad for them, or the server. */
const BAD_PAGES_MAX: u32 = 3;
const PERIOD_MAX: u32 = 0xffff;
const SEND_AGAIN_MS: i64 = 300;
const ODD_STATUS_MS: i64 = 10_000;
/** No wait is longer than an hour, none without a pause. */
const WAIT_MS_MAX: i64 = 3_600_000;
const WAIT_MS_MIN: i64 = 1000;
/** A time that lies in the past. */
const WAIT_MS_ODD: i64 = 30_000;
/** Blocks kept aside behind a gap: a missing one comes back three or four frames later. */
const ASIDE_MAX: u32 = 8;

@unmanaged @final
class Aside {
  offset: u32;
  /** 0: free. */
  count: u32;
}
const ASIDE_HEAD: u32 = 8;
const ASIDE_SIZE: u32 = ASIDE_HEAD + OTA_DATA_MAX;

@unmanaged @final
class State {
  /** When to ask, or until when to wait for what was asked. */
  until: i64;
  askedAt: i64;
  wanted: u32;
  /** Where the page under way ends, 0 without one; where it began. */
  pageEnd: u32;
  pageBegin: u32;
  /** The missing block that was asked for. */
  gap: u32;
  failures: u32;
  badPages: u32;
  /** Milliseconds between two requests, attribute 0x0009. */
  period: u32;
  /** Milliseconds in the server's unit of that. */
  unit: u32;
  active: bool;
  asked: bool;
  pages: bool;
  wrote: bool;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const aside = memory.data(ASIDE_MAX * ASIDE_SIZE, 4);
/** Nobody's while nothing is loaded. */
export const TRANSFER_ROOM: usize = aside;
export const TRANSFER_ROOM_SIZE: u32 = ASIDE_MAX * ASIDE_SIZE;

@unmanaged @final
export class TransferCounters {
  blocks: u32;
  repeated: u32;
  gaps: u32;
  malformed: u32;
}
export const transferCounters = changetype<TransferCounters>(memory.data(offsetof<TransferCounters>()));

/** Another server: nothing is known of what it can. */
export function transferReset(): void {
  memory.fill(changetype<usize>(state), 0, offsetof<State>());
  state.pages = true;
  state.unit = 1;
}

/** The server's block period is in seconds: revision 2 of the cluster. */
export function transferInSeconds(): void { state.unit = 1000; }
/** Attribute 0x0009. */
export function transferPeriod(): u32 { return min<u32>(state.period, PERIOD_MAX); }

/** Begins to load the offered file; answers 0 or an `Err`. */
export function transferBegin(now: i64): i32 {
  let key = changetype<usize>(otaOffer);
  let first = otaOffer.image == UPDATE_IMAGE ? updateBegin(key) : imageBegin(otaOffer.image, key);
  if (first < 0) return first;
  state.wanted = first;
  state.failures = 0;
  state.active = true;
  pause(now);
  return Err.Ok;
}

export function transferStop(): void { state.active = false; }
export function transferDeadline(): i64 { return state.active ? state.until : NEVER; }
/** Until when octets are expected, 0 = none are. */
export function transferExpecting(): i64 { return state.active && state.asked ? state.until : 0; }

/** Whether octets were written since the last call: the board took its time for them. */
export function transferWrote(): bool {
  let wrote = state.wrote;
  state.wrote = false;
  return wrote;
}

/** Asks for what is missing, or writes what was kept aside. */
export function transferTick(now: i64): i32 {
  if (!state.active || state.until > now) return Transfer.UnderWay;
  if (state.wanted >= otaOffer.size) return Transfer.Complete;
  let kept = asideFind();
  if (kept) return writeAside(kept, now);
  if (state.asked && silent()) return Transfer.Stalled;
  ask(now);
  return Transfer.UnderWay;
}

/** The block answer in `zclHeard`. */
export function transferAnswer(now: i64): i32 {
  if (!state.active) return Transfer.UnderWay;
  if (!zclKnown()) {
    transferCounters.malformed++;
    return Transfer.UnderWay;
  }
  let answer = changetype<ImageBlockResponse>(zclHeard.payload);
  switch (answer.status) {
    case OTA_SUCCESS: {
      if (!otaIsOffered(answer.manufacturer, answer.imageType, answer.fileVersion)) return Transfer.Changed;
      return put(answer.offset, answer.data, answer.dataSize, now);
    }
    case OTA_WAIT_FOR_DATA: return wait(answer, now);
    case OTA_ABORT: return Transfer.Aborted;
  }
  return odd(now);
}

/** A default response that refuses a request. */
export function transferRefused(command: u32, now: i64): i32 {
  if (!state.active) return Transfer.UnderWay;
  if (command != OTA_IMAGE_PAGE || !state.pages) return odd(now);
  state.pages = false; // this server has blocks only
  pause(now);
  return Transfer.UnderWay;
}

/** Not now, for whatever reason. */
function odd(now: i64): i32 {
  if (++state.failures > FAILURES_MAX) return Transfer.Stalled;
  pause(now + ODD_STATUS_MS);
  return Transfer.UnderWay;
}

function ask(now: i64): void {
  let rest = otaOffer.size - state.wanted;
  state.asked = true;
  state.askedAt = now;
  state.gap = 0;
  state.pageEnd = 0;
  let sent: i32;
  if (state.pages && rest > OTA_DATA_MAX) {
    let page = min<u32>(rest, state.wanted < PAGE_SIZE_FIRST ? PAGE_SIZE_FIRST : PAGE_SIZE);
    state.pageBegin = state.wanted;
    state.pageEnd = state.wanted + page;
    sent = otaAskPage(state.wanted, OTA_DATA_MAX, page, transferPeriod(), now);
  } else sent = otaAskBlock(state.wanted, min<u32>(rest, OTA_DATA_MAX), state.period / state.unit, now);
  state.until = now + (sent < 0 ? SEND_AGAIN_MS : SILENCE_MS << <i64>min<u32>(state.failures, SILENCE_SHIFT_MAX));
}

/** What was asked for did not come; true when that is once too often. */
function silent(): bool {
  if (state.pageEnd != 0 && state.wanted - state.pageBegin < (state.pageEnd - state.pageBegin) / 2) {
    if (++state.badPages >= BAD_PAGES_MAX) state.pages = false;
  }
  return ++state.failures > FAILURES_MAX;
}

/** Octets of the file, wherever they belong. */
function put(offset: u32, octets: usize, count: u32, now: i64): i32 {
  transferCounters.blocks++;
  if (offset > otaOffer.size || count > otaOffer.size - offset) {
    transferCounters.malformed++;
    return Transfer.UnderWay;
  }
  if (offset > state.wanted) return ahead(offset, octets, count, now);
  let known = state.wanted - offset;
  if (known >= count) {
    transferCounters.repeated++;
    return Transfer.UnderWay;
  }
  return write(octets + known, count - known, now);
}

/** A block before this one is missing. */
function ahead(offset: u32, octets: usize, count: u32, now: i64): i32 {
  if (count == 0 || count > OTA_DATA_MAX || state.pageEnd == 0 || !state.asked) return Transfer.UnderWay;
  for (let index: u32 = 0; index < ASIDE_MAX; index++) {
    let row = asideAt(index);
    if (row.count != 0 && row.offset + row.count > state.wanted) continue;
    row.offset = offset;
    row.count = count;
    memory.copy(changetype<usize>(row) + ASIDE_HEAD, octets, count);
    break;
  }
  if (state.gap != state.wanted + 1) {
    transferCounters.gaps++;
    state.gap = state.wanted + 1; // never 0
    otaAskBlock(state.wanted, min<u32>(OTA_DATA_MAX, offset - state.wanted), state.period / state.unit, now); // lost, the silence tells
  }
  return Transfer.UnderWay;
}

function write(octets: usize, count: u32, now: i64): i32 {
  let wanted = state.wanted;
  let next = imageWrite(otaOffer.image, wanted, octets, count);
  state.wrote = true;
  if (next < 0) return Transfer.Refused;
  state.wanted = next;
  if (otaOffer.image == UPDATE_IMAGE) update.offset = next;
  if (<u32>next <= wanted) {
    if (++state.failures > FAILURES_MAX) return Transfer.Stalled;
  } else state.failures = 0;
  if (<u32>next >= otaOffer.size) return Transfer.Complete;
  if (<u32>next != wanted + count) {
    pause(now); // the board has the octets up to there
    return Transfer.UnderWay;
  }
  return goOn(now);
}

function goOn(now: i64): i32 {
  if (asideFind()) {
    state.until = now;
    return Transfer.UnderWay;
  }
  if (state.wanted < state.pageEnd) {
    state.until = now + SILENCE_MS;
    return Transfer.UnderWay;
  }
  if (state.pageEnd != 0) state.badPages = 0;
  pause(state.pageEnd != 0 ? now : max<i64>(now, state.askedAt + state.period));
  if (state.until <= now) ask(now);
  return Transfer.UnderWay;
}

function writeAside(row: Aside, now: i64): i32 {
  let known = state.wanted - row.offset;
  return write(changetype<usize>(row) + ASIDE_HEAD + known, row.count - known, now);
}

/** 075123 section 11.13.8: times of the server, or an interval when the current one is 0. */
function wait(answer: ImageBlockResponse, now: i64): i32 {
  let delay = (<i64>answer.requestTime - <i64>answer.currentTime) * 1000;
  if (delay < 0) delay = WAIT_MS_ODD;
  if (zclHeard.known == OTA_WAIT_SIZE) {
    state.period = answer.blockPeriod * state.unit;
    delay = max<i64>(delay, state.period);
  }
  if (delay == 0) delay = WAIT_MS_MIN;
  state.failures = 0;
  pause(now + min<i64>(delay, WAIT_MS_MAX));
  return Transfer.UnderWay;
}

/** Asks at `at`; what is still on its way is not waited for. */
function pause(at: i64): void {
  state.until = at;
  state.asked = false;
  state.pageEnd = 0;
  for (let index: u32 = 0; index < ASIDE_MAX; index++) asideAt(index).count = 0;
}

/** A block kept aside that has the octet wanted, or 0. */
function asideFind(): Aside {
  for (let index: u32 = 0; index < ASIDE_MAX; index++) {
    let row = asideAt(index);
    if (row.offset <= state.wanted && state.wanted - row.offset < row.count) return row;
  }
  return changetype<Aside>(0);
}

function asideAt(index: u32): Aside {
  return changetype<Aside>(aside + index * ASIDE_SIZE);
}
