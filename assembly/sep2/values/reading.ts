// A document that is being read, whatever its format: what its user sees, the elements that are open, and the value at hand.
import { Err } from "../../core/err";
import { Bits, bitsGet, uintGet } from "./bits";
import { Kind } from "../schema/tables";
import {
  DEPTH_MAX, Frame, IS_NIL, IS_SKIPPED, IS_TYPED, NONE, entryFits, entryKind, entrySize, typeEntry, typeKnown, walkOpen,
} from "../schema/walk";
import { BAD, NO_MORE, charactersBegin, charactersNext } from "./characters";
import { isCharacter } from "./unicode";

export enum Event { End = 0, Open, Attribute, Value, Close }

/** How the value at hand lies in the document. */
export enum Lies {
  /** Nowhere: there was none. */
  Not = 0,
  /** It is in `number`. */
  Number,
  /** So many octets from a bit on. */
  Octets,
  /** So many code points from a bit on. */
  Points,
  /** Between two addresses, in XML. */
  Content, Attribute,
}

@unmanaged @final
export class Reader {
  /** Numbers, booleans, and hexBinary of up to eight octets. */
  number: i64;
  name: u32;
  type: u32;
  /** Of a value, Kind. */
  kind: u32;
  /** Of the innermost element: 0 is the root. */
  depth: i32;
  /** xsi:type stood there. */
  isTyped: u32;

  /** The rest is the reader's own. */
  format: u32;
  error: i32;
  lies: u32;
  from: usize;
  /** Where it ends, or how much of it there is. */
  left: usize;
}
export const reader = changetype<Reader>(memory.data(offsetof<Reader>(), 8));
/** The document in EXI, and a place in it where the value at hand is being read. */
export const source = changetype<Bits>(memory.data(offsetof<Bits>(), 4));
const look = changetype<Bits>(memory.data(offsetof<Bits>(), 4));
const frames = memory.data(DEPTH_MAX * offsetof<Frame>(), 4);
/** Of `look`: what is left. */
let left: u32 = 0;

export function top(): Frame { return changetype<Frame>(frames + reader.depth * offsetof<Frame>()); }

/** Opens an element within the innermost; false when it lies too deep. */
export function push(type: u32, name: u32, flags: u32): bool {
  if (reader.depth >= 0) flags |= top().flags & IS_SKIPPED;
  if (reader.depth + 1 >= <i32>DEPTH_MAX) return false;
  reader.depth++;
  walkOpen(top(), type, name, flags);
  if (!(flags & IS_SKIPPED)) reader.lies = Lies.Not;
  return true;
}

/** Says which element an event is about. */
export function told(frame: Frame, event: i32): i32 {
  reader.name = frame.name;
  reader.type = frame.type;
  reader.isTyped = frame.flags & IS_TYPED;
  return event;
}

/** The innermost element ends: an event, an `Err`, or 0 where nobody is told. */
export function pop(): i32 {
  let frame = top(), flags = frame.flags;
  reader.depth--;
  if (flags & IS_SKIPPED) return 0;
  if (entryKind(frame.entry) == Kind.None) return told(frame, Event.Close);
  return flags & IS_NIL ? 0 : valued(frame.entry, told(frame, Event.Value));
}

/** Looks at the value at hand, which is of a type: the event, or an `Err` when the type has no such value. */
export function valued(entry: u32, event: i32): i32 {
  let kind = entryKind(entry), lies = reader.lies;
  reader.kind = kind;
  if (lies != Lies.Number) reader.number = 0;
  if (kind == Kind.Text) return event;
  if (kind == Kind.Hex) {
    let size = octets(0, 0), sizeMax = entrySize(entry);
    return size < 0 || (sizeMax > 0 && <u32>size > sizeMax) ? <i32>Err.Reserved : event;
  }
  if (lies != Lies.Number && !lexical(kind)) return Err.Reserved;
  return entryFits(entry, reader.number) ? event : <i32>Err.Reserved;
}

/** An attribute of an element, with the value at hand. */
export function attribute(frame: Frame, name: u32, entry: u32): i32 {
  told(frame, 0);
  reader.name = name;
  let event = valued(entry, Event.Attribute);
  return event;
}

export function hold(lies: u32, from: usize, left: usize): void {
  reader.lies = lies;
  reader.from = from;
  reader.left = left;
}

/** xsi:type; false when it would belie what was told of the element: that it has members, or what a value is read as. */
export function retype(frame: Frame, type: u32): bool {
  if (type == NONE) return true;
  let entry = typeEntry(type);
  if (!typeKnown(type) || (!(frame.flags & IS_SKIPPED) && sort(entry) != sort(frame.entry))) return false;
  frame.type = <u16>type;
  frame.entry = <u16>entry;
  frame.next = frame.times = 0;
  frame.flags |= IS_TYPED;
  return true;
}

/** Members, a number, octets, a text. */
function sort(entry: u32): u32 {
  let kind = entryKind(entry);
  return kind == Kind.None || kind > <u32>Kind.Boolean ? kind : <u32>Kind.Boolean;
}

/** Begins to read the characters or octets of the value at hand. */
export function valueBegin(): void {
  memory.copy(changetype<usize>(look), changetype<usize>(source), offsetof<Bits>());
  look.at = <u32>reader.from;
  left = <u32>reader.left;
  if (reader.lies >= <u32>Lies.Content) charactersBegin(reader.from, reader.left, reader.lies == Lies.Attribute);
}

/** The next character, NO_MORE or BAD. */
export function valueNext(): i32 {
  if (reader.lies >= <u32>Lies.Content) return charactersNext();
  if (left == 0 || reader.lies != Lies.Points) return NO_MORE;
  left--;
  let code = <u32>uintGet(look);
  return isCharacter(code) ? <i32>code : BAD;
}

/** As valueNext; leading space is passed over, and behind trailing space there is nothing. */
function nextOf(isFirst: bool): i32 {
  let code = valueNext();
  if (code > 0x20) return code;
  while (code >= 0 && code <= 0x20) code = valueNext();
  return isFirst || code < 0 ? code : BAD;
}

/** A number or a boolean as a text. */
function lexical(kind: u32): bool {
  let word: u64 = 0, number: u64 = 0;
  valueBegin();
  let code = nextOf(true);
  if (kind == Kind.Boolean) {
    for (; <u32>code < 0x80; code = nextOf(false)) word = word << 8 | code;
    reader.number = <i64>(word == 0x7472_7565 || word == 0x31); // true, 1
    return code == NO_MORE && (reader.number != 0 || word == 0x66_616c_7365 || word == 0x30);
  }
  let isNegative = code == 0x2d, count: u32 = 0;
  if (isNegative || code == 0x2b) code = valueNext();
  for (; <u32>code - 0x30 < 10; code = nextOf(false)) {
    let digit = <u64>(code - 0x30);
    if (number > (u64.MAX_VALUE - digit) / 10) return false;
    number = number * 10 + digit;
    count = 1;
  }
  if (code != NO_MORE || count == 0) return false;
  reader.number = isNegative ? -<i64>number : <i64>number;
  if (kind == Kind.Unsigned || kind == Kind.Small) return !isNegative || number == 0;
  return number == 0 || reader.number < 0 == isNegative;
}

/** Copies hexBinary, or counts it alone where there is nowhere to; `number` is what up to eight octets are. */
export function octets(at: usize, capacity: u32): i32 {
  let size: u32 = 0, number: u64 = 0;
  valueBegin();
  for (let isFirst = true; ; isFirst = false) {
    let octet: u32 = 0;
    if (reader.lies == Lies.Octets) {
      if (size == left) break;
      octet = bitsGet(look, 8);
    } else {
      let high = nextOf(isFirst);
      if (high == NO_MORE) break;
      octet = digit(high) << 4 | digit(nextOf(false));
      if (octet > 0xff) return Err.Reserved;
    }
    if (at) {
      if (size >= capacity) return Err.NoBuffer;
      store<u8>(at + size, octet);
    }
    number = number << 8 | octet;
    size++;
  }
  reader.number = size > 8 ? 0 : <i64>number;
  return size;
}

/** A hexadecimal digit; 0x100 when it is none. */
function digit(code: i32): u32 {
  let value = <u32>code - 0x30;
  if (value <= 9) return value;
  value = (<u32>code | 0x20) - 0x61;
  return value < 6 ? value + 10 : 0x100;
}
