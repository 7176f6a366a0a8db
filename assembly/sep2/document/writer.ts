// Writes a document, whatever its format, into a buffer of the caller.
//
//   documentBegin(Format.Exi, Type.Time, at, capacity);
//   documentConstant(Name.href, TM);                 attributes, in the alphabet's order
//   documentNumber(Name.currentTime, utc);           members, in the schema's order; what is optional may be left out
//   documentOpen(Name.TimeLink); ...; documentClose();
//   let size = documentEnd();                        closes the root; its size, or the first `Err` there was
//
// Out of order, or without something that is required: Err.BadState.  Nothing is written past the capacity.
import { constantRead } from "../../core/host";
import { Err } from "../../core/err";
import { exiClose, exiCode, exiHex, exiNumber, exiText, exiType, exiWriteBegin, exiWriteEnd, target } from "../exi/write";
import { bitsPut } from "../values/bits";
import { Kind, LOCAL_NAMES } from "../schema/tables";
import {
  DEPTH_MAX, Frame, IN_CONTENT, IS_VALUED, NONE, entryFits, entryKind, entrySize, particleType, scan, typeEntry, typeName, walkOpen,
  walkScan, walkTake,
} from "../schema/walk";
import {
  xmlAttribute, xmlBoolean, xmlClose, xmlContent, xmlHex, xmlNamespace, xmlNumber, xmlOpen, xmlQuote, xmlText, xmlType, xmlWriteBegin,
  xmlWriteEnd,
} from "../xml/write";
import { Format } from "./format";

/** Octets of a constant text. */
const TEXT_MAX: u32 = 128;

@unmanaged @final
class Writer {
  format: u32;
  begin: usize;
  /** The first error of the order. */
  error: i32;
  /** Open elements, less one. */
  depth: i32;
  /** Of the value that is being written: what it is of, and how to go on behind it. */
  entry: u32;
  name: u32;
  place: u32;
}
const writer = changetype<Writer>(memory.data(offsetof<Writer>(), 4));
const frames = memory.data(DEPTH_MAX * offsetof<Frame>(), 4);
const octets = memory.data(8);
const text = memory.data(TEXT_MAX);

enum Place { None = 0, Attribute, Member, Own }

function top(): Frame { return changetype<Frame>(frames + writer.depth * offsetof<Frame>()); }

function fail(error: i32): void { if (writer.error == 0) writer.error = error; }

/** Begins a document; what was being written is forgotten.  `type` is the element's own, or what stands in its xsi:type. */
export function documentBeginAs(format: u32, element: u32, type: u32, at: usize, capacity: u32): void {
  writer.format = format;
  writer.begin = at;
  writer.error = 0;
  writer.depth = -1;
  if (format == Format.Exi) exiWriteBegin(at, capacity, element);
  else xmlWriteBegin(at, capacity);
  open(element, typeName(element), type);
}

export function documentBegin(format: u32, element: u32, at: usize, capacity: u32): void {
  documentBeginAs(format, element, NONE, at, capacity);
}

function open(declared: u32, name: u32, type: u32): void {
  if (writer.depth + 1 >= <i32>DEPTH_MAX) {
    fail(Err.NoBuffer);
    return;
  }
  writer.depth++;
  let frame = top();
  walkOpen(frame, declared, name, 0);
  let isExi = writer.format == Format.Exi;
  if (!isExi) {
    xmlOpen(name);
    if (writer.depth == 0) xmlNamespace(writer.format == Format.Xml2013);
  }
  if (type == NONE) return;
  if (isExi) exiType(frame, type);
  else xmlType(type);
  walkOpen(frame, type, name, 0);
}

/** The member is the next one, or one of those that may be left out until it comes. */
function find(name: u32): bool {
  if (writer.error < 0 || writer.depth < 0 || !walkScan(top(), name, NONE)) {
    fail(Err.BadState);
    return false;
  }
  if (writer.format == Format.Exi) exiCode(scan.code);
  walkTake(top());
  return true;
}

/** Opens a member that has members, with xsi:type unless it is NONE. */
export function documentOpenAs(name: u32, type: u32): void {
  if (find(name)) open(particleType(scan.particle), name, type);
}

export function documentOpen(name: u32): void { documentOpenAs(name, NONE); }

/** Closes what was opened last. */
export function documentClose(): void {
  if (writer.error < 0 || writer.depth < 0) {
    fail(Err.BadState);
    return;
  }
  let frame = top();
  walkScan(frame, NONE, NONE);
  if (!scan.hasEnd && entryKind(frame.entry) < <u32>Kind.Hex) fail(Err.BadState); // something is missing; a text or hexBinary is empty
  if (writer.format == Format.Exi) exiClose(frame);
  else xmlClose(frame.name);
  writer.depth--;
}

/** Begins a value: of an attribute, of a member, or, where the innermost element is itself simple, its own. */
function valueBegin(name: u32, isEmpty: bool): bool {
  writer.place = Place.None;
  if (writer.error < 0 || writer.depth < 0) return false;
  let isExi = writer.format == Format.Exi, frame = top();
  if (entryKind(frame.entry) != Kind.None) {
    if (frame.flags & IS_VALUED) fail(Err.BadState);
    writer.place = Place.Own;
  } else {
    if (!find(name)) return false;
    writer.place = Place.Attribute;
    if (name < LOCAL_NAMES) {
      open(particleType(scan.particle), name, NONE);
      writer.place = Place.Member;
    }
  }
  if (writer.error < 0) return false;
  if (writer.place == Place.Attribute) {
    writer.entry = typeEntry(particleType(scan.particle));
    writer.name = name;
    if (!isExi) xmlAttribute(name);
    return true;
  }
  frame = top();
  writer.entry = frame.entry;
  writer.name = frame.name;
  if (isEmpty) return true;
  frame.flags |= IS_VALUED | IN_CONTENT;
  if (isExi) bitsPut(target, 0, 1); // the value, of that and what is undeclared
  else xmlContent();
  return true;
}

function valueEnd(fits: bool): void {
  if (!fits) fail(Err.Reserved);
  if (writer.place == Place.Member) documentClose();
  else if (writer.place == Place.Attribute && writer.format != Format.Exi) xmlQuote();
}

/** A number or a boolean; or hexBinary of at most eight octets, as many as its type has, the first the most significant. */
export function documentNumber(name: u32, number: i64): void {
  if (!valueBegin(name, false)) return;
  let entry = writer.entry, kind = entryKind(entry), size = entrySize(entry);
  if (kind == Kind.Hex && size - 1 < 8) {
    store<u64>(octets, bswap<u64>(<u64>number << (64 - 8 * size)));
    hex(octets, size);
    valueEnd(size == 8 || <u64>number >> (8 * size) == 0);
    return;
  }
  if (kind == Kind.None || kind >= <u32>Kind.Hex || !entryFits(entry, number)) {
    valueEnd(false);
    return;
  }
  if (writer.format == Format.Exi) exiNumber(entry, number);
  else if (kind == Kind.Boolean) xmlBoolean(number != 0);
  else xmlNumber(number, kind == Kind.Signed || kind == Kind.SmallSigned);
  valueEnd(true);
}

function hex(at: usize, size: u32): void {
  if (writer.format == Format.Exi) exiHex(at, size);
  else xmlHex(at, size);
}

/** hexBinary. */
export function documentHex(name: u32, at: usize, size: u32): void {
  if (!valueBegin(name, size == 0)) return;
  let isHex = entryKind(writer.entry) == Kind.Hex, sizeMax = entrySize(writer.entry);
  if (isHex && (size > 0 || writer.place == Place.Attribute)) hex(at, size);
  valueEnd(isHex && (sizeMax == 0 || size <= sizeMax));
}

/** A text in UTF-8. */
export function documentText(name: u32, at: usize, size: u32): void {
  if (!valueBegin(name, size == 0)) return;
  let isText = entryKind(writer.entry) == Kind.Text, isAttribute = writer.place == Place.Attribute;
  if (isText && (size > 0 || isAttribute)) {
    if (writer.format == Format.Exi) exiText(writer.name, at, size);
    else xmlText(at, size, isAttribute);
  }
  valueEnd(isText);
}

/** A constant text (core/constants.ts). */
export function documentConstant(name: u32, constant: u32): void {
  constantRead(constant, text, TEXT_MAX);
  let size: u32 = load<u8>(text);
  assert(size < TEXT_MAX);
  documentText(name, text + 1, size);
}

/** Closes the root: the document's size, or the first `Err` there was. */
export function documentEnd(): i32 {
  if (writer.depth != 0) fail(Err.BadState);
  documentClose();
  if (writer.error < 0) return writer.error;
  let end = writer.format == Format.Exi ? exiWriteEnd() : xmlWriteEnd();
  return end < 0 || writer.format == Format.Exi ? end : end - <i32>writer.begin;
}
