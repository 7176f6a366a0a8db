// For tests only: the layouts of all commands of Price and Metering (SE 1.4a annex D), as data.  A device carries parsers for the
// commands that it acts upon and nothing of this.
//
//   row: | cluster low octet | to client | command | count of tokens | tokens ... |        the last row begins with 0xff
//   token: 1..8 a number of so many octets, or one of the following
import { Err } from "../../../assembly/core/err";

/** A counted string. */
const S: u8 = 0x20;
/** The payload may end here and after any later field. */
const O: u8 = 0x21;
/** The tokens that follow repeat to the end of the payload. */
const R: u8 = 0x22;
/** The tokens that follow repeat as often as the field before says. */
const C: u8 = 0x23;
/** The token that follows repeats as often as the low half of the octet before says. */
const N: u8 = 0x24;
/** Everything to the end. */
const A: u8 = 0x25;

const LAST: u32 = 0xff;
const NUMBER_MAX: u32 = 8;

// prettier-ignore
const layouts = memory.data<u8>([
  // Price, to the client
  0x00, 1, 0x01, 9, 4, 4, 4, 3, 1, O, 1, 1, 1, // publish block period
  0x00, 1, 0x02, 4, 4, 4, 4, 1, // conversion factor
  0x00, 1, 0x03, 5, 4, 4, 4, 1, 1, // calorific value
  0x00, 1, 0x04, 15, 4, 4, 4, 4, 1, S, 1, 1, 1, 2, 1, 4, 1, 3, 3, // tariff information
  0x00, 1, 0x05, 10, 4, 4, 4, 4, 1, 1, 1, R, 1, 4, // price matrix
  0x00, 1, 0x06, 11, 4, 4, 4, 4, 1, 1, 1, R, 1, N, 6, // block thresholds
  0x00, 1, 0x07, 7, 4, 4, 4, 1, 4, 1, 1, // CO2 value
  0x00, 1, 0x08, 9, 4, 4, 4, 1, 1, 1, C, 1, S, // tier labels
  0x00, 1, 0x09, 6, 4, 4, 4, 3, 1, 1, // billing period
  0x00, 1, 0x0a, 9, 4, 4, 4, 3, 1, 1, 4, 2, 1, // consolidated bill
  0x00, 1, 0x0b, 7, 4, 4, 4, 2, 1, 1, 1, // CPP event
  0x00, 1, 0x0c, 8, 4, 4, 4, 4, 1, 4, 4, S, // credit payment
  0x00, 1, 0x0d, 8, 4, 4, 4, 2, 2, 4, 1, 4, // currency conversion
  0x00, 1, 0x0e, 3, 4, 4, 1, // cancel tariff
  // Price, to the server
  0x00, 0, 0x00, 1, 1, // get current price
  0x00, 0, 0x01, 2, 4, 1, // scheduled prices
  0x00, 0, 0x02, 4, 4, 4, 4, 1, // price acknowledgement
  0x00, 0, 0x03, 4, 4, 1, O, 1, // block periods
  0x00, 0, 0x04, 3, 4, 4, 1, // conversion factor
  0x00, 0, 0x05, 3, 4, 4, 1, // calorific value
  0x00, 0, 0x06, 4, 4, 4, 1, 1, // tariff information
  0x00, 0, 0x07, 1, 4, // price matrix
  0x00, 0, 0x08, 1, 4, // block thresholds
  0x00, 0, 0x09, 5, 4, 4, 1, O, 1, // CO2 value
  0x00, 0, 0x0a, 1, 4, // tier labels
  0x00, 0, 0x0b, 5, 4, 4, 1, O, 1, // billing period
  0x00, 0, 0x0c, 5, 4, 4, 1, O, 1, // consolidated bill
  0x00, 0, 0x0d, 2, 4, 1, // CPP event response
  0x00, 0, 0x0e, 2, 4, 1, // credit payment
  0x00, 0, 0x0f, 0, // currency conversion
  0x00, 0, 0x10, 0, // tariff cancellation
  // Metering, to the client
  0x02, 1, 0x00, 6, 4, 1, 1, 1, C, 3, // get profile response
  0x02, 1, 0x01, 0, // request mirror
  0x02, 1, 0x02, 0, // remove mirror
  0x02, 1, 0x03, 2, 1, 4, // request fast poll mode response
  0x02, 1, 0x04, 4, 4, R, 1, 1, // schedule snapshot response
  0x02, 1, 0x05, 2, 4, 1, // take snapshot response
  0x02, 1, 0x06, 8, 4, 4, 1, 1, 1, 4, 1, A, // publish snapshot
  0x02, 1, 0x07, 7, 2, 4, 1, 2, 2, C, 3, // get sampled data response
  0x02, 1, 0x08, 4, 4, 3, 1, 1, // configure mirror
  0x02, 1, 0x09, 3, 4, 1, 4, // configure notification scheme
  0x02, 1, 0x0a, 8, 4, 1, 2, 2, 2, 1, C, 1, // configure notification flags
  0x02, 1, 0x0b, 3, 1, 2, 4, // get notified message
  0x02, 1, 0x0c, 4, 4, 4, 4, 1, // supply status response
  0x02, 1, 0x0d, 1, 2, // start sampling response
  // Metering, to the server
  0x02, 0, 0x00, 3, 1, 4, 1, // get profile
  0x02, 0, 0x01, 1, 2, // request mirror response
  0x02, 0, 0x02, 1, 2, // mirror removed
  0x02, 0, 0x03, 2, 1, 1, // request fast poll mode
  0x02, 0, 0x04, 9, 4, 1, 1, R, 1, 4, 3, 1, 4, // schedule snapshot
  0x02, 0, 0x05, 1, 4, // take snapshot
  0x02, 0, 0x06, 4, 4, 4, 1, 4, // get snapshot
  0x02, 0, 0x07, 5, 4, 4, 1, 2, 2, // start sampling
  0x02, 0, 0x08, 4, 2, 4, 1, 2, // get sampled data
  0x02, 0, 0x09, 3, 1, R, 4, // mirror report attribute response
  0x02, 0, 0x0a, 2, 4, 4, // reset load limit counter
  0x02, 0, 0x0b, 6, 4, 4, 4, 4, 1, 1, // change supply
  0x02, 0, 0x0c, 1, 1, // local change supply
  0x02, 0, 0x0d, 5, 4, 1, 1, 1, 1, // set supply status
  0x02, 0, 0x0e, 8, 4, 4, 2, 1, 2, 2, 1, 2, // set uncontrolled flow threshold
  0xff,
]);

/** Where the layout of a command lies, or 0. */
export function layoutOf(cluster: u32, toClient: bool, command: u32): usize {
  if (cluster >>> 8 != 0x07) return 0;
  for (let at = layouts; load<u8>(at) != LAST; at += 4 + load<u8>(at, 3)) {
    if (load<u8>(at) == (cluster & 0xff) && load<u8>(at, 1) == <u8>toClient && load<u8>(at, 2) == command) return at + 3;
  }
  return 0;
}

// Globals of the module and not its memory: a parser writes nothing there.
let source: usize = 0;
let have: u32 = 0;
let target: usize = 0; // 0: nothing is written
let used: u32 = 0;
let optional: bool = false;
let last: u32 = 0;

/** Walks the payload of a command; gives it back field by field where `to` is not 0.  Answers its size or an `Err`. */
export function layoutWalk(layout: usize, from: usize, size: u32, to: usize): i32 {
  source = from;
  have = size;
  target = to;
  used = 0;
  optional = false;
  let failed = tokens(layout + 1, layout + 1 + load<u8>(layout));
  if (failed < 0) return failed;
  return used < have ? Err.BadLength : <i32>used;
}

function tokens(at: usize, end: usize): i32 {
  for (; at < end; at++) {
    let token = load<u8>(at);
    let failed: i32 = 0;
    switch (token) {
      case O: {
        optional = true;
        break;
      }
      case A: {
        failed = octets(have - used);
        break;
      }
      case R: {
        while (used < have) {
          failed = tokens(at + 1, end);
          if (failed < 0) return failed;
        }
        return 0;
      }
      case C: return repeat(last, at + 1, end);
      case N: {
        failed = repeat(last & 15, at + 1, at + 2);
        at++;
        break;
      }
      case S: {
        failed = number(1);
        if (failed >= 0 && last != 0xff) failed = octets(last);
        break;
      }
      default: {
        if (optional && used == have) return 0;
        failed = number(token);
      }
    }
    if (failed < 0) return failed;
  }
  return 0;
}

function repeat(count: u32, at: usize, end: usize): i32 {
  for (; count > 0; count--) {
    let failed = tokens(at, end);
    if (failed < 0) return failed;
  }
  return 0;
}

function number(size: u32): i32 {
  assert(size > 0);
  assert(size <= NUMBER_MAX);
  if (have - used < size) return Err.Truncated;
  let value: u64 = 0;
  for (let index = size; index > 0;) value = (value << 8) | load<u8>(source + used + --index);
  if (target) for (let index: u32 = 0; index < size; index++) store<u8>(target + used + index, <u8>(value >> (<u64>index << 3)));
  last = <u32>value;
  used += size;
  return 0;
}

function octets(size: u32): i32 {
  if (have - used < size) return Err.Truncated;
  if (target) memory.copy(target + used, source + used, size);
  used += size;
  return 0;
}
