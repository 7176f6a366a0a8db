// What the faces of meter, display and factory module have in common: they join somebody's network, agree on a key with its trust
// centre, and load their own next module from it.
import { Err } from "../core/err";
import { apsHeard } from "../zigbee/aps/aps";
import { StackHeard } from "../zigbee/stack";
import {
  CommissioningHeard, commissioningDeadline, commissioningExpecting, commissioningKey, commissioningReady, commissioningSecured,
  commissioningStack, commissioningStart, commissioningTick,
} from "./commissioning";
import { establishDeadline, establishExpecting, establishInput, establishTick } from "./establishment";
import {
  otaClientDeadline, otaClientExpecting, otaClientReset, otaClientStart, otaClientStop, otaClientTick, otaClientZdo,
} from "./ota/client";

/**
 * `resumed` as `stackReset` answered; `anew` asks for a rejoin all the same: a module on trial that only resumes has not shown that it
 * can join, and perhaps the board was another kind of node before.  Answers a `CommissioningHeard`, as all below that answer.
 */
export function memberReset(resumed: bool, anew: bool, now: i64): i32 {
  otaClientReset(now);
  let heard = commissioningStart(resumed, now);
  return resumed && anew ? commissioningStack(StackHeard.ParentLost, now) : heard;
}

/** Looks at what the stack found, whoever takes it. */
export function memberHeard(what: i32, now: i64): void {
  if (what == StackHeard.Message || (what == StackHeard.Confirm && apsHeard.status == Err.Ok)) commissioningSecured(now);
}

/** Takes what the stack found. */
export function memberStack(what: i32, now: i64): i32 {
  let heard = commissioningStack(what, now);
  if (what == StackHeard.ZdoAnswer) otaClientZdo(now);
  return heard;
}

/** Takes the command of key establishment in `zclHeard`. */
export function memberKey(now: i64): i32 { return commissioningKey(establishInput(now), now); }

/** One slice of key establishment; a step of commissioning. */
export function memberTick(now: i64): i32 {
  let heard: i32 = CommissioningHeard.None;
  if (establishDeadline() <= now) heard = commissioningKey(establishTick(now), now);
  let then = commissioningTick(now);
  return then == CommissioningHeard.None ? heard : then;
}

/** Whoever shares a key with the trust centre asks it for files. */
export function memberLoad(now: i64): void {
  if (commissioningReady()) otaClientStart(now);
  else otaClientStop();
  otaClientTick(now);
}

export function memberDeadline(): i64 {
  return min<i64>(commissioningDeadline(), min<i64>(establishDeadline(), otaClientDeadline()));
}

/** Until when an answer is expected, 0 = none. */
export function memberExpecting(): i64 {
  return max<i64>(otaClientExpecting(), max<i64>(commissioningExpecting(), establishExpecting()));
}
