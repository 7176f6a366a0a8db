// MAC command frames: IEEE 802.15.4-2006 section 7.3.
//
//   | identifier 1 | association request: capability 1 ; association response: short address 2, status 1 ; others: nothing
//
import { Err } from "../core/err";

export const MAC_ASSOCIATION_REQUEST: u32 = 1;
export const MAC_ASSOCIATION_RESPONSE: u32 = 2;
export const MAC_DATA_REQUEST: u32 = 4;
export const MAC_BEACON_REQUEST: u32 = 7;

// Capability information, figure 56
export const MAC_CAPABLE_ROUTER: u32 = 0x02;
export const MAC_CAPABLE_MAINS: u32 = 0x04;
export const MAC_CAPABLE_AWAKE: u32 = 0x08;
export const MAC_CAPABLE_ALLOCATE: u32 = 0x80;

// Association status, table 83
export const MAC_ASSOCIATED: u32 = 0;
export const MAC_PAN_FULL: u32 = 1;

const ASSOCIATION_REQUEST_SIZE: u32 = 2;
const ASSOCIATION_RESPONSE_SIZE: u32 = 4;

/** The command where it lies.  Valid only where `macCommandParse` accepted. */
@unmanaged @final
export class MacCommand {
  get identifier(): u32 { return load<u8>(changetype<usize>(this)); }
  get capability(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get address(): u32 { return load<u16>(changetype<usize>(this), 1); }
  get status(): u32 { return load<u8>(changetype<usize>(this), 3); }
}

/** Accepts the payload of a command frame; answers its size or an `Err`; `Reserved` for a command we do not know. */
export function macCommandParse(at: usize, have: u32): i32 {
  if (have < 1) return Err.Truncated;
  let size: u32;
  switch (<u32>load<u8>(at)) {
    case MAC_ASSOCIATION_REQUEST: size = ASSOCIATION_REQUEST_SIZE; break;
    case MAC_ASSOCIATION_RESPONSE: size = ASSOCIATION_RESPONSE_SIZE; break;
    case MAC_DATA_REQUEST:
    case MAC_BEACON_REQUEST: size = 1; break;
    default: return Err.Reserved;
  }
  return have < size ? Err.Truncated : <i32>size;
}

export function macAssociationRequestEmit(at: usize, capability: u32): u32 {
  store<u16>(at, MAC_ASSOCIATION_REQUEST | (capability << 8));
  return ASSOCIATION_REQUEST_SIZE;
}

export function macAssociationResponseEmit(at: usize, short: u32, status: u32): u32 {
  store<u32>(at, MAC_ASSOCIATION_RESPONSE | (short << 8) | (status << 24));
  return ASSOCIATION_RESPONSE_SIZE;
}

/** A data request or a beacon request, which have no fields. */
export function macRequestEmit(at: usize, identifier: u32): u32 {
  store<u8>(at, identifier);
  return 1;
}
