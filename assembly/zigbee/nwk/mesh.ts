// What routers and coordinators have in common: they are always awake, have children and pass frames on.
import { MAC_BROADCAST } from "../../mac/frame";
import { mac, macHeard, macOpen, macReceive, macReset } from "../../mac/mac";
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { BROADCAST_ROUTERS } from "../address";
import { addressesClear } from "./addresses";
import { broadcastHeardAgain, broadcastSent, broadcastTick, broadcastsClear } from "./broadcast";
import {
  NWK_LEAVE, NWK_LEAVE_REQUEST, NWK_LINK_STATUS, NWK_NETWORK_STATUS, NWK_REJOIN_REQUEST, NWK_ROUTE_REPLY, NWK_ROUTE_REQUEST,
  NWK_STATUS_ADDRESS_CONFLICT, NWK_TIMEOUT_REQUEST, NwkCommand, nwkCommandParse,
} from "./command";
import { conflictDeadline, conflictHeard, conflictReset, conflictTick } from "./conflict";
import { discoveriesClear, routeReply, routeRequest } from "./discovery";
import { NWK_COMMAND } from "./frame";
import { indirectSent } from "./indirect";
import { linkStatusDeadline, linkStatusHeard, linkStatusReset, linkStatusTick } from "./link_status";
import { linksClear } from "./neighbours";
import { panDeadline, panDoubt, panReset, panTick } from "./pan";
import { childKeep, parentDeadline, parentLeave, parentRejoin, parentReset, parentTick, parentTimeout, refresh } from "./parent";
import { FOR_OTHERS, FOR_US, HEARD_AGAIN, nwkReceive, receivedFrame, receivedFrom } from "./receive";
import { routeFailed, routeForget, routeForward, routeSlot, routesClear } from "./route";
import { queueDeadline, queueFlying, queueReset, queueSent, queueTick, SlotState, slotOfState } from "./send";
import { securityReset } from "./security";
import { Drop, NwkHeard, network, networkLoad, nwkDrop, nwkHeard, nwkState } from "./state";

/** The lowest broadcast address heard: routers and the coordinator. */
const GROUPS: u32 = BROADCAST_ROUTERS;

/** Starts; true when the network of the record was taken up again. */
export function meshReset(now: i64): bool {
  macReset();
  nwkState.extended = mac.extended;
  nwkState.open = 0;
  linksClear();
  addressesClear();
  broadcastsClear();
  queueReset();
  routesClear();
  discoveriesClear();
  linkStatusReset(now);
  let resumed = networkLoad();
  securityReset();
  parentReset(now);
  panReset(now);
  conflictReset(now);
  if (resumed) macOpen(network.channel, network.panId, network.address);
  macReceive(true);
  return resumed;
}

/** A data frame of the MAC was heard; answers `NwkHeard`, with a command for us still to be looked at. */
export function meshReceive(now: i64): i32 {
  let whom = nwkReceive(GROUPS, now);
  if (whom == 0) {
    panDoubt(now);
    return NwkHeard.None;
  }
  if (receivedFrom() >= 0) refresh(receivedFrom(), now);
  if (nwkHeard.secured && (whom & HEARD_AGAIN) == 0) childKeep(receivedFrame().source, now);
  if (whom & HEARD_AGAIN) broadcastHeardAgain(receivedFrame());
  if (whom & FOR_OTHERS) routeForward();
  if ((whom & FOR_US) == 0) return NwkHeard.None;
  if (receivedFrame().type != NWK_COMMAND) {
    nwkHeard.kind = NwkHeard.Data;
    return NwkHeard.Data;
  }
  if (nwkCommandParse(nwkHeard.payload, nwkHeard.size) >= 0) return NwkHeard.Command;
  nwkDrop(Drop.Malformed);
  return NwkHeard.None;
}

/** Takes the command that `meshReceive` left. */
export function meshCommand(now: i64): i32 {
  let command = changetype<NwkCommand>(nwkHeard.payload);
  let identifier = command.identifier;
  if (identifier == NWK_REJOIN_REQUEST) return parentRejoin(command, now);
  if (!nwkHeard.secured) return NwkHeard.None;
  switch (identifier) {
    case NWK_ROUTE_REQUEST: routeRequest(command, now); break;
    case NWK_ROUTE_REPLY: routeReply(command, now); break;
    case NWK_LINK_STATUS: linkStatusHeard(command); break;
    case NWK_TIMEOUT_REQUEST: return parentTimeout(command, now);
    case NWK_NETWORK_STATUS:
      if (command.code == NWK_STATUS_ADDRESS_CONFLICT) return conflictHeard(command.statusTarget, now);
      routeForget(command.statusTarget);
      break;
    case NWK_LEAVE:
      if (!(command.options & NWK_LEAVE_REQUEST)) return parentLeave();
      nwkDrop(Drop.Refused); // only a joiner's parent may ask, see router.ts
      break;
  }
  return NwkHeard.Command;
}

/** A data frame of ours has left. */
export function meshSent(now: i64): i32 {
  let slot = queueFlying();
  if (slot && slot.nextHop == MAC_BROADCAST) return broadcastSent(slot, now);
  if (slot && slot.indirect) return indirectSent(slot);
  if (slot && macHeard.status == Err.NoAck) routeFailed(slot);
  return queueSent(now);
}

export function meshTick(now: i64): i32 {
  let heard = parentTick(now);
  if (heard == NwkHeard.None) heard = conflictTick(now);
  if (heard != NwkHeard.None) return heard;
  panTick(now);
  broadcastTick();
  linkStatusTick(now);
  let slot = slotOfState(SlotState.Route, NEVER);
  if (slot) {
    slot.due = 0;
    heard = routeSlot(slot, now);
  }
  return heard == NwkHeard.None ? queueTick(now) : heard;
}

export function meshDeadline(): i64 {
  return min(min(queueDeadline(), panDeadline()), min(min(parentDeadline(), conflictDeadline()), linkStatusDeadline()));
}
