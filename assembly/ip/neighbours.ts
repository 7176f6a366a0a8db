// Devices in range that we have a link with, or make one: what MLE, the link and the routes know of each.
import { LINKS_MAX } from "./limits";
import { NO_SHORT } from "./address";

export enum LinkState {
  Free = 0,
  /** Chosen, or met while it joins: without keys of its own. */
  Joining,
  /** MLE is under way. */
  Linking,
  /** Both sides have proved that they hold the key and that they live. */
  Linked,
}

// Flags
export const LINK_PARENT: u32 = 0x01;
export const LINK_CHILD: u32 = 0x02;

// Mode: 802.15.4 capability octet, as MLE's TLV 1
export const MODE_ROUTER: u32 = 0x02;
export const MODE_AWAKE: u32 = 0x08;

/** An ETX of 1. */
export const ETX_ONE: u32 = 128;
/** An ETX that nobody has measured. */
export const ETX_UNKNOWN: u32 = 2 * ETX_ONE;

@unmanaged @final
export class Neighbour {
  extended: u64;
  /** When it is forgotten unless it is heard of. */
  deadline: i64;
  /** When it was heard last, by an authentic frame. */
  heard: i64;
  /** The lowest MAC frame counter that is accepted under `keyIndex`. */
  macCounter: u32;
  /** The last MLE frame counter under `mleKeyIndex`. */
  mleCounter: u32;
  /** Seconds between signs of life, 0 for the default. */
  timeout: u32;
  /** `NO_SHORT` while it has none. */
  short: u16;
  /** Expected transmissions x 128, of our frames. */
  etx: u16;
  state: u8;
  mode: u8;
  flags: u8;
  /** Index of the key that it used last, 0: none yet. */
  keyIndex: u8;
  mleKeyIndex: u8;
  /** Inverse delivery ratio in 1/32, as MLE's TLV 6: how we hear it, and how it says that it hears us; 0 unknown. */
  idrIn: u8;
  idrOut: u8;
  /** Signal strength, moving average of the link quality of the radio. */
  lqi: u8;
  /** 1: a child that sleeps has asked for what is held for it. */
  asked: u8;
}

const ROW: u32 = offsetof<Neighbour>();
const rows = memory.data(LINKS_MAX * ROW, 8);
const NONE: usize = 0;

export function neighboursReset(): void { memory.fill(rows, 0, LINKS_MAX * ROW); }

/** A row by its number below LINKS_MAX; it may be free. */
export function neighbourAt(index: u32): Neighbour { return changetype<Neighbour>(rows + index * ROW); }

/** The number of a row, as a name of a device while its row lives. */
export function neighbourIndex(neighbour: Neighbour): u32 { return <u32>(changetype<usize>(neighbour) - rows) / ROW; }

/** Null when there is none. */
export function neighbourFind(extended: u64): Neighbour {
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    let row = neighbourAt(index);
    if (row.state != LinkState.Free && row.extended == extended) return row;
  }
  return changetype<Neighbour>(NONE);
}

/** Null when there is none. */
export function neighbourByShort(short: u32): Neighbour {
  if (short >= NO_SHORT - 1) return changetype<Neighbour>(NONE);
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    let row = neighbourAt(index);
    if (row.state != LinkState.Free && row.short == short) return row;
  }
  return changetype<Neighbour>(NONE);
}

/** The device's row, a new one where it has none; null when the table is full. */
export function neighbourTake(extended: u64): Neighbour {
  let row = neighbourFind(extended);
  if (row) return row;
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    row = neighbourAt(index);
    if (row.state != LinkState.Free) continue;
    memory.fill(changetype<usize>(row), 0, ROW);
    row.extended = extended;
    row.short = <u16>NO_SHORT;
    row.etx = <u16>ETX_UNKNOWN;
    row.state = <u8>LinkState.Joining;
    return row;
  }
  return changetype<Neighbour>(NONE);
}

/** Gives a device its short address; who had it before has none. */
export function neighbourName(neighbour: Neighbour, short: u32): void {
  let former = neighbourByShort(short);
  if (former) former.short = <u16>NO_SHORT;
  neighbour.short = <u16>short;
}

export function neighbourFree(neighbour: Neighbour): void { neighbour.state = <u8>LinkState.Free; }
