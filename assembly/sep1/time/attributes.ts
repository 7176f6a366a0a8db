// Time cluster: 075123, section 3.12.2.2.  Times are seconds since 2000-01-01; all ones is unknown.

export const TIME_NOW: u32 = 0x0000;
export const TIME_STATUS: u32 = 0x0001;
export const TIME_ZONE: u32 = 0x0002;
export const TIME_SUMMER_START: u32 = 0x0003;
export const TIME_SUMMER_END: u32 = 0x0004;
export const TIME_SUMMER_SHIFT: u32 = 0x0005;
export const TIME_STANDARD: u32 = 0x0006;
export const TIME_LOCAL: u32 = 0x0007;

/** The zone is within a day of UTC, section 3.12.2.2.3. */
export const TIME_SHIFT_MAX: i32 = 86_400;
