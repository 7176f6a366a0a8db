// The network layer's parsers and their counterparts for tests and fuzzing.  Not shipped.
// emit_NAME(from, size, to) gives an accepted input back field by field, or answers 0 for a form that we take but never send.
import { Err } from "../../../assembly/core/err";
import { Auxiliary, KEY_NETWORK, auxiliaryEmit, auxiliaryParse } from "../../../assembly/zigbee/auxiliary";
import { NWK_BEACON_SIZE, NwkBeacon, nwkBeaconEmit, nwkBeaconParse } from "../../../assembly/zigbee/nwk/beacon";
import {
  NWK_LEAVE, NWK_LINK_STATUS, NWK_NETWORK_REPORT, NWK_NETWORK_STATUS, NWK_NETWORK_UPDATE, NWK_ONE_PAN, NWK_REJOIN_REQUEST,
  NWK_REJOIN_RESPONSE, NWK_ROUTE_REPLY, NWK_ROUTE_REQUEST, NWK_TIMEOUT_REQUEST, NWK_TIMEOUT_RESPONSE, NwkCommand, nwkCommandParse,
  nwkLeaveEmit, nwkLinkEmit, nwkLinkStatusEmit, nwkNetworkStatusEmit, nwkRejoinRequestEmit, nwkRejoinResponseEmit, nwkReportEmit,
  nwkRouteReplyEmit, nwkRouteRequestEmit, nwkTimeoutRequestEmit, nwkTimeoutResponseEmit, nwkUpdateEmit,
} from "../../../assembly/zigbee/nwk/command";
import { NWK_HEADER_SIZE, NwkFrame, nwkEmit, nwkParse } from "../../../assembly/zigbee/nwk/frame";

export function parse_nwk_frame(at: usize, size: u32): i32 { return nwkParse(at, size); }
export function parse_nwk_command(at: usize, size: u32): i32 { return nwkCommandParse(at, size); }
export function parse_nwk_beacon(at: usize, size: u32): i32 { return nwkBeaconParse(at, size); }
export function parse_nwk_auxiliary(at: usize, size: u32): i32 { return auxiliaryParse(at, size, true); }

/** A source route as it was. */
export function emit_nwk_frame(from: usize, size: u32, to: usize): i32 {
  let accepted = nwkParse(from, size);
  if (accepted < 0) return Err.Reserved;
  let frame = changetype<NwkFrame>(from);
  assert(frame.size == accepted);
  let fixed = nwkEmit(to, frame.control, frame.target, frame.source, frame.radius, frame.sequence, frame.targetExtended, frame.sourceExtended);
  if (frame.isRouted) memory.copy(to + fixed, frame.route, accepted - fixed);
  assert(fixed >= NWK_HEADER_SIZE);
  return accepted;
}

export function emit_nwk_command(from: usize, size: u32, to: usize): i32 {
  if (nwkCommandParse(from, size) < 0) return Err.Reserved;
  let command = changetype<NwkCommand>(from);
  switch (command.identifier) {
    case NWK_ROUTE_REQUEST: {
      if (command.options != 0) return 0; // to many, or with the target's IEEE address
      let emitted = nwkRouteRequestEmit(to, command.request, command.routeTarget);
      changetype<NwkCommand>(to).setRequestCost(command.requestCost);
      return emitted;
    }
    case NWK_ROUTE_REPLY:
      if (command.options != 0) return 0; // with IEEE addresses
      return nwkRouteReplyEmit(to, command.request, command.originator, command.responder, command.replyCost);
    case NWK_NETWORK_STATUS: return nwkNetworkStatusEmit(to, command.code, command.statusTarget);
    case NWK_LEAVE: return nwkLeaveEmit(to, command.options);
    case NWK_REJOIN_REQUEST: return nwkRejoinRequestEmit(to, command.capability);
    case NWK_REJOIN_RESPONSE: return nwkRejoinResponseEmit(to, command.rejoinAddress, command.rejoinStatus);
    case NWK_LINK_STATUS: return linkStatus(command, to);
    case NWK_NETWORK_REPORT:
      if (command.options != NWK_ONE_PAN) return 0; // of another type, or of several
      return nwkReportEmit(to, command.extendedPanId, load<u16>(from, 10));
    case NWK_NETWORK_UPDATE:
      if (command.options != NWK_ONE_PAN) return 0; // of another type
      return nwkUpdateEmit(to, command.extendedPanId, command.updateId, command.panId);
    case NWK_TIMEOUT_REQUEST: return load<u8>(from, 2) == 0 ? nwkTimeoutRequestEmit(to, command.timeout) : 0;
    case NWK_TIMEOUT_RESPONSE: return nwkTimeoutResponseEmit(to, command.timeoutStatus, command.parentInformation);
    default: return Err.Reserved;
  }
}

function linkStatus(command: NwkCommand, to: usize): i32 {
  let count = command.linkCount;
  if (command.options != (count | 0x60)) return 0; // one of several frames
  for (let index: u32 = 0; index < count; index++) {
    let link = command.link(index);
    if (load<u8>(changetype<usize>(link), 2) & 0x88) return 0; // reserved bits
    nwkLinkEmit(to, index, link.neighbour, link.incomingCost, link.outgoingCost);
  }
  return nwkLinkStatusEmit(to, count);
}

export function emit_nwk_beacon(from: usize, size: u32, to: usize): i32 {
  if (nwkBeaconParse(from, size) < 0) return Err.Reserved;
  let beacon = changetype<NwkBeacon>(from);
  let isOurs = beacon.takesRouters == beacon.takesEndDevices && (load<u8>(from, 2) & 3) == 0 && (load<u32>(from, 10) >>> 8) == 0xffffff;
  if (!isOurs) return 0;
  let emitted = nwkBeaconEmit(to, beacon.depth, beacon.takesRouters, beacon.extendedPanId, beacon.updateId);
  assert(emitted == NWK_BEACON_SIZE);
  return emitted;
}

export function emit_nwk_auxiliary(from: usize, size: u32, to: usize): i32 {
  if (auxiliaryParse(from, size, true) < 0) return Err.Reserved;
  let auxiliary = changetype<Auxiliary>(from);
  if ((auxiliary.control & 7) != 0) return 0; // with its level
  return auxiliaryEmit(to, KEY_NETWORK, auxiliary.counter, auxiliary.source, auxiliary.keySequence);
}
