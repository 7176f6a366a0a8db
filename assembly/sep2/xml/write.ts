// Writes XML: tags, and values in the characters of their types, without a declaration and without space between elements.
import { constantText } from "../../core/constants";
import { constantRead } from "../../core/host";
import { Err } from "../../core/err";
import { NO_CHARACTER, utf8Get, utf8Size } from "../values/unicode";
import { ATTRIBUTE_NAMES, GLOBALS, LOCAL_NAMES, NAME_SIZE_MAX, SIMPLE_TYPES } from "../schema/tables";
import { nameText, typeName } from "../schema/walk";
import { URI_2013, URI_2018, XML_SCHEMA, XSI } from "./namespaces";

const XMLNS = constantText(" xmlns=\"");
const XMLNS_XSI = constantText(" xmlns:xsi=\"");
const XMLNS_XS = constantText("\" xmlns:xs=\"");
const TYPE = constantText("\" xsi:type=\"");
const XS = constantText("xs:");
const EQUALS = constantText("=\"");
const EMPTY_END = constantText("/>");
const END = constantText("</");
const TRUE = constantText("true");
const FALSE = constantText("false");
const AMP = constantText("&amp;");
const LT = constantText("&lt;");
const GT = constantText("&gt;");
const QUOT = constantText("&quot;");
const TAB = constantText("&#9;");
const LINE = constantText("&#10;");
const RETURN = constantText("&#13;");
/** Octets of the longest number. */
const DIGITS_MAX: u32 = 20;

@unmanaged @final
class Out {
  at: usize;
  end: usize;
  error: i32;
  /** A start tag whose ">" is still to come. */
  isOpen: u32;
}
const out = changetype<Out>(memory.data(offsetof<Out>(), 4));
const scratch = memory.data(NAME_SIZE_MAX);
if (NAME_SIZE_MAX < DIGITS_MAX) ERROR("a number finds room");

export function xmlWriteBegin(at: usize, capacity: u32): void {
  out.at = at;
  out.end = at + capacity;
  out.error = out.isOpen = 0;
}

/** The first error, or where the document ends. */
export function xmlWriteEnd(): i32 { return out.error < 0 ? out.error : <i32>out.at; }

/** Makes room; 0 when there is none. */
function take(size: u32): usize {
  let at = out.at;
  if (size > <u32>(out.end - at)) {
    out.end = at;
    if (out.error == 0) out.error = Err.NoBuffer;
    return 0;
  }
  out.at = at + size;
  return at;
}

function octet(value: u32): void {
  let at = take(1);
  if (at) store<u8>(at, value);
}

function put(constant: u32): void {
  constantRead(constant, scratch, 1);
  let size: u32 = load<u8>(scratch), at = take(size);
  if (at) constantRead(constant + 1, at, size);
}

function putOctets(from: usize, size: u32): void {
  let at = take(size);
  if (at) memory.copy(at, from, size);
}

function putName(name: u32): void { putOctets(scratch, nameText(name, scratch)); }

/** What comes next is no attribute. */
export function xmlContent(): void {
  if (out.isOpen) octet(0x3e);
  out.isOpen = 0;
}

/** Begins a start tag. */
export function xmlOpen(name: u32): void {
  xmlContent();
  octet(0x3c);
  putName(name);
  out.isOpen = 1;
}

/** The namespace, in the root's tag. */
export function xmlNamespace(of2013: bool): void {
  put(XMLNS);
  put(of2013 ? URI_2013 : URI_2018);
  octet(0x22);
}

export function xmlType(type: u32): void {
  let isOurs = type < GLOBALS + SIMPLE_TYPES;
  put(XMLNS_XSI);
  put(XSI);
  if (!isOurs) {
    put(XMLNS_XS);
    put(XML_SCHEMA);
  }
  put(TYPE);
  if (!isOurs) put(XS);
  putName(isOurs ? typeName(type) : type - GLOBALS - SIMPLE_TYPES + LOCAL_NAMES + ATTRIBUTE_NAMES);
  octet(0x22);
}

export function xmlClose(name: u32): void {
  if (out.isOpen) put(EMPTY_END);
  else {
    put(END);
    putName(name);
    octet(0x3e);
  }
  out.isOpen = 0;
}

/** An attribute up to its value; behind that there is a quote. */
export function xmlAttribute(name: u32): void {
  octet(0x20);
  putName(name);
  put(EQUALS);
}

export function xmlQuote(): void { octet(0x22); }

export function xmlBoolean(value: bool): void { put(value ? TRUE : FALSE); }

export function xmlNumber(value: i64, isSigned: bool): void {
  let isNegative = isSigned && value < 0, left = isNegative ? <u64>-value : <u64>value, at = scratch + DIGITS_MAX;
  do {
    store<u8>(--at, 0x30 + <u32>(left % 10));
    left /= 10;
  } while (left > 0);
  if (isNegative) octet(0x2d);
  putOctets(at, <u32>(scratch + DIGITS_MAX - at));
}

export function xmlHex(from: usize, size: u32): void {
  for (let index: u32 = 0; index < size; index++) {
    let value: u32 = load<u8>(from + index);
    for (let shift: i32 = 4; shift >= 0; shift -= 4) {
      let digit = value >> shift & 15;
      octet(digit < 10 ? 0x30 + digit : 0x37 + digit);
    }
  }
}

/** A text in UTF-8, with references for what would be taken for something else, or changed by a reader. */
export function xmlText(from: usize, size: u32, isAttribute: bool): void {
  for (let end = from + size; from < end;) {
    let code = utf8Get(from, end), instead: u32 = 0;
    if (code == NO_CHARACTER) {
      if (out.error == 0) out.error = Err.Reserved;
      return;
    }
    if (code == 0x26) instead = AMP;
    else if (code == 0x3c) instead = LT;
    else if (code == 0x3e) instead = GT;
    else if (code == 13) instead = RETURN;
    else if (isAttribute && code == 0x22) instead = QUOT;
    else if (isAttribute && code < 0x20) instead = code == 9 ? TAB : LINE;
    let octets = utf8Size(code);
    if (instead) put(instead);
    else putOctets(from, octets);
    from += octets;
  }
}
