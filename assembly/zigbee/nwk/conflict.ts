// Two devices with one short address: 05-3474 section 3.6.1.9.
//
//   two IEEE addresses with one short one are heard --> network status to all: a router takes another, a parent gives its child another
import { NEVER } from "../../core/timers";
import { MAC_CAPABLE_AWAKE, MAC_CAPABLE_ROUTER } from "../../mac/command";
import { BROADCAST_AWAKE, NO_ADDRESS, TRUST_CENTRE_SHORT } from "../address";
import { NEIGHBOURS_MAX } from "../limits";
import { address } from "./addresses";
import { JITTER_MS } from "./broadcast";
import { NWK_STATUS_ADDRESS_CONFLICT, nwkNetworkStatusEmit, nwkRejoinResponseEmit } from "./command";
import { slotHold } from "./indirect";
import { readdress } from "./join";
import { Relation } from "./neighbours";
import { randomAddress } from "./parent";
import { randomBelow } from "./random";
import { RADIUS, commandOut, sendCommand, sendCommandTo, slotReady } from "./send";
import { NwkHeard, neighbourAt, network, networkSave } from "./state";

@unmanaged @final
class Conflict {
  /** When the dispute in `address.disputed` is told; `NEVER`: there was none. */
  due: i64;
  /** The next one counts from then on. */
  quiet: i64;
}

const conflict = changetype<Conflict>(memory.data(offsetof<Conflict>(), 8));

/** Whoever has the network's key can claim any address: it costs a device no more than this. */
const QUIET_MS: i64 = 60_000;

export function conflictReset(now: i64): void {
  conflict.due = NEVER;
  conflict.quiet = now;
}

export function conflictDeadline(): i64 {
  return address.disputed == NO_ADDRESS ? NEVER : max(conflict.quiet, conflict.due == NEVER ? 0 : conflict.due);
}

/** Tells all of a dispute, unless somebody else does first. */
export function conflictTick(now: i64): i32 {
  if (conflictDeadline() > now) return NwkHeard.None;
  if (conflict.due == NEVER) {
    conflict.due = now + randomBelow(JITTER_MS);
    return NwkHeard.None;
  }
  let short = address.disputed;
  sendCommand(BROADCAST_AWAKE, RADIUS, true, nwkNetworkStatusEmit(commandOut, NWK_STATUS_ADDRESS_CONFLICT, short));
  return conflictHeard(short, now);
}

/** An address is disputed: ours, that of a child, or one that is no matter of ours. */
export function conflictHeard(short: u32, now: i64): i32 {
  conflict.due = NEVER;
  if (address.disputed == short) address.disputed = NO_ADDRESS;
  if (conflict.quiet > now || short == TRUST_CENTRE_SHORT) return NwkHeard.None; // its own by definition
  conflict.quiet = now + QUIET_MS;
  let other = randomAddress();
  if (other == NO_ADDRESS) return NwkHeard.None;
  if (short == network.address) return readdress(other);
  for (let index = 0; index < <i32>NEIGHBOURS_MAX; index++) {
    if (neighbourAt(index).relation == Relation.Child && neighbourAt(index).short == <u16>short) child(index, other, now);
  }
  return NwkHeard.None;
}

/** A child gets its new address as if it had rejoined; one that does not hear of it is a stranger at its next poll, and rejoins. */
function child(index: i32, other: u32, now: i64): void {
  let row = neighbourAt(index);
  let short: u32 = row.short;
  if (row.capability & MAC_CAPABLE_ROUTER) return;
  let slot = sendCommandTo(short, row.extended, 1, true, nwkRejoinResponseEmit(commandOut, other, 0));
  if (!slot) return;
  row.short = <u16>other;
  networkSave();
  if (row.capability & MAC_CAPABLE_AWAKE) slotReady(slot, short, now);
  else slotHold(slot, short, now);
}
