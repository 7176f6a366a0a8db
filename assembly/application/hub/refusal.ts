// What a hub tells its head-end of a record that it did not take, and of a device that is no more: docs/uplink.md.
import { Err } from "../../core/err";
import { EVENT_HEAD, EVENT_SIZE, uplinkSend } from "../../core/host";
import { REFUSED_SIZE, RefusedRecord, REMOVED_SIZE, RemovedRecord, UP_REFUSED, UP_REMOVED } from "./uplink";

const refusal = memory.data(1 + REFUSED_SIZE);
if (REMOVED_SIZE > REFUSED_SIZE) ERROR("both are told from one place");

/** The head-end is told what was not taken, or could not be done: its kind, why, and which; of what it had said before it hears nothing. */
export function hubRefused(event: usize, error: i32): void {
  let size: u32 = load<u16>(event + EVENT_SIZE);
  if (size == 0 || error == Err.Duplicate) return;
  let at = event + EVENT_HEAD;
  store<u8>(refusal, UP_REFUSED);
  let record = changetype<RefusedRecord>(refusal + 1);
  record.what = load<u8>(at);
  record.error = -error;
  record.reserved = 0;
  record.id = size > 4 ? load<u32>(at + 1) : 0;
  uplinkSend(refusal, 1 + REFUSED_SIZE);
}

/** A device that was to leave is no more. */
export function hubRemoved(extended: u64): void {
  store<u8>(refusal, UP_REMOVED);
  changetype<RemovedRecord>(refusal + 1).extended = extended;
  uplinkSend(refusal, 1 + REMOVED_SIZE);
}
