// Basic: 075123 section 3.2.  Written by tools/clusters.ts from clusters/; change those files instead.

export const BASIC_ZCL_VERSION: u32 = 0x0000;
export const BASIC_APPLICATION_VERSION: u32 = 0x0001;
export const BASIC_MANUFACTURER_NAME: u32 = 0x0004;
export const BASIC_MODEL_IDENTIFIER: u32 = 0x0005;
export const BASIC_POWER_SOURCE: u32 = 0x0007;
