// Who a device is, for each suite: records written at manufacture (docs/abi.md, `IdentitySuite1` and `IdentitySuite2`).
//
//   | certificate 48 or 74 | private key 21 or 36 | authority's compressed public key 22 or 37 |
//
// The record lies in memory during an exchange only.

import { wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { Record, storeRead } from "../../core/host";
import { certificateParse, certificateSize } from "../../crypto/certificate";
import { SUITE_1, SUITE_2 } from "../../crypto/curve";
import { ephemeralSize } from "./ephemeral";

const IDENTITY_SIZE_MAX: u32 = 147;

const identity = memory.data(IDENTITY_SIZE_MAX, 4);

/** The suites for which there is a record, as the attribute KeyEstablishmentSuite says it. */
export function identitySuites(): u32 {
  let suites: u32 = 0;
  if (storeRead(Record.IdentitySuite1, identity, 0) == Err.NoBuffer) suites |= SUITE_1; // there, but no room to read it into
  if (storeRead(Record.IdentitySuite2, identity, 0) == Err.NoBuffer) suites |= SUITE_2;
  return suites;
}

/** The attribute's value. */
@unmanaged @final
export class IdentityNow {
  suites: u32;
}
export const identityNow = changetype<IdentityNow>(memory.data(offsetof<IdentityNow>()));

export function identityRefresh(now: i64): void { identityNow.suites = identitySuites(); }

/** Brings an identity into memory; answers `NotFound` where there is none that can be used. */
export function identityLoad(suite: u32): i32 {
  let pointSize = ephemeralSize(suite);
  let size = storeRead(suite == SUITE_1 ? Record.IdentitySuite1 : Record.IdentitySuite2, identity, IDENTITY_SIZE_MAX);
  if (size == <i32>(certificateSize(suite) + 2 * pointSize - 1)) {
    if (certificateParse(suite, identity, certificateSize(suite)) > 0) return Err.Ok;
  }
  identityForget();
  return Err.NotFound;
}

export function identityForget(): void {
  wipe(identity, IDENTITY_SIZE_MAX);
}

export function identityCertificate(): usize { return identity; }
export function identityPrivateKey(suite: u32): usize { return identity + certificateSize(suite); }
export function identityIssuerKey(suite: u32): usize { return identityPrivateKey(suite) + ephemeralSize(suite) - 1; }
