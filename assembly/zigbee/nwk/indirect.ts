// Frames for sleepy children wait until the child asks: IEEE 802.15.4-2006 section 7.1.1.1.3 and 05-3474 section 3.6.1.
//
// The radio announces a frame in the acknowledgement of a child's request while the child is on its list of pending addresses.
import { Err } from "../../core/err";
import { RadioParameter, radioSet } from "../../core/host";
import { MAC_INTERFACE, macHeard } from "../../mac/mac";
import { MAC_PERSISTENCE_MS } from "../../mac/serve";
import { INDIRECT_MAX } from "../limits";
import { LAST, MORE_FOLLOW, SLOTS, Slot, SlotState, queueLand, slotAt, slotEnd, slotReady } from "./send";
import { Drop, NwkHeard, nwkDrop } from "./state";

/** Holds a frame for a sleepy child; `NoBuffer` ends it. */
export function slotHold(slot: Slot, child: u32, now: i64): i32 {
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
    if (slot.state != SlotState.Indirect || slot.nextHop != <u16>child) continue;
    count++;
    if (!oldest || <i32>(slot.order - oldest.order) < 0) oldest = slot;
  }
  if (count < 2) radioSet(MAC_INTERFACE, RadioParameter.NotPendingShort, child); // an address that is not on the list is no error
  if (!oldest) return;
  oldest.indirect = count < 2 ? LAST : MORE_FOLLOW;
  slotReady(oldest, child, 0);
}

/** Frames held for an address are void: another device has it, or the same one begins anew. */
export function queueForget(child: u32): void {
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (slot.state == SlotState.Indirect && slot.nextHop == <u16>child) slot.state = SlotState.Free;
  }
  heldNoMore(child);
}

/** A frame that was held is void: the address of a child that never asked would stay on the radio's list for good. */
export function heldNoMore(child: u32): void {
  for (let index: u32 = 0; index < SLOTS; index++) {
    if (slotAt(index).state == SlotState.Indirect && slotAt(index).nextHop == <u16>child) return;
  }
  radioSet(MAC_INTERFACE, RadioParameter.NotPendingShort, child);
}

/** A held frame has left; the child may ask for it again while it lives. */
export function indirectSent(slot: Slot): i32 {
  queueLand();
  if (macHeard.status == Err.Ok) return slotEnd(slot, Err.Ok);
  nwkDrop(Drop.Unsent);
  return hold(slot);
}

function hold(slot: Slot): i32 {
  if (radioSet(MAC_INTERFACE, RadioParameter.PendingShort, slot.nextHop) < 0) {
    nwkDrop(Drop.NoBuffer);
    return slotEnd(slot, Err.NoBuffer);
  }
  slot.due = slot.expiry;
  slot.indirect = LAST;
  slot.state = SlotState.Indirect;
  return NwkHeard.None;
}
