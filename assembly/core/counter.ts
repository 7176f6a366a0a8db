// A frame counter that never repeats, whatever the power does: 05-3474 section 4.3.1.2 and 4.4.1.1.
//
//   |---- used ----|-- reserved in the record --|---- free ----|
//                  next                          limit
//
// The record holds `limit`.  After a reset counting goes on at the recorded limit, so what was reserved and not used is skipped.
import { Err } from "./err";
import { entropy, storeRead, storeWrite } from "./host";

/** Numbers taken with one write: a flash sector lasts longer, a reset skips at most as many. */
export const COUNTER_RESERVE: u32 = 4096;
/** A frame with the last number must never be sent, 05-3474 section 4.3.1.1. */
export const COUNTER_END: u32 = 0xffff_ffff;
/** What `counterTake` answers when there is no number to be had. */
export const COUNTER_NONE: u32 = 0xffff_ffff;

@unmanaged @final
export class Counter {
  next: u32;
  limit: u32;
  record: u32;
}

/** Where counting goes on when nobody knows where it was: at random beyond this, where no device comes by counting. */
const LOST: u32 = 0x8000_0000;

/**
 * Goes on where the record says.  A new device has none, and writes one before it has a key; so a record that is missing while a key
 * lives, or that cannot be read, was lost: then what was used is not known, and is left far behind.
 */
export function counterLoad(counter: Counter, record: u32, keyLives: bool): void {
  let limit = changetype<usize>(counter) + offsetof<Counter>("limit");
  let size = storeRead(record, limit, 4);
  let isNew = size == Err.NotFound && !keyLives;
  if (size != 4) counter.limit = isNew ? 0 : lost(limit);
  counter.next = counter.limit;
  counter.record = record;
  if (isNew) counterReserve(counter);
}

function lost(at: usize): u32 {
  entropy(at, 4);
  return LOST | (load<u32>(at) >>> 2);
}

/** A number that was never answered before, or `COUNTER_NONE` at the end or when the store refuses. */
export function counterTake(counter: Counter): u32 {
  if (counter.next == counter.limit && counterReserve(counter) != Err.Ok) return COUNTER_NONE;
  return counter.next++;
}

/** Begins again at zero: only with a new key, 05-3474 section 4.6.3.4. */
export function counterRestart(counter: Counter): void {
  counter.next = 0;
  counter.limit = 0;
}

/** Skips the numbers below `floor`. */
export function counterRaise(counter: Counter, floor: u32): void {
  if (counter.next < floor) counter.next = counter.limit = floor;
}

function counterReserve(counter: Counter): i32 {
  let before = counter.limit;
  if (before >= COUNTER_END - COUNTER_RESERVE) return Err.NoBuffer;
  counter.limit = before + COUNTER_RESERVE;
  if (storeWrite(counter.record, changetype<usize>(counter) + offsetof<Counter>("limit"), 4) == Err.Ok) return Err.Ok;
  counter.limit = before;
  return Err.NoBuffer;
}
