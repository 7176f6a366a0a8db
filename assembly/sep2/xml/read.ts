// Reads XML: tags, the namespaces that prefixes stand for, and values where they lie.  The order of members is not looked at.
//
//   <p:Name xmlns:p="..." href="..."> value or elements </p:Name>      a tag is passed first for its prefixes, then for what it has of ours
import { equalOctets } from "../../core/bytes";
import { Err } from "../../core/err";
import { Event, Lies, attribute, hold, pop, push, reader, retype, told, top } from "../values/reading";
import { ATTRIBUTE_NAMES, BUILT_IN_TYPES, GLOBALS, Kind, LOCAL_NAMES, NAME_SIZE_MAX, SIMPLE_TYPES } from "../schema/tables";
import {
  Frame, IS_NIL, IS_SKIPPED, NONE, entryKind, nameFind, nameText, nameType, particleName, particleType, typeEntry, walkAttribute,
  walkMember,
} from "../schema/walk";
import { miscEnd } from "../values/characters";
import { Namespace, namespaceBind, namespaceOf, namespacesLeave, namespacesReset } from "./namespaces";
import { part, partAttribute, partName, partSpace } from "./part";

@unmanaged @final
class Xml {
  /** Where the attributes of the innermost element begin of which was not told yet; 0 when there are none. */
  attributes: usize;
  /** It has ended with its tag. */
  isEmpty: u32;
}
const xml = changetype<Xml>(memory.data(offsetof<Xml>(), 4));
const text = memory.data(NAME_SIZE_MAX);
const BUILT_IN_NAMES: u32 = LOCAL_NAMES + ATTRIBUTE_NAMES;

/** Begins at the root. */
export function xmlBegin(at: usize, size: u32): i32 {
  part.at = at;
  part.end = at + size;
  if (size >= 3 && load<u16>(at) == 0xbbef && load<u8>(at, 2) == 0xbf) part.at += 3; // a byte order mark
  namespacesReset();
  let error = misc();
  if (error < 0) return error;
  part.at++;
  error = openTag();
  return error < 0 ? error : 0;
}

/** Passes over what may stand before and behind the root; an `Err` when it is something else than a tag. */
function misc(): i32 {
  while (true) {
    let octet = partSpace();
    if (octet == 0) return Err.Truncated;
    if (octet != 0x3c) return Err.Reserved;
    if (!isMisc()) return 0;
    part.at = miscEnd(part.at, part.end);
    if (part.at == 0) return Err.Reserved;
  }
}

/** Whether "<" begins a comment, an instruction or a declaration. */
function isMisc(): bool {
  let next: u32 = part.at + 1 < part.end ? load<u8>(part.at, 1) : 0;
  return next == 0x21 || next == 0x3f;
}

/** The next event, an `Err`, or 0: there was nothing to tell, or, behind the root, nothing more. */
export function xmlNext(): i32 {
  if (reader.depth < 0) return misc() == Err.Truncated ? 0 : <i32>Err.Reserved;
  let frame = top(), begin = part.at;
  if (xml.attributes) {
    let event = nextAttribute(frame);
    if (event != 0) return event;
  }
  if (xml.isEmpty) {
    xml.isEmpty = 0;
    return close();
  }
  for (; part.at < part.end; part.at++) {
    if (load<u8>(part.at) != 0x3c) continue;
    if (!isMisc()) break;
    let end = miscEnd(part.at, part.end);
    if (end == 0) return Err.Reserved;
    part.at = end - 1;
  }
  if (part.end - part.at < 2) return Err.Truncated;
  let isSimple = entryKind(frame.entry) != Kind.None && !(frame.flags & IS_SKIPPED);
  if (isSimple && reader.lies == Lies.Not && part.at > begin) hold(Lies.Content, begin, part.at);
  part.at++;
  return load<u8>(part.at) == 0x2f ? endTag(frame) : openTag();
}

function close(): i32 {
  namespacesLeave(reader.depth);
  return pop();
}

function endTag(frame: Frame): i32 {
  let name = ++part.at, begun = <usize>frame.mark;
  if (!partName()) return Err.Reserved;
  let size = <u32>(part.at - name), behind: u32 = load<u8>(begun + size);
  if (!equalOctets(name, begun, size) || (behind > 0x20 && behind != 0x2f && behind != 0x3e)) return Err.Reserved;
  if (partSpace() != 0x3e) return part.at == part.end ? <i32>Err.Truncated : <i32>Err.Reserved;
  part.at++;
  return close();
}

/** A start tag, behind its "<": opens what it is. */
function openTag(): i32 {
  let begin = part.at, depth = reader.depth + 1;
  if (!partName()) return part.at == part.end ? <i32>Err.Truncated : <i32>Err.Reserved;
  let prefix = part.prefix, prefixSize = part.prefixSize, local = part.name, size = part.size, attributes = part.at;
  for (;;) {
    let found = partAttribute();
    if (found < 0) return found;
    if (found == 0) break;
    let isDefault = part.prefixSize == 0;
    if (!isXmlns(isDefault ? part.name : part.prefix, isDefault ? part.size : part.prefixSize)) continue;
    if (!namespaceBind(part.name, isDefault ? 0 : part.size, part.from, <u32>(part.to - part.from), depth)) return Err.NoBuffer;
  }
  let isEmpty = load<u8>(part.at) == 0x2f;
  if (isEmpty && (++part.at == part.end || load<u8>(part.at) != 0x3e)) return part.at == part.end ? <i32>Err.Truncated : <i32>Err.Reserved;
  let end = part.at + 1, name = NONE;
  if (namespaceOf(prefix, prefixSize) == Namespace.Ours) name = nameFind(local, size, 0, LOCAL_NAMES);
  let error = enter(name);
  if (error < 0) return error;
  let frame = top();
  frame.mark = <u32>begin;
  xml.isEmpty = isEmpty;
  if (!(frame.flags & IS_SKIPPED)) {
    part.at = attributes;
    if (!instance(frame)) return Err.Reserved;
  }
  let isTold = !(frame.flags & IS_SKIPPED) && entryKind(frame.entry) == Kind.None;
  xml.attributes = isTold ? attributes : 0;
  part.at = end;
  return isTold ? told(frame, Event.Open) : 0;
}

/** Opens an element of a name; NONE is none of ours. */
function enter(name: u32): i32 {
  let type: u32 = 0, flags: u32 = 0;
  if (reader.depth < 0) {
    type = nameType(name);
    if (type >= GLOBALS) return Err.NotFound;
  } else {
    let frame = top(), particle: u32 = 0;
    if (name != NONE && !(frame.flags & (IS_SKIPPED | IS_NIL))) particle = walkMember(frame.entry, name);
    if (particle == 0) flags = IS_SKIPPED;
    type = particleType(particle);
    name = particleName(particle);
  }
  return push(type, name, flags) ? 0 : <i32>Err.NoBuffer;
}

function isXmlns(at: usize, size: u32): bool { return size == 5 && load<u32>(at) == 0x6e6c_6d78 && load<u8>(at, 4) == 0x73; }

/** Looks for xsi:type and xsi:nil in a tag; false when the type is none that may be there. */
function instance(frame: Frame): bool {
  while (partAttribute() > 0) {
    if (part.prefixSize == 0 || namespaceOf(part.prefix, part.prefixSize) != Namespace.Xsi) continue;
    let at = part.name, size = part.size, first: u32 = load<u8>(part.from);
    let isTrue = first == 0x74 || first == 0x31; // true, 1
    if (size == 3 && load<u16>(at) == 0x696e && load<u8>(at, 2) == 0x6c && isTrue) frame.flags |= IS_NIL;
    if (size == 4 && load<u32>(at) == 0x6570_7974 && !retype(frame, typeOf())) return false;
  }
  return true;
}

/** The type that an attribute's value names; NONE when it is none. */
function typeOf(): u32 {
  let at = part.at, end = part.end, type = NONE;
  part.at = part.from;
  part.end = part.to;
  partSpace();
  if (partName()) {
    let namespace = namespaceOf(part.prefix, part.prefixSize);
    if (namespace == Namespace.Ours) type = nameType(nameFind(part.name, part.size, 0, LOCAL_NAMES));
    if (namespace == Namespace.Schema) {
      let name = nameFind(part.name, part.size, BUILT_IN_NAMES, BUILT_IN_NAMES + BUILT_IN_TYPES);
      if (name != NONE) type = GLOBALS + SIMPLE_TYPES + name - BUILT_IN_NAMES;
    }
  }
  part.at = at;
  part.end = end;
  return type;
}

/** The next attribute of an element that its type has; 0 when there is none. */
function nextAttribute(frame: Frame): i32 {
  let after = part.at, particle: u32 = 0;
  while ((particle = walkAttribute(frame.entry, frame.next))) {
    frame.next++;
    let size = nameText(particleName(particle), text);
    part.at = xml.attributes;
    while (partAttribute() > 0) {
      if (part.prefixSize != 0 || part.size != size || !equalOctets(part.name, text, size)) continue;
      part.at = after;
      hold(Lies.Attribute, part.from, part.to);
      return attribute(frame, particleName(particle), typeEntry(particleType(particle)));
    }
    part.at = after;
  }
  xml.attributes = 0;
  return 0;
}
