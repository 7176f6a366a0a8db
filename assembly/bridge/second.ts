// The network of phase 2 in a hub that has one of phase 1 beside it, on the same radio: interface 1.
//
//   prepared -> (the other one has a channel) on the air, on that channel
//
// Whoever calls is interface 0; each of these is a turn of interface 1.
import { hubRefused, hubRemoved } from "../application/hub/refusal";
import { SupplierHeard, supplierInput, supplierMember } from "../application/hub/supplier";
import { DOWN_OPEN } from "../application/hub/uplink";
import { EVENT_HEAD, EVENT_INTERFACE, EVENT_SIZE } from "../core/host";
import { NEVER } from "../core/timers";
import { macSelect } from "../mac/interfaces";
import { mirrorReset } from "../model/mirror";
import { rolloutArrived } from "../model/rollout";
import { faceArrived, faceBeside, faceDeadline, faceInput, faceMember, facePrepare, faceRekey, faceRemove, faceTick } from "../sep2/hub";

const FIRST: u32 = 0;
const SECOND: u32 = 1;
let begun: bool = false;

/** Turns the radio off, for both. */
export function secondReset(now: i64): void {
  begun = false;
  mirrorReset();
  macSelect(SECOND);
  facePrepare(now);
  macSelect(FIRST);
}

/** Whether an event of the radio is for the other network. */
export function secondIsAsked(event: usize): bool { return load<u8>(event, EVENT_INTERFACE) == SECOND; }

/** Takes an event of the radio, or of Ethernet. */
export function secondInput(event: usize, now: i64): void {
  if (!begun) return;
  macSelect(SECOND);
  faceInput(event, now);
  macSelect(FIRST);
}

/** Takes an Uplink event that is about phase 2 alone: `Open` and what was added after it; false for any other. */
export function secondUplink(event: usize, now: i64): bool {
  if (load<u16>(event + EVENT_SIZE) == 0 || <u32>load<u8>(event + EVENT_HEAD) < DOWN_OPEN) return false;
  if (supplierInput(event, now) != SupplierHeard.Member) return true;
  let member = supplierMember(event);
  macSelect(SECOND);
  let done = faceMember(member.extended, member.lfdi, member.state, now);
  macSelect(FIRST);
  if (done < 0) hubRefused(event, done);
  return true;
}

/**
 * A device is to leave whichever network it is in: `first` is what came of it in the other one.  That it is out of this one the head-end
 * hears at once.
 */
export function secondRemove(extended: u64, first: i32, now: i64): i32 {
  if (!begun) return first;
  macSelect(SECOND);
  let done = faceRemove(extended, now);
  macSelect(FIRST);
  if (done < 0) return first;
  hubRemoved(extended);
  return max<i32>(first, done);
}

/** Does what is due; `channel` is the other network's, 0 while it has none.  Answers when there is more to do. */
export function secondTick(channel: u32, now: i64): i64 {
  if (channel == 0) return NEVER;
  macSelect(SECOND);
  if (!begun) faceBeside(channel, now);
  begun = true;
  faceTick(now);
  rolloutArrived(faceArrived()); // the other network's server of files does not hear it any more
  let deadline = faceDeadline();
  macSelect(FIRST);
  return deadline;
}

/** Changes the network key. */
export function secondRekey(now: i64): i32 {
  if (!begun) return 0;
  macSelect(SECOND);
  let answer = faceRekey(now);
  macSelect(FIRST);
  return answer;
}
