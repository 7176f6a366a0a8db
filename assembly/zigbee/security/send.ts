// Sends an APS command: in clear above the NWK layer, or sealed with a link key.
import { Err } from "../../core/err";
import { APS_COMMAND } from "../aps/frame";
import { ApsKeyKind, apsKeyRow, apsKeySlot, KEY_NONE } from "../aps/keys";
import { transmitStart } from "../aps/transmit";
import { apsRequest } from "../aps/types";
import { nwkShortOf } from "../nwk/nwk";

/** The command being put together. */
export const commandBuffer = memory.data(96, 8);

/** Sends `commandBuffer`; `slot` KEY_NONE leaves it to the NWK layer's security. */
export function commandSend(target: u32, size: u32, slot: u32, key: u32, options: u32, now: i64): i32 {
  apsRequest.target = target;
  apsRequest.targetExtended = 0;
  apsRequest.sourceEndpoint = 0; // no endpoint hears of its confirmation
  apsRequest.payload = commandBuffer;
  apsRequest.size = size;
  apsRequest.options = options;
  return transmitStart(APS_COMMAND, slot, key, now);
}

/** Sends `commandBuffer` under the best link key shared with `extended`, at least of the kind `kind`. */
export function commandSendLinked(extended: u64, kind: u32, size: u32, key: u32, options: u32, now: i64): i32 {
  let slot = apsKeySlot(extended);
  if (slot == KEY_NONE) return Err.NoKey;
  if (kind == ApsKeyKind.Established && apsKeyRow(slot).kind != ApsKeyKind.Established) return Err.NoKey;
  return commandSend(nwkShortOf(extended), size, slot, key, options, now);
}
