// Points of the curve in use: SEC 1 sections 2.2.2 (addition), 2.3.3, 2.3.4 (octets) and 3.2.2 (validation).
//
//   in memory | x 36 | y 36 |        on the air | 02 or 03 | x, most significant octet first |
//
// These functions see public points only and may branch on them.  The point at infinity has no form here.

import { Err } from "../core/err";
import { curve } from "./curve";
import {
  ELEMENT, fieldAdd, fieldHalfTrace, fieldHolds, fieldInvert, fieldMultiply, fieldSquare, fieldTrace, fieldZeroMask,
} from "./field";
import { wordsFromOctets, wordsToOctets } from "./words";

export const POINT: u32 = 2 * ELEMENT;

const COMPRESSED: u32 = 2; // SEC 1 section 2.3.3; its low bit is the low bit of y/x

const t = memory.data(ELEMENT, 4);
const u = memory.data(ELEMENT, 4);
const v = memory.data(ELEMENT, 4);

/** Steps of decoding a compressed point, each of one inversion or half-trace. */
export const POINT_DECODE_STEPS: u32 = 3;

/** Reads a compressed point of the group of prime order; answers `BadPoint` for everything else. */
export function pointDecode(out: usize, at: usize): i32 {
  for (let step: u32 = 0; step < POINT_DECODE_STEPS; step++) {
    if (pointDecodeStep(out, at, step) < 0) return Err.BadPoint;
  }
  return Err.Ok;
}

/** One of the steps of `pointDecode`, for a caller with little time; no other function of points may come between them. */
export function pointDecodeStep(out: usize, at: usize, step: u32): i32 {
  let good: bool;
  if (step == 0) good = decodeAbscissa(out, at);
  else if (step == 1) good = decodeOrdinate(out, at);
  else good = isInGroup(out);
  return good ? Err.Ok : Err.BadPoint;
}

/** Leaves in t what z² + z must be: with y = xz the equation of the curve becomes z² + z = x + a + 1/x². */
function decodeAbscissa(out: usize, at: usize): bool {
  if ((load<u8>(at) & ~1) != COMPRESSED) return false;
  wordsFromOctets(out, at + 1, curve.octets);
  if (!fieldHolds(out)) return false;
  if (fieldZeroMask(out)) return false; // (0, 1) has order 2
  fieldInvert(t, out);
  fieldSquare(t, t);
  fieldAdd(t, t, out);
  store<u32>(t, load<u32>(t) ^ curve.a);
  return fieldTrace(t) == 0; // otherwise there is no root, and no point has this abscissa
}

function decodeOrdinate(out: usize, at: usize): bool {
  fieldHalfTrace(u, t);
  store<u32>(u, (load<u32>(u) & ~1) | (load<u8>(at) & 1)); // the other root is z + 1
  fieldMultiply(out + ELEMENT, out, u);
  return true;
}

/** Reads coordinates without a prefix; answers `BadPoint` unless they are a point of the group of prime order. */
export function pointDecodeWhole(out: usize, at: usize): i32 {
  wordsFromOctets(out, at, curve.octets);
  wordsFromOctets(out + ELEMENT, at + curve.octets, curve.octets);
  if (!fieldHolds(out)) return Err.BadPoint;
  if (!fieldHolds(out + ELEMENT)) return Err.BadPoint;
  if (!isOnCurve(out)) return Err.BadPoint;
  return isInGroup(out) ? Err.Ok : Err.BadPoint;
}

/** Writes a point compressed; answers its size. */
export function pointEncode(at: usize, point: usize): u32 {
  fieldInvert(t, point);
  fieldMultiply(t, t, point + ELEMENT);
  store<u8>(at, COMPRESSED | (load<u32>(t) & 1));
  wordsToOctets(at + 1, point, curve.octets);
  return curve.pointOctets;
}

/** out = p + q; answers `BadPoint` where that is the point at infinity.  out may be p or q. */
export function pointAdd(out: usize, p: usize, q: usize): i32 {
  fieldAdd(t, p, q);
  fieldAdd(u, p + ELEMENT, q + ELEMENT);
  if (!fieldZeroMask(t)) {
    fieldInvert(t, t);
    fieldMultiply(u, u, t); // the slope of the chord
    fieldAdd(t, p, q);
  } else {
    if (!fieldZeroMask(u)) return Err.BadPoint; // q = -p
    fieldInvert(u, p);
    fieldMultiply(u, u, p + ELEMENT);
    fieldAdd(u, u, p); // the slope of the tangent, and t is 0
  }
  finishAdd(out, p);
  return Err.Ok;
}

/** With the slope in u and the sum of both abscissas in t: x = u² + u + t + a, y = u(x(p) + x) + x + y(p). */
function finishAdd(out: usize, p: usize): void {
  fieldSquare(v, u);
  fieldAdd(v, v, u);
  fieldAdd(v, v, t);
  store<u32>(v, load<u32>(v) ^ curve.a);
  fieldAdd(t, p, v);
  fieldMultiply(u, u, t);
  fieldAdd(u, u, v);
  fieldAdd(out + ELEMENT, u, p + ELEMENT);
  memory.copy(out, v, ELEMENT);
}

/** y² + xy = x³ + ax² + 1, as y(y + x) = x²(x + a) + 1. */
function isOnCurve(point: usize): bool {
  fieldAdd(t, point, point + ELEMENT);
  fieldMultiply(t, t, point + ELEMENT);
  fieldSquare(u, point);
  memory.copy(v, point, ELEMENT);
  store<u32>(v, load<u32>(v) ^ curve.a);
  fieldMultiply(u, u, v);
  store<u32>(u, load<u32>(u) ^ 1);
  fieldAdd(t, t, u);
  return fieldZeroMask(t) != 0;
}

/**
 * Whether a point of the curve is in the group of prime order n, which is what n * P = O would say at the price of a
 * multiplication.  That group is the set of points that can be halved `cofactorBits` times (n is odd, and points of
 * order 2^i form a cyclic group).  P = (x, y) can be halved where the trace of x + a is 0; its halves come from a
 * root r of r² + r = x + a, and the square of either half's abscissa is y + (r + 1)x.  Traces do not change by squaring.
 */
function isInGroup(point: usize): bool {
  if (fieldTrace(point) != curve.a) return false; // m is odd, so the trace of a is a
  if (curve.cofactorBits == 1) return true;
  fieldHalfTrace(t, point); // the curve of cofactor 4 has a = 0
  fieldMultiply(t, t, point);
  fieldAdd(t, t, point + ELEMENT);
  return fieldTrace(t) == 0; // of y + rx, as the trace of x is 0 here
}
