// Sequence counters of RPL: RFC 6550 section 7.2.  They begin in a line, 128 to 255, and go on in a circle, 0 to 127.
export const SEQUENCE_FIRST: u32 = 240;
const LINE: u32 = 128;
const WINDOW: u32 = 16;
const CIRCLE: u32 = 256;

export function sequenceNext(value: u32): u32 {
  return value == 255 || value == LINE - 1 ? 0 : value + 1;
}

/** Whether `a` comes after `b`; false, too, where they are too far apart to tell. */
export function sequenceNewer(a: u32, b: u32): bool {
  if (a >= LINE && b < LINE) return CIRCLE + b - a > WINDOW;
  if (a < LINE && b >= LINE) return CIRCLE + a - b <= WINDOW;
  let ahead = a < LINE ? (a - b) & (LINE - 1) : a - b;
  return ahead != 0 && ahead <= WINDOW;
}
