// Which short address belongs to which IEEE address: the address map of 05-3474 section 3.6.1.9, and the neighbours.
import { MAC_CAPABLE_AWAKE } from "../../mac/command";
import { NO_ADDRESS, NO_EXTENDED, UNICAST_END } from "../address";
import { ADDRESSES_MAX } from "../limits";
import { Relation, neighbourOf, neighbourOfShort } from "./neighbours";
import { neighbourAt, network, nwkState } from "./state";

@unmanaged @final
class Address {
  /** 0: the row is free. */
  extended: u64;
  short: u16;
}

const map = memory.data(ADDRESSES_MAX * 16, 8);
/** The row to give up next when all are taken. */
const turn = memory.data(4, 4);

if (offsetof<Address>() > 16) ERROR("an address does not fit its row");

export function addressesClear(): void {
  memory.fill(map, 0, ADDRESSES_MAX << 4);
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

/** Remembers a pair heard in an authentic frame.  A pair that contradicts an older one replaces it. */
export function nwkLearn(short: u32, extended: u64): void {
  if (short >= UNICAST_END || extended == NO_EXTENDED || extended == nwkState.extended || nwkExtendedOf(short) == extended) return;
  let index = neighbourOf(extended);
  if (index >= 0) {
    // A neighbour that moved to another parent took a new address along.
    let row = neighbourAt(index);
    if (row.relation != Relation.Parent) row.short = <u16>short;
    return;
  }
  nwkForget(short);
  let free = rowOf(extended);
  if (free < 0) free = rowOf(0);
  if (free < 0) {
    free = load<u32>(turn) % ADDRESSES_MAX;
    store<u32>(turn, free + 1);
  }
  addressAt(free).extended = extended;
  addressAt(free).short = <u16>short;
}

/** Forgets whose address this is; neighbours stay. */
export function nwkForget(short: u32): void {
  for (let row: u32 = 0; row < ADDRESSES_MAX; row++) {
    if (addressAt(row).short == short) addressAt(row).extended = 0;
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
