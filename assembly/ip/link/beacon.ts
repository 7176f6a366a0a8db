// The payload of a beacon of ZigBee IP.
//
//   | protocol 1 | flags 1 | network identifier 16 | element: type 4 bits, size 4 bits 1, value ... | 0 |
//
import { Err } from "../../core/err";

export const IP_BEACON_SIZE: u32 = 18;
export const NETWORK_ID_SIZE: u32 = 16;

const PROTOCOL: u32 = 2;

// Flags
export const BEACON_JOIN: u32 = 0x01;
export const BEACON_ROUTERS: u32 = 0x02;
export const BEACON_HOSTS: u32 = 0x04;

/** The payload where it lies.  Valid only where `ipBeaconParse` accepted. */
@unmanaged @final
export class IpBeacon {
  get flags(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get networkId(): usize { return changetype<usize>(this) + 2; }
}

/** Accepts a payload; elements are walked over, since none is known to matter.  Answers its size or an `Err`. */
export function ipBeaconParse(at: usize, have: u32): i32 {
  if (have < IP_BEACON_SIZE) return Err.Truncated;
  if (load<u8>(at) != PROTOCOL) return Err.Reserved;
  let size = IP_BEACON_SIZE;
  while (size < have) {
    let head: u32 = load<u8>(at + size++);
    if (head == 0) break;
    size += head & 15;
  }
  return size > have ? Err.BadLength : <i32>size;
}

/** Writes a payload without elements; answers its size. */
export function ipBeaconEmit(at: usize, flags: u32, networkId: usize): u32 {
  store<u8>(at, PROTOCOL);
  store<u8>(at, flags, 1);
  memory.copy(at + 2, networkId, NETWORK_ID_SIZE);
  return IP_BEACON_SIZE;
}
