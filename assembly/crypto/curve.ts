// The two curves of Smart Energy key establishment: sect163k1 and sect283k1, SEC 2 sections 3.2.1 and 3.4.1.
// Both are y² + xy = x³ + ax² + 1 over GF(2^m).  One set of code serves both; what differs stands in this table.
//
// A cryptographic suite is public, so choosing its row is the only branch on it.

import { Field } from "../core/host";

export const SUITE_1: u32 = 1; // Smart Energy cryptographic suites, as a bit of KeyEstablishmentSuite
export const SUITE_2: u32 = 2;

if (SUITE_1 != Field.Sect163k1 || SUITE_2 != Field.Sect283k1) ERROR("a field has the number of its suite");

/** The row of a curve.  Numbers are nine words, least significant first. */
@unmanaged @final
export class Curve {
  suite: u32;        // and the number of its field, docs/abi.md
  words: u32;        // 32-bit words of a field element
  degree: u32;       // m
  traceBit: u32;     // the trace of an element is its bit 0 plus this bit
  a: u32;
  cofactorBits: u32; // the group has 2^cofactorBits * order points
  orderBits: u32;
  octets: u32;       // of a field element, and of a scalar as the profile writes it

  /** The generator: abscissa, then ordinate. */
  get generator(): usize { return changetype<usize>(this) + 32; }
  get order(): usize { return changetype<usize>(this) + 104; }
  /** SEC 1 section 3.4: the agreed half of an abscissa keeps this many bits below a leading one. */
  get halfBits(): u32 { return (this.orderBits + 1) >>> 1; }
  /** Octets of a compressed point. */
  get pointOctets(): u32 { return this.octets + 1; }
}

const SECT163K1 = memory.data<u32>([
  SUITE_1, 6, 163, 157, 1, 1, 163, 21,
  0x5c94eee8, 0xde4e6d5e, 0xaa07d793, 0x7bbc11ac, 0xfe13c053, 0x00000002, 0, 0, 0,
  0xccdaa3d9, 0x0536d538, 0x321f2e80, 0x5d38ff58, 0x89070fb0, 0x00000002, 0, 0, 0,
  0x99f8a5ef, 0xa2e0cc0d, 0x00020108, 0x00000000, 0x00000000, 0x00000004, 0, 0, 0,
]);

const SECT283K1 = memory.data<u32>([
  SUITE_2, 9, 283, 271, 0, 2, 281, 36,
  0x58492836, 0xb0c2ac24, 0x16876913, 0x23c1567a, 0x53cd265f, 0x62f188e5, 0x3f1a3b81, 0x78ca4488, 0x0503213f,
  0x77dd2259, 0x4e341161, 0xe4596236, 0xe8184698, 0xe87e45c0, 0x07e5426f, 0x8d90f95d, 0x0f1c9e31, 0x01ccda38,
  0x1e163c61, 0x94451e06, 0x265dff7f, 0x2ed07577, 0xffffe9ae, 0xffffffff, 0xffffffff, 0xffffffff, 0x01ffffff,
]);

/** The curve in use, none before the first `curveSelect`.  One computation at a time. */
export let curve = changetype<Curve>(0);

/** Chooses the curve of a suite for every call that follows. */
export function curveSelect(suite: u32): void {
  assert(suite == SUITE_1 || suite == SUITE_2);
  curve = changetype<Curve>(suite == SUITE_1 ? SECT163K1 : SECT283K1);
}
