// Walks a cluster command's payload along the tokens that describe it: host/zcl/tokens.ts has the picture.  After it has accepted, no
// accessor of a field that is there can leave the octets.
import { Err } from "../../core/err";
import { tableOctet } from "./table";

// Up to NUMBER_MAX, a number of so many octets
const NUMBER_MAX: u32 = 8;
const STRING: u32 = 9;
const REST: u32 = 10;
const OPTIONAL: u32 = 11;
const EXACT: u32 = 12;
// With an operand
const OCTETS: u32 = 13;
const MAX: u32 = 14;
// With the size of a group that comes several times
const UNTIL_END: u32 = 15;
const COUNT: u32 = 16;
// With an offset, a value and the size of a group that comes or does not
const IF_EQUAL: u32 = 18;
const IF_BITS: u32 = 19;

// Globals of the module and not its memory: a parser writes nothing there.
let payload: usize = 0;
let have: u32 = 0;
let used: u32 = 0;
/** The number before, or its two low octets. */
let last: u32 = 0;
let optional: bool = false;

/** Accepts the `size` octets at `at`; answers how many of them are known, or an `Err`.  Later editions may add fields: 075123 2.3.3. */
export function zclWalk(tokens: usize, at: usize, size: u32): i32 {
  payload = at;
  have = size;
  used = 0;
  optional = false;
  let failed = walk(tokens + 1, tokens + 1 + tableOctet(tokens));
  return failed < 0 ? failed : <i32>used;
}

/** Octets of a counted string; 0xff is no string, 075123 section 2.6.2.12. */
export function zclStringSize(at: usize): u32 {
  let size: u32 = load<u8>(at);
  return size == 0xff ? 0 : size;
}

function walk(at: usize, end: usize): i32 {
  while (at < end && !(optional && used == have)) {
    let token = tableOctet(at++);
    let size = token;
    if (token >= IF_EQUAL) {
      if (!holds(token, load<u8>(payload + tableOctet(at)), tableOctet(at + 1))) at += tableOctet(at + 2);
      at += 3;
      continue;
    }
    if (token >= UNTIL_END) {
      let count = token == UNTIL_END ? have : token == COUNT ? last : last & 15; // no group is empty
      let inner = at + 1;
      at = inner + tableOctet(at);
      for (; count > 0 && !(token == UNTIL_END && used == have); count--) {
        let failed = walk(inner, at);
        if (failed < 0) return failed;
      }
      continue;
    }
    if (token > NUMBER_MAX) {
      size = 0;
      if (token >= OCTETS) {
        let operand = tableOctet(at++);
        if (token == OCTETS) size = operand;
        else if (last > operand) return Err.Reserved;
      } else if (token == STRING) size = last == 0xff ? 0 : last; // 0xff is no string, 075123 section 2.6.2.12
      else if (token == REST) size = have - used;
      else if (token == OPTIONAL) optional = true;
      else if (used != have) return Err.BadLength;
    }
    if (have - used < size) return Err.Truncated;
    if (token <= NUMBER_MAX) last = token == 1 ? load<u8>(payload + used) : load<u16>(payload + used);
    used += size;
  }
  return 0;
}

/** The selector is an octet that is there: the descriptor's reader saw to that. */
function holds(token: u32, value: u32, wanted: u32): bool {
  return token == IF_EQUAL ? value == wanted : token == IF_BITS ? (value & wanted) != 0 : value >= wanted;
}
