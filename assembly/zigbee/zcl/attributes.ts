// A cluster's attributes as a constant table.  The cluster's file gives the values.
//
//   | row u32 | row u32 | ... | end |        row = identifier | type << 16 | flags << 24, in ascending order of identifiers

/** Flag: may be reported. */
export const ATTRIBUTE_REPORTABLE: u32 = 0x0100_0000;
/** Closes a table; no row is all ones because type 0xff is "unknown". */
export const ATTRIBUTES_END: u32 = 0xffff_ffff;

/** The row of an attribute, or `ATTRIBUTES_END`.  Address 0 is a table without rows. */
export function attributeRow(table: usize, id: u32): u32 {
  if (table == 0) return ATTRIBUTES_END;
  let row = load<u32>(table);
  for (; row != ATTRIBUTES_END && (row & 0xffff) != id; row = load<u32>(table)) table += 4;
  return row;
}

export function attributeType(row: u32): u32 { return (row >>> 16) & 0xff; }
