// Putting fragments together again: 05-3474 section 2.2.8.4.5.  The window is one block (table 5-8 of 07-5356), so the blocks
// of a message come in order; a repeated one is acknowledged again.
import { Err } from "../../core/err";
import { REASSEMBLIES_MAX } from "../limits";
import { ApsFrame, FRAGMENT_FIRST } from "./frame";
import { KEY_NONE } from "./keys";
import { APS_MESSAGE_MAX, ApsMessage } from "./types";

/** A sender that falls silent for as long has given up: its repetitions, to a sleepy device, are 9.3 s apart. */
const SILENCE_MS: i64 = 20_000;

@unmanaged @final
class Reassembly {
  until: i64;
  source: u16;
  cluster: u16;
  size: u16;
  /** Octets in every block but the last. */
  blockSize: u16;
  slot: u8;
  counter: u8;
  blocks: u8;
  /** The block that is expected; all before it are here. */
  next: u8;
}

const rows = memory.data(REASSEMBLIES_MAX * offsetof<Reassembly>(), 8);
const buffers = memory.data(REASSEMBLIES_MAX * APS_MESSAGE_MAX, 8);
@unmanaged @final class State { payload: usize; }
const state = changetype<State>(memory.data(offsetof<State>(), 4));

export function reassemblyReset(): void {
  memory.fill(rows, 0, REASSEMBLIES_MAX * offsetof<Reassembly>());
}

/** The message of which `reassemble` answered the size, until the next frame. */
export function reassemblyPayload(): usize {
  return state.payload;
}

/** Takes a fragment; answers the size of the message when this was its last, 0 when more are to come, or an `Err`. */
export function reassemble(frame: ApsFrame, heard: ApsMessage, now: i64): i32 {
  if (heard.size == 0 || heard.size > APS_MESSAGE_MAX) return Err.BadLength;
  let row = find(heard, frame.counter, now);
  if (frame.fragmentation == FRAGMENT_FIRST) {
    if (changetype<usize>(row) != 0) return row.blocks == frame.block ? 0 : Err.BadLength; // repeated, or another message
    return begin(frame, heard, now);
  }
  if (changetype<usize>(row) == 0) return Err.NotFound;
  let block = frame.block;
  if (block == 0 || block >= row.blocks || block > row.next) return Err.Reserved;
  if (block < row.next) return 0; // its acknowledgement was lost
  let isLast = block == row.blocks - 1;
  if (isLast ? heard.size > row.blockSize : heard.size != row.blockSize) return Err.BadLength;
  if (<u32>row.size + heard.size > APS_MESSAGE_MAX) return Err.NoBuffer;
  append(row, heard, now);
  if (!isLast) return 0;
  row.until = 0;
  state.payload = bufferOf(row);
  return row.size;
}

function begin(frame: ApsFrame, heard: ApsMessage, now: i64): i32 {
  let blocks = frame.block;
  if (blocks < 2) return Err.Reserved;
  // All blocks but the last are as large as this one, the last is one octet at least.
  if ((blocks - 1) * heard.size + 1 > APS_MESSAGE_MAX) return Err.NoBuffer;
  let row = place(heard.keySlot, now);
  if (changetype<usize>(row) == 0) return Err.NoBuffer;
  row.source = <u16>heard.source;
  row.cluster = <u16>heard.cluster;
  row.size = 0;
  row.blockSize = <u16>heard.size;
  row.slot = <u8>heard.keySlot;
  row.counter = <u8>frame.counter;
  row.blocks = <u8>blocks;
  row.next = 0;
  append(row, heard, now);
  return 0;
}

/** A free row.  Anyone in the network can hold rows without a link key: who has one takes their places. */
function place(slot: u32, now: i64): Reassembly {
  let found = changetype<Reassembly>(0);
  for (let index: u32 = 0; index < REASSEMBLIES_MAX; index++) {
    let row = changetype<Reassembly>(rows + index * offsetof<Reassembly>());
    if (row.until <= now) return row;
    if (slot != KEY_NONE && row.slot == KEY_NONE) found = row;
  }
  return found;
}

function append(row: Reassembly, heard: ApsMessage, now: i64): void {
  memory.copy(bufferOf(row) + row.size, heard.payload, heard.size);
  row.size += <u16>heard.size;
  row.next++;
  row.until = now + SILENCE_MS;
}

function find(heard: ApsMessage, counter: u32, now: i64): Reassembly {
  for (let index: u32 = 0; index < REASSEMBLIES_MAX; index++) {
    let row = changetype<Reassembly>(rows + index * offsetof<Reassembly>());
    // A block under another key, or of another cluster, is not a part of this message.
    if (row.until <= now || row.source != heard.source || row.counter != counter) continue;
    if (row.slot == heard.keySlot && row.cluster == heard.cluster) return row;
  }
  return changetype<Reassembly>(0);
}

function bufferOf(row: Reassembly): usize {
  return buffers + ((changetype<usize>(row) - rows) / offsetof<Reassembly>()) * APS_MESSAGE_MAX;
}
