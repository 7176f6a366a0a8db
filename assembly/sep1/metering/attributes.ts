// Metering cluster attributes: SE 1.4a annex D.3.2.2.

export const METERING_SUMMATION: u32 = 0x0000;
export const METERING_STATUS: u32 = 0x0200;
export const METERING_UNIT: u32 = 0x0300;
export const METERING_MULTIPLIER: u32 = 0x0301;
export const METERING_DIVISOR: u32 = 0x0302;
export const METERING_SUMMATION_FORMAT: u32 = 0x0303;
export const METERING_DEMAND_FORMAT: u32 = 0x0304;
export const METERING_DEVICE_TYPE: u32 = 0x0306;
export const METERING_DEMAND: u32 = 0x0400;

/** kWh and kW, in binary; with bit 7 the same in BCD, table D-23. */
export const METERING_KWH: u32 = 0x00;
export const METERING_BCD: u32 = 0x80;
export const METERING_ELECTRIC: u32 = 0x00;

/** A summation and a demand that are not known, 075123 table 2-10. */
export const METERING_NO_SUMMATION: i64 = 0xffff_ffff_ffff;
export const METERING_NO_DEMAND: i64 = -0x80_0000;
export const METERING_DEMAND_MAX: i32 = 0x7f_ffff;
