// Keep-Alive: 07-5356 annex A.  Written by tools/clusters.ts from clusters/; change those files instead.

export const KEEP_ALIVE_BASE: u32 = 0x0000;
export const KEEP_ALIVE_JITTER: u32 = 0x0001;
