// Scalar multiplication: the ladder of López and Dahab over abscissas alone (CHES 1999), with the ordinate recovered at the end.
//
//   before each bit:  low = i * P,  high = (i + 1) * P,  i the bits of the scalar so far
//   bit 0:  high = low + high, low = 2 * low        bit 1:  low = low + high, high = 2 * high
//
// Abscissas are quotients X/Z; Z = 0 is the point at infinity, for which the formulas hold as well.  So the ladder starts
// from i = 0 and takes the same steps for every scalar of as many bits; an exchange under a mask replaces the choice by bit.
// A multiplication is a job: begin, step until it says so, finish.  There is one at a time.

import { wipe } from "../core/bytes";
import { Err } from "../core/err";
import { curve } from "./curve";
import {
  ELEMENT, fieldAdd, fieldForget, fieldInvert, fieldMultiply, fieldMultiplySquare, fieldSquare, fieldSquareTimes, fieldZeroMask,
} from "./field";
import { NUMBER_SIZE, wordsBit, wordsExchange, wordsSelect } from "./words";

@unmanaged @final
class Ladder {
  bits: u32; // still to be taken
  swapped: u32; // all ones: low and high are exchanged in memory
}

const ladder = changetype<Ladder>(memory.data(offsetof<Ladder>(), 4));
const scalarCopy = memory.data(NUMBER_SIZE, 4);
const x = memory.data(2 * ELEMENT, 4);
const y: usize = x + ELEMENT;
const state = memory.data(4 * ELEMENT, 4);
const lowX: usize = state;
const lowZ: usize = state + ELEMENT;
const highX: usize = state + 2 * ELEMENT;
const highZ: usize = state + 3 * ELEMENT;
const t = memory.data(ELEMENT, 4);
const u = memory.data(ELEMENT, 4);

/** Prepares scalar * point, for a scalar of at most `bits` bits and a point whose abscissa is not zero. */
export function ladderBegin(point: usize, scalar: usize, bits: u32): void {
  ladder.bits = bits;
  ladder.swapped = 0;
  memory.copy(scalarCopy, scalar, NUMBER_SIZE);
  memory.copy(x, point, 2 * ELEMENT);
  memory.fill(state, 0, 4 * ELEMENT);
  store<u32>(lowX, 1);
  memory.copy(highX, point, ELEMENT);
  store<u32>(highZ, 1);
}

/** Takes up to `count` bits; answers whether all are taken. */
export function ladderStep(count: u32): bool {
  let bits = ladder.bits;
  count = min(count, bits);
  while (count--) {
    let wanted = 0 - wordsBit(scalarCopy, --bits);
    wordsExchange(lowX, highX, 2 * ELEMENT, wanted ^ ladder.swapped);
    ladder.swapped = wanted;
    addAndDouble();
  }
  ladder.bits = bits;
  return bits == 0;
}

/** Leaves the product in `out`; answers `BadPoint` where it is the point at infinity. */
export function ladderFinish(out: usize): i32 {
  restoreOrder();
  // x(out) = lowX / lowZ
  // y(out) = (x + x(out)) ((lowX + x lowZ)(highX + x highZ) + (x² + y) lowZ highZ) / (x lowZ highZ) + y
  let infinite = fieldZeroMask(lowZ);
  let opposite = fieldZeroMask(highZ); // (i + 1) * P = O: the product is -P = (x, x + y), which the quotients do not give
  fieldMultiply(t, lowZ, highZ);
  fieldMultiply(u, x, t);
  fieldInvert(u, u);
  fieldMultiply(lowZ, x, lowZ);
  fieldMultiply(highZ, x, highZ);
  fieldMultiply(out, lowX, highZ);
  fieldMultiply(out, out, u);
  fieldAdd(lowX, lowX, lowZ);
  fieldAdd(highX, highX, highZ);
  fieldMultiply(lowX, lowX, highX);
  fieldSquare(highX, x);
  fieldAdd(highX, highX, y);
  fieldMultiply(highX, highX, t);
  fieldAdd(lowX, lowX, highX);
  fieldMultiply(lowX, lowX, u);
  fieldAdd(t, x, out);
  fieldMultiply(lowX, lowX, t);
  fieldAdd(out + ELEMENT, lowX, y);
  fieldAdd(t, x, y);
  wordsSelect(out, x, opposite);
  wordsSelect(out + ELEMENT, t, opposite);
  ladderForget();
  return infinite ? Err.BadPoint : Err.Ok;
}

/** Leaves the abscissa of 2^doublings times the product in `out`; answers `BadPoint` where that is the point at infinity. */
export function ladderFinishAbscissa(out: usize, doublings: u32): i32 {
  restoreOrder();
  while (doublings--) double();
  let infinite = fieldZeroMask(lowZ);
  fieldInvert(t, lowZ);
  fieldMultiply(out, lowX, t);
  ladderForget();
  return infinite ? Err.BadPoint : Err.Ok;
}

/** Forgets the scalar and where the ladder stood, also of a multiplication that is not finished. */
export function ladderForget(): void {
  fieldForget();
  wipe(scalarCopy, NUMBER_SIZE);
  wipe(state, 4 * ELEMENT);
  wipe(t, ELEMENT);
  wipe(u, ELEMENT);
}

function addAndDouble(): void {
  fieldMultiply(t, lowX, highZ);
  fieldMultiply(u, highX, lowZ);
  fieldAdd(highZ, t, u);
  fieldSquare(highZ, highZ);
  fieldMultiply(highX, t, u);
  fieldMultiply(t, x, highZ);
  fieldAdd(highX, highX, t);
  double();
}

/** low = 2 * low: X becomes X⁴ + Z⁴, Z becomes X²Z² (b = 1). */
function double(): void {
  fieldAdd(t, lowX, lowZ);
  fieldMultiplySquare(lowZ, lowX, lowZ, 1);
  fieldSquareTimes(lowX, t, 2);
}

function restoreOrder(): void {
  assert(ladder.bits == 0);
  wordsExchange(lowX, highX, 2 * ELEMENT, ladder.swapped);
}
