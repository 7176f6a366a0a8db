// A device's request for a certificate on its way to the head-end: docs/uplink.md.
import { uplinkSend } from "../../core/host";
import { REQUEST_SIZE, RequestRecord, UP_REQUEST } from "./uplink";

/** Behind the device's address the record is what the device sent: | offset u16 | size u16 | octets, 56 at most |. */
const ADDRESS: u32 = 8;
const PIECE_MAX: u32 = REQUEST_SIZE - ADDRESS + 56;
const room = memory.data(1 + ADDRESS + PIECE_MAX);

/** Passes on what a device said in `size` octets; what gets lost, it says again. */
export function hubRequested(extended: u64, payload: usize, size: u32): void {
  assert(size <= PIECE_MAX);
  store<u8>(room, UP_REQUEST);
  changetype<RequestRecord>(room + 1).extended = extended;
  memory.copy(room + 1 + ADDRESS, payload, size);
  uplinkSend(room, 1 + ADDRESS + size);
}
