// The network layer of a sleepy end device: it joins, speaks to its parent only and asks it for what came meanwhile.
import { MAC_CAPABLE_ALLOCATE } from "../../mac/command";
import { MacHeard, MacPurpose, macHeard, macInput, macOpen, macReset } from "../../mac/mac";
import { BROADCAST_ALL, NO_ADDRESS, UNICAST_END } from "../address";
import { addressesClear } from "./addresses";
import { broadcastsClear } from "./broadcast";
import { NWK_LEAVE, NWK_LEAVE_REQUEST, NWK_REJOIN_RESPONSE, NWK_TIMEOUT_RESPONSE, NwkCommand, nwkCommandParse } from "./command";
import { NWK_COMMAND } from "./frame";
import {
  joinBeacon, joinBusy, joinCommand, joinDeadline, joinRejoined, joinRejoining, joinReset, joinSent, joinTick, joinTurnedAway,
  leave, leaveEnd, readdress,
} from "./join";
import { linksClear } from "./neighbours";
import { pollDeadline, pollHeard, pollProven, pollReset, pollRuns, pollSent, pollStart, pollStop, pollTick } from "./poll";
import { FOR_US, nwkReceive, receivedFrame } from "./receive";
import { SlotState, queueDeadline, queueReset, queueSent, queueTick, slotEnd, slotOfState, slotReady } from "./send";
import { securityReset } from "./security";
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { Drop, NwkHeard, network, networkLoad, nwkDrop, nwkHeard, nwkState, nwkTell } from "./state";
import { mac } from "../../mac/mac";

export { nwkJoinNext, nwkJoinStart, nwkJoinUndo, nwkLeave, nwkRejoinStart } from "./join";
export { nwkExpect, nwkPollEager, nwkPollPeriod, nwkPollRhythm } from "./poll";

/** It hears only the broadcasts for everybody, which its parent holds for it. */
const GROUPS: u32 = BROADCAST_ALL;

/** Starts; true when the network of the record was taken up again. */
export function nwkReset(now: i64): bool {
  macReset();
  nwkState.extended = mac.extended;
  nwkState.open = 0;
  linksClear();
  addressesClear();
  broadcastsClear();
  queueReset();
  joinReset(MAC_CAPABLE_ALLOCATE);
  pollReset();
  let resumed = networkLoad();
  securityReset();
  if (!resumed) return false;
  macOpen(network.channel, network.panId, network.address);
  pollStart(now);
  return true;
}

export function nwkInput(event: usize, now: i64): i32 {
  switch (macInput(event)) {
    case MacHeard.Data: {
      pollHeard();
      return nwkReceive(GROUPS, now) & FOR_US ? dataHeard() : NwkHeard.None;
    }
    case MacHeard.Beacon: joinBeacon(); return NwkHeard.None;
    case MacHeard.Command: return joined(joinCommand());
    case MacHeard.Sent: return sent(now);
    default: return NwkHeard.None;
  }
}

export function nwkTick(now: i64): i32 {
  let heard = joinTick(now);
  if (heard != NwkHeard.None) return heard;
  if (isSearching()) {
    if (pollRuns()) pollStop();
    return NwkHeard.None;
  }
  if (network.address == NO_ADDRESS) pollStop();
  else if (!pollRuns()) pollStart(now);
  heard = pollTick(now);
  if (heard != NwkHeard.None) return heard;
  let slot = slotOfState(SlotState.Route, NEVER);
  if (slot) {
    if (network.address == NO_ADDRESS) return slotEnd(slot, Err.NotFound);
    slotReady(slot, network.parent, now);
  }
  return left(queueTick(now));
}

export function nwkDeadline(): i64 {
  let deadline = joinDeadline();
  if (isSearching()) return deadline;
  if (network.address != NO_ADDRESS && !pollRuns()) return 0; // a parent was found, or the search for another ended
  return min(deadline, min(pollDeadline(), queueDeadline()));
}

/** A scan or an association has the radio. */
function isSearching(): bool {
  return joinBusy() && !joinRejoining();
}

function sent(now: i64): i32 {
  switch (macHeard.purpose) {
    case MacPurpose.Data: {
      let lost = pollSent(now);
      let heard = left(queueSent(now));
      return heard == NwkHeard.None ? lost : heard;
    }
    case MacPurpose.DataRequest: return joinBusy() && !joinRejoining() ? joinSent() : pollSent(now);
    default: return joinSent();
  }
}

function left(heard: i32): i32 {
  return heard == NwkHeard.Left ? leaveEnd() : heard;
}

/** A parent that has just taken us needs no further proof; one of before revision 21 has none to give. */
function joined(heard: i32): i32 {
  if (heard == NwkHeard.Joined) pollProven();
  return heard;
}

function dataHeard(): i32 {
  if (receivedFrame().type != NWK_COMMAND) {
    nwkHeard.kind = NwkHeard.Data;
    return NwkHeard.Data;
  }
  if (nwkCommandParse(nwkHeard.payload, nwkHeard.size) < 0) {
    nwkDrop(Drop.Malformed);
    return NwkHeard.None;
  }
  return commandHeard(changetype<NwkCommand>(nwkHeard.payload));
}

function commandHeard(command: NwkCommand): i32 {
  let fromParent = nwkHeard.source == network.parent;
  switch (command.identifier) {
    case NWK_REJOIN_RESPONSE:
      if (joinRejoining()) return joined(joinRejoined(command));
      // Unasked: somebody else has our address, and the parent gives us another.
      if (!fromParent || !nwkHeard.secured || command.rejoinStatus != 0 || command.rejoinAddress >= UNICAST_END) return NwkHeard.None;
      return readdress(command.rejoinAddress);
    case NWK_TIMEOUT_RESPONSE:
      if (!fromParent) return NwkHeard.None;
      if (command.timeoutStatus == 0) network.parentInformation = <u8>command.parentInformation;
      pollProven();
      return NwkHeard.Command;
    case NWK_LEAVE:
      if (!fromParent) { nwkDrop(Drop.Refused); return NwkHeard.None; }
      if (command.options & NWK_LEAVE_REQUEST) {
        if (joinRejoining()) return NwkHeard.Command; // we are about to
        if (joinTurnedAway()) return nwkTell(NwkHeard.JoinFailed, network.address, 0, 0, Err.Refused);
        leave(command.options);
        return NwkHeard.Command;
      }
      return nwkTell(NwkHeard.ParentLost, network.parent, nwkHeard.extended, 0, Err.Refused);
    default: return NwkHeard.Command;
  }
}
