// NWK commands: 05-3474 section 3.4, with the end-device timeout of revision 21.
//
//   1 route request   | options 1 | request 1 | target 2 | cost 1 | target IEEE 0/8
//   2 route reply     | options 1 | request 1 | originator 2 | responder 2 | cost 1 | originator IEEE 0/8 | responder IEEE 0/8
//   3 network status  | code 1 | target 2
//   4 leave           | options 1
//   6 rejoin request  | capability 1
//   7 rejoin response | short address 2 | status 1
//   8 link status     | options 1 | neighbours 3 each: address 2, costs 1
//   9 network report  | options 1 | extended PAN 8 | PAN identifiers 2 each
//   10 network update | options 1 | extended PAN 8 | update 1 | PAN identifier 2
//   11 end-device timeout request | timeout 1 | configuration 1        12 response | status 1 | parent information 1
//
import { Err } from "../../core/err";

export const NWK_ROUTE_REQUEST: u32 = 1;
export const NWK_ROUTE_REPLY: u32 = 2;
export const NWK_ROUTE_RECORD: u32 = 5;
export const NWK_NETWORK_STATUS: u32 = 3;
export const NWK_LEAVE: u32 = 4;
export const NWK_REJOIN_REQUEST: u32 = 6;
export const NWK_REJOIN_RESPONSE: u32 = 7;
export const NWK_LINK_STATUS: u32 = 8;
export const NWK_NETWORK_REPORT: u32 = 9;
export const NWK_NETWORK_UPDATE: u32 = 10;
export const NWK_TIMEOUT_REQUEST: u32 = 11;
export const NWK_TIMEOUT_RESPONSE: u32 = 12;

// Route request and reply, figures 3.11 and 3.13
export const NWK_MANY_TO_ONE: u32 = 0x18;
const REQUEST_TARGET_IEEE: u32 = 0x20;
const REPLY_ORIGINATOR_IEEE: u32 = 0x10;
const REPLY_RESPONDER_IEEE: u32 = 0x20;

// Network status codes, table 3.42
export const NWK_STATUS_NO_ROUTE: u32 = 0x00;
export const NWK_STATUS_LINK_FAILURE: u32 = 0x02;
export const NWK_STATUS_ADDRESS_CONFLICT: u32 = 0x0d;

// Leave options, figure 3.17
export const NWK_LEAVE_REJOIN: u32 = 0x20;
export const NWK_LEAVE_REQUEST: u32 = 0x40;

// Link status options, figure 3.26
export const NWK_LINK_FIRST: u32 = 0x20;
export const NWK_LINK_LAST: u32 = 0x40;
const LINK_COUNT: u32 = 0x1f;
const LINK_COST: u32 = 0x07;
const LINK_OUTGOING_SHIFT: u32 = 4;
export const NWK_LINK_ENTRY_SIZE: u32 = 3;
const LINK_HEAD_SIZE: u32 = 2;

/** The options of a report or an update: of type 0, and about one PAN identifier. */
export const NWK_ONE_PAN: u32 = 1;
const PAN_COUNT: u32 = 0x1f;
const REPORT_HEAD_SIZE: u32 = 10;
const UPDATE_HEAD_SIZE: u32 = 11;

const ROUTE_REQUEST_SIZE: u32 = 6;
const ROUTE_REPLY_SIZE: u32 = 8;
const NETWORK_STATUS_SIZE: u32 = 4;
const LEAVE_SIZE: u32 = 2;
const REJOIN_REQUEST_SIZE: u32 = 2;
const REJOIN_RESPONSE_SIZE: u32 = 4;
const TIMEOUT_SIZE: u32 = 3;

/** End-device timeout indexes: 10 s, then 2^n minutes. */
export const NWK_TIMEOUT_INDEX_MAX: u32 = 14;
/** 2^8 minutes, nwkEndDeviceTimeoutDefault. */
export const NWK_TIMEOUT_DEFAULT: u32 = 8;

/** The command where it lies.  Valid only where `nwkCommandParse` accepted; an accessor is valid for its own command only. */
@unmanaged @final
export class NwkCommand {
  get identifier(): u32 { return load<u8>(changetype<usize>(this)); }
  get options(): u32 { return load<u8>(changetype<usize>(this), 1); }
  // route request and reply
  get request(): u32 { return load<u8>(changetype<usize>(this), 2); }
  get routeTarget(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get requestCost(): u32 { return load<u8>(changetype<usize>(this), 5); }
  /** A request that is passed on carries the cost so far. */
  setRequestCost(cost: u32): void { store<u8>(changetype<usize>(this), cost, 5); }
  get originator(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get responder(): u32 { return load<u16>(changetype<usize>(this), 5); }
  get replyCost(): u32 { return load<u8>(changetype<usize>(this), 7); }
  // network status
  get code(): u32 { return this.options; }
  get statusTarget(): u32 { return load<u16>(changetype<usize>(this), 2); }
  // rejoin and timeout
  get capability(): u32 { return this.options; }
  get rejoinAddress(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get rejoinStatus(): u32 { return load<u8>(changetype<usize>(this), 3); }
  get timeout(): u32 { return this.options; }
  get timeoutStatus(): u32 { return this.options; }
  get parentInformation(): u32 { return load<u8>(changetype<usize>(this), 2); }
  // network report and update
  get extendedPanId(): u64 { return load<u64>(changetype<usize>(this), 2); }
  get updateId(): u32 { return load<u8>(changetype<usize>(this), 10); }
  get panId(): u32 { return load<u16>(changetype<usize>(this), 11); }
  // link status
  get linkCount(): u32 { return this.options & LINK_COUNT; }
  link(index: u32): NwkLink { return changetype<NwkLink>(changetype<usize>(this) + LINK_HEAD_SIZE + index * NWK_LINK_ENTRY_SIZE); }
}

/** An entry of a link status: what its sender says of its link to a neighbour. */
@unmanaged @final
export class NwkLink {
  get neighbour(): u32 { return load<u16>(changetype<usize>(this)); }
  get incomingCost(): u32 { return load<u8>(changetype<usize>(this), 2) & LINK_COST; }
  get outgoingCost(): u32 { return (load<u8>(changetype<usize>(this), 2) >>> LINK_OUTGOING_SHIFT) & LINK_COST; }
}

/** Accepts the payload of a NWK command frame; answers the command's size, or an `Err`; `Reserved` for one we do not know. */
export function nwkCommandParse(at: usize, have: u32): i32 {
  if (have < 2) return Err.Truncated;
  let options: u32 = load<u8>(at, 1);
  let size: u32;
  switch (<u32>load<u8>(at)) {
    case NWK_ROUTE_REQUEST: size = ROUTE_REQUEST_SIZE + (options & REQUEST_TARGET_IEEE ? 8 : 0); break;
    case NWK_ROUTE_REPLY:
      size = ROUTE_REPLY_SIZE + (options & REPLY_ORIGINATOR_IEEE ? 8 : 0) + (options & REPLY_RESPONDER_IEEE ? 8 : 0);
      break;
    case NWK_NETWORK_STATUS: size = NETWORK_STATUS_SIZE; break;
    case NWK_REJOIN_RESPONSE: size = REJOIN_RESPONSE_SIZE; break;
    case NWK_LEAVE: size = LEAVE_SIZE; break;
    case NWK_REJOIN_REQUEST: size = REJOIN_REQUEST_SIZE; break;
    case NWK_LINK_STATUS: size = LINK_HEAD_SIZE + (options & LINK_COUNT) * NWK_LINK_ENTRY_SIZE; break;
    case NWK_NETWORK_REPORT: size = REPORT_HEAD_SIZE + ((options & PAN_COUNT) << 1); break;
    case NWK_NETWORK_UPDATE: size = UPDATE_HEAD_SIZE + ((options & PAN_COUNT) << 1); break;
    case NWK_TIMEOUT_REQUEST:
    case NWK_TIMEOUT_RESPONSE: size = TIMEOUT_SIZE; break;
    default: return Err.Reserved;
  }
  return have < size ? Err.Truncated : <i32>size;
}

export function nwkRouteRequestEmit(at: usize, request: u32, target: u32): u32 {
  store<u16>(at, NWK_ROUTE_REQUEST);
  store<u8>(at, request, 2);
  store<u16>(at, target, 3);
  store<u8>(at, 0, 5); // no cost yet
  return ROUTE_REQUEST_SIZE;
}

export function nwkRouteReplyEmit(at: usize, request: u32, originator: u32, responder: u32, cost: u32): u32 {
  store<u16>(at, NWK_ROUTE_REPLY);
  store<u8>(at, request, 2);
  store<u16>(at, originator, 3);
  store<u16>(at, responder, 5);
  store<u8>(at, cost, 7);
  return ROUTE_REPLY_SIZE;
}

export function nwkNetworkStatusEmit(at: usize, code: u32, target: u32): u32 {
  store<u16>(at, NWK_NETWORK_STATUS | (code << 8));
  store<u16>(at, target, 2);
  return NETWORK_STATUS_SIZE;
}

export function nwkLeaveEmit(at: usize, options: u32): u32 {
  store<u16>(at, NWK_LEAVE | (options << 8));
  return LEAVE_SIZE;
}

export function nwkRejoinRequestEmit(at: usize, capability: u32): u32 {
  store<u16>(at, NWK_REJOIN_REQUEST | (capability << 8));
  return REJOIN_REQUEST_SIZE;
}

export function nwkRejoinResponseEmit(at: usize, short: u32, status: u32): u32 {
  store<u32>(at, NWK_REJOIN_RESPONSE | (short << 8) | (status << 24));
  return REJOIN_RESPONSE_SIZE;
}

/** Begins a link status whose entries follow; it tells all in one frame. */
export function nwkLinkStatusEmit(at: usize, count: u32): u32 {
  store<u16>(at, NWK_LINK_STATUS | ((count | NWK_LINK_FIRST | NWK_LINK_LAST) << 8));
  return LINK_HEAD_SIZE + count * NWK_LINK_ENTRY_SIZE;
}

/** Writes the entry `index` of the link status at `at`. */
export function nwkLinkEmit(at: usize, index: u32, neighbour: u32, incomingCost: u32, outgoingCost: u32): void {
  let entry = changetype<usize>(changetype<NwkCommand>(at).link(index));
  store<u16>(entry, neighbour);
  store<u8>(entry, incomingCost | (outgoingCost << LINK_OUTGOING_SHIFT), 2);
}

export function nwkTimeoutRequestEmit(at: usize, timeout: u32): u32 {
  store<u16>(at, NWK_TIMEOUT_REQUEST | (timeout << 8));
  store<u8>(at, 0, 2);
  return TIMEOUT_SIZE;
}

export function nwkTimeoutResponseEmit(at: usize, status: u32, parentInformation: u32): u32 {
  store<u16>(at, NWK_TIMEOUT_RESPONSE | (status << 8));
  store<u8>(at, parentInformation, 2);
  return TIMEOUT_SIZE;
}

/** Another network has our PAN identifier. */
export function nwkReportEmit(at: usize, extendedPanId: u64, panId: u32): u32 {
  store<u16>(at, NWK_NETWORK_REPORT | (NWK_ONE_PAN << 8));
  store<u64>(at, extendedPanId, 2);
  store<u16>(at, panId, 10);
  return REPORT_HEAD_SIZE + 2;
}

export function nwkUpdateEmit(at: usize, extendedPanId: u64, updateId: u32, panId: u32): u32 {
  store<u16>(at, NWK_NETWORK_UPDATE | (NWK_ONE_PAN << 8));
  store<u64>(at, extendedPanId, 2);
  store<u8>(at, updateId, 10);
  store<u16>(at, panId, 11);
  return UPDATE_HEAD_SIZE + 2;
}
