// Metering: 07-5356 annex D.3.  Written by tools/clusters.ts from clusters/; change those files instead.

export const METERING_SUMMATION_DELIVERED: u32 = 0x0000;
export const METERING_STATUS: u32 = 0x0200;
export const METERING_UNIT: u32 = 0x0300;
export const METERING_MULTIPLIER: u32 = 0x0301;
export const METERING_DIVISOR: u32 = 0x0302;
export const METERING_SUMMATION_FORMAT: u32 = 0x0303;
export const METERING_DEMAND_FORMAT: u32 = 0x0304;
export const METERING_DEVICE_TYPE: u32 = 0x0306;
export const METERING_INSTANTANEOUS_DEMAND: u32 = 0x0400;
