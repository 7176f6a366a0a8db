// Broadcasts: 05-3474 section 3.6.5.  The broadcast transaction table knows those heard lately; routers pass them on, and repeat them
// while a neighbour that should do the same was not heard to.
import { Err } from "../../core/err";
import { MAC_BROADCAST } from "../../mac/frame";
import { macHeard } from "../../mac/mac";
import { BROADCAST_ALL } from "../address";
import { BROADCASTS_MAX } from "../limits";
import { NWK_COMMAND, NwkFrame } from "./frame";
import { slotHoldForAll } from "./indirect";
import { routerMask } from "./neighbours";
import { randomBelow } from "./random";
import { receivedFrom } from "./receive";
import { NWK_NO_CONFIRM, SLOTS, Slot, SlotState, queueLand, slotAt, slotEnd, slotReady } from "./send";
import { NwkHeard, nwkTell } from "./state";

/** nwkNetworkBroadcastDeliveryTime, section 3.5.2.1, of the PRO stack profile. */
const DELIVERY_MS: i64 = 9000;
/** nwkcMaxBroadcastJitter and nwkcMaxRREQJitter, table 3.43. */
export const JITTER_MS: u32 = 64;
/** nwkMaxBroadcastRetries, section 3.5.2.1. */
const REPEATS: u32 = 2;
/** nwkPassiveAckTimeout, table 3.44. */
const PASSIVE_ACK_MS: i64 = 500;

@unmanaged @final
class Broadcast {
  /** The row is free from then on. */
  expiry: i64;
  source: u16;
  sequence: u8;
}

const broadcasts = memory.data(BROADCASTS_MAX * offsetof<Broadcast>(), 8);

export function broadcastsClear(): void {
  memory.fill(broadcasts, 0, BROADCASTS_MAX * offsetof<Broadcast>());
}

/** Notes a broadcast; answers `Duplicate` for one noted before and `NoBuffer` when too many are under way. */
export function broadcastNote(source: u32, sequence: u32, now: i64): i32 {
  let free = changetype<Broadcast>(0);
  for (let index: u32 = 0; index < BROADCASTS_MAX; index++) {
    let row = changetype<Broadcast>(broadcasts + index * offsetof<Broadcast>());
    if (row.expiry <= now) free = row;
    else if (row.source == source && row.sequence == sequence) return Err.Duplicate;
  }
  if (!free) return Err.NoBuffer;
  free.expiry = now + DELIVERY_MS;
  free.source = <u16>source;
  free.sequence = <u8>sequence;
  return Err.Ok;
}

/** Our broadcast, or one that we pass on; those for everybody are held for sleepy children as well: section 3.6.5. */
export function broadcastStart(slot: Slot, now: i64): i32 {
  let frame = slot.frame;
  if (!slot.relayed && frame.radius > 1 && broadcastNote(frame.source, frame.sequence, now) != Err.Ok) return slotEnd(slot, Err.NoBuffer);
  if (frame.target == BROADCAST_ALL) slotHoldForAll(slot, now);
  slot.repeats = frame.radius > 1 ? <u8>REPEATS : 0;
  slotReady(slot, MAC_BROADCAST, slot.relayed ? now + randomBelow(JITTER_MS) : now);
  return NwkHeard.None;
}

/** A broadcast that all routers around have repeated needs no further repetition. */
export function broadcastTick(): void {
  let expected = routerMask();
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (slot.state != SlotState.Ready || slot.nextHop != MAC_BROADCAST || slot.repeats >= REPEATS) continue;
    if (slot.frame.type != NWK_COMMAND && (expected & ~slot.neighbours) == 0) slot.state = SlotState.Free;
  }
}

/** A broadcast has left; it is repeated while neighbours that should pass it on were not heard to: section 3.6.5. */
export function broadcastSent(slot: Slot, now: i64): i32 {
  queueLand();
  if (slot.repeats == 0) return slotEnd(slot, macHeard.status);
  slot.repeats--;
  slotReady(slot, MAC_BROADCAST, now + PASSIVE_ACK_MS);
  if (slot.handle == NWK_NO_CONFIRM) return NwkHeard.None;
  let handle = slot.handle;
  slot.handle = <u16>NWK_NO_CONFIRM;
  return nwkTell(NwkHeard.Sent, slot.frame.target, 0, handle, macHeard.status);
}

/** A neighbour repeats a broadcast that we are sending: passive acknowledgement. */
export function broadcastHeardAgain(frame: NwkFrame): void {
  for (let index: u32 = 0; index < SLOTS; index++) {
    let slot = slotAt(index);
    if (slot.state == SlotState.Free || slot.nextHop != MAC_BROADCAST) continue;
    if (slot.frame.source != frame.source || slot.frame.sequence != frame.sequence) continue;
    slot.neighbours |= 1 << receivedFrom();
  }
}
