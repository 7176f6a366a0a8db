// Writes EXI: event codes of the walk, and values as their types are coded.
import { BUILT_IN_TYPES, GLOBALS, Kind, LOCAL_NAMES, SIMPLE_TYPES } from "../schema/tables";
import { Frame, NONE, entryKind, scan, typeName, walkScan } from "../schema/walk";
import { Bits, bitsBegin, bitsPut, uintPut, width } from "../values/bits";
import {
  FIRST_SET, HEADER_1, HEADER_1_BITS, HEADER_2, HEADER_2_BITS, LOCAL_BITS, OPEN_SET, START_SET, URIS, URI_OURS, URI_SCHEMA, Undeclared,
} from "./header";
import { STRINGS_SIZE, Strings, stringPut } from "./strings";

export const target = changetype<Bits>(memory.data(offsetof<Bits>(), 4));
const strings = changetype<Strings>(memory.data(STRINGS_SIZE, 4));

/** Begins with a global element. */
export function exiWriteBegin(at: usize, capacity: u32, element: u32): void {
  bitsBegin(target, at, capacity);
  strings.count = 0;
  bitsPut(target, HEADER_1, HEADER_1_BITS);
  bitsPut(target, HEADER_2, HEADER_2_BITS);
  bitsPut(target, element, width(GLOBALS + 1));
}

/** Octets, the last filled with zeros. */
export function exiWriteEnd(): i32 { return target.error < 0 ? target.error : <i32>(target.at + 7) >> 3; }

/** An event code of one part, of those that the last scan counted. */
export function exiCode(code: u32): void { bitsPut(target, code, width(scan.count + 1)); }

/** A code of two parts, before anything of an element was written. */
function undeclared(frame: Frame, what: u32): void {
  walkScan(frame, NONE, NONE);
  exiCode(scan.count);
  let set = OPEN_SET | START_SET | FIRST_SET | <u32>(scan.hasEnd == 0);
  bitsPut(target, popcnt<u32>(set & ((1 << what) - 1)), width(popcnt<u32>(set)));
}

/** xsi:type, in an element that is open as what it is declared to be. */
export function exiType(frame: Frame, type: u32): void {
  undeclared(frame, Undeclared.Type);
  let isOurs = type < GLOBALS + SIMPLE_TYPES;
  bitsPut(target, 1 + (isOurs ? URI_OURS : URI_SCHEMA), width(URIS + 1));
  bitsPut(target, 0, 8); // the table has the local name
  bitsPut(target, isOurs ? typeName(type) : type - GLOBALS - SIMPLE_TYPES, width(isOurs ? LOCAL_NAMES : BUILT_IN_TYPES));
}

/** The end of an element; one whose value is missing ends undeclared. */
export function exiClose(frame: Frame): void {
  walkScan(frame, NONE, NONE);
  if (scan.hasEnd) exiCode(scan.count - 1);
  else undeclared(frame, Undeclared.End);
}

/** A number, of a type that has it (section 7.1). */
export function exiNumber(entry: u32, number: i64): void {
  switch (entryKind(entry)) {
    case Kind.Boolean: {
      bitsPut(target, <u32>number, 1);
      return;
    }
    case Kind.Small: {
      bitsPut(target, <u32>number, 8);
      return;
    }
    case Kind.SmallSigned: {
      bitsPut(target, <u32>(number + 128), 8);
      return;
    }
    case Kind.Signed: {
      bitsPut(target, <u32>(number < 0), 1);
      if (number < 0) number = ~number;
    }
  }
  uintPut(target, number);
}

export function exiHex(at: usize, size: u32): void {
  uintPut(target, size);
  for (let index: u32 = 0; index < size; index++) bitsPut(target, load<u8>(at + index), 8);
}

/** A text of a member. */
export function exiText(name: u32, at: usize, size: u32): void {
  stringPut(target, strings, name < LOCAL_NAMES ? URI_OURS << LOCAL_BITS | name : name - LOCAL_NAMES, at, size);
}
