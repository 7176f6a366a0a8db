// Which short address belongs to which IEEE address: the address map of 05-3474 section 3.6.1.9, and the neighbours.
import { MAC_CAPABLE_AWAKE } from "../../mac/command";
import { NO_ADDRESS, NO_EXTENDED, UNICAST_END } from "../address";
import { ADDRESSES_MAX } from "../limits";
import { Relation, neighbourFree, neighbourOf, neighbourOfShort } from "./neighbours";
import { neighbourAt, network, nwkState } from "./state";

@unmanaged @final
class Address {
  /** 0: the row is free. */
  extended: u64;
  short: u16;
  /** Of a neighbour that gave its row to another: what its counter was, as in `Neighbour`. */
  keySequence: u8;
  heard: u8;
  counter: u32;
}

const map = memory.data(ADDRESSES_MAX * 16, 8);

@unmanaged @final
class Addresses {
  /** The row to give up next when all are taken. */
  turn: u32;
  /** A short address that two devices have, see conflict.ts; `NO_ADDRESS`: none. */
  disputed: u32;
}

export const address = changetype<Addresses>(memory.data(offsetof<Addresses>(), 4));

if (offsetof<Address>() > 16) ERROR("an address does not fit its row");

export function addressesClear(): void {
  memory.fill(map, 0, ADDRESSES_MAX << 4);
  address.disputed = NO_ADDRESS;
}

function addressAt(index: u32): Address {
  return changetype<Address>(map + (index << 4));
}

/** The IEEE address of a short address, 0 when unknown. */
export function nwkExtendedOf(short: u32): u64 {
  if (short == network.address) return nwkState.extended;
  let index = neighbourOfShort(short);
  if (index >= 0) return neighbourAt(index).extended;
  for (let row: u32 = 0; row < ADDRESSES_MAX; row++) {
    if (addressAt(row).extended && addressAt(row).short == short) return addressAt(row).extended;
  }
  return 0;
}

/** The short address of an IEEE address, `NO_ADDRESS` when unknown. */
export function nwkShortOf(extended: u64): u32 {
  if (extended == nwkState.extended) return network.address;
  let index = neighbourOf(extended);
  if (index >= 0 && neighbourAt(index).short != NO_ADDRESS) return neighbourAt(index).short;
  for (let row: u32 = 0; row < ADDRESSES_MAX; row++) {
    if (addressAt(row).extended == extended) return addressAt(row).short;
  }
  return NO_ADDRESS;
}

/** Remembers a pair heard in an authentic frame.  A pair that contradicts an older one replaces it; ours stays. */
export function nwkLearn(short: u32, extended: u64): void {
  if (short >= UNICAST_END || extended == NO_EXTENDED || extended == nwkState.extended) return;
  if (short == network.address || nwkExtendedOf(short) == extended) return;
  let index = neighbourOf(extended);
  if (index >= 0) {
    // A neighbour that moved to another parent took a new address along.
    let row = neighbourAt(index);
    if (row.relation != Relation.Parent) row.short = <u16>short;
    return;
  }
  nwkForget(short);
  let row = addressTake(extended);
  if (row) row.short = <u16>short;
}

/** The same of what a device says of itself: two that say so of one address dispute it, conflict.ts. */
export function nwkClaim(short: u32, extended: u64): void {
  let owner = nwkExtendedOf(short);
  if (short < UNICAST_END && owner != NO_EXTENDED && owner != extended && extended != nwkState.extended) address.disputed = short;
  nwkLearn(short, extended);
}

/**
 * Gives a neighbour's row to another device, and that one back what was kept of it.  What was known of the former neighbour is kept, its
 * counter above all, or its old frames would be new again; false where there is no room for that.
 */
export function addressSwap(index: i32, extended: u64): bool {
  let row = neighbourAt(index);
  let other = rowOf(extended);
  let known: u64 = NO_ADDRESS;
  if (other >= 0) {
    known = load<u64>(changetype<usize>(addressAt(other)), 8);
    addressAt(other).extended = 0;
  }
  if (row.relation != Relation.None && row.heard) {
    let kept = addressTake(row.extended);
    if (!kept) return false;
    kept.short = row.short;
    kept.keySequence = row.keySequence;
    kept.heard = 1;
    kept.counter = row.counter;
  }
  neighbourFree(index);
  row.extended = extended;
  row.relation = Relation.Sibling;
  row.short = <u16>known;
  row.keySequence = <u8>(known >> 16);
  row.heard = <u8>(known >> 24);
  row.counter = <u32>(known >> 32);
  return true;
}

/** Whether a frame of a device that is no neighbour is later than those that are remembered. */
export function addressIsFresh(extended: u64, sequence: u32, counter: u32): bool {
  let index = rowOf(extended);
  if (index < 0 || !addressAt(index).heard) return true;
  let row = addressAt(index);
  let ahead = <i8>(sequence - row.keySequence);
  return ahead > 0 || (ahead == 0 && counter > row.counter);
}

/** What was heard under a later key than `sequence` counts no more. */
export function addressesForgetLater(sequence: u32): void {
  for (let index: u32 = 0; index < ADDRESSES_MAX; index++) {
    let row = addressAt(index);
    if (<i8>(<u32>row.keySequence - sequence) > 0) row.heard = 0;
  }
}

/** The row of a device, made where there is none, or 0: no counter is given up. */
function addressTake(extended: u64): Address {
  let index = rowOf(extended);
  if (index >= 0) return addressAt(index);
  index = rowOf(0);
  for (let tries: u32 = 0; index < 0; tries++) {
    if (tries == ADDRESSES_MAX) return changetype<Address>(0);
    let next = address.turn++ % ADDRESSES_MAX;
    if (!addressAt(next).heard) index = next;
  }
  memory.fill(changetype<usize>(addressAt(index)), 0, 16);
  addressAt(index).extended = extended;
  return addressAt(index);
}

/** Forgets whose address this is; neighbours stay. */
export function nwkForget(short: u32): void {
  for (let row: u32 = 0; row < ADDRESSES_MAX; row++) {
    if (addressAt(row).short != short) continue;
    addressAt(row).short = <u16>NO_ADDRESS;
    if (!addressAt(row).heard) addressAt(row).extended = 0;
  }
}

/** Whether it is a child of ours that hears us only when it asks. */
export function nwkIsSleepyChild(short: u32): bool {
  let index = neighbourOfShort(short);
  if (index < 0) return false;
  let row = neighbourAt(index);
  return row.relation >= Relation.Child && (row.capability & MAC_CAPABLE_AWAKE) == 0;
}

function rowOf(extended: u64): i32 {
  for (let row: u32 = 0; row < ADDRESSES_MAX; row++) {
    if (addressAt(row).extended == extended) return <i32>row;
  }
  return -1;
}
