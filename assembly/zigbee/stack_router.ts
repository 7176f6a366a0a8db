// The stack of a router, bottom to top.
//
//   event -> nwkInput -> apsInput -> zdoInput | Message        commands of the trust centre -> security/router.ts, joiner.ts
//              \-> a child came or went: Update Device
import { apsDeadline, apsInput, apsReset, apsTick } from "./aps/aps";
import { ApsHeard } from "./aps/types";
import { Arrival, nwkHeard, NwkHeard } from "./nwk/nwk";
import { nwkDeadline, nwkInput, nwkLeave, nwkPermitJoin, nwkReset, nwkTick } from "./nwk/router";
import { joinerDeadline, joinerReset } from "./security/joiner";
import { routerCommand, routerUpdate } from "./security/router";
import { StackHeard } from "./stack";
import { memberFromAps, memberFromNwk, memberJoinFailed } from "./stack_member";
import { zdoTables } from "./zdo/tables";
import { ZdoHeard, zdoHeard } from "./zdo/zdo";

export { StackHeard } from "./stack";

/** Starts all layers; answers whether the network of the store was resumed. */
export function stackReset(now: i64, reason: u32): bool {
  let resumed = nwkReset(now);
  apsReset(now);
  joinerReset(); // without a good install code the device runs, but no network will give it a key
  return resumed;
}

/** Takes an event of the radio. */
export function stackInput(event: usize, now: i64): i32 {
  return fromNwk(nwkInput(event, now), now);
}

/** Does one thing that is due. */
export function stackTick(now: i64): i32 {
  if (joinerDeadline() <= now) return memberJoinFailed();
  if (apsDeadline() <= now) return memberFromAps(apsTick(now), now);
  return nwkDeadline() <= now ? fromNwk(nwkTick(now), now) : <i32>StackHeard.None;
}

export function stackDeadline(): i64 {
  return min<i64>(joinerDeadline(), min<i64>(apsDeadline(), nwkDeadline()));
}

function fromNwk(heard: i32, now: i64): i32 {
  switch (heard) {
    case NwkHeard.Data: return fromAps(apsInput(now), now);
    case NwkHeard.ChildJoined: {
      routerUpdate(nwkHeard.status, now);
      return StackHeard.None;
    }
    case NwkHeard.ChildLeft: {
      routerUpdate(Arrival.Left, now);
      return StackHeard.None;
    }
    default: return memberFromNwk(heard, now);
  }
}

function fromAps(found: i32, now: i64): i32 {
  if (found == ApsHeard.Command) found = routerCommand(now);
  if (found == ApsHeard.RemoveMe) nwkLeave(); // NwkHeard.Left follows
  if (found == ApsHeard.Message && zdoTables(now)) return StackHeard.None;
  let heard = memberFromAps(found, now);
  if (heard == StackHeard.ZdoAnswer && zdoHeard.kind == ZdoHeard.PermitJoining) nwkPermitJoin(zdoHeard.seconds, now);
  return heard;
}
