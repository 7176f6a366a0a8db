// What a row of a template asks for: | name | kind and argument |.

// Kinds, with what the argument is
export const END: u32 = 0 << 8;
export const OPEN: u32 = 1 << 8;
export const CLOSE: u32 = 2 << 8;
/** A whole number below 256. */
export const FIXED: u32 = 3 << 8;
/** A `Row`. */
export const LINK: u32 = 4 << 8;
export const LIST_LINK: u32 = 5 << 8;
/** A `Value`. */
export const WHOLE: u32 = 6 << 8;
export const TEXT: u32 = 7 << 8;
export const HEX: u32 = 8 << 8;

/** How often it is to be read again, s: the default of IEEE 2030.5. */
export const POLL: u32 = 9 << 8;
export const POLL_RATE: u32 = 900;

/** Of a value: there is no such element. */
export const ABSENT: i64 = i64.MIN_VALUE;
