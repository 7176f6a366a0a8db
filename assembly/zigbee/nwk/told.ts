// What the network layer tells of its tables when it is asked: 05-3474 section 2.4.4.3.
//
//   neighbour  | extended PAN 8 | extended 8 | short 2 | type, receiver, relation 1 | permits joining 1 | depth 1 | LQI 1 |
import { MAC_CAPABLE_AWAKE, MAC_CAPABLE_ROUTER } from "../../mac/command";
import { NEIGHBOURS_MAX } from "../limits";
import { isNear, linkAt, Relation } from "./neighbours";
import { neighbourAt, network } from "./state";

const NEIGHBOUR_TOLD: u32 = 22;
// Type 0..1, receiver on when idle 2..3
const COORDINATOR: u32 = 0x04;
const ROUTER: u32 = 0x05;
const END_DEVICE: u32 = 0x02;
const AWAKE: u32 = 0x04;
const NOT_KNOWN: u32 = 0x0b;
const RELATION_SHIFT: u32 = 4;
/** As table 2.126 counts them, four bits each: none 3, sibling 2, parent 0, child 1, joining 1. */
const RELATIONS: u32 = 0x11023;
const PERMIT_NOT_KNOWN: u32 = 2;

/** Writes row `index` of the neighbour table; answers its size, 0 where there is none. */
export function nwkNeighbourPut(index: u32, at: usize): u32 {
  if (index >= NEIGHBOURS_MAX) return 0;
  let row = neighbourAt(index);
  let relation: u32 = row.relation;
  if (relation == Relation.None) return 0;
  store<u64>(at, network.extendedPanId);
  store<u64>(at, row.extended, 8);
  store<u16>(at, row.short, 16);
  let told = (RELATIONS >>> (relation << 2)) & 7;
  let depth: u32 = network.depth;
  if (told == 1) depth++;
  if (told == 0) depth--;
  let type = isNear(row.short) ? ROUTER : NOT_KNOWN; // what sends link status
  if (told == 1 && !(row.capability & MAC_CAPABLE_ROUTER)) type = row.capability & MAC_CAPABLE_AWAKE ? END_DEVICE | AWAKE : END_DEVICE;
  if (row.short == 0) type = COORDINATOR;
  store<u8>(at, type | (told << RELATION_SHIFT), 18);
  store<u8>(at, PERMIT_NOT_KNOWN, 19);
  store<u8>(at, row.short == 0 ? 0 : depth, 20);
  store<u8>(at, linkAt(index).lqi, 21);
  return NEIGHBOUR_TOLD;
}

/** Writes the short addresses of the children from the one with index `first` on; answers their end. */
export function nwkChildrenPut(first: u32, at: usize): usize {
  for (let index: u32 = 0; index < NEIGHBOURS_MAX; index++) {
    if (neighbourAt(index).relation != Relation.Child || first-- > 0) continue;
    store<u16>(at, neighbourAt(index).short);
    at += 2;
  }
  return at;
}
