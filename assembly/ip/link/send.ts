// Packets on their way to the air, one frame after the other.
//
//   direct:    | head: being sent, fragment by fragment | ... |
//   indirect:  | for a child that sleeps: a frame whenever it asks | ... |
//
//   a frame:   waiting -> (the air is free) in flight -> acknowledged: the next one, or gone
//                 ^-- (not: after a while, twice) --'
import { COUNTER_NONE } from "../../core/counter";
import { Err } from "../../core/err";
import { Drop, RadioParameter, entropy, radioSet } from "../../core/host";
import { NEVER } from "../../core/timers";
import {
  MAC_BROADCAST, MAC_DATA, MAC_EXTENDED, MAC_FRAME_MAX, MAC_NONE, MAC_NO_SHORT, MAC_SECURED, MAC_SHORT, MAC_VERSION_2006, macControl,
  macMarkPending,
} from "../../mac/frame";
import { macInterface, MacPurpose, mac, macAir, macBegin, macHeard, macIdle, macNextSequence, macTransmit, macWhen } from "../../mac/mac";
import { MAC_AUXILIARY_SIZE, MAC_MIC_SIZE, macAuxiliaryEmit, macSeal } from "../../mac/security";
import { be16 } from "../../core/bytes";
import {
  addressExtended, addressIsLinkLocal, addressIsMulticast, addressScope, addressShort, NO_SHORT, SCOPE_LINK,
} from "../address";
import { IPV6_HEADER_SIZE, Ipv6 } from "../ipv6/header";
import { keysIndex, keysMacCounter, keysMacSlot } from "../keys";
import { HELD_MAX, LINKS_MAX } from "../limits";
import {
  ETX_ONE, LINK_CHILD, LinkState, MODE_AWAKE, Neighbour, neighbourAt, neighbourByShort, neighbourFind,
} from "../neighbours";
import { Packet, packetFree, packetTake } from "../packet";
import { lowpanCompress, lowpanTaken } from "../lowpan/compress";
import { FRAGMENT_FIRST_SIZE, FRAGMENT_NEXT_SIZE, fragmentEmit } from "../lowpan/fragment";
import { identifierOf } from "../lowpan/source";
import { clearAllowed } from "./clear";
import { LinkHeard, linkDrop, linkHeard } from "./heard";

/** A packet that could not be sent meanwhile is old news. */
const DIRECT_MS: i64 = 8000;
/** Kept for a child that sleeps: as long as another stack keeps one. */
const INDIRECT_MS: i64 = 7000;
/** The radio tries four times; then again after a while, when the other side may be done with what kept it. */
const TRIES_MAX: u32 = 3;
const RETRY_MS: u32 = 24;
/** Above it a frame is none of 2003: section 7.2.1.1.6, aMaxMACSafePayloadSize. */
const PAYLOAD_2003_MAX: u32 = 102;
/** What a failure counts for in the expected transmissions of a link. */
const ETX_FAILURE: u32 = 8 * ETX_ONE;
const ETX_SHIFT: u32 = 3;
const SCRATCH: u32 = 128;

const NO_PACKET: usize = 0;

@unmanaged @final
class Queue {
  due: i64;
  /** Heads of the lists. */
  direct: Packet;
  indirect: Packet;
  /** The packet of the frame in flight, and the octets of it in there. */
  flying: Packet;
  octets: u32;
  /** The name of the fragments of the next packet. */
  datagram: u16;
  noise: u16;
}

const queue = changetype<Queue>(memory.data(offsetof<Queue>(), 8));
const scratch = memory.data(SCRATCH, 8);

/** The packets are the pool's, which begins anew too. */
export function sendReset(): void {
  queue.direct = changetype<Packet>(NO_PACKET);
  queue.indirect = changetype<Packet>(NO_PACKET);
  queue.flying = changetype<Packet>(NO_PACKET);
  queue.due = 0;
  entropy(changetype<usize>(queue) + offsetof<Queue>("datagram"), 2);
}

/**
 * Takes a packet to be sent to its next hop, or, where that is not set, to the target itself: a link-local address, or a group.  Answers an
 * `Err`, and the packet stays the caller's, when it cannot be.
 */
export function sendTake(packet: Packet, now: i64): i32 {
  if (packet.size < IPV6_HEADER_SIZE || be16(packet.at + 4) != packet.size - IPV6_HEADER_SIZE) return Err.BadLength;
  let target = changetype<Ipv6>(packet.at).target;
  if (packet.hopMode == MAC_NONE && !addressIsMulticast(target)) {
    if (!addressIsLinkLocal(target)) return Err.NotFound;
    let short = addressShort(target);
    packet.hopMode = <u8>(short == NO_SHORT ? MAC_EXTENDED : MAC_SHORT);
    packet.hop = short == NO_SHORT ? addressExtended(target) : <u64>short;
  }
  if (!packet.secured && !clearAllowed(packet)) return Err.Refused;
  let child = neighbourOf(packet);
  if (child && !isAsleep(child)) child = changetype<Neighbour>(0);
  if (child && held() >= HELD_MAX) return Err.NoBuffer;
  packet.gone = 0;
  packet.tries = 0;
  packet.datagram = ++queue.datagram;
  packet.until = now + DIRECT_MS;
  packet.next = changetype<Packet>(NO_PACKET);
  if (packet.hopMode == MAC_NONE) copies(packet, now);
  if (child) hold(packet, child, now);
  else append(changetype<usize>(queue) + offsetof<Queue>("direct"), packet);
  return Err.Ok;
}

/** Whether packets wait, in flight or held. */
export function sendBusy(): bool { return queue.direct || queue.indirect; }

export function sendDeadline(): i64 {
  let earliest = NEVER;
  if (queue.direct) earliest = macWhen(queue.due);
  for (let packet = queue.indirect; packet; packet = packet.next) earliest = min(earliest, isAsked(packet) ? macWhen(0) : packet.until);
  return earliest;
}

/** Sends a frame, or gives a packet up. */
export function sendTick(now: i64): i32 {
  if (queue.flying && macIdle(now)) queue.flying = changetype<Packet>(NO_PACKET); // its end was never told
  for (let packet = queue.indirect; packet; packet = packet.next) {
    if (packet == queue.flying) continue;
    if (packet.until <= now) return giveUp(packet, Err.Timeout, Drop.Expired);
    if (isAsked(packet) && macIdle(now)) return transmit(packet, now);
  }
  let packet = queue.direct;
  if (!packet || packet == queue.flying || queue.due > now || !macIdle(now)) return LinkHeard.None;
  return packet.until <= now ? giveUp(packet, Err.Timeout, Drop.Expired) : transmit(packet, now);
}

/** A frame of ours has gone, or not. */
export function sendSent(now: i64): i32 {
  let packet = queue.flying;
  queue.flying = changetype<Packet>(NO_PACKET);
  if (!packet) return LinkHeard.None;
  let row = neighbourOf(packet);
  let isGone = macHeard.status == Err.Ok;
  if (row) {
    if (macHeard.status != Err.ChannelBusy) estimate(row, isGone);
    row.asked = 0;
  }
  if (isGone) {
    packet.gone += <u16>queue.octets;
    packet.tries = 0;
    queue.due = 0;
    if (packet.gone < packet.size) return LinkHeard.None;
    return giveUp(packet, Err.Ok, 0);
  }
  if (row && isAsleep(row)) return LinkHeard.None; // it asks again
  if (++packet.tries == <u8>TRIES_MAX) return giveUp(packet, macHeard.status, Drop.Unsent);
  entropy(changetype<usize>(queue) + offsetof<Queue>("noise"), 2);
  queue.due = now + (queue.noise % (RETRY_MS << packet.tries));
  return LinkHeard.None;
}

/** A child asks for its next frame. */
export function sendAsked(child: Neighbour): void {
  for (let packet = queue.indirect; packet; packet = packet.next) if (neighbourOf(packet) == child) child.asked = 1;
}

/** A neighbour goes: what was held for it goes with it. */
export function sendForget(child: Neighbour): void {
  for (let packet = queue.indirect; packet;) {
    let next = packet.next;
    if (neighbourOf(packet) == child && packet != queue.flying) packetFree(remove(packet));
    packet = next;
  }
  radioSet(macInterface, RadioParameter.NotPendingExtended, <i64>child.extended);
}

function isAsleep(row: Neighbour): bool {
  return (row.flags & LINK_CHILD) != 0 && !(row.mode & MODE_AWAKE) && row.state == LinkState.Linked;
}

function isAsked(packet: Packet): bool {
  let row = neighbourOf(packet);
  return !row || row.asked != 0;
}

/** The row of the next hop, null when there is none. */
function neighbourOf(packet: Packet): Neighbour {
  if (packet.hopMode == MAC_EXTENDED) return neighbourFind(packet.hop);
  return packet.hopMode == MAC_SHORT ? neighbourByShort(<u32>packet.hop) : changetype<Neighbour>(0);
}

function append(head: usize, packet: Packet): void {
  let place = head;
  while (load<u32>(place)) place = load<u32>(place) + offsetof<Packet>("next");
  store<u32>(place, changetype<usize>(packet));
}

/** Holds a packet until its child asks; the radio tells the child that there is one. */
function hold(packet: Packet, child: Neighbour, now: i64): void {
  packet.until = now + INDIRECT_MS;
  append(changetype<usize>(queue) + offsetof<Queue>("indirect"), packet);
  radioSet(macInterface, RadioParameter.PendingExtended, <i64>child.extended);
}

/** Children that sleep hear no group: each is given its own copy, as far as there is room. */
function copies(packet: Packet, now: i64): void {
  let target = changetype<Ipv6>(packet.at).target;
  if (addressScope(target) == SCOPE_LINK && be16(target + 14) != 1) return; // of routers, and a child that sleeps is none
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    let child = neighbourAt(index);
    if (!isAsleep(child)) continue;
    let copy = held() < HELD_MAX ? packetTake(packet.size) : changetype<Packet>(NO_PACKET);
    if (!copy) {
      linkDrop(Drop.NoBuffer);
      return;
    }
    memory.copy(copy.at, packet.at, packet.size);
    copy.size = packet.size;
    copy.secured = packet.secured;
    copy.hopMode = <u8>MAC_EXTENDED;
    copy.hop = child.extended;
    copy.datagram = ++queue.datagram;
    hold(copy, child, now);
  }
}

/** Takes a packet out of its list. */
function remove(packet: Packet): Packet {
  let place = changetype<usize>(queue) + offsetof<Queue>("direct");
  for (let at = place; load<u32>(at); at = load<u32>(at) + offsetof<Packet>("next")) {
    if (load<usize>(at) != changetype<usize>(packet)) continue;
    store<u32>(at, changetype<usize>(packet.next));
    return packet;
  }
  place = changetype<usize>(queue) + offsetof<Queue>("indirect");
  while (load<usize>(place) != changetype<usize>(packet)) place = load<u32>(place) + offsetof<Packet>("next");
  store<u32>(place, changetype<usize>(packet.next));
  let row = neighbourOf(packet);
  if (row && !isHeld(row)) radioSet(macInterface, RadioParameter.NotPendingExtended, <i64>row.extended);
  return packet;
}

/** Packets held for children that sleep: one that never asks keeps a few, for a few seconds. */
function held(): u32 {
  let count: u32 = 0;
  for (let packet = queue.indirect; packet; packet = packet.next) count++;
  return count;
}

function isHeld(child: Neighbour): bool {
  for (let packet = queue.indirect; packet; packet = packet.next) if (neighbourOf(packet) == child) return true;
  return false;
}

/** A packet is done with; where it did not go the caller has it again. */
function giveUp(packet: Packet, status: i32, reason: u32): i32 {
  remove(packet);
  linkHeard.status = status;
  linkHeard.from = packet.hop;
  linkHeard.fromMode = packet.hopMode;
  linkHeard.packet = packet;
  if (status == Err.Ok) {
    packetFree(packet);
    linkHeard.packet = changetype<Packet>(NO_PACKET);
  } else linkDrop(reason);
  return LinkHeard.Sent;
}

/** Writes the next frame of a packet and sends it. */
function transmit(packet: Packet, now: i64): i32 {
  let end = frame(packet);
  if (end == 0) return giveUp(packet, Err.NoKey, Drop.NoKey);
  if (macTransmit(end, MacPurpose.Data, now) < 0) return LinkHeard.None;
  queue.flying = packet;
  return LinkHeard.None;
}

/** Answers where the frame ends, 0 when it cannot be secured. */
function frame(packet: Packet): usize {
  let source = changetype<Ipv6>(packet.at).source;
  // With the address that the interface identifier of the source is made of, which then is not sent twice.
  let isExtended = mac.short >= MAC_NO_SHORT || addressExtended(source) == mac.extended;
  let mode: u32 = packet.hopMode == MAC_NONE ? MAC_SHORT : packet.hopMode;
  let target: u64 = packet.hopMode == MAC_NONE ? <u64>MAC_BROADCAST : packet.hop;
  let control = macControl(MAC_DATA, mode, isExtended ? MAC_EXTENDED : MAC_SHORT, packet.hopMode != MAC_NONE, true);
  if (packet.secured) control |= MAC_SECURED;
  let at = macBegin(control, macNextSequence(), target);
  let clear = packet.secured ? MAC_AUXILIARY_SIZE : 0;
  let header = <u32>(at - macAir) + clear;
  let room = MAC_FRAME_MAX - header - (packet.secured ? MAC_MIC_SIZE : 0);
  let own = identifierOf(isExtended, isExtended ? mac.extended : <u64>mac.short);
  let size = fill(packet, at + clear, room, own, identifierOf(mode == MAC_EXTENDED, target));
  let row = neighbourOf(packet);
  if (row && isAsleep(row) && (packet.gone + queue.octets < packet.size || isMore(packet, row))) macMarkPending(macAir);
  if (!packet.secured) {
    if (size > PAYLOAD_2003_MAX) store<u8>(macAir, load<u8>(macAir, 1) | MAC_VERSION_2006, 1);
    return at + size;
  }
  let counter = keysMacCounter();
  let slot = keysMacSlot(keysIndex());
  if (slot < 0 || counter == COUNTER_NONE) return 0;
  macAuxiliaryEmit(at, counter, keysIndex());
  let sealed = macSeal(slot, macAir, header, counter, mac.extended, size);
  return sealed < 0 ? 0 : macAir + sealed;
}

function isMore(packet: Packet, child: Neighbour): bool {
  for (let other = queue.indirect; other; other = other.next) if (other != packet && neighbourOf(other) == child) return true;
  return false;
}

/** Writes the next piece of a packet into the room of a frame; answers its size. */
function fill(packet: Packet, at: usize, room: u32, own: u64, other: u64): u32 {
  if (packet.gone > 0) return piece(packet, at, room);
  let headers = lowpanCompress(packet.at, packet.size, scratch, min(room - FRAGMENT_FIRST_SIZE, SCRATCH), own, other);
  let taken = lowpanTaken(packet.at);
  let rest = packet.size - taken;
  let head: u32 = 0;
  if (headers + rest > room) {
    head = fragmentEmit(at, packet.size, packet.datagram, 0);
    rest = ((taken + room - head - headers) & ~7) - taken;
  }
  memory.copy(at + head, scratch, headers);
  memory.copy(at + head + headers, packet.at + taken, rest);
  queue.octets = taken + rest;
  return head + headers + rest;
}

function piece(packet: Packet, at: usize, room: u32): u32 {
  let rest: u32 = packet.size - packet.gone;
  let space = room - FRAGMENT_NEXT_SIZE;
  if (rest > space) rest = space & ~7;
  let head = fragmentEmit(at, packet.size, packet.datagram, packet.gone);
  memory.copy(at + head, packet.at + packet.gone, rest);
  queue.octets = rest;
  return head + rest;
}

/** The expected transmissions of a link are those of what we send: RFC 6719 section 3. */
function estimate(row: Neighbour, isGone: bool): void {
  let sample: i32 = isGone ? ETX_ONE : ETX_FAILURE;
  row.etx = <u16>(<i32>row.etx + ((sample - <i32>row.etx) >> ETX_SHIFT));
}
