// The payload of a ZigBee beacon: 05-3474 section 3.6.7.
//
//   | protocol 1 | profile and version 1 | depth and capacities 1 | extended PAN 8 | transmit offset 3 | update 1 |
//
import { Err } from "../../core/err";

export const NWK_BEACON_SIZE: u32 = 15;

const PROTOCOL_ZIGBEE: u32 = 0;
/** Stack profile 2 (PRO), protocol version 2. */
const PRO: u32 = 0x22;
const ROUTER_CAPACITY: u32 = 0x04;
const DEPTH_SHIFT: u32 = 3;
const DEPTH_MASK: u32 = 0x0f;
const END_DEVICE_CAPACITY: u32 = 0x80;
/** No superframes, so no offset: table 3.61. */
const NO_OFFSET: u32 = 0x00ff_ffff;

/** The payload where it lies.  Valid only where `nwkBeaconParse` accepted. */
@unmanaged @final
export class NwkBeacon {
  get takesRouters(): bool { return (load<u8>(changetype<usize>(this), 2) & ROUTER_CAPACITY) != 0; }
  get takesEndDevices(): bool { return (load<u8>(changetype<usize>(this), 2) & END_DEVICE_CAPACITY) != 0; }
  get depth(): u32 { return (load<u8>(changetype<usize>(this), 2) >>> DEPTH_SHIFT) & DEPTH_MASK; }
  get extendedPanId(): u64 { return load<u64>(changetype<usize>(this), 3); }
  get updateId(): u32 { return load<u8>(changetype<usize>(this), 14); }
}

/** Accepts the upper layer's part of a beacon as that of a ZigBee PRO network; answers its size or an `Err`. */
export function nwkBeaconParse(at: usize, have: u32): i32 {
  if (have < NWK_BEACON_SIZE) return Err.Truncated;
  if (load<u8>(at) != PROTOCOL_ZIGBEE || load<u8>(at, 1) != PRO) return Err.Reserved;
  return NWK_BEACON_SIZE;
}

/** Writes the whole payload; answers its size. */
export function nwkBeaconEmit(at: usize, depth: u32, capacity: bool, extendedPanId: u64, updateId: u32): u32 {
  store<u8>(at, PROTOCOL_ZIGBEE);
  store<u8>(at, PRO, 1);
  store<u8>(at, (capacity ? ROUTER_CAPACITY | END_DEVICE_CAPACITY : 0) | (depth << DEPTH_SHIFT), 2);
  store<u64>(at, extendedPanId, 3);
  store<u32>(at, NO_OFFSET | (updateId << 24), 11);
  return NWK_BEACON_SIZE;
}
