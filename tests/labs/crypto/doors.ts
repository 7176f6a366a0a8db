// Doors for tests and for `npm run vectors`; no device imports this.

import { curve, curveSelect } from "../../../assembly/crypto/curve";
import { fieldInvert, fieldMultiply, fieldSquare } from "../../../assembly/crypto/field";
import { ladderBegin, ladderFinish, ladderFinishAbscissa, ladderStep } from "../../../assembly/crypto/ladder";
import { POINT, pointAdd, pointDecode, pointDecodeWhole, pointEncode } from "../../../assembly/crypto/point";
import { scalarAdd, scalarDraw, scalarMultiply, scalarValidMask } from "../../../assembly/crypto/scalar";
import { NUMBER_SIZE, wordsFromOctets, wordsToOctets } from "../../../assembly/crypto/words";
import { certificateParse } from "../../../assembly/crypto/certificate";
import * as agreement from "../../../assembly/crypto/agreement";

const LAB_SIZE: u32 = 2048;
const lab = memory.data(LAB_SIZE, 16);
const point = memory.data(POINT, 4);
const second = memory.data(POINT, 4);
const number = memory.data(NUMBER_SIZE, 4);
const other = memory.data(NUMBER_SIZE, 4);

/** Octets in and out pass here. */
export function labAt(): usize { return lab; }

export function select(suite: u32): void { curveSelect(suite); }

/** The generator, compressed. */
export function generator(out: usize): void { pointEncode(out, curve.generator); }

/** out = scalar * point, compressed; the size, or an Err. */
export function multiply(out: usize, compressed: usize, scalar: usize): i32 {
  let status = pointDecode(point, compressed);
  if (status < 0) return status;
  wordsFromOctets(number, scalar, curve.octets);
  ladderBegin(point, number, curve.octets * 8);
  while (!ladderStep(16)) {}
  status = ladderFinish(point);
  return status < 0 ? status : <i32>pointEncode(out, point);
}

/** out = abscissa of scalar * point, for a point given whole: elliptic curve Diffie-Hellman. */
export function agreeAbscissa(out: usize, whole: usize, scalar: usize, doublings: u32): i32 {
  let status = pointDecodeWhole(point, whole);
  if (status < 0) return status;
  return abscissaOf(out, scalar, doublings);
}

/** The same for a compressed point. */
export function agreeCompressed(out: usize, compressed: usize, scalar: usize, doublings: u32): i32 {
  let status = pointDecode(point, compressed);
  if (status < 0) return status;
  return abscissaOf(out, scalar, doublings);
}

function abscissaOf(out: usize, scalar: usize, doublings: u32): i32 {
  wordsFromOctets(number, scalar, curve.octets);
  ladderBegin(point, number, curve.octets * 8);
  while (!ladderStep(16)) {}
  let status = ladderFinishAbscissa(point, doublings);
  if (status < 0) return status;
  wordsToOctets(out, point, curve.octets);
  return curve.octets;
}

/** Compressed to compressed through coordinates; the size, or an Err. */
export function recode(out: usize, compressed: usize): i32 {
  let status = pointDecode(point, compressed);
  return status < 0 ? status : <i32>pointEncode(out, point);
}

/** Coordinates to compressed. */
export function compress(out: usize, whole: usize): i32 {
  let status = pointDecodeWhole(point, whole);
  return status < 0 ? status : <i32>pointEncode(out, point);
}

/** Compressed to coordinates. */
export function expand(out: usize, compressed: usize): i32 {
  let status = pointDecode(point, compressed);
  if (status < 0) return status;
  wordsToOctets(out, point, curve.octets);
  wordsToOctets(out + curve.octets, point + POINT / 2, curve.octets);
  return 2 * curve.octets;
}

/** out = a + b on the curve, all compressed. */
export function addPoints(out: usize, a: usize, b: usize): i32 {
  let status = pointDecode(point, a);
  if (status < 0) return status;
  status = pointDecode(second, b);
  if (status < 0) return status;
  status = pointAdd(point, point, second);
  return status < 0 ? status : <i32>pointEncode(out, point);
}

export function elementMultiply(out: usize, a: usize, b: usize): void {
  wordsFromOctets(number, a, curve.octets);
  wordsFromOctets(other, b, curve.octets);
  fieldMultiply(number, number, other);
  wordsToOctets(out, number, curve.octets);
}

export function elementSquare(out: usize, a: usize): void {
  wordsFromOctets(number, a, curve.octets);
  fieldSquare(number, number);
  wordsToOctets(out, number, curve.octets);
}

export function elementInvert(out: usize, a: usize): void {
  wordsFromOctets(number, a, curve.octets);
  fieldInvert(number, number);
  wordsToOctets(out, number, curve.octets);
}

export function scalarsMultiply(out: usize, a: usize, b: usize, bits: u32): void {
  wordsFromOctets(number, a, curve.octets);
  wordsFromOctets(other, b, curve.octets);
  scalarMultiply(point, number, other, bits);
  wordsToOctets(out, point, curve.octets);
}

export function scalarsAdd(out: usize, a: usize, b: usize): void {
  wordsFromOctets(number, a, curve.octets);
  wordsFromOctets(other, b, curve.octets);
  scalarAdd(number, number, other);
  wordsToOctets(out, number, curve.octets);
}

export function scalarIsValid(a: usize): bool {
  wordsFromOctets(number, a, curve.octets);
  return scalarValidMask(number) != 0;
}

export function drawScalar(out: usize): bool {
  let drawn = scalarDraw(number);
  wordsToOctets(out, number, curve.octets);
  return drawn;
}

export function agreementBegin(suite: u32, privateKey: usize, issuer: usize): i32 {
  return agreement.agreementBegin(suite, privateKey, issuer);
}
export function agreementForce(ephemeral: usize): void { agreement.agreementForceEphemeral(ephemeral); }
export function agreementCertificate(at: usize): void { agreement.agreementGiveCertificate(at); }
export function agreementEphemeral(at: usize): void { agreement.agreementGiveEphemeral(at); }
export function agreementRun(): i32 { return agreement.agreementRun(); }
export function agreementBusy(): bool { return agreement.agreementBusy(); }
export function agreementOwn(): usize { return agreement.agreementOwnEphemeral(); }
export function agreementKeys(): usize { return agreement.agreementMacKey(); }
export function agreementSecret(): usize { return agreement.agreementSecret(); }
/** The partner's reconstructed public key, compressed. */
export function agreementPartner(out: usize): i32 { return <i32>pointEncode(out, agreement.agreementPartnerKey()); }

export function parse_certificate(suite: u32, at: usize, have: u32): i32 { return certificateParse(suite, at, have); }
