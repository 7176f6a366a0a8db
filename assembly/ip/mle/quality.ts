// Link quality, element 6: how a node hears its neighbours.
//
//   | complete 1 bit, 0, size of an address - 1: 4 bits | { incoming, outgoing, priority: 3 bits, 0 | IDR in 1/32 | address 2 or 8 } ... |
import { be16, be64, putBe16, putBe64 } from "../../core/bytes";
import { NO_SHORT } from "../address";
import { LINKS_MAX } from "../limits";
import { LINK_PARENT, LinkState, Neighbour, neighbourAt } from "../neighbours";
import {
  QUALITY_COMPLETE, QUALITY_INCOMING, QUALITY_OUTGOING, QUALITY_PRIORITY, qualityAddressSize, Tlv, TLV_QUALITY,
} from "./message";
import { mlePut } from "./send";

export const IDR_ONE: u32 = 32;
const IDR_MAX: u32 = 255;
const ENTRY_SIZE: u32 = 2;
const SHORT_SIZE: u32 = 2;
const EXTENDED_SIZE: u32 = 8;
/** Entries of one list. */
const SHORTS_MAX: u32 = 16;
const EXTENDEDS_MAX: u32 = 5;
/** What the radio says of a link that loses nothing. */
const LQI_GOOD: u32 = 128;

@unmanaged @final
class State {
  /** The row that the next list begins with. */
  next: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 4));

/** Takes what the radio says of a message into the average. */
export function qualityHear(row: Neighbour, lqi: u32): void {
  let sample = lqi >= LQI_GOOD ? IDR_ONE : min((IDR_ONE * LQI_GOOD) / max<u32>(lqi, 1), IDR_MAX);
  row.idrIn = <u8>(row.idrIn == 0 ? sample : row.idrIn + ((<i32>sample - <i32>row.idrIn) >> 3));
}

/** The entry of one neighbour, by its EUI-64. */
export function qualityPutOne(row: Neighbour): void {
  let at = mlePut(TLV_QUALITY, 1 + ENTRY_SIZE + EXTENDED_SIZE);
  store<u8>(at, EXTENDED_SIZE - 1);
  entryEmit(at + 1, row, EXTENDED_SIZE);
}

/** As many neighbours as a list holds, by their short addresses if all have one; the next list goes on with the others. */
export function qualityPutAll(): void {
  let count: u32 = 0;
  let addressSize = SHORT_SIZE;
  for (let index: u32 = 0; index < LINKS_MAX; index++) {
    let row = neighbourAt(index);
    if (row.state != LinkState.Linked) continue;
    count++;
    if (<u32>row.short == NO_SHORT) addressSize = EXTENDED_SIZE;
  }
  let most = addressSize == SHORT_SIZE ? SHORTS_MAX : EXTENDEDS_MAX;
  let isComplete = count <= most;
  let left = min(count, most);
  let at = mlePut(TLV_QUALITY, 1 + left * (ENTRY_SIZE + addressSize));
  store<u8>(at++, (isComplete ? QUALITY_COMPLETE : 0) | (addressSize - 1));
  let index = isComplete ? 0 : state.next;
  for (; left > 0; index++) {
    let row = neighbourAt(index % LINKS_MAX);
    if (row.state != LinkState.Linked) continue;
    at = entryEmit(at, row, addressSize);
    left--;
  }
  state.next = index % LINKS_MAX;
}

/** How the sender of a list hears who has these addresses: an IDR, 0 when it does not; -1 where the list leaves that open. */
export function qualityOf(element: Tlv, extended: u64, short: u32): i32 {
  let addressSize = qualityAddressSize(element);
  let end = element.value + element.size;
  for (let at = element.value + 1; at < end; at += ENTRY_SIZE + addressSize) {
    let isOurs = addressSize == SHORT_SIZE ? be16(at + ENTRY_SIZE) == short : be64(at + ENTRY_SIZE) == extended;
    if (isOurs && load<u8>(at) & QUALITY_INCOMING) return load<u8>(at, 1);
  }
  let isLeftOpen = addressSize == SHORT_SIZE && short >= NO_SHORT - 1;
  return load<u8>(element.value) & QUALITY_COMPLETE && !isLeftOpen ? 0 : -1;
}

function entryEmit(at: usize, row: Neighbour, addressSize: u32): usize {
  store<u8>(at, QUALITY_INCOMING | QUALITY_OUTGOING | (row.flags & LINK_PARENT ? QUALITY_PRIORITY : 0));
  store<u8>(at, row.idrIn, 1);
  if (addressSize == SHORT_SIZE) putBe16(at + ENTRY_SIZE, row.short);
  else putBe64(at + ENTRY_SIZE, row.extended);
  return at + ENTRY_SIZE + addressSize;
}
