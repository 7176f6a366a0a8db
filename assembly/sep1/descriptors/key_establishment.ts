// Key Establishment: 07-5356 annex C.3.  Written by tools/clusters.ts from clusters/; change those files instead.

export const KEY_ESTABLISHMENT_SUITES: u32 = 0x0000;
