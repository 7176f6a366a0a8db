// NWK commands: 05-3474 section 3.4, with the end-device timeout of revision 21.
//
//   1 route request   | options 1 | request 1 | target 2 | cost 1 | target IEEE 0/8
//   2 route reply     | options 1 | request 1 | originator 2 | responder 2 | cost 1 | originator IEEE 0/8 | responder IEEE 0/8
//   3 network status  | code 1 | target 2
//   4 leave           | options 1
//   6 rejoin request  | capability 1
//   7 rejoin response | short address 2 | status 1
//   8 link status     | options 1 | neighbours 3 each: address 2, costs 1
//   11 end-device timeout request | timeout 1 | configuration 1        12 response | status 1 | parent information 1
//
import { Err } from "../../core/err";

export const NWK_ROUTE_REQUEST: u32 = 1;
export const NWK_ROUTE_REPLY: u32 = 2;
export const NWK_NETWORK_STATUS: u32 = 3;
export const NWK_LEAVE: u32 = 4;
export const NWK_REJOIN_REQUEST: u32 = 6;
export const NWK_REJOIN_RESPONSE: u32 = 7;
export const NWK_LINK_STATUS: u32 = 8;
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
export const NWK_STATUS_INDIRECT_EXPIRED: u32 = 0x06;
export const NWK_STATUS_ADDRESS_CONFLICT: u32 = 0x0d;

// Leave options, figure 3.17
export const NWK_LEAVE_REJOIN: u32 = 0x20;
export const NWK_LEAVE_REQUEST: u32 = 0x40;

// Link status options, figure 3.26
export const NWK_LINK_FIRST: u32 = 0x20;
export const NWK_LINK_LAST: u32 = 0x40;
const LINK_COUNT: u32 = 0x1f;
export const NWK_LINK_ENTRY_SIZE: u32 = 3;

/** End-device timeout indexes: 10 s, then 2^n minutes. */
export const NWK_TIMEOUT_INDEX_MAX: u32 = 14;

/** The command where it lies.  Valid only where `nwkCommandParse` accepted; an accessor is valid for its own command only. */
@unmanaged @final
export class NwkCommand {
  get identifier(): u32 { return load<u8>(changetype<usize>(this)); }
  get options(): u32 { return load<u8>(changetype<usize>(this), 1); }
  // route request and reply
  get request(): u32 { return load<u8>(changetype<usize>(this), 2); }
  get routeTarget(): u32 { return load<u16>(changetype<usize>(this), 3); }
  get requestCost(): u32 { return load<u8>(changetype<usize>(this), 5); }
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
  // link status
  get linkCount(): u32 { return this.options & LINK_COUNT; }
  linkAt(index: u32): usize { return changetype<usize>(this) + 2 + index * NWK_LINK_ENTRY_SIZE; }
}

/** Accepts the payload of a NWK command frame; answers the command's size, or an `Err`; `Reserved` for one we do not know. */
export function nwkCommandParse(at: usize, have: u32): i32 {
  if (have < 2) return Err.Truncated;
  let options: u32 = load<u8>(at, 1);
  let size: u32;
  switch (<u32>load<u8>(at)) {
    case NWK_ROUTE_REQUEST: size = 6 + (options & REQUEST_TARGET_IEEE ? 8 : 0); break;
    case NWK_ROUTE_REPLY: size = 8 + (options & REPLY_ORIGINATOR_IEEE ? 8 : 0) + (options & REPLY_RESPONDER_IEEE ? 8 : 0); break;
    case NWK_REJOIN_RESPONSE:
    case NWK_NETWORK_STATUS: size = 4; break;
    case NWK_REJOIN_REQUEST:
    case NWK_LEAVE: size = 2; break;
    case NWK_LINK_STATUS: size = 2 + (options & LINK_COUNT) * NWK_LINK_ENTRY_SIZE; break;
    case NWK_TIMEOUT_REQUEST:
    case NWK_TIMEOUT_RESPONSE: size = 3; break;
    default: return Err.Reserved;
  }
  return have < size ? Err.Truncated : <i32>size;
}
