// The network layer of a router: it joins, then takes children and passes frames on.
import { Err } from "../../core/err";
import { MAC_CAPABLE_ALLOCATE, MAC_CAPABLE_AWAKE, MAC_CAPABLE_MAINS, MAC_CAPABLE_ROUTER } from "../../mac/command";
import { MacHeard, MacPurpose, macHeard, macInput } from "../../mac/mac";
import { TRUST_CENTRE_SHORT, UNICAST_END } from "../address";
import {
  NWK_LEAVE, NWK_LEAVE_REQUEST, NWK_NETWORK_UPDATE, NWK_ONE_PAN, NWK_REJOIN_RESPONSE, NwkCommand, nwkReportEmit,
} from "./command";
import {
  joinBeacon, joinBusy, joinCommand, joinDeadline, joinRejoined, joinRejoining, joinReset, joinSent, joinTick, joinTurnedAway, leaveEnd,
} from "./join";
import { meshCommand, meshDeadline, meshReceive, meshReset, meshSent, meshTick } from "./mesh";
import { panConflict, panMove } from "./pan";
import { parentCommand, parentSent } from "./parent";
import { RADIUS, commandOut, sendCommand } from "./send";
import { NwkHeard, network, nwkHeard, nwkState, nwkTell } from "./state";

export { nwkJoinNext, nwkJoinStart, nwkJoinUndo, nwkLeave, nwkRejoinStart } from "./join";
export { nwkPermitJoin, nwkRemoveChild } from "./parent";

/** Starts; true when the network of the record was taken up again. */
export function nwkReset(now: i64): bool {
  joinReset(MAC_CAPABLE_ROUTER | MAC_CAPABLE_MAINS | MAC_CAPABLE_AWAKE | MAC_CAPABLE_ALLOCATE);
  return meshReset(now);
}

export function nwkInput(event: usize, now: i64): i32 {
  switch (macInput(event)) {
    case MacHeard.Data: {
      let heard = meshReceive(now);
      return heard == NwkHeard.Command ? commandHeard(now) : heard;
    }
    case MacHeard.Command: return joinBusy() ? joinCommand() : parentCommand(now);
    case MacHeard.Beacon: {
      joinBeacon();
      // nwkManagerAddr is the coordinator.
      if (panConflict(now)) sendCommand(TRUST_CENTRE_SHORT, RADIUS, true, nwkReportEmit(commandOut, network.extendedPanId, network.panId));
      return NwkHeard.None;
    }
    case MacHeard.Sent:
      switch (macHeard.purpose) {
        case MacPurpose.Data: return left(meshSent(now));
        case MacPurpose.AssociationResponse: return parentSent();
        default: return joinSent();
      }
    default: return NwkHeard.None;
  }
}

export function nwkTick(now: i64): i32 {
  let heard = joinTick(now);
  return heard != NwkHeard.None || isSearching() ? heard : left(meshTick(now));
}

export function nwkDeadline(): i64 {
  let deadline = joinDeadline();
  return isSearching() ? deadline : min(deadline, meshDeadline());
}

/** A scan or an association has the radio. */
function isSearching(): bool {
  return joinBusy() && !joinRejoining();
}

function commandHeard(now: i64): i32 {
  let command = changetype<NwkCommand>(nwkHeard.payload);
  switch (command.identifier) {
    case NWK_REJOIN_RESPONSE: return joinRejoined(command);
    case NWK_LEAVE: {
      // A router that is in the network leaves it by an APS command or its user's wish only: Smart Energy 5.4.2.2.
      if (!nwkState.open || nwkHeard.source != network.parent || !(command.options & NWK_LEAVE_REQUEST)) return meshCommand(now);
      joinTurnedAway();
      return nwkTell(NwkHeard.JoinFailed, network.address, 0, 0, Err.Refused);
    }
    case NWK_NETWORK_UPDATE: {
      networkUpdate(command, now);
      return NwkHeard.Command;
    }
    default: return meshCommand(now);
  }
}

/** The coordinator takes another PAN identifier: with it, unless we have heard of a later one. */
function networkUpdate(command: NwkCommand, now: i64): void {
  let later = <i8>(command.updateId - <u32>network.updateId) > 0;
  if (!nwkHeard.secured || nwkHeard.source != TRUST_CENTRE_SHORT || command.options != NWK_ONE_PAN || !later) return;
  if (command.extendedPanId == network.extendedPanId && command.panId < UNICAST_END) panMove(command.panId, command.updateId, now);
}

function left(heard: i32): i32 {
  return heard == NwkHeard.Left ? leaveEnd() : heard;
}
