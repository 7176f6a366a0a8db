// Doors to the documents of IEEE 2030.5: one document into another, and into words about its events.
import { Err } from "../../../assembly/core/err";
import { Event, reader, readerBegin, readerNext, readerOctets, readerSkip, readerText } from "../../../assembly/sep2/document/reader";
import { documentBeginAs, documentClose, documentEnd, documentHex, documentNumber, documentOpenAs, documentText } from "../../../assembly/sep2/document/writer";
import { GLOBALS, Kind } from "../../../assembly/sep2/schema/tables";
import { NONE, nameType } from "../../../assembly/sep2/schema/walk";

/** No document has longer values. */
const VALUE_MAX: u32 = 0x16000;
const value = memory.data(VALUE_MAX);
let simple: bool = false;

export function abi(): u32 { return 0; }

/** Reads a document and writes what it reads; answers the size or an `Err`. */
export function convert(from: u32, at: usize, size: u32, to: u32, out: usize, capacity: u32): i32 {
  let type = readerBegin(from, at, size);
  if (type < 0) return type;
  let element = nameType(reader.name);
  documentBeginAs(to, element, reader.isTyped ? type : NONE, out, capacity);
  while (true) {
    let event = readerNext();
    if (event < 0) return event;
    switch (event) {
      case Event.End: return Err.BadState;
      case Event.Open: {
        documentOpenAs(reader.name, reader.isTyped ? reader.type : NONE);
        break;
      }
      case Event.Close: {
        if (reader.depth >= 0) {
          documentClose();
          break;
        }
        return end();
      }
      case Event.Attribute: {
        let error = copy();
        if (error < 0) return error;
        break;
      }
      default: {
        let typed = reader.isTyped != 0 && reader.depth >= 0;
        if (typed) documentOpenAs(reader.name, reader.type);
        let error = copy();
        if (error < 0) return error;
        if (typed) documentClose();
        if (reader.depth < 0) return end();
      }
    }
  }
}

function copy(): i32 {
  let size: i32 = 0;
  if (reader.kind == Kind.Text) {
    size = readerText(value, VALUE_MAX);
    if (size >= 0) documentText(reader.name, value, size);
  } else if (reader.kind == Kind.Hex) {
    size = readerOctets(value, VALUE_MAX);
    if (size >= 0) documentHex(reader.name, value, size);
  } else documentNumber(reader.name, reader.number);
  return size;
}

/** Behind the root there is nothing more. */
function end(): i32 {
  let event = readerNext();
  return event != 0 ? min(event, -1) : documentEnd();
}

/** The events of a document as words: o for open, a, v, c, with the name's number and the value.  Passes over what has the name `skip`. */
export function tell(format: u32, at: usize, size: u32, out: usize, capacity: u32, skip: u32): i32 {
  let event = readerBegin(format, at, size), to = out;
  while (event >= 0) {
    event = readerNext();
    if (event <= 0) break;
    if (event == Event.Open && reader.name == skip) {
      event = readerSkip();
      continue;
    }
    if (<u32>(to - out) + 64 > capacity) return Err.NoBuffer;
    store<u8>(to++, event == Event.Open ? 0x6f : event == Event.Attribute ? 0x61 : event == Event.Value ? 0x76 : 0x63);
    to = decimal(to, event == Event.Close ? reader.depth + 1 : reader.name);
    if (event == Event.Attribute || event == Event.Value) {
      store<u8>(to++, 0x3d);
      if (reader.kind == Kind.Text) {
        let size = readerText(to, capacity - <u32>(to - out) - 1);
        if (size < 0) return size;
        to += size;
      } else to = decimal(to, reader.number);
    }
    store<u8>(to++, 0x20);
  }
  return event < 0 ? event : <i32>(to - out);
}

function decimal(to: usize, number: i64): usize {
  let left = number < 0 ? <u64>-number : <u64>number, size: u32 = 1;
  if (number < 0) store<u8>(to++, 0x2d);
  for (let rest = left; rest >= 10; rest /= 10) size++;
  for (let at = to + size; at > to; left /= 10) store<u8>(--at, 0x30 + <u32>(left % 10));
  return to + size;
}

/** Reads a document to its end: how many events it has, or an `Err`. */
export function events(format: u32, at: usize, size: u32): i32 {
  let event = readerBegin(format, at, size);
  for (let count: i32 = 0; event >= 0; count++) {
    event = readerNext();
    if (event == 0) return count;
    if (event == Event.Attribute || event == Event.Value) {
      let answer: i32 = 0;
      if (reader.kind == Kind.Text) answer = readerText(value, VALUE_MAX);
      else if (reader.kind == Kind.Hex) answer = readerOctets(value, VALUE_MAX);
      if (answer < 0) return answer;
    }
  }
  return event;
}
