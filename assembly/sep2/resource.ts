// Finds resources: a row each in the table of resources.ts, of which each device has its own.  A path has a # for each number.
//
//   | path | methods, who may, whose | type | name in a list | template | row of its items, thing that the path names |
import { constantString } from "../core/constants";
import { constantRead } from "../core/host";
import { PATH_MAX } from "./limits";
import { RESOURCES, RESOURCE_COUNT } from "./resources";

const ROW_SIZE: u32 = 12;
/** Numbers in a path. */
export const IDS_MAX: u32 = 4;

@unmanaged @final
export class Asked {
  /** The row, and what stands in it. */
  row: u32;
  rights: u32;
  type: u32;
  name: u32;
  template: u32;
  /** Of a list, the row of its items; 0: it is none. */
  item: u32;
  /** The `Thing` that the path names. */
  thing: u32;
  /** Of a list: from which item on, how many, and after which time. */
  start: u32;
  limit: u32;
  after: i64;
  id0: u32;
  id1: u32;
  id2: u32;
  id3: u32;
}
export const asked = changetype<Asked>(memory.data(offsetof<Asked>(), 8));
const ids = changetype<usize>(asked) + offsetof<Asked>("id0");

/** Whose resources these are, `HUB` or `METER`. */
let whose: u32 = 0;
const PATTERN_MAX: u32 = 28;
const pattern = memory.data(PATTERN_MAX);
const row = memory.data(ROW_SIZE, 4);
/** Where `resourcePath` writes. */
export const resourcePathAt = memory.data(PATH_MAX);

const NUMBER: u32 = 0x23;
const QUERY: u32 = 0x3f;
const AND: u32 = 0x26;
const EQUALS: u32 = 0x3d;
const DIGITS_MAX: u32 = 10;
const LIMIT_DEFAULT: u32 = 1;

export function resourcesReset(device: u32): void { whose = device; }

/** Finds what a target names, in `asked`: 0, 404, or 400 for a query that is none. */
export function resourceFind(target: usize, size: u32): u32 {
  let path: u32 = 0;
  while (path < size && load<u8>(target + path) != QUERY) path++;
  for (let index: u32 = 0; index < RESOURCE_COUNT; index++) {
    let end = pattern + read(index);
    if (!(load<u16>(row, 2) & whose) || !matches(target, target + path, pattern + 1, end)) continue;
    resourceTake(index);
    return asked.item == 0 || query(target + path, target + size) ? 0 : 400;
  }
  return 404;
}

/** Puts a row into `asked`; its numbers stay. */
export function resourceTake(index: u32): void {
  read(index);
  asked.row = index;
  asked.rights = load<u16>(row, 2);
  asked.type = load<u16>(row, 4);
  asked.name = load<u16>(row, 6);
  asked.template = load<u16>(row, 8);
  asked.item = load<u8>(row, 10);
  asked.thing = load<u8>(row, 11);
}

/** What the items of a list are. */
export function resourceThing(list: u32): u32 {
  read(list);
  read(load<u8>(row, 10));
  return load<u8>(row, 11);
}

/** Writes the path of a row, with the numbers of `asked`; answers its size. */
export function resourcePath(index: u32): u32 {
  let end = pattern + read(index);
  let id = ids;
  let at = resourcePathAt;
  for (let from = pattern + 1; from < end; from++) {
    if (load<u8>(from) == NUMBER) {
      at = number(at, load<u32>(id));
      id += 4;
    } else store<u8>(at++, load<u8>(from));
  }
  return <u32>(at - resourcePathAt);
}

/** Reads a row and its path, a counted string; answers its size with the count. */
function read(index: u32): u32 {
  constantRead(RESOURCES + index * ROW_SIZE, row, ROW_SIZE);
  return constantString(load<u16>(row), pattern, PATTERN_MAX);
}

function matches(at: usize, end: usize, from: usize, to: usize): bool {
  for (let id = ids; from < to; from++) {
    if (at >= end) return false;
    if (load<u8>(from) != NUMBER) {
      if (load<u8>(from) != load<u8>(at++)) return false;
      continue;
    }
    let after = whole(at, end);
    if (after == 0 || id == ids + 4 * IDS_MAX) return false;
    store<u32>(id, <u32>value);
    id += 4;
    at = after;
  }
  return at == end;
}

let value: i64 = 0;

/** A number as we write it, in `value`: where it ends, or 0. */
function whole(at: usize, end: usize): usize {
  let begun = at;
  value = 0;
  for (; at < end && <u32>load<u8>(at) - 0x30 < 10; at++) value = value * 10 + load<u8>(at) - 0x30;
  let size = <u32>(at - begun);
  if (size == 0 || size > DIGITS_MAX || value > <i64>u32.MAX_VALUE || (size > 1 && load<u8>(begun) == 0x30)) return 0;
  return at;
}

/** `?s=2&l=10&a=1790000000`, each at most once; what is not known is passed over. */
function query(at: usize, end: usize): bool {
  asked.start = 0;
  asked.limit = LIMIT_DEFAULT;
  asked.after = -1;
  while (at < end) {
    let key: u32 = at + 2 < end && load<u8>(at, 2) == EQUALS ? load<u8>(at, 1) : 0;
    if (key == 0x73 || key == 0x6c || key == 0x61) {
      let after = whole(at + 3, end);
      if (after == 0 || (after < end && load<u8>(after) != AND)) return false;
      if (key == 0x73) asked.start = <u32>value;
      else if (key == 0x6c) asked.limit = <u32>value;
      else asked.after = value;
      at = after;
    } else do at++; while (at < end && load<u8>(at) != AND);
  }
  return true;
}

function number(at: usize, value: u32): usize {
  let end = at + 1;
  for (let left = value / 10; left > 0; left /= 10) end++;
  for (let to = end; to > at; value /= 10) store<u8>(--to, 0x30 + value % 10);
  return end;
}

if (PATTERN_MAX - 1 + IDS_MAX * (DIGITS_MAX - 1) > PATH_MAX) ERROR("a path of ours fits where paths do");
