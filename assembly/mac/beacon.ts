// The payload of a beacon frame of a PAN without superframes: IEEE 802.15.4-2006 section 7.2.2.1.
//
//   | superframe 2 | GTS: control 1 (directions 1, each descriptor 3) | pending addresses: control 1 (2 and 8 each) | upper layer's payload
//
import { Err } from "../core/err";

export const MAC_BEACON_SIZE: u32 = 4;

// Superframe specification, figure 47
const NO_BEACONS: u32 = 0x0fff; // beacon order, superframe order and final slot 15: no superframes
const ORDER_MASK: u32 = 0x000f;
const COORDINATOR: u32 = 0x4000;
const PERMIT: u32 = 0x8000;

/** The beacon's payload where it lies.  Valid only where `macBeaconParse` accepted. */
@unmanaged @final
export class MacBeacon {
  get superframe(): u32 { return load<u16>(changetype<usize>(this)); }
  get isCoordinator(): bool { return (this.superframe & COORDINATOR) != 0; }
  get permits(): bool { return (this.superframe & PERMIT) != 0; }
}

/** Accepts what follows the MAC header of a beacon; answers where the upper layer's payload begins, or an `Err`. */
export function macBeaconParse(at: usize, have: u32): i32 {
  if (have < MAC_BEACON_SIZE) return Err.Truncated;
  // A PAN with superframes is none of ZigBee's.
  if ((load<u16>(at) & ORDER_MASK) != ORDER_MASK) return Err.Reserved;
  let slots: u32 = <u32>load<u8>(at, 2) & 7;
  let pending: u32 = slots ? 4 + slots * 3 : 3;
  if (have <= pending) return Err.Truncated;
  let addresses: u32 = load<u8>(at + pending);
  let size: u32 = pending + 1 + (addresses & 7) * 2 + ((addresses >>> 4) & 7) * 8;
  return have < size ? Err.Truncated : <i32>size;
}

/** Writes everything before the upper layer's payload; answers its size. */
export function macBeaconEmit(at: usize, coordinator: bool, permits: bool): u32 {
  store<u32>(at, NO_BEACONS | (coordinator ? COORDINATOR : 0) | (permits ? PERMIT : 0));
  return MAC_BEACON_SIZE;
}
