// Bits of an EXI document, most significant first, and what is made of them alone: EXI section 7.1.
import { Err } from "../../core/err";

@unmanaged @final
export class Bits {
  base: usize;
  /** In bits. */
  at: u32;
  end: u32;
  /** The first error; what is read after it is 0. */
  error: i32;
}

/** Larger documents are not read or written: a value is found by its place in 19 bits. */
export const DOCUMENT_MAX: u32 = 0xffff;

export function bitsBegin(bits: Bits, at: usize, size: u32): void {
  bits.base = at;
  bits.at = 0;
  bits.end = min(size, DOCUMENT_MAX) * 8;
  bits.error = 0;
}

/** Bits that tell so many things apart. */
export function width(count: u32): u32 { return count <= 1 ? 0 : 32 - clz<u32>(count - 1); }

export function bitsFail(bits: Bits, error: i32): void {
  if (bits.error == 0) bits.error = error;
  bits.at = bits.end;
}

/** At most 24 bits. */
export function bitsGet(bits: Bits, count: u32): u32 {
  let at = bits.at, end = at + count, value: u32 = 0;
  if (end > bits.end) {
    bitsFail(bits, Err.Truncated);
    return 0;
  }
  bits.at = end;
  for (; at < end; at = (at | 7) + 1) value = value << 8 | load<u8>(bits.base + (at >> 3)); // whole octets
  return value >> (-end & 7) & ((1 << count) - 1);
}

export function bitsPut(bits: Bits, value: u32, count: u32): void {
  if (count > bits.end - bits.at) {
    bitsFail(bits, Err.NoBuffer);
    return;
  }
  while (count > 0) {
    let at = bits.base + (bits.at >> 3), used = bits.at & 7, take = min(8 - used, count);
    count -= take;
    let part = (value >> count & ((1 << take) - 1)) << (8 - used - take);
    store<u8>(at, used ? load<u8>(at) | part : part);
    bits.at += take;
  }
}

/** Groups of seven bits, the least significant first (section 7.1.6); more than 64 bits are refused. */
export function uintGet(bits: Bits): u64 {
  let value: u64 = 0;
  for (let shift: u32 = 0; shift < 70; shift += 7) {
    let octet = bitsGet(bits, 8);
    if (shift == 63 && octet > 1) break;
    value |= <u64>(octet & 0x7f) << shift;
    if (!(octet & 0x80)) return value;
  }
  bitsFail(bits, Err.BadLength);
  return 0;
}

export function uintPut(bits: Bits, value: u64): void {
  for (; value >= 0x80; value >>= 7) bitsPut(bits, <u32>value & 0x7f | 0x80, 8);
  bitsPut(bits, <u32>value, 8);
}
