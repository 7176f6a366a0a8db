// Internet checksum over what IPv6 carries, with its pseudo-header: RFC 1071, RFC 8200 section 8.1.
//
// Octets are added as they lie, four at a time; the sum is in the same order, so it is stored as it comes: RFC 1071 section 2 (B).

/**
 * Of `size` octets at `at` between the addresses at `addresses`, source before target: 0 when what arrived is intact, else what belongs in
 * the field that was 0, to be stored as a u16.
 */
export function checksumOf(at: usize, size: u32, addresses: usize, nextHeader: u32): u32 {
  let sum = add(add(<u64>bswap<u32>(size) + <u64>bswap<u32>(nextHeader), addresses, 32), at, size);
  sum = (sum & 0xffff_ffff) + (sum >>> 32);
  sum = (sum & 0xffff) + ((sum >>> 16) & 0xffff) + (sum >>> 32);
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  return <u32>sum ^ 0xffff;
}

function add(sum: u64, at: usize, size: u32): u64 {
  let end = at + (size & ~3);
  for (; at < end; at += 4) sum += load<u32>(at);
  if (size & 2) { sum += load<u16>(at); at += 2; }
  return size & 1 ? sum + load<u8>(at) : sum;
}
