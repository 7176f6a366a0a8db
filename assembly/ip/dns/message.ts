// Messages of multicast DNS: RFC 1035 section 4.1, RFC 6762 section 18.
//
//   0    2       4           6         8           10           12
//   | id | flags | questions | answers | authority | additional | ...        big-endian
//
//   question  | name | type 2 | class 2 |        record  | name | type 2 | class 2 | seconds 4 | size 2 | data |
//
// The highest bit of a class is not the class: of a question, that its answer should come to who asks alone; of a record, that it is all.
import { be16, be32, putBe16, putBe32 } from "../../core/bytes";
import { Err } from "../../core/err";
import { DNS_HEADER_SIZE, nameParse, nameSize } from "./name";

export const DNS_PORT: u32 = 5353;

// Types
export const DNS_PTR: u32 = 12;
export const DNS_TXT: u32 = 16;
export const DNS_AAAA: u32 = 28;
export const DNS_SRV: u32 = 33;
export const DNS_NSEC: u32 = 47;
export const DNS_ANY: u32 = 255;
/** The Internet's class, and the bit that is none. */
export const DNS_IN: u32 = 1;
export const DNS_APART: u32 = 0x8000;

export const DNS_ANSWER: u32 = 0x8000;
export const DNS_AUTHORITATIVE: u32 = 0x0400;
/** More of what is known already follows in another message. */
export const DNS_TRUNCATED: u32 = 0x0200;
/** Kind of query and code of the answer: anything but 0 is not for us, section 18.3 and 18.11. */
const ODD: u32 = 0x780f;

export const QUESTION_FIXED: u32 = 4;
export const RECORD_FIXED: u32 = 10;
/** What stands in front of the name in the data of SRV. */
export const SRV_FIXED: u32 = 6;
const ADDRESS_OCTETS: u32 = 16;
/** Questions and records that one message is read for. */
export const ENTRIES_MAX: u32 = 96;

const FLAGS: usize = 2;
const QUESTIONS: usize = 4;
const ANSWERS: usize = 6;
const AUTHORITY: usize = 8;
const ADDITIONAL: usize = 10;

/** The header where it lies.  Valid only where `dnsParse` accepted or `dnsEmit` wrote. */
@unmanaged @final
export class Dns {
  get flags(): u32 { return be16(changetype<usize>(this) + FLAGS); }
  get questions(): u32 { return be16(changetype<usize>(this) + QUESTIONS); }
  set questions(count: u32) { putBe16(changetype<usize>(this) + QUESTIONS, count); }
  get answers(): u32 { return be16(changetype<usize>(this) + ANSWERS); }
  set answers(count: u32) { putBe16(changetype<usize>(this) + ANSWERS, count); }
  get authority(): u32 { return be16(changetype<usize>(this) + AUTHORITY); }
  set authority(count: u32) { putBe16(changetype<usize>(this) + AUTHORITY, count); }
  set additional(count: u32) { putBe16(changetype<usize>(this) + ADDITIONAL, count); }
  /** Of all three sections. */
  get records(): u32 { return this.answers + this.authority + be16(changetype<usize>(this) + ADDITIONAL); }
  get first(): usize { return changetype<usize>(this) + DNS_HEADER_SIZE; }
}

/** What follows the name of a question or a record. */
@unmanaged @final
export class DnsEntry {
  get type(): u32 { return be16(changetype<usize>(this)); }
  get kind(): u32 { return be16(changetype<usize>(this) + 2); }
  get seconds(): u32 { return be32(changetype<usize>(this) + 4); }
  get size(): u32 { return be16(changetype<usize>(this) + 8); }
  get data(): usize { return changetype<usize>(this) + RECORD_FIXED; }
}

/** What follows the name at `at` of a message that was accepted. */
export function entryOf(at: usize): DnsEntry { return changetype<DnsEntry>(at + nameSize(at)); }

/** Accepts the message of `have` octets; answers the number of its questions and records, or an `Err`. */
export function dnsParse(at: usize, have: u32): i32 {
  if (have < DNS_HEADER_SIZE) return Err.Truncated;
  let message = changetype<Dns>(at);
  if (message.flags & ODD) return Err.Reserved;
  let questions = message.questions;
  let entries = questions + message.records;
  if (entries > ENTRIES_MAX) return Err.Refused;
  let end = at + have;
  let read = message.first;
  for (let index: u32 = 0; index < entries; index++) {
    let name = nameParse(at, read, end);
    if (name < 0) return name;
    read += name;
    let left = <u32>(end - read);
    if (left < (index < questions ? QUESTION_FIXED : RECORD_FIXED)) return Err.Truncated;
    if (index < questions) {
      read += QUESTION_FIXED;
      continue;
    }
    let entry = changetype<DnsEntry>(read);
    if (entry.size > left - RECORD_FIXED) return Err.BadLength;
    let data = dataParse(at, entry);
    if (data < 0) return data;
    read = entry.data + entry.size;
  }
  return <i32>entries;
}

/** The data that we read: it has its size, and the name in it its end. */
function dataParse(message: usize, entry: DnsEntry): i32 {
  let size = entry.size;
  let end = entry.data + size;
  let fixed: u32 = entry.type == DNS_SRV ? SRV_FIXED : 0;
  switch (entry.type) {
    case DNS_AAAA: return size == ADDRESS_OCTETS ? 0 : <i32>Err.BadLength;
    case DNS_SRV:
    case DNS_PTR: {
      if (size < fixed) return Err.BadLength;
      let name = nameParse(message, entry.data + fixed, end);
      if (name < 0) return name;
      return <u32>name + fixed == size ? 0 : <i32>Err.BadLength;
    }
    default: return 0;
  }
}

/** Writes a header without questions and records; answers its size. */
export function dnsEmit(at: usize, id: u32, flags: u32): u32 {
  memory.fill(at, 0, DNS_HEADER_SIZE);
  putBe16(at, id);
  putBe16(at + FLAGS, flags);
  return DNS_HEADER_SIZE;
}

export function entryEmit(at: usize, type: u32, kind: u32): u32 {
  putBe16(at, type);
  putBe16(at + 2, kind);
  return QUESTION_FIXED;
}

export function recordEmit(at: usize, type: u32, kind: u32, seconds: u32): u32 {
  entryEmit(at, type, kind);
  putBe32(at + 4, seconds);
  return RECORD_FIXED;
}
