// A cluster's attributes as a constant table, in ascending order of identifiers.
//
//   | id u16 | type | flags | where u16 | ... | 0xffff |
//
// where: the address of the value; with NUMBER the value itself; with TEXT a counted string of core/constants
import { constantString } from "../../core/constants";
import { tableHalf, tableOctet } from "./table";
import { zclNumber, zclPutNumber, zclValueSize } from "./types";

export const ATTRIBUTE_SIZE: u32 = 6;
export const ATTRIBUTES_END: u32 = 0xffff;
export const ATTRIBUTE_REPORT: u32 = 0x01;
export const ATTRIBUTE_WRITE: u32 = 0x02;
const NUMBER: u32 = 0x04;
const TEXT: u32 = 0x08;
/** No value is larger. */
export const ATTRIBUTE_VALUE_MAX: u32 = 20;

/** The row of an attribute, or 0.  Address 0 is a table without rows. */
export function attributeFind(table: usize, id: u32): usize {
  if (table == 0) return 0;
  for (; attributeId(table) != ATTRIBUTES_END; table += ATTRIBUTE_SIZE) if (attributeId(table) == id) return table;
  return 0;
}

export function attributeId(row: usize): u32 { return tableHalf(row); }
export function attributeType(row: usize): u32 { return tableOctet(row + 2); }
export function attributeFlags(row: usize): u32 { return tableOctet(row + 3); }
export function attributeWhere(row: usize): usize { return tableHalf(row + 4); }

/** Writes the value; answers its size. */
export function attributePut(row: usize, at: usize): u32 {
  let type = attributeType(row);
  let where = attributeWhere(row);
  let flags = attributeFlags(row);
  if (flags & NUMBER) return zclPutNumber(type, at, where);
  if (flags & TEXT) return constantString(<u32>where, at, ATTRIBUTE_VALUE_MAX);
  let size = zclValueSize(type, where, ATTRIBUTE_VALUE_MAX);
  assert(size > 0);
  memory.copy(at, where, size);
  return size;
}

/** The value of an attribute that is a number and lies in memory. */
export function attributeNumber(row: usize): i64 { return zclNumber(attributeType(row), attributeWhere(row)); }
