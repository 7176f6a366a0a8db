// What stands in the document that a server answered: links, numbers, texts by their names.
import { Format } from "./document/format";
import { Event, reader, readerBegin, readerNext, readerOctets, readerText } from "./document/reader";
import { reply } from "./http/client";
import { PATH_MAX } from "./limits";
import { Name } from "./schema/names";

/** Of a number: there is none. */
export const MISSING: i64 = i64.MIN_VALUE;

/** Finds the first value of this name, of an element of the name `within` unless that is 0; false where there is none. */
function find(within: u32, name: u32): bool {
  if (readerBegin(reply.isExi ? Format.Exi : Format.Xml, reply.body, reply.size) < 0) return false;
  let inner: u32 = 0;
  for (let event = readerNext(); event > Event.End; event = readerNext()) {
    if (event == Event.Open) inner = reader.name;
    else if (event != Event.Close && reader.name == name && (within == 0 || within == inner)) return true;
  }
  return false;
}

/** Where a link leads, into a buffer of `PATH_MAX`; 0: there is none. */
export function answerLink(link: u32, to: usize): u32 {
  return find(link, Name.href) ? <u32>max(readerText(to, PATH_MAX), 0) : 0;
}

export function answerNumber(name: u32): i64 { return find(0, name) ? reader.number : MISSING; }

/** A number of the first element of the name `within`. */
export function answerNumberOf(within: u32, name: u32): i64 { return find(within, name) ? reader.number : MISSING; }

/** 0: there is none, or it is too long. */
export function answerText(name: u32, to: usize, capacity: u32): u32 {
  return find(0, name) ? <u32>max(readerText(to, capacity), 0) : 0;
}

export function answerOctets(name: u32, to: usize, capacity: u32): u32 {
  return find(0, name) ? <u32>max(readerOctets(to, capacity), 0) : 0;
}
