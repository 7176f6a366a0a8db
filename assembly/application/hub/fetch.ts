// Files from the head-end, one after the other and block by block, into the board's flash: the library's, and the hub's own next module.
// Records: docs/uplink.md.
//
//   None ──offer──▶ Loading ──all there──▶ Verifying ──good──▶ Waiting          another offer begins anew
//                     │  a block is asked for again after 2 s, 4 s ... 4 min        after a reset it goes on where the flash ends
import { Err } from "../../core/err";
import {
  FileStatus, IMAGE_RUNNING, IMAGE_STATE, IMAGE_TRIES, ImageReason, Log, imageBegin, imageFinish, imageState, imageWrite, log, uplinkSend,
} from "../../core/host";
import { LOG_UPDATE_SIZE, LogUpdate } from "../../core/log";
import { NEVER } from "../../core/timers";
import { LIBRARY_KEY, libraryFile, libraryIs, libraryKey, libraryLook, libraryReset } from "../../model/library";
import { BLOCK_SIZE, BlockRecord, FILE_SIZE, FileRecord, OFFER_SIZE, OfferRecord, UP_FILE, UP_WANT, WANT_SIZE, WantRecord } from "./uplink";

if (OFFER_SIZE != 1 + LIBRARY_KEY) ERROR("an offer is a number and the key of a file");

/** Octets of a block, and blocks that are asked for at a time. */
const BLOCK: u32 = 240;
const AHEAD: u32 = 2;
const AGAIN_MS: i64 = 2000;
const AGAIN_SHIFT_MAX: u32 = 7;
/** Told of while it is loaded: each 32nd part. */
const PROGRESS_SHIFT: u32 = 5;

@unmanaged @final
class State {
  /** When what was asked for is asked for again. */
  at: i64;
  /** The file that is being loaded; NOTHING without one. */
  image: u32;
  /** The octet that the board wants next, and up to where blocks are asked for. */
  wanted: u32;
  asked: u32;
  told: u32;
  tries: u32;
  /** Files of the library. */
  files: u32;
  /** The board takes no octets without another beginning. */
  lost: bool;
}
const NOTHING: u32 = 0xffff_ffff;
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const room = memory.data(IMAGE_STATE, 8);
if (IMAGE_STATE < LOG_UPDATE_SIZE) ERROR("a note does not fit the room");

@unmanaged @final
export class FetchCounters {
  /** Blocks that were not the one that was wanted. */
  strays: u32;
  repeats: u32;
}
export const fetchCounters = changetype<FetchCounters>(memory.data(offsetof<FetchCounters>()));

/** Tells of all files, and goes on with what was under way. */
export function fetchReset(now: i64): void {
  state.files = libraryReset();
  state.image = NOTHING;
  state.at = NEVER;
  for (let image: u32 = 0; image <= state.files; image++) {
    fetchTell(image); // what was lost is offered again
  }
  next(now);
}

export function fetchDeadline(): i64 { return state.image == NOTHING ? NEVER : state.at; }

/** An offer; answers 0 or an `Err`. */
export function fetchOffer(at: usize, size: u32, now: i64): i32 {
  if (size < OFFER_SIZE) return Err.Truncated;
  let image = changetype<OfferRecord>(at).image;
  if (image > state.files) return Err.NotFound;
  let file = libraryFile(image);
  let key = at + 1;
  // What is held, or on its way, is not begun again: an offer may be repeated.
  if (libraryIs(file, key) && isHeld(file.status)) {
    fetchTell(image);
    if (state.image == image && state.tries > 1) state.at = now; // the head-end is back
    return Err.Duplicate;
  }
  // The hub's own, once it runs, is not forgotten: the other slot holds the one to go back to.
  if (changetype<OfferRecord>(at).size == 0
    && (file.status == FileStatus.None || (image == 0 && file.status >= <u8>FileStatus.Activating))) return Err.Duplicate;
  let begun = imageBegin(image, key);
  if (begun == Err.Busy) return begun;
  libraryLook(image);
  fetchTell(image);
  // The board takes one file at a time: the one that was under way goes on from what is in the flash, the new one has its turn later.
  let before = state.image;
  state.image = NOTHING;
  if (before != NOTHING && before != image) begin(before, now);
  next(now);
  return min<i32>(begun, 0);
}

/** A block; answers 0 or an `Err`. */
export function fetchBlock(at: usize, size: u32, now: i64): i32 {
  if (size <= BLOCK_SIZE) return Err.Truncated;
  let record = changetype<BlockRecord>(at);
  if (record.image != state.image) {
    fetchCounters.strays++;
    return Err.Duplicate;
  }
  let offset = record.offset;
  if (offset != state.wanted) {
    fetchCounters.strays++;
    return Err.Duplicate;
  }
  take(imageWrite(state.image, offset, record.octets, size - BLOCK_SIZE), now);
  return Err.Ok;
}

/** Asks again; verifies what is complete.  Answers the number of a file that is settled now, ready or refused, or -1. */
export function fetchTick(now: i64): i32 {
  if (state.image == NOTHING || state.at > now) return -1;
  let image = state.image;
  let file = libraryFile(image);
  if (state.lost) return begin(image, now);
  if (file.status == FileStatus.Loading && state.wanted < file.size) {
    fetchCounters.repeats++;
    state.asked = state.wanted;
    ask();
    state.at = now + (AGAIN_MS << <i64>min<u32>(state.tries++, AGAIN_SHIFT_MAX));
    return -1;
  }
  if (isHeld(file.status)) imageFinish(image);
  libraryLook(image);
  fetchTell(image);
  // The board has lost what a reset found complete: it is fetched again.
  if (file.status == FileStatus.Verifying || file.status == FileStatus.Loading) return begin(image, now);
  state.image = NOTHING;
  next(now);
  return image;
}

/** Tells the head-end and whoever watches what is known of a file. */
export function fetchTell(image: u32): void {
  let file = libraryFile(image);
  imageState(image, room, IMAGE_STATE);
  let tries = load<u8>(room + IMAGE_TRIES);
  let running = load<u32>(room + IMAGE_RUNNING);
  store<u8>(room, UP_FILE);
  let record = changetype<FileRecord>(room + 1);
  record.image = image;
  record.status = file.status;
  record.reason = file.reason;
  record.plan = file.plan;
  record.version = file.version;
  record.offset = file.offset;
  record.size = file.size;
  uplinkSend(room, 1 + FILE_SIZE); // lost, it is told again with the next step
  if (file.status == FileStatus.None && file.reason == ImageReason.None) return;
  let note = changetype<LogUpdate>(room);
  note.image = image;
  note.status = file.status;
  note.reason = file.reason;
  note.tries = tries;
  note.running = running;
  note.version = file.version;
  note.offset = file.offset;
  note.size = file.size;
  log(Log.Update, room, LOG_UPDATE_SIZE);
}

/** Asks the head-end whether it is there: it answers with octets of the hub's own file, or that it has none. */
export function fetchProbe(): void { want(0, 0, 1); }

/** Begins or resumes the first file that is not complete. */
function next(now: i64): void {
  for (let image: u32 = 0; state.image == NOTHING && image <= state.files; image++) {
    let status = libraryFile(image).status;
    if (status == FileStatus.Loading) begin(image, now);
    if (status != FileStatus.Verifying) continue;
    state.image = image;
    state.at = now;
  }
}

/** Goes on with a file where the board says; what it refuses, as while the module is on trial, waits for `fetchReset`.  Answers -1. */
function begin(image: u32, now: i64): i32 {
  let file = libraryFile(image);
  libraryKey(file, room);
  let wanted = imageBegin(image, room);
  state.image = NOTHING;
  if (wanted < 0) return -1;
  file.status = <u8>FileStatus.Loading;
  state.image = image;
  state.tries = 0;
  state.told = file.offset;
  state.asked = 0;
  take(wanted, now);
  return -1;
}

/** What the board answered: the octet that it wants next, or a refusal. */
function take(wanted: i32, now: i64): void {
  let file = libraryFile(state.image);
  state.at = now;
  state.lost = false;
  if (wanted < 0) {
    libraryLook(state.image);
    state.lost = file.status == FileStatus.Loading;
    if (state.lost) state.at += AGAIN_MS;
    return;
  }
  state.wanted = wanted;
  state.asked = max<u32>(state.asked, wanted);
  file.offset = wanted;
  if (<u32>wanted >= file.size) return;
  if (file.offset - state.told > file.size >>> PROGRESS_SHIFT) {
    state.told = file.offset;
    fetchTell(state.image);
  }
  ask();
  state.tries = 0;
  state.at = now + AGAIN_MS;
}

/** Asks for the blocks that may be on their way. */
function ask(): void {
  let file = libraryFile(state.image);
  let end = min<u32>(file.size, state.wanted + AHEAD * BLOCK);
  while (state.asked < end) {
    let size = min<u32>(file.size - state.asked, BLOCK);
    want(state.image, state.asked, size);
    state.asked += size;
  }
}

function want(image: u32, offset: u32, size: u32): void {
  store<u8>(room, UP_WANT);
  let record = changetype<WantRecord>(room + 1);
  record.image = image;
  record.offset = offset;
  record.size = size;
  uplinkSend(room, 1 + WANT_SIZE);
}

/** A file that was refused, aborted or given up is begun again by the same offer. */
function isHeld(status: u32): bool {
  switch (status) {
    case FileStatus.Loading: case FileStatus.Verifying: case FileStatus.Waiting:
    case FileStatus.Activating: case FileStatus.Activated: return true;
  }
  return false;
}
