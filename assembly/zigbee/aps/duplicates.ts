// Frames heard before: apsDuplicateRejectionTable, 05-3474 section 2.2.8.4.2.  The oldest row gives way.
import { DUPLICATES_MAX } from "../limits";
/** Longer than all repetitions of a sender to a sleepy device, shorter than a sender takes for 256 frames. */
const REMEMBERED_MS: i64 = 40_000;

@unmanaged @final
class Row {
  until: i64;
  source: u16;
  counter: u8;
}

const rows = memory.data(DUPLICATES_MAX * offsetof<Row>(), 8);
@unmanaged @final class State { next: u32; }
const state = changetype<State>(memory.data(offsetof<State>(), 4));

export function duplicatesReset(): void {
  memory.fill(rows, 0, DUPLICATES_MAX * offsetof<Row>());
}

/** Whether the frame was taken before. */
export function duplicateSeen(source: u32, counter: u32, now: i64): bool {
  for (let index: u32 = 0; index < DUPLICATES_MAX; index++) {
    let row = changetype<Row>(rows + index * offsetof<Row>());
    if (row.source == source && row.counter == counter && row.until > now) return true;
  }
  return false;
}

/** Remembers a frame that was taken. */
export function duplicateNote(source: u32, counter: u32, now: i64): void {
  let row = changetype<Row>(rows + (state.next++ % DUPLICATES_MAX) * offsetof<Row>());
  row.until = now + REMEMBERED_MS;
  row.source = <u16>source;
  row.counter = <u8>counter;
}
