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
