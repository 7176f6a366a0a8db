// Ranges of octets.  Bounds are the caller's duty.

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

// Numbers in network order, whatever their alignment.

export function be16(at: usize): u32 { return bswap<u16>(load<u16>(at)); }
export function be32(at: usize): u32 { return bswap<u32>(load<u32>(at)); }
export function be64(at: usize): u64 { return bswap<u64>(load<u64>(at)); }
export function putBe16(at: usize, value: u32): void { store<u16>(at, bswap<u16>(<u16>value)); }
export function putBe32(at: usize, value: u32): void { store<u32>(at, bswap<u32>(value)); }
export function putBe64(at: usize, value: u64): void { store<u64>(at, bswap<u64>(value)); }
