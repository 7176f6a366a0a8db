// Implicit certificates of Smart Energy: SE profile annex C.4.2.2 (suite 1), and SEC 4 section 2 for what they mean.
//
//   suite 1, 48 octets | reconstruction 22 | subject 8 | issuer 8 | attributes 10 |
//   suite 2, 74 octets | type 1 | serial 8 | curve 1 | hash 1 | issuer 8 | from 5 | lasting 4 | subject 8 | usage 1 | reconstruction 37 |
//   at                   0        1          9         10       11         19       24          28          36        37
//   Addresses travel most significant octet first.
//
// A certificate is proved by what is computed with it: only the subject knows the private key of the public key
// that the reconstruction point, the certificate's hash and the issuer's key give.

import { Err } from "../core/err";
import { SUITE_1 } from "./curve";

export const CERTIFICATE_SIZE_1: u32 = 48;
export const CERTIFICATE_SIZE_2: u32 = 74;
export const CERTIFICATE_SIZE_MAX: u32 = CERTIFICATE_SIZE_2;

const SUBJECT_1: usize = 22;
const ISSUER_1: usize = 30;

const TYPE_2: usize = 0;
const CURVE_2: usize = 9;
const HASH_2: usize = 10;
const ISSUER_2: usize = 11;
const SUBJECT_2: usize = 28;
const USAGE_2: usize = 36;
const RECONSTRUCTION_2: usize = 37;

const COMPRESSED: u32 = 2; // SEC 1 section 2.3.3, with the low bit of the ordinate's part
const TYPE_IMPLICIT: u32 = 0;
const CURVE_SECT283K1: u32 = 13;
const HASH_AES_MMO: u32 = 8;
const USAGE_KEY_AGREEMENT: u32 = 0x08;

/** Octets of a certificate of a suite. */
export function certificateSize(suite: u32): u32 {
  return suite == SUITE_1 ? CERTIFICATE_SIZE_1 : CERTIFICATE_SIZE_2;
}

export function certificateReconstruction(suite: u32, at: usize): usize {
  return suite == SUITE_1 ? at : at + RECONSTRUCTION_2;
}

export function certificateSubject(suite: u32, at: usize): usize {
  return suite == SUITE_1 ? at + SUBJECT_1 : at + SUBJECT_2;
}

export function certificateIssuer(suite: u32, at: usize): usize {
  return suite == SUITE_1 ? at + ISSUER_1 : at + ISSUER_2;
}

/** The address that a certificate is issued to, as the stack holds addresses. */
export function certificateSubjectAddress(suite: u32, at: usize): u64 {
  return bswap<u64>(load<u64>(certificateSubject(suite, at)));
}

/** Accepts the `have` octets at `at` as a certificate for key agreement; answers its size or an `Err`. */
export function certificateParse(suite: u32, at: usize, have: u32): i32 {
  let size = certificateSize(suite);
  if (have < size) return Err.Truncated;
  if ((load<u8>(certificateReconstruction(suite, at)) & ~1) != COMPRESSED) return Err.Reserved;
  if (suite == SUITE_1) return <i32>size;
  if (load<u8>(at + TYPE_2) != TYPE_IMPLICIT) return Err.Reserved;
  if (load<u8>(at + CURVE_2) != CURVE_SECT283K1) return Err.Reserved;
  if (load<u8>(at + HASH_2) != HASH_AES_MMO) return Err.Reserved;
  if (!(load<u8>(at + USAGE_2) & USAGE_KEY_AGREEMENT)) return Err.Reserved;
  return <i32>size;
}
