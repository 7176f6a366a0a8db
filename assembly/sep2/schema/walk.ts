// The walk of a document along the schema's tables: which members may come next, and which has come.
//
//   members a? b c* of a type, next is a:  a 0, b 1, of which b is required
//                              next is c:  c 0, the end 1
// The numbers are EXI's event codes of one part (section 8.5.4.1); XML has the order alone.
import { constantRead } from "../../core/host";
import {
  BITMAP_SIZE, BLOCK_NAMES, BLOCK_SIZE_MAX, GLOBALS, GLOBAL_BITS, Kind, LOCAL_NAMES, NAMES, NAME_BLOCKS, NAME_PAIRS, NAME_SIZE_MAX,
  PARTICLES, PARTICLE_SIZE, SIMPLE_BITS, SIMPLE_TYPES, TYPES,
} from "./tables";

/** Elements within each other. */
export const DEPTH_MAX: u32 = 16;
/** No name, no code. */
export const NONE: u32 = 0xffff;

/** The first child has been, so that attributes come no more. */
export const IN_CONTENT: u32 = 1;
/** xsi:nil: attributes, then the end. */
export const IS_NIL: u32 = 2;
/** A simple type's value has been. */
export const IS_VALUED: u32 = 4;
/** Nobody is told of it. */
export const IS_SKIPPED: u32 = 8;
/** xsi:type stood there. */
export const IS_TYPED: u32 = 16;
/** It has not been told yet that it is open. */
export const IS_OPENING: u32 = 32;

const LENGTH_BITS: u32 = 5;
const LENGTH_MASK: u32 = (1 << LENGTH_BITS) - 1;
const NAME_MASK: u32 = 0x3ff;
const TYPE_SHIFT: u32 = 10;
const TYPE_MASK: u32 = 0x1ff;
const REQUIRED: u32 = 1 << 19;
const MAX_SHIFT: u32 = 20;
const PAIR_FIRST: u32 = 128;
/** Int48's greatest number is 2^47, one more than of others. */
const INT48_SIZE: u32 = 6;

/** An element that is open. */
@unmanaged @final
export class Frame {
  /** Of the table TYPES. */
  entry: u16;
  type: u16;
  name: u16;
  /** The first member that may come next, and how often it was there. */
  next: u8;
  times: u8;
  flags: u32;
  /** The format's own. */
  mark: u32;
}

/** What the last scan found. */
@unmanaged @final
class Scan {
  /** Productions with one part. */
  count: u32;
  /** Of them, attributes. */
  attributes: u32;
  hasEnd: u32;
  /** Of the member that was looked for. */
  code: u32;
  index: u32;
  particle: u32;
}
export const scan = changetype<Scan>(memory.data(offsetof<Scan>(), 4));
const SCRATCH_SIZE: u32 = 92;
const scratch = memory.data(SCRATCH_SIZE, 4);
const pair = memory.data(2);
if (SCRATCH_SIZE < BLOCK_SIZE_MAX || SCRATCH_SIZE < BITMAP_SIZE) ERROR("a block of names and a bitmap find room");

export function particleName(particle: u32): u32 { return particle & NAME_MASK; }
export function particleType(particle: u32): u32 { return (particle >> TYPE_SHIFT) & TYPE_MASK; }

/** The kind of a simple type, None of another. */
export function entryKind(entry: u32): u32 { return entry & LENGTH_MASK ? <u32>Kind.None : (entry >> LENGTH_BITS) & 7; }
/** Octets of a number. */
export function entrySize(entry: u32): u32 { return entry >> 8; }

export function typeEntry(type: u32): u32 {
  constantRead(TYPES + 2 * type, scratch, 2);
  return load<u16>(scratch);
}

function member(entry: u32, index: u32): u32 {
  store<u32>(scratch, 0);
  constantRead(PARTICLES + ((entry >> LENGTH_BITS) + index) * PARTICLE_SIZE, scratch, PARTICLE_SIZE);
  return load<u32>(scratch);
}

/** A member of any place in its type, by its name; 0 when there is none: no member has the name 0, which is a type's. */
export function walkMember(entry: u32, name: u32): u32 {
  let length = entry & LENGTH_MASK;
  for (let index: u32 = 0; index < length; index++) {
    let particle = member(entry, index);
    if (particleName(particle) == name) return particle;
  }
  return 0;
}

/** An attribute's place: the next at or after one; 0 when there is none. */
export function walkAttribute(entry: u32, index: u32): u32 {
  if (index >= (entry & LENGTH_MASK)) return 0;
  let particle = member(entry, index);
  return particleName(particle) < LOCAL_NAMES ? 0 : particle;
}

/** Counts what may come next, and looks for a member by its name or its code. */
export function walkScan(frame: Frame, name: u32, code: u32): bool {
  let entry: u32 = frame.entry, length = entry & LENGTH_MASK, flags = frame.flags, times: u32 = frame.times, found = false;
  scan.count = 1;
  scan.attributes = 0;
  scan.hasEnd = 1;
  if (length == 0) {
    if (!(flags & (IS_NIL | IS_VALUED))) scan.hasEnd = 0; // the value instead
    return false;
  }
  let count: u32 = 0;
  for (let index: u32 = frame.next; index < length; index++) {
    let particle = member(entry, index);
    let isAttribute = particleName(particle) >= LOCAL_NAMES;
    if (flags & IS_NIL && !isAttribute) break;
    if (particleName(particle) == name || count == code) {
      scan.code = count;
      scan.index = index;
      scan.particle = particle;
      found = true;
    }
    count++;
    scan.attributes += <u32>isAttribute;
    if (particle & REQUIRED && times == 0) {
      scan.count = count;
      scan.hasEnd = 0;
      return found;
    }
    times = 0;
  }
  scan.count = count + 1;
  return found;
}

/** Goes on behind the member that was found. */
export function walkTake(frame: Frame): void {
  let max = scan.particle >> MAX_SHIFT;
  if (scan.index != frame.next) {
    frame.next = <u8>scan.index;
    frame.times = 0;
  }
  if (max != 0 && <u32>frame.times + 1 >= max) {
    frame.next++;
    frame.times = 0;
  } else frame.times = max ? frame.times + 1 : 1;
  if (particleName(scan.particle) < LOCAL_NAMES) frame.flags |= IN_CONTENT;
}

/** A child that the schema does not have here has come: no attributes any more. */
export function walkContent(frame: Frame): void {
  frame.flags |= IN_CONTENT;
  while (walkAttribute(frame.entry, frame.next)) frame.next++;
}

export function walkOpen(frame: Frame, type: u32, name: u32, flags: u32): void {
  memory.fill(changetype<usize>(frame), 0, offsetof<Frame>());
  frame.type = <u16>type;
  frame.entry = <u16>typeEntry(type);
  frame.name = <u16>name;
  frame.flags = flags;
}

/** How many names before one are in a bitmap; -1 when it is not itself. */
function rank(bitmap: u32, name: u32): i32 {
  if (name >= LOCAL_NAMES) return -1;
  constantRead(bitmap, scratch, BITMAP_SIZE);
  let last = scratch + ((name >> 5) << 2), below: u32 = (1 << (name & 31)) - 1, count: u32 = 0;
  if (!(load<u32>(last) & (below + 1))) return -1;
  for (let at = scratch; at < last; at += 4) count += popcnt<u32>(load<u32>(at));
  return <i32>(count + popcnt<u32>(load<u32>(last) & below));
}

/** The type, and so the global element, that a local name is; NONE when it is none. */
export function nameType(name: u32): u32 {
  let number = rank(GLOBAL_BITS, name);
  if (number >= 0) return <u32>number;
  number = rank(SIMPLE_BITS, name);
  return number < 0 ? NONE : GLOBALS + <u32>number;
}

/** The local name of a type of the schema. */
export function typeName(type: u32): u32 {
  let isGlobal = type < GLOBALS, left = isGlobal ? type : type - GLOBALS;
  constantRead(isGlobal ? GLOBAL_BITS : SIMPLE_BITS, scratch, BITMAP_SIZE);
  for (let name: u32 = 0; name < LOCAL_NAMES; name++) {
    if (load<u8>(scratch + (name >> 3)) >> (name & 7) & 1 && left-- == 0) return name;
  }
  return NONE;
}

/** Whether a number is a type of the schema or of XML Schema. */
export function typeKnown(type: u32): bool { return type < GLOBALS + SIMPLE_TYPES || typeEntry(type) != 0; }

/** Writes what a code stands for; answers where it ends. */
function expand(code: u32, at: usize): usize {
  if (code < PAIR_FIRST) {
    store<u8>(at, code);
    return at + 1;
  }
  constantRead(NAME_PAIRS + 2 * (code - PAIR_FIRST), pair, 2);
  let second: u32 = load<u8>(pair, 1);
  return expand(second, expand(load<u8>(pair), at));
}

/** The text of a name, at most NAME_SIZE_MAX octets; answers its size. */
export function nameText(name: u32, at: usize): u32 {
  constantRead(NAME_BLOCKS + 2 * (name / BLOCK_NAMES), scratch, 2);
  constantRead(NAMES + load<u16>(scratch), scratch, BLOCK_SIZE_MAX);
  let from = scratch, end = at;
  for (let left = name % BLOCK_NAMES + 1; left > 0; left--) {
    end = at + load<u8>(from);
    let codes = from + 2;
    from = codes + load<u8>(from, 1);
    for (; codes < from; codes++) end = expand(load<u8>(codes), end);
  }
  return <u32>(end - at);
}

const text = memory.data(NAME_SIZE_MAX);

/** The number of a name between two, or NONE. */
export function nameFind(at: usize, size: u32, first: u32, end: u32): u32 {
  while (first < end) {
    let middle = (first + end) >> 1, have = nameText(middle, text), index: u32 = 0;
    while (index < size && index < have && load<u8>(at + index) == load<u8>(text + index)) index++;
    if (index == size && index == have) return middle;
    if (index == size || (index < have && load<u8>(at + index) < load<u8>(text + index))) end = middle;
    else first = middle + 1;
  }
  return NONE;
}

/** Whether a number is one of a type. */
export function entryFits(entry: u32, number: i64): bool {
  let kind = entryKind(entry), size = entrySize(entry);
  if (kind == Kind.Boolean) return <u64>number <= 1;
  if (size >= 8) return true;
  if (kind == Kind.Unsigned || kind == Kind.Small) return <u64>number >> (8 * size) == 0;
  let limit: i64 = 1 << (8 * <i64>size - 1);
  return number >= -limit && number < limit + <i64>(size == INT48_SIZE);
}
