// Octets in wire order.  Wasm is little-endian and allows unaligned access; bounds are the caller's duty.

export function be16(at: usize): u32 {
  return (<u32>load<u8>(at) << 8) | load<u8>(at, 1);
}

export function putBe16(at: usize, value: u32): void {
  store<u8>(at, value >>> 8);
  store<u8>(at, value, 1);
}

/** Three octets, little-endian. */
export function le24(at: usize): u32 {
  return <u32>load<u16>(at) | (<u32>load<u8>(at, 2) << 16);
}

export function putLe24(at: usize, value: u32): void {
  store<u16>(at, value);
  store<u8>(at, value >>> 16, 2);
}

/** Six octets, little-endian: the summation of a meter. */
export function le48(at: usize): u64 {
  return <u64>load<u32>(at) | (<u64>load<u16>(at, 4) << 32);
}

export function putLe48(at: usize, value: u64): void {
  store<u32>(at, <u32>value);
  store<u16>(at, <u16>(value >>> 32), 4);
}

/** Copies with the order of octets reversed; the two ranges are apart. */
export function copyReversed(to: usize, from: usize, size: u32): void {
  for (let index: u32 = 0; index < size; index++) store<u8>(to + index, load<u8>(from + size - 1 - index));
}

/** Whether two ranges are equal, in a time that depends on `size` only. */
export function equalOctets(a: usize, b: usize, size: u32): bool {
  let difference: u32 = 0;
  for (let index: u32 = 0; index < size; index++) difference |= load<u8>(a + index) ^ load<u8>(b + index);
  return difference == 0;
}

/** Overwrites a secret. */
export function wipe(at: usize, size: u32): void {
  memory.fill(at, 0, size);
}
