// Link establishments that are under way: which challenge of ours waits for its response, and whom we owe an answer.
import { NEVER } from "../../core/timers";
import { NO_SHORT } from "../address";

export enum HandshakeState {
  Free,
  /** We asked: a response to our challenge makes a link. */
  Asked,
  /** We were asked and have not yet answered. */
  Owing,
  /** We were asked by somebody whom we do not know, or who may be a replay, and have asked in turn. */
  Offered,
  /** There was a response; if ours was lost it comes again. */
  Done,
}

/** Of them, those that others began. */
export const HANDSHAKES_MAX: u32 = 5;
const OTHERS_MAX: u32 = 3;
export const CHALLENGE_MAX: u32 = 32;

@unmanaged @final
export class Handshake {
  due: i64;
  /** The other side, 0 when its EUI-64 is not known yet. */
  extended: u64;
  /** Our challenge. */
  mine: u64;
  /** Seconds that the other side asked for, 0 for none. */
  timeout: u32;
  state: HandshakeState;
  /** A parent that is known by its short address; without either, all routers. */
  short: u16;
  tries: u8;
  theirSize: u8;
  /** Whether an advertisement led to it. */
  wasHeard: bool;
  /** Whether the other side has a link already, and only the answer waits. */
  isKnown: bool;
  get theirs(): usize { return changetype<usize>(this) + offsetof<Handshake>(); }
}
const ROW: u32 = (offsetof<Handshake>() + CHALLENGE_MAX + 7) & ~7;
const rows = memory.data(HANDSHAKES_MAX * ROW, 8);

export function handshakesReset(): void {
  memory.fill(rows, 0, HANDSHAKES_MAX * ROW);
  for (let index: u32 = 0; index < HANDSHAKES_MAX; index++) handshakeAt(index).due = NEVER;
}

export function handshakeAt(index: u32): Handshake { return changetype<Handshake>(rows + index * ROW); }

/** The one with a device; null when there is none. */
export function handshakeWith(extended: u64): Handshake {
  for (let index: u32 = 0; index < HANDSHAKES_MAX; index++) {
    let row = handshakeAt(index);
    if (row.state != HandshakeState.Free && row.extended == extended) return row;
  }
  return changetype<Handshake>(0);
}

/** The one whose challenge a device has responded to; null when there is none. */
export function handshakeOf(response: u64, extended: u64): Handshake {
  for (let index: u32 = 0; index < HANDSHAKES_MAX; index++) {
    let row = handshakeAt(index);
    let isOpen = row.state != HandshakeState.Free && row.state != HandshakeState.Owing;
    if (isOpen && row.mine == response && (row.extended == 0 || row.extended == extended)) return row;
  }
  return changetype<Handshake>(0);
}

/** A row in `state`; null when there is none, or others have begun too many. */
export function handshakeTake(state: HandshakeState): Handshake {
  let free = changetype<Handshake>(0);
  let others: u32 = 0;
  for (let index: u32 = 0; index < HANDSHAKES_MAX; index++) {
    let row = handshakeAt(index);
    if (row.state == HandshakeState.Free) free = row;
    else if (row.state == HandshakeState.Owing || row.state == HandshakeState.Offered) others++;
  }
  if (!free || state != HandshakeState.Asked && others == OTHERS_MAX) return changetype<Handshake>(0);
  memory.fill(changetype<usize>(free), 0, ROW);
  free.state = state;
  free.short = <u16>NO_SHORT;
  return free;
}

export function handshakeFree(row: Handshake): void {
  row.state = HandshakeState.Free;
  row.due = NEVER;
}
