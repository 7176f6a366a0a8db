// Who is whose child, as the root of a non-storing graph knows it: RFC 6550 section 9.7.  Of each address its two parents.
import { Err } from "../../core/err";
import { NODES_MAX } from "../limits";

/** Routers between the root and a target that a source route has: as many as a packet has room for, docs/memory.md. */
export const ROUTE_MAX: u32 = 8;

@unmanaged @final
export class Node {
  /** The address behind the network's prefix, network order; 0 is free. */
  identifier: u64;
  /** Likewise; 0 is none. */
  first: u64;
  second: u64;
  deadline: i64;
  sequence: u8;
  /** 1: a host behind a router. */
  external: u8;
}

const ROW: u32 = offsetof<Node>();
const rows = memory.data(NODES_MAX * ROW, 8);
const route = memory.data(ROUTE_MAX * 8, 8);
const NONE: usize = 0;

export function graphReset(): void { memory.fill(rows, 0, NODES_MAX * ROW); }

/** The row of an address whose lifetime is not over, or null. */
export function nodeOf(identifier: u64, now: i64): Node {
  for (let index: u32 = 0; index < NODES_MAX; index++) {
    let row = rowAt(index);
    if (row.identifier == identifier && row.deadline > now) return row;
  }
  return changetype<Node>(NONE);
}

/** A row for an address: its own, or a free one; null when all are in use. */
export function nodeTake(identifier: u64, now: i64): Node {
  let free = changetype<Node>(NONE);
  for (let index: u32 = 0; index < NODES_MAX; index++) {
    let row = rowAt(index);
    if (row.identifier == identifier) return row;
    if (row.identifier == 0 || row.deadline <= now) free = row;
  }
  if (free) memory.fill(changetype<usize>(free), 0, ROW);
  return free;
}

export function nodeFree(row: Node): void { row.identifier = 0; }

/**
 * The routers between us, whose identifier is `root`, and a target: `routeHop(0)` is the first.  Answers how many, or an `Err` where the
 * way is not known, has a loop, or is too long.
 */
export function graphRoute(identifier: u64, root: u64, now: i64): i32 {
  let count: u32 = 0;
  let row = nodeOf(identifier, now);
  while (row) {
    if (row.first == root || row.second == root) return turn(count);
    let parent = nodeOf(row.first, now);
    if (!parent && row.second) parent = nodeOf(row.second, now);
    if (!parent || parent.external || count == ROUTE_MAX) return Err.NotFound;
    store<u64>(route + (count++ << 3), parent.identifier);
    row = parent;
  }
  return Err.NotFound;
}

export function routeHop(index: u32): u64 { return load<u64>(route + (index << 3)); }

/**
 * A router could not bring a packet to a neighbour that is said to be its child: RFC 6554 section 4.2.  Where the child has another parent,
 * that one comes first from now on; where not, it will tell of one as soon as it has one.
 */
export function graphDoubt(parent: u64, child: u64, now: i64): void {
  let row = nodeOf(child, now);
  if (!row || row.first != parent || row.second == 0) return;
  row.first = row.second;
  row.second = parent;
}

function rowAt(index: u32): Node { return changetype<Node>(rows + index * ROW); }

/** It was found from its end. */
function turn(count: u32): i32 {
  for (let low: u32 = 0, high = count; low + 1 < high; low++) {
    high--;
    let hop = routeHop(low);
    store<u64>(route + (low << 3), routeHop(high));
    store<u64>(route + (high << 3), hop);
  }
  return <i32>count;
}
