// Frames heard before: apsDuplicateRejectionTable, 05-3474 section 2.2.8.4.2.  The oldest row gives way.
//
// Who has but the network key can put any source and any counter into a frame.  So a frame is known by the slot of its link key too, and
// what no link key secured finds room in a part of the rows only.
import { DUPLICATES_MAX } from "../limits";
import { KEY_NONE } from "./keys";

/** Longer than all repetitions of a sender to a sleepy device, shorter than a sender takes for 256 frames. */
const REMEMBERED_MS: i64 = 40_000;
/** Rows that no frame without a link key takes. */
const KEYED: u32 = DUPLICATES_MAX / 2;

@unmanaged @final
class Row {
  until: i64;
  source: u16;
  counter: u8;
  slot: u8;
}

const rows = memory.data(DUPLICATES_MAX * offsetof<Row>(), 8);
@unmanaged @final class State { keyed: u32; open: u32; }
const state = changetype<State>(memory.data(offsetof<State>(), 4));

export function duplicatesReset(): void {
  memory.fill(rows, 0, DUPLICATES_MAX * offsetof<Row>());
}

/** Whether the frame, secured with the key in `slot`, was taken before. */
export function duplicateSeen(source: u32, counter: u32, slot: u32, now: i64): bool {
  for (let index: u32 = 0; index < DUPLICATES_MAX; index++) {
    let row = changetype<Row>(rows + index * offsetof<Row>());
    if (row.source == source && row.counter == counter && row.slot == slot && row.until > now) return true;
  }
  return false;
}

/** Remembers a frame that was taken. */
export function duplicateNote(source: u32, counter: u32, slot: u32, now: i64): void {
  let index = slot == KEY_NONE ? KEYED + state.open++ % (DUPLICATES_MAX - KEYED) : state.keyed++ % DUPLICATES_MAX;
  let row = changetype<Row>(rows + index * offsetof<Row>());
  row.until = now + REMEMBERED_MS;
  row.source = <u16>source;
  row.counter = <u8>counter;
  row.slot = <u8>slot;
}
