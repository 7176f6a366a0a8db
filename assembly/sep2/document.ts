// Documents of IEEE 2030.5, element by element: XML in the namespace of 2018.
//
//   documentBegin; attributes; members: Number, Text, Hex, or Open ... Close; documentEnd
import { constantText } from "../core/constants";
import { Err } from "../core/err";
import * as Name from "./names";
import { write, writeNumber, writeOctet, writeOctets, writerAt, writerBegin, writerFits } from "./writer";

/** Elements within elements. */
const DEPTH_MAX: u32 = 8;

@unmanaged @final
class Document {
  begun: usize;
  depth: u32;
  /** The tag of the element that was opened last is open. */
  isTag: u32;
}
const document = changetype<Document>(memory.data(offsetof<Document>(), 4));
const names = memory.data(DEPTH_MAX * 4, 4);

const NAMESPACE = constantText(" xmlns=\"urn:ieee:std:2030.5:ns\"");
const QUOTE: u32 = 0x22;
const LESS: u32 = 0x3c;
const GREATER: u32 = 0x3e;
const SLASH: u32 = 0x2f;
const AMPERSAND: u32 = 0x26;
const AMPERSAND_TEXT = constantText("&amp;");
const LESS_TEXT = constantText("&lt;");
const QUOTE_TEXT = constantText("&quot;");

export function documentBegin(format: u32, type: u32, at: usize, capacity: u32): void {
  writerBegin(at, capacity);
  document.begun = at;
  document.depth = document.isTag = 0;
  documentOpen(type);
}

/** Closes the root: the size of the document, or an `Err` where it did not fit. */
export function documentEnd(): i32 {
  documentClose();
  assert(document.depth == 0);
  return writerFits() ? <i32>(writerAt() - document.begun) : <i32>Err.NoBuffer;
}

/** A member that has members. */
export function documentOpen(name: u32): void {
  assert(document.depth < DEPTH_MAX);
  tag();
  writeOctet(LESS);
  write(name);
  if (document.depth == 0) write(NAMESPACE);
  store<u32>(names + 4 * document.depth++, name);
  document.isTag = 1;
}

export function documentClose(): void {
  let name = load<u32>(names + 4 * --document.depth);
  if (!document.isTag) return ending(name);
  document.isTag = 0;
  writeOctet(SLASH);
  writeOctet(GREATER);
}

/** A member that is a number: an attribute of what was opened last, or an element. */
export function documentNumber(name: u32, value: i64): void {
  begin(name);
  writeNumber(value);
  ended(name);
}

/** Characters of ISO 8859-1. */
export function documentText(name: u32, at: usize, size: u32): void {
  begin(name);
  writeText(at, size);
  ended(name);
}

/** Octets in hexadecimal. */
export function documentHex(name: u32, at: usize, size: u32): void {
  begin(name);
  for (let end = at + size; at < end; at++) {
    let octet: u32 = load<u8>(at);
    digit(octet >>> 4);
    digit(octet & 15);
  }
  ended(name);
}

function isAttribute(name: u32): bool { return name == Name.all || name == Name.href || name == Name.results; }

function begin(name: u32): void {
  if (isAttribute(name)) {
    writeOctet(0x20);
    write(name);
    writeOctet(0x3d);
    return writeOctet(QUOTE);
  }
  tag();
  writeOctet(LESS);
  write(name);
  writeOctet(GREATER);
}

function ended(name: u32): void {
  if (isAttribute(name)) writeOctet(QUOTE);
  else ending(name);
}

function ending(name: u32): void {
  writeOctet(LESS);
  writeOctet(SLASH);
  write(name);
  writeOctet(GREATER);
}

function tag(): void {
  if (document.isTag) writeOctet(GREATER);
  document.isTag = 0;
}

function digit(value: u32): void { writeOctet(value + (value < 10 ? 0x30 : 0x37)); }

/** What XML does not take as it is is written in its way; control characters it does not take at all, section 2.2. */
function writeText(at: usize, size: u32): void {
  for (let end = at + size; at < end; at++) {
    let octet: u32 = load<u8>(at);
    switch (octet) {
      case AMPERSAND: { write(AMPERSAND_TEXT); break; }
      case LESS: { write(LESS_TEXT); break; }
      case QUOTE: { write(QUOTE_TEXT); break; }
      default: {
        if (octet < 0x20 || octet - 0x7f < 33) octet = 0x20;
        if (octet < 0x80) writeOctet(octet);
        else {
          writeOctet(0xc0 | octet >>> 6);
          writeOctet(0x80 | octet & 0x3f);
        }
      }
    }
  }
}
