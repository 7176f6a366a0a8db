// A laboratory end device, see shared.ts.
import { next } from "../../../assembly/core/host";
import { nwkDeadline, nwkExpect as expectFrom, nwkInput, nwkReset, nwkTick } from "../../../assembly/zigbee/nwk/end_device";
import { EVENT_CAPACITY, event, tell } from "./shared";

export { nwkJoinNext, nwkJoinStart, nwkJoinUndo, nwkLeave, nwkPollPeriod, nwkRejoinStart } from "../../../assembly/zigbee/nwk/end_device";
export { abi, bufferAt, countersAt, isOpen, keyInstall, keySwitch, networkAt, send } from "./shared";

const TURNS_MAX: u32 = 32;
let clock: i64 = 0;

export function nwkExpect(until: i64): void { expectFrom(until, clock); }

export function start(now: i64, reason: u32): void {
  nwkReset(now);
}

export function poll(now: i64): i64 {
  clock = now;
  while (next(event, EVENT_CAPACITY) > 0) tell(nwkInput(event, now));
  for (let turns: u32 = 0; turns < TURNS_MAX && nwkDeadline() <= now; turns++) tell(nwkTick(now));
  return nwkDeadline();
}
