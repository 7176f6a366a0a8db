// Multicast through the mesh: RFC 7731 with data messages only, as ZigBee IP has it, section 12 of the notes.
//
// Whoever hears a packet of a seed for the first time takes it and, as a router, sends it on: at once, then twice more, each at a point of
// its own in half a second.
import { NEVER } from "../../core/timers";
import { Err } from "../../core/err";
import { Drop, Layer } from "../../core/host";
import { dropped } from "../../core/drops";
import { GROUP_MPL, SCOPE_REALM, addressMulticast, addressScope } from "../address";
import { HOPS_DEFAULT, IPV6_HEADER_SIZE, Ipv6, NEXT_HOPS } from "../ipv6/header";
import { REPEATED_MAX, SEEDS_MAX } from "../limits";
import { OWN_GLOBAL, ownAddress, ownIs } from "../own";
import { NO_PACKET, Packet, packetFree, packetPrepend, packetTake } from "../packet";
import { randomBelow } from "../random";
import { hopSend } from "../route";
import { tunnelBegin } from "../tunnel";
import { MPL_LARGEST, MplOption, mplOptionEmit, mplOptionParse } from "./option";

/** DATA_MESSAGE_IMIN, which is IMAX, and expirations. */
const INTERVAL_MS: u32 = 512;
const EXPIRATIONS: u32 = 2;
/** SEED_SET_ENTRY_LIFETIME. */
const SEED_MS: i64 = 1_800_000;
/** Sequence numbers behind the highest that are remembered. */
const WINDOW: u32 = 32;
const OPTION_HEADER_SIZE: u32 = 8;
const PAD_N: u32 = 1;

@unmanaged @final
class Seed {
  /** Its address. */
  prefix: u64;
  identifier: u64;
  deadline: i64;
  /** Bit n: that of `highest` - n was heard. */
  heard: u32;
  highest: u8;
}
const SEED_ROW: u32 = offsetof<Seed>();
const seeds = memory.data(SEEDS_MAX * SEED_ROW, 8);

@unmanaged @final
class Repeated {
  packet: Packet;
  left: u32;
  /** When it is sent again, and when that interval ends. */
  due: i64;
  end: i64;
}
const REPEATED_ROW: u32 = offsetof<Repeated>();
const repeated = memory.data(REPEATED_MAX * REPEATED_ROW, 8);
const sequence = memory.data(1);
const domain = memory.data(16, 8);

export function mplReset(): void {
  memory.fill(seeds, 0, SEEDS_MAX * SEED_ROW);
  memory.fill(repeated, 0, REPEATED_MAX * REPEATED_ROW);
  store<u8>(sequence, randomBelow(256));
}

/** Sends a packet of ours to a group beyond the link.  It is no longer the caller's. */
export function mplSend(packet: Packet, repeats: u32, now: i64): i32 {
  if (addressScope(changetype<Ipv6>(packet.at).target) > SCOPE_REALM) {
    addressMulticast(domain, SCOPE_REALM, GROUP_MPL);
    if (!tunnelBegin(packet, ownAddress(OWN_GLOBAL), domain)) return refuse(packet, Drop.Exhausted, Err.NoBuffer);
    changetype<Ipv6>(packet.at).hops = HOPS_DEFAULT;
  }
  let next = changetype<Ipv6>(packet.at).next;
  if (!packetPrepend(packet, OPTION_HEADER_SIZE)) return refuse(packet, Drop.Exhausted, Err.NoBuffer);
  memory.copy(packet.at, packet.at + OPTION_HEADER_SIZE, IPV6_HEADER_SIZE);
  let ip = changetype<Ipv6>(packet.at);
  ip.payloadSize += OPTION_HEADER_SIZE;
  ip.next = NEXT_HOPS;
  let number: u32 = load<u8>(sequence) + 1;
  store<u8>(sequence, number);
  store<u16>(ip.payload, next);
  mplOptionEmit(ip.payload + 2, 0, number & 0xff);
  store<u16>(ip.payload, PAD_N, 6);
  repeat(packet, repeats, now);
  return hopSend(packet, changetype<Ipv6>(packet.at).target, now);
}

/**
 * A packet to a group beyond the link, with its option at `option`: whether it is heard for the first time.  A router repeats it, with its
 * hop limit counted down.
 */
export function mplInput(packet: Packet, option: usize, have: u32, repeats: u32, now: i64): bool {
  let ip = changetype<Ipv6>(packet.at);
  if (mplOptionParse(option, have) < 0) return drop(Drop.Malformed);
  let mpl = changetype<MplOption>(option);
  // A seed that is not the source would need a table of another kind; no stack that we know has one.
  if (mpl.seedSize != 0) return drop(Drop.Refused);
  if (ownIs(ip.source)) return drop(Drop.Duplicate);
  if (!isNew(ip.source, mpl.sequence, now)) return drop(Drop.Duplicate);
  if (repeats && ip.hops > 1) pass(packet, repeats, now);
  return true;
}

export function mplDeadline(): i64 {
  let deadline = NEVER;
  for (let index: u32 = 0; index < REPEATED_MAX; index++) {
    let row = rowAt(index);
    if (row.packet) deadline = min(deadline, row.due);
  }
  return deadline;
}

export function mplTick(now: i64): void {
  for (let index: u32 = 0; index < REPEATED_MAX; index++) {
    let row = rowAt(index);
    if (!row.packet || row.due > now) continue;
    let copy = row.left > 1 ? copyOf(row.packet) : row.packet;
    row.left--;
    if (row.left == 0) row.packet = changetype<Packet>(NO_PACKET);
    else {
      row.due = row.end + randomBelow(INTERVAL_MS / 2) + INTERVAL_MS / 2;
      row.end += INTERVAL_MS;
    }
    if (copy) hopSend(copy, changetype<Ipv6>(copy.at).target, now);
  }
}

/** Expirations of a router, and of a host, which repeats nothing. */
export function mplRepeats(): u32 { return EXPIRATIONS; }

/** A copy goes at once, with the hop limit of the next hop. */
function pass(packet: Packet, repeats: u32, now: i64): void {
  let copy = copyOf(packet);
  if (!copy) return;
  changetype<Ipv6>(copy.at).hops -= 1;
  repeat(copy, repeats, now);
  hopSend(copy, changetype<Ipv6>(copy.at).target, now);
}

/** Keeps a copy of a packet that is about to be sent, if there is room. */
function repeat(packet: Packet, repeats: u32, now: i64): void {
  if (!repeats) return;
  for (let index: u32 = 0; index < REPEATED_MAX; index++) {
    let row = rowAt(index);
    if (row.packet) continue;
    row.packet = copyOf(packet);
    row.left = repeats;
    row.due = now + INTERVAL_MS / 2 + randomBelow(INTERVAL_MS / 2);
    row.end = now + INTERVAL_MS;
    return;
  }
  dropped(Layer.Ip, Drop.NoBuffer);
}

function copyOf(packet: Packet): Packet {
  let copy = packetTake(packet.size);
  if (copy) {
    memory.copy(copy.at, packet.at, packet.size);
    copy.size = packet.size;
    copy.secured = 1;
  } else dropped(Layer.Ip, Drop.NoBuffer);
  return copy;
}

/** Whether a number of a seed is heard for the first time; too far behind is old. */
function isNew(source: usize, number: u32, now: i64): bool {
  let row = seedOf(source, now);
  row.deadline = now + SEED_MS;
  let ahead: u32 = (number - row.highest) & 0xff;
  if (row.heard == 0 || (ahead > 0 && ahead < 128)) {
    row.heard = row.heard == 0 || ahead >= WINDOW ? 1 : (row.heard << ahead) | 1;
    row.highest = <u8>number;
    return true;
  }
  let behind: u32 = (row.highest - number) & 0xff;
  if (behind >= WINDOW || row.heard & (1 << behind)) return false;
  row.heard |= 1 << behind;
  return true;
}

/** The row of a seed: its own, a new one, or that of the one that was silent for longest. */
function seedOf(source: usize, now: i64): Seed {
  let oldest = changetype<Seed>(seeds);
  for (let index: u32 = 0; index < SEEDS_MAX; index++) {
    let row = changetype<Seed>(seeds + index * SEED_ROW);
    if (row.deadline > now && row.prefix == load<u64>(source) && row.identifier == load<u64>(source, 8)) return row;
    if (row.deadline < oldest.deadline) oldest = row;
  }
  memory.fill(changetype<usize>(oldest), 0, SEED_ROW);
  oldest.prefix = load<u64>(source);
  oldest.identifier = load<u64>(source, 8);
  return oldest;
}

function rowAt(index: u32): Repeated { return changetype<Repeated>(repeated + index * REPEATED_ROW); }

function drop(reason: u32): bool {
  dropped(Layer.Ip, reason);
  return false;
}

function refuse(packet: Packet, reason: u32, error: i32): i32 {
  packetFree(packet);
  dropped(Layer.Ip, reason);
  return error;
}
