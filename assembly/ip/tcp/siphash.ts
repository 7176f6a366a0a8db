// SipHash-2-4, a keyed hash of short texts, here of whole words of 8 octets: Aumasson and Bernstein, "SipHash: a fast short-input PRF".

/** Of `words` words at `at` under the 16 octets at `key`. */
export function sipHash(key: usize, at: usize, words: u32): u64 {
  let k0 = load<u64>(key);
  let k1 = load<u64>(key, 8);
  let v0 = k0 ^ 0x736f_6d65_7073_6575;
  let v1 = k1 ^ 0x646f_7261_6e64_6f6d;
  let v2 = k0 ^ 0x6c79_6765_6e65_7261;
  let v3 = k1 ^ 0x7465_6462_7974_6573;
  // The words, one that says how many octets there were, and the end.
  for (let index: u32 = 0; index <= words + 1; index++) {
    let word: u64 = index < words ? load<u64>(at + (index << 3)) : index == words ? <u64>words << 59 : 0;
    let isEnd = index > words;
    if (isEnd) v2 ^= 0xff;
    v3 ^= word;
    for (let round: u32 = isEnd ? 4 : 2; round > 0; round--) {
      v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32);
      v2 += v3; v3 = rotl(v3, 16) ^ v2;
      v0 += v3; v3 = rotl(v3, 21) ^ v0;
      v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32);
    }
    v0 ^= word;
  }
  return v0 ^ v1 ^ v2 ^ v3;
}
