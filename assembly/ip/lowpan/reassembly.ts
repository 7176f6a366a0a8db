// Packets put together from fragments, in slots of a fixed number: RFC 4944 section 5.3.
//
//   free -> (a fragment of a packet that is new) collecting -> (all octets are there) free
//                                                     \-> (5 s, or a slot is needed) free
//
// A device has one packet on its way to us and one to everyone at a time, since it sends fragments in order: another one of it takes the
// place of what is not complete.  So who is known cannot hold more than its own, and who is not known has few slots, which members take
// away.  Fragments that overlap, but do not repeat, begin the packet anew with the one heard last.
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { Drop, Layer } from "../../core/host";
import { NEVER } from "../../core/timers";
import { DATAGRAMS_CLEAR_MAX, DATAGRAMS_MAX } from "../limits";
import { Packet, packetFree, packetTake } from "../packet";
import { lowpanDecompress } from "./decompress";
import { Fragment, fragmentParse } from "./fragment";
import { LowpanSource } from "./source";

const LIFETIME_MS: i64 = 5000;
/** A packet without progress for so long is likely to have lost a fragment: a frame takes a few milliseconds, and its retries hundred. */
const STALLED_MS: i64 = 200;
/** Pieces of a packet: 1,376 octets by the 64 that a frame with the longest headers has room for, and the first. */
const PIECES_MAX: u32 = 24;

@unmanaged @final
class Datagram {
  from: u64;
  until: i64;
  /** When a fragment of it was heard last. */
  heard: i64;
  /** Null: the slot is free. */
  packet: Packet;
  tag: u16;
  size: u16;
  have: u16;
  fromMode: u8;
  toAll: u8;
  secured: u8;
  pieces: u8;
}

const ROW: u32 = (offsetof<Datagram>() + 2 * PIECES_MAX + 7) & ~7;

const rows = memory.data(DATAGRAMS_MAX * ROW, 8);
const NONE: usize = 0;

function datagramAt(index: u32): Datagram { return changetype<Datagram>(rows + index * ROW); }
/** Each piece: its first unit of eight octets, and the one behind its last. */
function pieceAt(datagram: Datagram, index: u32): usize { return changetype<usize>(datagram) + offsetof<Datagram>() + 2 * index; }

/** The packets are the pool's, which begins anew too. */
export function reassemblyReset(): void { memory.fill(rows, 0, DATAGRAMS_MAX * ROW); }

export function reassemblyDeadline(): i64 {
  let earliest = NEVER;
  for (let index: u32 = 0; index < DATAGRAMS_MAX; index++) if (datagramAt(index).packet) earliest = min(earliest, datagramAt(index).until);
  return earliest;
}

export function reassemblyTick(now: i64): void {
  for (let index: u32 = 0; index < DATAGRAMS_MAX; index++) {
    let row = datagramAt(index);
    if (row.packet && row.until <= now) giveUp(row, Drop.Expired);
  }
}

/** Takes a fragment; answers the packet that it makes whole, null when there is none. */
export function reassemblyInput(at: usize, have: u32, source: LowpanSource, now: i64): Packet {
  let header = fragmentParse(at, have);
  if (header < 0) return refuse(Drop.Malformed);
  let fragment = changetype<Fragment>(at);
  let row = find(source, fragment);
  if (!row) {
    row = claim(source, now);
    if (!row) return refuse(Drop.NoBuffer);
    row.packet = packetTake(fragment.size);
    if (!row.packet) return refuse(Drop.NoBuffer);
    begin(row, source, fragment, now);
  }
  let packet = row.packet;
  let begun = fragment.offset;
  let size = have - header;
  if (fragment.isFirst) {
    let octets = lowpanDecompress(at + header, size, packet.at, fragment.size, fragment.size, source.identifier, source.own);
    // What is malformed, or ends where no piece can begin, is a lie about the whole.
    if (octets <= 0 || (<u32>octets < fragment.size && octets & 7)) return spoil(row);
    size = octets;
  }
  if (!note(row, begun, begun + size)) return changetype<Packet>(NONE);
  if (!fragment.isFirst) memory.copy(packet.at + begun, at + header, size);
  row.heard = now;
  if (row.have < row.size) return changetype<Packet>(NONE);
  packet.size = row.size;
  row.packet = changetype<Packet>(NONE);
  return packet;
}

/** Notes a piece; false for one that was there before. */
function note(row: Datagram, begun: u32, end: u32): bool {
  let first = begun >>> 3;
  let last = (end + 7) >>> 3;
  for (let index: u32 = 0; index < row.pieces; index++) {
    let piece = pieceAt(row, index);
    let other: u32 = load<u8>(piece);
    let otherLast: u32 = load<u8>(piece, 1);
    if (first == other && last == otherLast) {
      dropped(Layer.Link, Drop.Duplicate);
      return false;
    }
    if (first >= otherLast || last <= other) continue;
    dropped(Layer.Link, Drop.Refused);
    row.pieces = 0;
    row.have = 0;
    break;
  }
  if (row.pieces == PIECES_MAX) {
    giveUp(row, Drop.Exhausted);
    return false;
  }
  let piece = pieceAt(row, row.pieces++);
  store<u8>(piece, first);
  store<u8>(piece, last, 1);
  row.have += <u16>(end - begun);
  return true;
}

function begin(row: Datagram, source: LowpanSource, fragment: Fragment, now: i64): void {
  row.from = source.address;
  row.fromMode = <u8>source.mode;
  row.toAll = u8(source.toAll);
  row.secured = u8(source.secured);
  row.size = <u16>fragment.size;
  row.tag = <u16>fragment.tag;
  row.have = 0;
  row.pieces = 0;
  row.until = now + LIFETIME_MS;
  row.heard = now;
}

function isOf(row: Datagram, source: LowpanSource): bool {
  return row.packet && row.from == source.address && row.fromMode == source.mode && row.toAll == u8(source.toAll)
    && row.secured == u8(source.secured);
}

/** The packet that a fragment belongs to, null when it is new. */
function find(source: LowpanSource, fragment: Fragment): Datagram {
  for (let index: u32 = 0; index < DATAGRAMS_MAX; index++) {
    let row = datagramAt(index);
    if (isOf(row, source) && row.tag == <u16>fragment.tag && row.size == <u16>fragment.size) return row;
  }
  return changetype<Datagram>(NONE);
}

/**
 * A free slot for a packet that is new: its sender's own, one that nobody has, for a member a stranger's, or one that made no progress.
 * Null when there is none.
 */
function claim(source: LowpanSource, now: i64): Datagram {
  let empty = changetype<Datagram>(NONE);
  let best = changetype<Datagram>(NONE);
  let strangers: u32 = 0;
  for (let index: u32 = 0; index < DATAGRAMS_MAX; index++) {
    let row = datagramAt(index);
    if (!row.packet) {
      empty = row;
      continue;
    }
    if (isOf(row, source)) {
      giveUp(row, Drop.Expired);
      return row;
    }
    if (!row.secured) strangers++;
    else if (!source.secured) continue;
    if ((!row.secured && source.secured) || now - row.heard >= STALLED_MS) {
      if (!best || row.secured < best.secured || (row.secured == best.secured && row.heard < best.heard)) best = row;
    }
  }
  if (empty && (source.secured || strangers < DATAGRAMS_CLEAR_MAX)) return empty;
  if (best) giveUp(best, Drop.Expired);
  return best;
}

function giveUp(row: Datagram, reason: u32): void {
  dropped(Layer.Link, reason);
  packetFree(row.packet);
  row.packet = changetype<Packet>(NONE);
}

function spoil(row: Datagram): Packet {
  giveUp(row, Drop.Malformed);
  return changetype<Packet>(NONE);
}

function refuse(reason: u32): Packet {
  dropped(Layer.Link, reason);
  return changetype<Packet>(NONE);
}
