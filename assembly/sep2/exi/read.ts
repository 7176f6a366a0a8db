// Reads EXI: event codes by the walk of the schema, what the schema does not have by the second parts, unknown elements by what they
// teach.
//
//   step -> code -> what -> done       A place where xsi:type may follow is told of when it is known that it does not.
import { Err } from "../../core/err";
import { Event, Lies, attribute, hold, pop, push, reader, retype, source, told, top } from "../values/reading";
import { ATTRIBUTE_NAMES, BUILT_IN_TYPES, GLOBALS, Kind, LOCAL_NAMES, SIMPLE_TYPES } from "../schema/tables";
import {
  Frame, IN_CONTENT, IS_NIL, IS_OPENING, IS_SKIPPED, IS_VALUED, NONE, entryKind, nameType, particleName, particleType, scan, typeEntry,
  typeName, walkContent, walkMember, walkScan, walkTake,
} from "../schema/walk";
import { DOCUMENT_MAX, bitsBegin, bitsFail, bitsGet, uintGet, width } from "../values/bits";
import {
  FIRST_SET, HEADER_1, HEADER_1_BITS, HEADER_2, HEADER_2_BITS, LOCALS_XML, LOCALS_XSI, LOCAL_BITS, OPEN_SET, START_SET, URIS, URI_NONE,
  URI_OURS, URI_SCHEMA, URI_XSI, Undeclared, XSI_TYPE,
} from "./header";
import { Learned, NAME_FOLLOWS, learned, learnedAdd, learnedGet } from "./learned";
import { STRINGS_SIZE, Strings, foundString, lengthGet, literalSkip, stringGet } from "./strings";

/** The element goes by what its name has taught. */
const BUILT_IN: u32 = 1 << 16;
const KEY_MASK: u32 = 0x1fff;
const URIS_MAX: u32 = 8;
const LOCALS_MAX: u32 = 1 << LOCAL_BITS;
/** "$EXI", with which a document may begin. */
const COOKIE: u32 = 0x4958_4524;

@unmanaged @final
class Uris {
  count: u32;
}
const uris = changetype<Uris>(memory.data(offsetof<Uris>(), 4));
/** Local names of each. */
const locals = memory.data(2 * URIS_MAX, 2);
const strings = changetype<Strings>(memory.data(STRINGS_SIZE, 4));

/** Begins at the root, and reads on to where its type is known. */
export function exiBegin(at: usize, size: u32): i32 {
  if (size > DOCUMENT_MAX) return Err.BadLength;
  if (size >= 4 && load<u32>(at) == COOKIE) {
    at += 4;
    size -= 4;
  }
  bitsBegin(source, at, size);
  strings.count = 0;
  learned.count = 0;
  uris.count = URIS;
  store<u16>(locals, ATTRIBUTE_NAMES, 2 * URI_NONE);
  store<u16>(locals, LOCALS_XML, 2);
  store<u16>(locals, LOCALS_XSI, 2 * URI_XSI);
  store<u16>(locals, BUILT_IN_TYPES, 2 * URI_SCHEMA);
  store<u16>(locals, LOCAL_NAMES, 2 * URI_OURS);
  if (bitsGet(source, HEADER_1_BITS) != HEADER_1 || bitsGet(source, HEADER_2_BITS) != HEADER_2) bitsFail(source, Err.Reserved);
  let type = bitsGet(source, width(GLOBALS + 1));
  if (source.error < 0) return source.error;
  if (type >= GLOBALS) return Err.NotFound;
  open(type, typeName(type), IS_OPENING);
  while (top().flags & IS_OPENING && source.error == 0) step();
  return source.error;
}

/** The next event, an `Err`, or 0: there was nothing to tell, or, behind the root, nothing more. */
export function exiNext(): i32 {
  if (reader.depth < 0) return source.end - source.at < 8 ? 0 : <i32>Err.BadLength;
  let event = step();
  return source.error < 0 ? source.error : event;
}

function open(type: u32, name: u32, flags: u32): void {
  if (push(type, name, flags)) top().mark = URI_OURS << LOCAL_BITS | name;
  else bitsFail(source, Err.NoBuffer);
}

function step(): i32 {
  let frame = top(), begin = source.at;
  if (frame.mark & BUILT_IN) return learnedStep(frame);
  walkScan(frame, NONE, NONE);
  let count = scan.count, code = bitsGet(source, width(count + 1)), second = NONE, isSimple = entryKind(frame.entry) != Kind.None;
  if (code > count) bitsFail(source, Err.Reserved);
  if (code == count) second = undeclared(frame);
  if (frame.flags & IS_OPENING && second != Undeclared.Type && second != Undeclared.Nil) {
    frame.flags &= ~IS_OPENING;
    source.at = begin;
    return isSimple || frame.flags & IS_SKIPPED ? 0 : told(frame, Event.Open);
  }
  if (second != NONE) return undeclaredStep(frame, second);
  if (scan.hasEnd && code + 1 == count) return pop();
  if (isSimple) {
    valueGet(frame.entry, frame.mark & KEY_MASK, isQuiet(frame));
    frame.flags |= IS_VALUED | IN_CONTENT;
    return 0;
  }
  walkScan(frame, NONE, code);
  return taken(frame, false);
}

/** Whether a value in an element is told of: not where nobody asked, nor a second one. */
function isQuiet(frame: Frame): bool {
  return frame.flags & IS_SKIPPED || entryKind(frame.entry) == Kind.None || reader.lies != Lies.Not;
}

/** The member that the scan found has come. */
function taken(frame: Frame, isText: bool): i32 {
  let particle = scan.particle, name = particleName(particle), type = particleType(particle);
  walkTake(frame);
  if (name < LOCAL_NAMES) {
    open(type, name, IS_OPENING);
    return 0;
  }
  let entry = typeEntry(type), quiet = (frame.flags & IS_SKIPPED) != 0;
  if (isText) textGet(name - LOCAL_NAMES, quiet);
  else valueGet(entry, name - LOCAL_NAMES, quiet);
  return quiet || source.error < 0 ? 0 : attribute(frame, name, entry);
}

/** Reads a second part. */
function undeclared(frame: Frame): u32 {
  let set = OPEN_SET;
  if (!scan.hasEnd) set |= 1 << Undeclared.End;
  if (!(frame.flags & IN_CONTENT)) set |= frame.next == 0 ? START_SET | FIRST_SET : START_SET;
  let count = popcnt<u32>(set), code = bitsGet(source, width(count));
  if (code >= count) bitsFail(source, Err.Reserved);
  for (; code > 0; code--) set &= set - 1;
  return ctz<u32>(set);
}

function undeclaredStep(frame: Frame, second: u32): i32 {
  switch (second) {
    case Undeclared.End: return pop();
    case Undeclared.Type: {
      if (!retype(frame, typeGet())) bitsFail(source, Err.Reserved);
      return 0;
    }
    case Undeclared.Nil: {
      if (bitsGet(source, 1)) frame.flags |= IS_NIL;
      return 0;
    }
    case Undeclared.Attribute: return anyAttribute(frame, nameGet());
    case Undeclared.AttributeUntyped: {
      let code = bitsGet(source, width(scan.attributes + 1));
      if (code >= scan.attributes) return anyAttribute(frame, nameGet());
      walkScan(frame, NONE, code);
      return taken(frame, true);
    }
    case Undeclared.Element: {
      walkContent(frame);
      return anyElement(frame, nameGet());
    }
    default: {
      walkContent(frame);
      textGet(frame.mark & KEY_MASK, isQuiet(frame));
      return 0;
    }
  }
}

/** An event of an element that the schema does not know there. */
function learnedStep(frame: Frame): i32 {
  let grammar = frame.mark & KEY_MASK, inContent = (frame.flags & IN_CONTENT) != 0, what = learnedGet(source, grammar, inContent);
  let name = learned.name, isNamed = what == Learned.Attribute || what == Learned.Element;
  if (name == NAME_FOLLOWS) {
    name = isNamed ? nameGet() : 0;
    if (what != Learned.End || !inContent) learnedAdd(source, grammar, inContent, what, name);
  }
  switch (what) {
    case Learned.End: return pop();
    case Learned.Attribute: {
      if (name != (URI_XSI << LOCAL_BITS | XSI_TYPE)) return anyAttribute(frame, name);
      let type = typeGet();
      if (type != NONE) {
        frame.mark &= ~BUILT_IN;
        if (!(frame.flags & IS_SKIPPED) && entryKind(frame.entry) == Kind.None && type != frame.type) bitsFail(source, Err.Reserved);
      }
      if (!retype(frame, type)) bitsFail(source, Err.Reserved);
      return 0;
    }
    case Learned.Element: {
      frame.flags |= IN_CONTENT;
      return anyElement(frame, name);
    }
    default: {
      frame.flags |= IN_CONTENT;
      textGet(grammar, isQuiet(frame));
      return 0;
    }
  }
}

/** An attribute out of place, or none of ours. */
function anyAttribute(frame: Frame, key: u32): i32 {
  let name = LOCAL_NAMES + key, quiet = (frame.flags & IS_SKIPPED) != 0 || key >= ATTRIBUTE_NAMES;
  let particle = quiet ? 0 : walkMember(frame.entry, name);
  textGet(key, particle == 0);
  return particle && source.error == 0 ? attribute(frame, name, typeEntry(particleType(particle))) : 0;
}

/** An element out of place is known by its name all the same; any other is passed over.  If it is a global one, it is coded as that. */
function anyElement(frame: Frame, key: u32): i32 {
  let name = key - (URI_OURS << LOCAL_BITS), particle: u32 = 0, global = NONE;
  if (name < LOCAL_NAMES) {
    global = nameType(name);
    if (global >= GLOBALS) global = NONE;
    if (!(frame.flags & (IS_SKIPPED | IS_NIL))) particle = walkMember(frame.entry, name);
  }
  let type = particleType(particle), mark = key;
  if (global == NONE) mark |= BUILT_IN;
  else if (global != type) {
    particle = 0;
    type = global;
  }
  if (!push(type, particleName(particle), (particle ? 0 : IS_SKIPPED) | (global == NONE ? 0 : IS_OPENING))) {
    bitsFail(source, Err.NoBuffer);
    return 0;
  }
  frame = top();
  frame.mark = mark;
  return particle && global == NONE && entryKind(frame.entry) == Kind.None ? told(frame, Event.Open) : 0;
}

/** Reads a qualified name: namespace and local name as one number. */
function nameGet(): u32 {
  let uri = bitsGet(source, width(uris.count + 1)) - 1;
  if (uri == 0xffff_ffff) {
    literalSkip(source, 0);
    uri = uris.count++;
    if (uri < URIS_MAX) store<u16>(locals + 2 * uri, 0);
    else bitsFail(source, Err.NoBuffer);
  }
  if (uri >= uris.count) bitsFail(source, Err.Reserved);
  if (source.error < 0) return 0;
  let begin = source.at, count: u32 = load<u16>(locals + 2 * uri), local = count;
  if (uintGet(source) == 0) {
    local = bitsGet(source, width(count));
    if (local >= count) bitsFail(source, Err.Reserved);
  } else {
    if (source.error == 0) source.at = begin;
    literalSkip(source, 1);
    if (count >= LOCALS_MAX) bitsFail(source, Err.NoBuffer);
    store<u16>(locals + 2 * uri, count + 1);
  }
  return source.error < 0 ? 0 : uri << LOCAL_BITS | local;
}

/** The type that a qualified name is; NONE when it is none. */
function typeGet(): u32 {
  let key = nameGet(), local = key & (LOCALS_MAX - 1);
  if (key >> LOCAL_BITS == URI_OURS) return nameType(local);
  return key >> LOCAL_BITS == URI_SCHEMA && local < BUILT_IN_TYPES ? GLOBALS + SIMPLE_TYPES + local : NONE;
}

/** Reads a value as a string. */
function textGet(key: u32, quiet: bool): void {
  stringGet(source, strings, key);
  if (!quiet) hold(Lies.Points, foundString.at, foundString.left);
}

/** Reads a value of a type (section 7.1). */
function valueGet(entry: u32, key: u32, quiet: bool): void {
  let number: i64 = 0;
  switch (entryKind(entry)) {
    case Kind.Text: {
      textGet(key, quiet);
      return;
    }
    case Kind.Hex: {
      let size = lengthGet(source, 0), from = source.at;
      if (size > (source.end - from) >> 3) bitsFail(source, Err.Truncated);
      else source.at += 8 * size;
      if (!quiet) hold(Lies.Octets, from, size);
      return;
    }
    case Kind.Small: {
      number = bitsGet(source, 8);
      break;
    }
    case Kind.SmallSigned: {
      number = <i64>bitsGet(source, 8) - 128;
      break;
    }
    case Kind.Boolean: {
      number = bitsGet(source, 1);
      break;
    }
    case Kind.Unsigned: {
      number = uintGet(source);
      break;
    }
    default: {
      let isNegative = bitsGet(source, 1);
      number = uintGet(source);
      if (number < 0) bitsFail(source, Err.Reserved);
      if (isNegative) number = ~number;
    }
  }
  if (quiet) return;
  reader.number = number;
  reader.lies = Lies.Number;
}
