// Time: 075123 section 3.12.  Written by tools/clusters.ts from clusters/; change those files instead.

export const TIME_TIME: u32 = 0x0000;
export const TIME_TIME_STATUS: u32 = 0x0001;
export const TIME_TIME_ZONE: u32 = 0x0002;
export const TIME_SUMMER_START: u32 = 0x0003;
export const TIME_SUMMER_END: u32 = 0x0004;
export const TIME_SUMMER_SHIFT: u32 = 0x0005;
export const TIME_STANDARD_TIME: u32 = 0x0006;
export const TIME_LOCAL_TIME: u32 = 0x0007;
