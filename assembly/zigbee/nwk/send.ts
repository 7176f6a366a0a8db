// The network layer's frames on their way out: 05-3474 section 3.6.2.1.
//
//   Free -> Route -+-> Ready -> Air -> Free, or Ready again to repeat
//                  +-> Discover (a route is sought) -> Route, or Free when it was not found in time
//                  +-> Indirect (a sleepy child must ask) -> Ready -> Air -> Free, or Indirect again, or Free when it expires
//
// A frame waits in clear and is sealed into the air at the last moment, so that frame counters leave in order.
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import {
  MAC_BROADCAST, MAC_DATA, MAC_DATA_HEADER_SIZE, MAC_FRAME_MAX, MAC_SHORT, macControl, macMarkPending,
} from "../../mac/frame";
import { MacPurpose, macAir, macBegin, macHeard, macIdle, macNextSequence, macTransmit, macWhen } from "../../mac/mac";
import { NWK_AUXILIARY_SIZE } from "../auxiliary";
import { DIRECT_MAX, INDIRECT_MAX, NEIGHBOURS_MAX } from "../limits";
import { nwkExtendedOf } from "./addresses";
import { NWK_LINK_ENTRY_SIZE } from "./command";
import {
  NWK_COMMAND, NWK_DATA, NWK_DISCOVER_ROUTE, NWK_HEADER_SIZE, NWK_SECURED, NWK_SOURCE_IEEE, NWK_TARGET_IEEE, NwkFrame, nwkEmit,
} from "./frame";
import { heldNoMore } from "./indirect";
import { NWK_SECURE_OVERHEAD, nwkSeal } from "./security";
import { Drop, NwkHeard, network, nwkDrop, nwkState, nwkTell } from "./state";

/** Options of `nwkSend`. */
export const NWK_SECURE: u32 = 1;
export const NWK_DISCOVER: u32 = 2;
/** A handle that asks for no confirmation. */
export const NWK_NO_CONFIRM: u32 = 0x100;
/** Our announcement that we leave; the last frame in a network. */
export const HANDLE_LEAVE: u32 = 0x101;

export namespace SlotState {
  export const Free: u8 = 0;
  export const Route: u8 = 1;
  export const Discover: u8 = 2;
  export const Ready: u8 = 3;
  export const Air: u8 = 4;
  export const Indirect: u8 = 5;
}

const COMMAND_SIZE_MAX: u32 = 2 + NEIGHBOURS_MAX * NWK_LINK_ENTRY_SIZE;
const FRAME_SIZE_MAX: u32 = MAC_FRAME_MAX - MAC_DATA_HEADER_SIZE;
/** What fits behind the shortest header: secured, and in clear. */
export const NWK_PAYLOAD_MAX: u32 = FRAME_SIZE_MAX - NWK_HEADER_SIZE - NWK_SECURE_OVERHEAD;

const SLOTS_MAX: u32 = DIRECT_MAX + INDIRECT_MAX;

/** Hops a frame may take: 05-3474 has 30, Smart Energy recommends 11. */
export const RADIUS: u32 = 11;
/** Attempts beyond the radio's own retries. */
const REPEATS_UNICAST: u32 = 1;
const RETRY_MS: i64 = 24;

/** Values of `Slot.indirect`: the frame is the child's last one, or others wait behind it. */
export const LAST: u8 = 1;
export const MORE_FOLLOW: u8 = 2;

@unmanaged @final
export class Slot {
  /** Discover and Indirect: when to give up.  Ready: not before. */
  due: i64;
  /** Indirect: `due`, kept while the frame is on its way. */
  expiry: i64;
  /** A bit for each neighbour: who was heard to repeat a broadcast; one that is held: the sleepy children that have not fetched it. */
  neighbours: u32;
  handle: u16;
  nextHop: u16;
  /** Age among the slots. */
  order: u16;
  state: u8;
  headerSize: u8;
  payloadSize: u8;
  repeats: u8;
  /** Not 0: for a sleepy child that asks, see indirect.ts. */
  indirect: u8;
  /** 1: passed on for another device. */
  relayed: u8;

  get frame(): NwkFrame { return changetype<NwkFrame>(changetype<usize>(this) + SLOT_HEAD); }
  get payload(): usize { return changetype<usize>(this) + SLOT_HEAD + this.headerSize; }
}

const SLOT_HEAD: u32 = 32;
const SLOT_SIZE: u32 = 152;

if (offsetof<Slot>() > SLOT_HEAD) ERROR("a slot's head does not fit");
if (SLOT_HEAD + FRAME_SIZE_MAX > SLOT_SIZE) ERROR("a frame does not fit a slot");

/** Where a command is put together: the longest is a link status of all neighbours. */
export const commandOut = memory.data(COMMAND_SIZE_MAX, 4);

const slots = memory.data(SLOTS_MAX * SLOT_SIZE, 8);

@unmanaged @final
class Queue {
  order: u32;
  flying: Slot;
  /** No slot from here on is in use: most polls look at none. */
  end: u32;
}
const queue = changetype<Queue>(memory.data(offsetof<Queue>(), 4));

export function slotAt(index: u32): Slot {
  return changetype<Slot>(slots + index * SLOT_SIZE);
}

export const SLOTS: u32 = SLOTS_MAX;

export function queueReset(): void {
  for (let index: u32 = 0; index < SLOTS_MAX; index++) slotAt(index).state = SlotState.Free;
  queue.flying = changetype<Slot>(0);
}

/** Queues a payload; it is copied.  `NoBuffer` when all slots are taken. */
export function nwkSend(target: u32, payload: usize, size: u32, options: u32, handle: u32): i32 {
  let control = NWK_DATA | (options & NWK_SECURE ? NWK_SECURED : 0) | (options & NWK_DISCOVER ? NWK_DISCOVER_ROUTE : 0);
  return sendFrame(control, target, RADIUS, 0, 0, payload, size, handle) ? Err.Ok : <i32>Err.NoBuffer;
}

/** Queues the command of `size` octets in `commandOut`, with both IEEE addresses where they are known; answers its slot or 0. */
export function sendCommand(target: u32, radius: u32, secured: bool, size: u32): Slot {
  return sendCommandTo(target, nwkExtendedOf(target), radius, secured, size);
}

/** The same to a device that we know better than by its short address. */
export function sendCommandTo(target: u32, targetExtended: u64, radius: u32, secured: bool, size: u32): Slot {
  let control = NWK_COMMAND | NWK_SOURCE_IEEE | (secured ? NWK_SECURED : 0) | (targetExtended ? NWK_TARGET_IEEE : 0);
  return sendFrame(control, target, radius, targetExtended, nwkState.extended, commandOut, size, NWK_NO_CONFIRM);
}

function sendFrame(
  control: u32, target: u32, radius: u32, targetExtended: u64, sourceExtended: u64, payload: usize, size: u32, handle: u32,
): Slot {
  nwkState.sequence = (nwkState.sequence + 1) & 0xff;
  let slot = slotTake();
  if (!slot) return slot;
  let at = changetype<usize>(slot.frame);
  slot.headerSize = <u8>nwkEmit(at, control, target, network.address, radius, nwkState.sequence, targetExtended, sourceExtended);
  slot.handle = <u16>handle;
  return slotFill(slot, payload, size);
}

/** Queues a frame of another device with one hop less to go; answers its slot or 0. */
export function relayFrame(frame: NwkFrame, payload: usize, size: u32): Slot {
  let slot = slotTake();
  if (!slot) return slot;
  slot.headerSize = <u8>frame.size;
  slot.handle = <u16>NWK_NO_CONFIRM;
  slot.relayed = 1;
  memory.copy(changetype<usize>(slot.frame), changetype<usize>(frame), frame.size);
  store<u8>(changetype<usize>(slot.frame), frame.radius - 1, 6);
  return slotFill(slot, payload, size);
}

function slotTake(): Slot {
  for (let index: u32 = 0; index < SLOTS_MAX; index++) {
    let slot = slotAt(index);
    if (slot.state != SlotState.Free) continue;
    memory.fill(changetype<usize>(slot), 0, SLOT_HEAD);
    slot.order = <u16>(queue.order++);
    queue.end = max(queue.end, index + 1);
    return slot;
  }
  nwkDrop(Drop.NoBuffer);
  return changetype<Slot>(0);
}

function slotFill(slot: Slot, payload: usize, size: u32): Slot {
  let room = FRAME_SIZE_MAX - slot.headerSize - (slot.frame.isSecured ? NWK_SECURE_OVERHEAD : 0);
  if (size > room) { nwkDrop(Drop.NoBuffer); return changetype<Slot>(0); }
  memory.copy(slot.payload, payload, size);
  slot.payloadSize = <u8>size;
  slot.repeats = <u8>REPEATS_UNICAST;
  slot.state = SlotState.Route;
  return slot;
}

/** A copy of a slot, to be sent to somebody else; 0 when there is none free. */
export function slotCopy(from: Slot): Slot {
  let slot = slotTake();
  if (!slot) return slot;
  let order = slot.order;
  memory.copy(changetype<usize>(slot), changetype<usize>(from), SLOT_SIZE);
  slot.order = order;
  slot.handle = <u16>NWK_NO_CONFIRM;
  return slot;
}

/** Frames that are before a frame to `target`: those held for it when it is a sleepy child, else those on their way to the air. */
export function nwkQueued(target: u32, sleepy: bool): u32 {
  let count: u32 = 0;
  for (let index: u32 = 0; index < SLOTS_MAX; index++) {
    let slot = slotAt(index);
    if (slot.state == SlotState.Free) continue;
    if (sleepy ? slot.frame.target == target : slot.indirect == 0) count++;
  }
  return count;
}

/** The oldest slot in a state, or 0. */
export function slotOfState(state: u32, due: i64): Slot {
  let oldest = changetype<Slot>(0);
  for (let index: u32 = 0; index < queue.end; index++) {
    let slot = slotAt(index);
    if (slot.state == state && slot.due <= due && (!oldest || <i16>(slot.order - oldest.order) < 0)) oldest = slot;
  }
  return oldest;
}

export function slotReady(slot: Slot, nextHop: u32, due: i64): void {
  slot.nextHop = <u16>nextHop;
  slot.due = due;
  slot.state = SlotState.Ready;
}

export function queueDeadline(): i64 {
  let earliest: i64 = queue.flying ? 0 : NEVER;
  let end: u32 = 0;
  for (let index: u32 = 0; index < queue.end; index++) {
    let slot = slotAt(index);
    if (slot.state == SlotState.Free) continue;
    if (slot.state != SlotState.Air) earliest = min(earliest, slot.due);
    end = index + 1;
  }
  queue.end = end;
  return earliest == NEVER ? NEVER : macWhen(earliest);
}

/** Sends the oldest frame that is ready; gives up what waited too long. */
export function queueTick(now: i64): i32 {
  let expired = slotOfState(SlotState.Indirect, now);
  if (!expired) expired = slotOfState(SlotState.Discover, now);
  if (expired) {
    nwkDrop(Drop.Expired);
    return slotEnd(expired, expired.state == SlotState.Indirect ? Err.Timeout : Err.NotFound);
  }
  if (!macIdle(now)) return NwkHeard.None;
  if (queue.flying) {
    macHeard.status = Err.NoAck; // the radio never told
    return queueSent(now);
  }
  let slot = slotOfState(SlotState.Ready, now);
  return slot ? slotTransmit(slot, now) : NwkHeard.None;
}

/** The radio is done with a frame of ours: it has gone, or goes once more. */
export function queueSent(now: i64): i32 {
  let slot = queue.flying;
  queue.flying = changetype<Slot>(0);
  if (!slot) return NwkHeard.None;
  let status = macHeard.status;
  if (status == Err.Ok) return slotEnd(slot, status);
  nwkDrop(Drop.Unsent);
  if (slot.repeats == 0) return slotEnd(slot, status);
  slot.repeats--;
  slotReady(slot, slot.nextHop, now + RETRY_MS);
  return NwkHeard.None;
}

/** The frame that the radio has, or 0. */
export function queueFlying(): Slot { return queue.flying; }

/** Takes that frame out of the queue's hands. */
export function queueLand(): void { queue.flying = changetype<Slot>(0); }

/** Frees a slot and says how its frame ended. */
export function slotEnd(slot: Slot, status: i32): i32 {
  let held = slot.state == SlotState.Indirect;
  slot.state = SlotState.Free;
  if (INDIRECT_MAX > 0) {
    if (held) heldNoMore(slot);
  }
  if (slot.handle == NWK_NO_CONFIRM) return NwkHeard.None;
  return nwkTell(slot.handle == HANDLE_LEAVE ? NwkHeard.Left : NwkHeard.Sent, slot.frame.target, 0, slot.handle, status);
}

function slotTransmit(slot: Slot, now: i64): i32 {
  let unicast = slot.nextHop != MAC_BROADCAST;
  let at = macBegin(macControl(MAC_DATA, MAC_SHORT, MAC_SHORT, unicast, true), macNextSequence(), slot.nextHop);
  let header: u32 = slot.headerSize;
  let size: u32 = slot.payloadSize;
  memory.copy(at, changetype<usize>(slot.frame), header);
  let total: i32 = header + size;
  if (slot.frame.isSecured) {
    memory.copy(at + header + NWK_AUXILIARY_SIZE, slot.payload, size);
    total = nwkSeal(at, header, size);
    if (total < 0) return slotEnd(slot, Err.NoKey);
  } else memory.copy(at + header, slot.payload, size);
  if (slot.indirect == MORE_FOLLOW) macMarkPending(macAir);
  if (macTransmit(at + total, MacPurpose.Data, now) < 0) return NwkHeard.None;
  slot.state = SlotState.Air;
  queue.flying = slot;
  return NwkHeard.None;
}
