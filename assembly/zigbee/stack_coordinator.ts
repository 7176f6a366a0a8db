// The stack of the coordinator and trust centre, bottom to top.
//
//   event -> nwkInput -> apsInput -> zdoInput | Message        commands of devices -> security/trust_centre.ts
//              \-> a child came or went -> trust centre
import { NO_EXTENDED } from "./address";
import { apsDeadline, apsInput, apsReset, apsTick } from "./aps/aps";
import { ApsHeard, apsHeard } from "./aps/types";
import { nwkDeadline, nwkInput, nwkPermitJoin, nwkReset, nwkTick } from "./nwk/coordinator";
import { nwkAddress, nwkHeard, NwkHeard } from "./nwk/nwk";
import { tcAnnounced, tcArrived, tcCommand, tcDeadline, tcFormed, tcGone, tcReset, tcTick } from "./security/trust_centre";
import { stackFromAps, StackHeard } from "./stack";
import { zdoTables } from "./zdo/tables";
import { ZdoHeard, zdoHeard, zdoSendExtendedOf } from "./zdo/zdo";

export { StackHeard } from "./stack";

/** Starts all layers; answers whether the network of the store was resumed. */
export function stackReset(now: i64, reason: u32): bool {
  let resumed = nwkReset(now);
  apsReset(now);
  tcReset(now);
  return resumed;
}

/** Takes an event of the radio. */
export function stackInput(event: usize, now: i64): i32 {
  return fromNwk(nwkInput(event, now), now);
}

/** Does one thing that is due. */
export function stackTick(now: i64): i32 {
  if (tcDeadline() <= now) return stackFromAps(tcTick(now), now);
  if (apsDeadline() <= now) return stackFromAps(apsTick(now), now);
  return nwkDeadline() <= now ? fromNwk(nwkTick(now), now) : <i32>StackHeard.None;
}

export function stackDeadline(): i64 {
  return min<i64>(tcDeadline(), min<i64>(apsDeadline(), nwkDeadline()));
}

function fromNwk(heard: i32, now: i64): i32 {
  switch (heard) {
    case NwkHeard.Data: return fromAps(apsInput(now), now);
    case NwkHeard.Formed: return tcFormed() < 0 ? StackHeard.JoinFailed : StackHeard.Formed;
    case NwkHeard.JoinFailed: return StackHeard.JoinFailed;
    case NwkHeard.ChildJoined: {
      return stackFromAps(tcArrived(nwkHeard.extended, nwkHeard.source, nwkAddress(), nwkHeard.status, now), now);
    }
    case NwkHeard.ChildLeft: return stackFromAps(tcGone(nwkHeard.extended, nwkAddress()), now);
    default: return StackHeard.None;
  }
}

function fromAps(found: i32, now: i64): i32 {
  if (found == ApsHeard.Command) found = tcCommand(now);
  let isMessage = found == ApsHeard.Message;
  if (isMessage && zdoTables(now)) return recognised(now) ? StackHeard.DeviceJoined : StackHeard.None;
  let heard = stackFromAps(found, now);
  if (heard == StackHeard.None && isMessage && recognised(now)) return StackHeard.DeviceJoined;
  if (heard == StackHeard.Message && apsHeard.sourceExtended == NO_EXTENDED) zdoSendExtendedOf(apsHeard.source, now);
  if (heard != StackHeard.ZdoAnswer) return heard;
  if (zdoHeard.kind == ZdoHeard.PermitJoining) nwkPermitJoin(zdoHeard.seconds, now);
  // An arrival becomes a device of ours with its announcement.
  if (zdoHeard.kind == ZdoHeard.Announced && tcAnnounced(zdoHeard.extended, zdoHeard.short, now) != ApsHeard.None) {
    return StackHeard.DeviceJoined;
  }
  if (zdoHeard.kind == ZdoHeard.Address && zdoHeard.status == 0 && zdoHeard.source == zdoHeard.short) {
    if (tcAnnounced(zdoHeard.extended, zdoHeard.short, now) != ApsHeard.None) return StackHeard.DeviceJoined;
  }
  return heard;
}

/**
 * Who asks us something under the network key is in the network, whatever became of its announcement; true when that is news.  One that we
 * cannot name is asked for its name: to keep silent would leave it out for good.
 */
function recognised(now: i64): bool {
  if (apsHeard.sourceExtended != NO_EXTENDED) return tcAnnounced(apsHeard.sourceExtended, apsHeard.source, now) != ApsHeard.None;
  zdoSendExtendedOf(apsHeard.source, now);
  return false;
}
