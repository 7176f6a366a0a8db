// Frames for sleepy children wait until the child asks: IEEE 802.15.4-2006 section 7.1.1.1.3 and 05-3474 section 3.6.1.
//
// The radio announces a frame in the acknowledgement of a child's request while the child is on its list of pending addresses.  A broadcast
// is held once for all of them: a bit each in `Slot.neighbours`, which goes when the child has it.
import { Err } from "../../core/err";
import { RadioParameter, radioSet } from "../../core/host";
import { MAC_CAPABLE_AWAKE } from "../../mac/command";
import { macInterface, macHeard } from "../../mac/mac";
import { MAC_PERSISTENCE_MS } from "../../mac/serve";
import { BROADCAST_RESERVED } from "../address";
import { INDIRECT_MAX, NEIGHBOURS_MAX } from "../limits";
import { Relation, neighbourOfShort } from "./neighbours";
import { LAST, MORE_FOLLOW, SLOTS, Slot, SlotState, queueLand, slotAt, slotCopy, slotEnd, slotReady } from "./send";
import { Drop, NwkHeard, neighbourAt, nwkDrop } from "./state";

/** `nextHop` of a frame that is held for several children. */
const SEVERAL: u32 = BROADCAST_RESERVED;

/** Holds a frame for a sleepy child; `NoBuffer` ends it. */
export function slotHold(slot: Slot, child: u32, now: i64): i32 {
  slot.neighbours = 0;
  return holdFor(slot, child, now);
}

/** Holds a copy of a broadcast for the sleepy children, all but its source. */
export function slotHoldForAll(slot: Slot, now: i64): void {
  let children: u32 = 0;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    let row = neighbourAt(index);
    if (row.relation != Relation.Child || row.capability & MAC_CAPABLE_AWAKE || row.short == slot.frame.source) continue;
    children |= 1 << index;
  }
  let copy = children ? slotCopy(slot) : changetype<Slot>(0);
  if (!copy) return;
  copy.neighbours = children;
  holdFor(copy, SEVERAL, now);
}

function holdFor(slot: Slot, child: u32, now: i64): i32 {
  let held: u32 = 0;
  for (let index: u32 = 0; index < SLOTS; index++) held += u32(slotAt(index).indirect && slotAt(index).state != SlotState.Free);
  if (held >= INDIRECT_MAX) {
    nwkDrop(Drop.NoBuffer);
    return slotEnd(slot, Err.NoBuffer);
  }
  slot.nextHop = <u16>child;
  slot.expiry = now + MAC_PERSISTENCE_MS;
  return hold(slot);
}

/** A child asks: its oldest frame becomes ready. */
export function queueRelease(child: u32): void {
  let oldest = changetype<Slot>(0);
  let count: u32 = 0;
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (!isHeldFor(slot, child)) continue;
    count++;
    if (!oldest || <i16>(slot.order - oldest.order) < 0) oldest = slot;
  }
  if (count < 2) notPending(child);
  if (!oldest) return;
  oldest.indirect = count < 2 ? LAST : MORE_FOLLOW;
  slotReady(oldest, child, 0);
}

/** Frames held for an address are void: another device has it, or the same one begins anew. */
export function queueForget(child: u32): void {
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (isHeldFor(slot, child)) fetched(slot, child);
  }
  notPending(child);
}

/** A frame that was held is void: the address of a child that never asked would stay on the radio's list for good. */
export function heldNoMore(slot: Slot): void {
  if (slot.neighbours == 0) unlist(slot.nextHop);
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if ((slot.neighbours >>> index) & 1) unlist(neighbourAt(index).short);
  }
}

/** A held frame has left; the child may ask for it again while it lives. */
export function indirectSent(slot: Slot): i32 {
  queueLand();
  let isOut = macHeard.status == Err.Ok;
  if (!isOut) nwkDrop(Drop.Unsent);
  if (slot.neighbours == 0) return isOut ? slotEnd(slot, Err.Ok) : hold(slot);
  if (isOut) fetched(slot, slot.nextHop);
  slot.nextHop = <u16>SEVERAL;
  return slot.neighbours ? hold(slot) : <i32>NwkHeard.None;
}

/** Whether a held frame is for a child. */
function isHeldFor(slot: Slot, child: u32): bool {
  if (slot.state != SlotState.Indirect) return false;
  return slot.nextHop == <u16>child || (slot.neighbours & bitOf(child)) != 0;
}

/** A child needs a held frame no more; the slot is free when it was the last. */
function fetched(slot: Slot, child: u32): void {
  slot.neighbours &= ~bitOf(child);
  if (slot.neighbours == 0) slot.state = SlotState.Free;
}

function bitOf(child: u32): u32 {
  let index = neighbourOfShort(child);
  return index < 0 ? 0 : <u32>1 << index;
}

/** Nothing waits for a child any more, unless something does. */
function unlist(child: u32): void {
  for (let index: u32 = 0; index < SLOTS; index++) if (isHeldFor(slotAt(index), child)) return;
  notPending(child);
}

/** An address that is not on the list is no error. */
function notPending(child: u32): void {
  radioSet(macInterface, RadioParameter.NotPendingShort, child);
}

/** The radio announces what waits; a child for whom it cannot gets nothing. */
function hold(slot: Slot): i32 {
  if (slot.neighbours == 0 && !pending(slot.nextHop)) return slotEnd(slot, Err.NoBuffer);
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if ((slot.neighbours >>> index) & 1) pending(neighbourAt(index).short);
  }
  slot.due = slot.expiry;
  slot.indirect = LAST;
  slot.state = SlotState.Indirect;
  return NwkHeard.None;
}

function pending(child: u32): bool {
  if (radioSet(macInterface, RadioParameter.PendingShort, child) >= 0) return true;
  nwkDrop(Drop.NoBuffer);
  return false;
}
