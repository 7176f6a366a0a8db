// ZCL data types: 075123, section 2.6.2, table 2-10.
import { Err } from "../../core/err";

export const ZCL_BITMAP8: u32 = 0x18;
export const ZCL_UINT8: u32 = 0x20;
export const ZCL_UINT16: u32 = 0x21;
export const ZCL_UINT24: u32 = 0x22;
export const ZCL_UINT32: u32 = 0x23;
export const ZCL_UINT48: u32 = 0x25;
export const ZCL_INT24: u32 = 0x2a;
export const ZCL_INT32: u32 = 0x2b;
export const ZCL_ENUM8: u32 = 0x30;
export const ZCL_ENUM16: u32 = 0x31;
export const ZCL_OCTET_STRING: u32 = 0x41;
export const ZCL_STRING: u32 = 0x42;
export const ZCL_LONG_OCTET_STRING: u32 = 0x43;
export const ZCL_LONG_STRING: u32 = 0x44;
const ZCL_ARRAY: u32 = 0x48;
const ZCL_STRUCTURE: u32 = 0x4c;
const ZCL_SET: u32 = 0x50;
const ZCL_BAG: u32 = 0x51;
export const ZCL_UTC: u32 = 0xe2;

/** Arrays within arrays; section 2.6.2.9 allows 15, none of our clusters uses more than one. */
const DEPTH_MAX: u32 = 3;

/** Whether a value has an amount of change: such types carry a reportable change, section 2.5.7.1.7. */
export function zclTypeIsAnalog(type: u32): bool {
  return (type & 0xf0) == 0x20 || type - 0x38 < 3 || type - 0xe0 < 3;
}

/** The octets that a value of `type` takes at `at`, or an `Err`. */
export function zclValueSize(type: u32, at: usize, have: u32): i32 {
  return sizeOf(type, at, have, 0);
}

/** A number of up to eight octets; types 0x28 to 0x2f are signed. */
export function zclNumber(type: u32, at: usize): i64 {
  let size = fixedSize(type);
  if (size < 1 || size > 8) return 0;
  let value: u64 = 0;
  for (let index = size; index > 0;) value = (value << 8) | load<u8>(at + --index);
  let unused: u64 = 64 - (<u64>size << 3);
  return (type & 0xf8) == 0x28 ? (<i64>(value << unused)) >> unused : <i64>value;
}

/** Writes the low octets of a number; answers their count. */
export function zclPutNumber(type: u32, at: usize, value: i64): u32 {
  let size = fixedSize(type);
  assert(size > 0);
  for (let index = 0; index < size; index++, value >>= 8) store<u8>(at + index, <u8>value);
  return <u32>size;
}

/** The fixed size, or -1 for a type that is of variable size or reserved. */
function fixedSize(type: u32): i32 {
  switch (type >>> 3) {
    case 0x01: case 0x03: case 0x04: case 0x05: return <i32>(type & 7) + 1; // data, bitmap, unsigned, signed
    case 0x1c: return type - 0xe0 < 3 ? 4 : -1; // time of day, date, UTC
  }
  switch (type) {
    case 0x00: case 0xff: return 0; // no data, unknown
    case 0x10: case ZCL_ENUM8: return 1;
    case ZCL_ENUM16: case 0x38: case 0xe8: case 0xe9: return 2; // half float, cluster, attribute
    case 0x39: case 0xea: return 4; // single, BACnet object
    case 0x3a: case 0xf0: return 8; // double, IEEE address
    case 0xf1: return 16; // key
  }
  return -1;
}

function sizeOf(type: u32, at: usize, have: u32, depth: u32): i32 {
  let size = fixedSize(type);
  if (size < 0) {
    switch (type) {
      case ZCL_OCTET_STRING: case ZCL_STRING: {
        if (have < 1) return Err.Truncated;
        let count: u32 = load<u8>(at);
        size = count == 0xff ? 1 : <i32>count + 1; // 0xff: not a string, section 2.6.2.12
        break;
      }
      case ZCL_LONG_OCTET_STRING: case ZCL_LONG_STRING: {
        if (have < 2) return Err.Truncated;
        let count: u32 = load<u16>(at);
        size = count == 0xffff ? 2 : <i32>count + 2;
        break;
      }
      case ZCL_ARRAY: case ZCL_SET: case ZCL_BAG: case ZCL_STRUCTURE: return collectionSize(type, at, have, depth);
      default: return Err.Reserved;
    }
  }
  return <u32>size > have ? Err.Truncated : size;
}

/** | element type (not of a structure) | count u16 | elements |; a structure's elements begin with their type. */
function collectionSize(type: u32, at: usize, have: u32, depth: u32): i32 {
  if (depth == DEPTH_MAX) return Err.Reserved;
  let structured = type == ZCL_STRUCTURE;
  let used: u32 = structured ? 2 : 3;
  if (have < used) return Err.Truncated;
  let element: u32 = load<u8>(at);
  let count: u32 = load<u16>(at + used - 2);
  if (count == 0xffff) return <i32>used; // not a collection, section 2.6.2.9
  if (count > have) return Err.Truncated; // bounds the loop even where elements are empty
  for (; count > 0; count--) {
    if (structured) {
      if (used == have) return Err.Truncated;
      element = load<u8>(at + used++);
    }
    let size = sizeOf(element, at + used, have - used, depth + 1);
    if (size < 0) return size;
    used += size;
  }
  return <i32>used;
}
