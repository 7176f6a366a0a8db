// Values of Metering attributes: SE 1.4a annex D.3.2.2.

/** kWh and kW, in binary; with bit 7 the same in BCD, table D-23. */
export const METERING_KWH: u32 = 0x00;
export const METERING_BCD: u32 = 0x80;

/** A summation and a demand that are not known, 075123 table 2-10. */
export const METERING_NO_SUMMATION: i64 = 0xffff_ffff_ffff;
export const METERING_NO_DEMAND: i32 = -0x80_0000;
export const METERING_DEMAND_MAX: i32 = 0x7f_ffff;
