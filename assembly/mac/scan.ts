// Active scan: IEEE 802.15.4-2006 section 7.5.2.1.2.  A beacon request on each channel, then an ear for the beacons.
//
//   start -> (channel: request wanted -> listening until the deadline) ... -> no channel left: done
//
import { NEVER } from "../core/timers";
import { MAC_BEACON_REQUEST, macRequestEmit } from "./command";
import { MAC_BROADCAST, MAC_COMMAND, MAC_NO_ADDRESS, MAC_NONE, MAC_SHORT, macControl, macEmit } from "./frame";
import { MacPurpose, macAir, macIdle, macNextSequence, macOpen, macReceive, macTransmit, macWhen } from "./mac";

/** Channels 11 to 26, section 6.1.2. */
export const MAC_CHANNELS: u32 = 0x07fff800;
/** Scan duration 3: 960 * (2^3 + 1) symbols of 16 us. */
const LISTEN_MS: i64 = 139;

@unmanaged @final
export class Scan {
  due: i64;
  /** Channels still to come. */
  mask: u32;
  channel: u32;
  wanted: bool;
}

export const scan = changetype<Scan>(memory.data(offsetof<Scan>(), 8));

/** The channel listened to, 0 when no scan runs. */
export function scanChannel(): u32 { return scan.channel; }

export function scanStart(mask: u32, now: i64): void {
  scan.mask = mask & MAC_CHANNELS;
  macReceive(true);
  scanNext(now);
}

export function scanDeadline(): i64 {
  return scan.channel ? macWhen(scan.due) : NEVER;
}

/** Goes on; true once when the last channel was listened to. */
export function scanTick(now: i64): bool {
  if (scan.channel == 0 || scan.due > now || !macIdle(now)) return false;
  if (scan.wanted) {
    requestBeacons(now);
    return false;
  }
  scanNext(now);
  return scan.channel == 0;
}

function scanNext(now: i64): void {
  scan.channel = scan.mask ? ctz(scan.mask) : 0;
  scan.mask &= scan.mask - 1;
  scan.wanted = scan.channel != 0;
  scan.due = now;
  // With the broadcast identifier beacons of every PAN pass the radio's filter.
  if (scan.wanted) macOpen(scan.channel, MAC_BROADCAST, MAC_NO_ADDRESS);
}

function requestBeacons(now: i64): void {
  if (scanAsk(now) < 0) return;
  scan.wanted = false;
  scan.due = now + LISTEN_MS;
}

/** Asks all on the channel for their beacons; the radio lets those of its own PAN through. */
export function scanAsk(now: i64): i32 {
  let control = macControl(MAC_COMMAND, MAC_SHORT, MAC_NONE, false, false);
  let at = macAir + macEmit(macAir, control, macNextSequence(), MAC_BROADCAST, MAC_BROADCAST, 0, 0);
  return macTransmit(at + macRequestEmit(at, MAC_BEACON_REQUEST), MacPurpose.BeaconRequest, now);
}
