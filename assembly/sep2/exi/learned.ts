// Elements that the schema does not know: each name has a grammar that learns from what it meets (EXI section 8.4.3).
//
//   begun, no child yet:   learned ..., then | second part: end 0, attribute 1, element 2, characters 3 |
//   in content:            learned ..., the end, then | second part: element 0, characters 1 |
//
// What was learned last has the code 0.  A row: | grammar 13 | place 1 | what 2 | qualified name 13 |.
import { Err } from "../../core/err";
import { Bits, bitsFail, bitsGet, width } from "../values/bits";

export enum Learned { End = 0, Attribute, Element, Characters }

/** Productions of all of a document's unknown elements. */
const LEARNED_MAX: u32 = 24;
const GRAMMAR_SHIFT: u32 = 19;
const PLACE_SHIFT: u32 = 16;
const WHAT_SHIFT: u32 = 13;
const NAME_MASK: u32 = (1 << WHAT_SHIFT) - 1;
/** Instead of a name: it follows. */
export const NAME_FOLLOWS: u32 = 0xffff;

@unmanaged @final
class Table {
  count: u32;
  /** What learnedGet read: the name of an attribute or element. */
  name: u32;
}
export const learned = changetype<Table>(memory.data(offsetof<Table>(), 4));
const rows = memory.data(4 * LEARNED_MAX);

/** How many productions of one part a grammar has; that of a code, when there is one, goes to `learned.name`. */
function find(place: u32, code: u32): u32 {
  let count: u32 = 0;
  for (let index = learned.count; index > 0;) {
    let row = load<u32>(rows + 4 * --index);
    if (row >> PLACE_SHIFT != place) continue;
    if (count++ == code) learned.name = row & 0xffff;
  }
  return count;
}

/** Reads an event code of a grammar, in content or before it. */
export function learnedGet(bits: Bits, grammar: u32, inContent: bool): u32 {
  let place = grammar << 3 | <u32>inContent, count = find(place, NAME_FOLLOWS);
  let code = bitsGet(bits, width(count + 1 + <u32>inContent));
  if (code < count) {
    find(place, code);
    let what = learned.name >> WHAT_SHIFT;
    learned.name &= NAME_MASK;
    return what;
  }
  learned.name = NAME_FOLLOWS;
  if (!inContent) return code > count ? wrong(bits) : bitsGet(bits, 2);
  if (code > count + 1) return wrong(bits);
  return code == count ? <u32>Learned.End : <u32>Learned.Element + bitsGet(bits, 1);
}

function wrong(bits: Bits): u32 {
  bitsFail(bits, Err.Reserved);
  return Learned.End;
}

/** A production that was not there was met. */
export function learnedAdd(bits: Bits, grammar: u32, inContent: bool, what: u32, name: u32): void {
  let row = grammar << GRAMMAR_SHIFT | <u32>inContent << PLACE_SHIFT | what << WHAT_SHIFT | name;
  if (what == Learned.End || what == Learned.Characters) {
    for (let index: u32 = 0; index < learned.count; index++) if (load<u32>(rows + 4 * index) == row) return;
  }
  if (learned.count < LEARNED_MAX) store<u32>(rows + 4 * learned.count++, row);
  else bitsFail(bits, Err.NoBuffer);
}
