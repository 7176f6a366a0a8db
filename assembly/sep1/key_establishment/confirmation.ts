// The keyed hashes that confirm a key: SE profile annex C.4.2.2.5.
//
//   initiator's   02 | initiator's address 8 | responder's address 8 | initiator's ephemeral key | responder's ephemeral key
//   responder's   03 | responder's address 8 | initiator's address 8 | responder's ephemeral key | initiator's ephemeral key
//
// Addresses are as in the certificates, most significant octet first.

import { hmacMmo } from "../../core/host";
import { EPHEMERAL_SIZE_MAX, ephemeralSize } from "./ephemeral";

const BY_INITIATOR: u32 = 2;
const BY_RESPONDER: u32 = 3;
const ADDRESS: u32 = 8;

const message = memory.data(1 + 2 * ADDRESS + 2 * EPHEMERAL_SIZE_MAX);

/** Writes to `out` the 16 octets that the party with `address` and `ephemeral` sends to the other. */
export function confirmation(
  out: usize, macKey: usize, byInitiator: bool, suite: u32, address: usize, otherAddress: usize, ephemeral: usize, otherEphemeral: usize,
): void {
  let size = ephemeralSize(suite);
  let at = message;
  store<u8>(at, byInitiator ? BY_INITIATOR : BY_RESPONDER);
  at += 1;
  memory.copy(at, address, ADDRESS);
  at += ADDRESS;
  memory.copy(at, otherAddress, ADDRESS);
  at += ADDRESS;
  memory.copy(at, ephemeral, size);
  at += size;
  memory.copy(at, otherEphemeral, size);
  at += size;
  hmacMmo(macKey, message, <u32>(at - message), out);
}
