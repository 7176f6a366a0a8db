// The neighbour table: 05-3474 section 3.6.1.5.  A row is a `Neighbour`, kept over a reset, and a `Link`, which is not.
//
// A row is made by an authentic frame, by an association or by joining a parent; nobody without the key can fill the table
// except with joining children, whose number is bounded and whose rows expire.
import { NO_ADDRESS } from "../address";
import { NEIGHBOURS_MAX } from "../limits";
import { addressSwap } from "./addresses";
import { neighbourAt } from "./state";

export namespace Relation {
  export const None: u8 = 0;
  export const Sibling: u8 = 1;
  export const Parent: u8 = 2;
  export const Child: u8 = 3;
  /** A child that has not yet sent an authentic frame. */
  export const Joining: u8 = 4;
}

@unmanaged @final
export class Link {
  /** A child: when it counts as gone.  A sibling: when it was heard last. */
  deadline: i64;
  lqi: u8;
  /** What the neighbour says of our frames in its link status, 0: nothing. */
  outgoingCost: u8;
  /** Link status periods since its last one. */
  age: u8;
  /** 1 once it has said whom it hears. */
  told: u8;
}

/** nwkRouterAgeLimit: link status periods. */
const AGE_MAX: u32 = 3;

const links = memory.data(NEIGHBOURS_MAX * 16, 8);

if (offsetof<Link>() > 16) ERROR("a link does not fit its row");

export function linkAt(index: i32): Link {
  return changetype<Link>(links + (<u32>index << 4));
}

export function linksClear(): void {
  memory.fill(links, 0, NEIGHBOURS_MAX << 4);
}

/** Index of the neighbour with an IEEE address, or -1. */
export function neighbourOf(extended: u64): i32 {
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (neighbourAt(index).extended == extended && neighbourAt(index).relation != Relation.None) return index;
  }
  return -1;
}

/** Index of the neighbour with a short address, or -1. */
export function neighbourOfShort(short: u32): i32 {
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (neighbourAt(index).short == short && neighbourAt(index).relation != Relation.None) return index;
  }
  return -1;
}

/** The row of an IEEE address, made when there is none; -1 when there is no room for it, or for the counter of who would give way. */
export function neighbourTake(extended: u64): i32 {
  let index = neighbourOf(extended);
  if (index >= 0) return index;
  index = neighbourOfRelation(Relation.None);
  if (index < 0) index = oldestSibling();
  return index >= 0 && addressSwap(index, extended) ? index : -1;
}

export function neighbourFree(index: i32): void {
  memory.fill(changetype<usize>(neighbourAt(index)), 0, 24);
  neighbourAt(index).short = <u16>NO_ADDRESS;
  memory.fill(changetype<usize>(linkAt(index)), 0, 16);
}

/** Index of the first row with a relation, or -1. */
export function neighbourOfRelation(relation: u32): i32 {
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (neighbourAt(index).relation == relation) return index;
  }
  return -1;
}

/** Makes a row of a device the parent; the former parent becomes a sibling. */
export function neighbourSetParent(extended: u64, short: u32): void {
  let index = neighbourOfRelation(Relation.Parent);
  if (index >= 0) neighbourAt(index).relation = Relation.Sibling;
  index = neighbourTake(extended);
  if (index < 0) { // without a parent nothing is heard: a counter gives way
    index = neighbourOfRelation(Relation.Sibling);
    assert(index >= 0);
    neighbourFree(index);
    neighbourAt(index).extended = extended;
  }
  neighbourAt(index).short = <u16>short;
  neighbourAt(index).relation = Relation.Parent;
}

/** Whether a device hears us without help: a child, or a neighbour heard lately that does not say otherwise. */
export function isNear(short: u32): bool {
  let index = neighbourOfShort(short);
  return index >= 0 && (neighbourAt(index).relation >= Relation.Child || (linkAt(index).age < AGE_MAX && !isOneWay(index)));
}

/** A neighbour whose link status does not name us: what it hears of us is nothing, and no way leads over it. */
export function isOneWay(index: i32): bool {
  return linkAt(index).told != 0 && linkAt(index).outgoingCost == 0;
}

export function isChild(short: u32): bool {
  let index = neighbourOfShort(short);
  return index >= 0 && neighbourAt(index).relation >= Relation.Child;
}

/** A frame did not get over to a device: until it is heard again it is not near. */
export function linkFailed(short: u32): void {
  let index = neighbourOfShort(short);
  if (index >= 0) linkAt(index).age = <u8>AGE_MAX;
}

/** Neighbours that pass broadcasts on, a bit each. */
export function routerMask(): u32 {
  let mask: u32 = 0;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    let relation: u32 = neighbourAt(index).relation;
    if ((relation == Relation.Sibling || relation == Relation.Parent) && linkAt(index).age < AGE_MAX) mask |= 1 << index;
  }
  return mask;
}

/** Cost of a link, 1 to 7, from the quality the radio tells: section 3.6.3.1; the steps are ours. */
export function costOf(lqi: u32): u32 {
  if (lqi >= 160) return 1;
  if (lqi >= 100) return 3;
  return lqi >= 50 ? 5 : 7;
}

/** A sibling that was not heard for long gives its row to a device that is there; its counter is kept, addresses.ts. */
function oldestSibling(): i32 {
  let oldest = -1;
  let since = i64.MAX_VALUE;
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (neighbourAt(index).relation != Relation.Sibling || linkAt(index).deadline >= since) continue;
    oldest = index;
    since = linkAt(index).deadline;
  }
  return oldest;
}
