// Sends an APS command: in clear above the NWK layer, or sealed with a link key.
import { Err } from "../../core/err";
import { NO_EXTENDED } from "../address";
import { nwkShortOf } from "../nwk/nwk";
import { APS_COMMAND } from "./frame";
import { ApsKeyKind, apsKeySlot, apsSlotKind, KEY_NONE } from "./keys";
import { transmitStart } from "./transmit";
import { apsRequest } from "./types";

/** The command being put together. */
export const apsCommandOut = memory.data(96, 8);

/** Sends `apsCommandOut`; `slot` KEY_NONE leaves it to the NWK layer's security. */
export function apsCommandSend(target: u32, size: u32, slot: u32, key: u32, options: u32, now: i64): i32 {
  apsRequest.target = target;
  apsRequest.targetExtended = NO_EXTENDED;
  apsRequest.sourceEndpoint = 0; // no endpoint hears of its confirmation
  apsRequest.payload = apsCommandOut;
  apsRequest.size = size;
  apsRequest.options = options;
  return transmitStart(APS_COMMAND, slot, key, now);
}

/** Sends `apsCommandOut` under the best link key shared with `extended`, at least of the kind `kind`. */
export function apsCommandSendLinked(extended: u64, kind: u32, size: u32, key: u32, options: u32, now: i64): i32 {
  let slot = apsKeySlot(extended);
  if (slot == KEY_NONE) return Err.NoKey;
  if (kind == ApsKeyKind.Established && apsSlotKind(slot) != ApsKeyKind.Established) return Err.NoKey;
  return apsCommandSend(nwkShortOf(extended), size, slot, key, options, now);
}
