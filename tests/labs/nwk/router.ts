// A laboratory router, see shared.ts.
import { next } from "../../../assembly/core/host";
import { nwkDeadline, nwkInput, nwkReset, nwkTick } from "../../../assembly/zigbee/nwk/router";
import { EVENT_CAPACITY, event, tell } from "./shared";

export { nwkJoinNext, nwkJoinStart, nwkJoinUndo, nwkLeave, nwkPermitJoin, nwkRejoinStart, nwkRemoveChild } from "../../../assembly/zigbee/nwk/router";
export { abi, bufferAt, countersAt, isOpen, keyInstall, keySwitch, networkAt, send } from "./shared";

const TURNS_MAX: u32 = 32;

export function start(now: i64, reason: u32): void {
  nwkReset(now);
}

export function poll(now: i64): i64 {
  while (next(event, EVENT_CAPACITY) > 0) tell(nwkInput(event, now));
  for (let turns: u32 = 0; turns < TURNS_MAX && nwkDeadline() <= now; turns++) tell(nwkTick(now));
  return nwkDeadline();
}
