// Reads a document, whatever its format, as a row of events.  The document lies whole in a buffer, which must stay as it is meanwhile.
//
//   let type = readerBegin(Format.Exi, at, size);      Type of the root element, of its xsi:type where it has one; or an `Err`
//   for (let event = readerNext(); event != Event.End; event = readerNext()) { ... }      an `Err` ends it too
//
//   Attribute   reader.name, and the value      of the element that was opened last, or of the root; in the alphabet's order
//   Open        reader.name, reader.type        a member that has members
//   Value       reader.name, and the value      a member that has none
//   Close                                       of the element that was opened last: at the end of the root too
//
// A value: reader.kind says which.  Numbers, booleans and hexBinary of up to eight octets are in reader.number; readerText and
// readerOctets copy texts and hexBinary.  A value that its type does not have is an error.
//
// What the schema does not have at a place is passed over, and so is an element with xsi:nil that has no members.  What is required
// and absent is the caller's matter; so is the order of members.
import { Err } from "../../core/err";
import { exiBegin, exiNext } from "../exi/read";
import { xmlBegin, xmlNext } from "../xml/read";
import { NO_MORE } from "../values/characters";
import { Format } from "./format";
import { Event, octets, reader, told, top, valueBegin, valueNext } from "../values/reading";
import { utf8Put, utf8Size } from "../values/unicode";

export { Event, reader };

/** Begins; Format.Xml takes both namespaces. */
export function readerBegin(format: u32, at: usize, size: u32): i32 {
  reader.format = format;
  reader.depth = -1;
  reader.error = format == Format.Exi ? exiBegin(at, size) : xmlBegin(at, size);
  if (reader.error < 0) return reader.error;
  return told(top(), top().type);
}

/** The next event, or an `Err`, which stays. */
export function readerNext(): i32 {
  while (true) {
    if (reader.error < 0) return reader.error;
    let event = reader.format == Format.Exi ? exiNext() : xmlNext();
    if (event < 0) reader.error = event;
    else if (event != 0 || reader.depth < 0) return event;
  }
}

/** Passes over what is left of the element that was opened last; the next event is behind its Close. */
export function readerSkip(): i32 {
  let depth = reader.depth;
  while (true) {
    let event = readerNext();
    if (event <= 0 || reader.depth < depth) return event;
  }
}

/** Copies a text in UTF-8; answers its size. */
export function readerText(at: usize, capacity: u32): i32 {
  let size: u32 = 0;
  valueBegin();
  while (true) {
    let code = valueNext();
    if (code < 0) return code == NO_MORE ? <i32>size : <i32>Err.Reserved;
    let more = utf8Size(code);
    if (size + more > capacity) return Err.NoBuffer;
    utf8Put(at + size, code);
    size += more;
  }
}

/** Copies hexBinary; answers its size. */
export function readerOctets(at: usize, capacity: u32): i32 { return octets(at, capacity); }
