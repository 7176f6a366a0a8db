// The MAC's parsers and their counterparts for tests and fuzzing.  Not shipped.
import { Err } from "../../../assembly/core/err";
import { MAC_BEACON_SIZE, MacBeacon, macBeaconEmit, macBeaconParse } from "../../../assembly/mac/beacon";
import {
  MAC_ASSOCIATION_REQUEST, MAC_ASSOCIATION_RESPONSE, MacCommand, macAssociationRequestEmit, macAssociationResponseEmit, macCommandParse,
  macRequestEmit,
} from "../../../assembly/mac/command";
import { MAC_EXTENDED, MAC_NONE, MAC_SHORT, MacFrame, macEmit, macParse } from "../../../assembly/mac/frame";
import { MacAuxiliary, macAuxiliaryEmit, macAuxiliaryParse } from "../../../assembly/mac/security";

export function parse_mac_frame(at: usize, size: u32): i32 { return macParse(at, size, false); }
export function parse_mac_secured(at: usize, size: u32): i32 { return macParse(at, size, true); }
export function parse_mac_auxiliary(at: usize, size: u32): i32 { return macAuxiliaryParse(at, size); }
export function parse_mac_command(at: usize, size: u32): i32 { return macCommandParse(at, size); }
export function parse_mac_beacon(at: usize, size: u32): i32 { return macBeaconParse(at, size); }

/** Gives an accepted header back, field by field. */
export function emit_mac_frame(from: usize, size: u32, to: usize): i32 {
  if (macParse(from, size, true) < 0) return Err.Reserved;
  let frame = changetype<MacFrame>(from);
  let targetPan = frame.targetMode == MAC_NONE ? 0 : frame.targetPan;
  let target: u64 = frame.targetMode == MAC_EXTENDED ? frame.targetExtended : frame.targetMode == MAC_SHORT ? <u64>frame.targetShort : 0;
  let sourcePan = frame.sourceMode == MAC_NONE ? 0 : frame.sourcePan;
  let source: u64 = frame.sourceMode == MAC_EXTENDED ? frame.sourceExtended : frame.sourceMode == MAC_SHORT ? <u64>frame.sourceShort : 0;
  return macEmit(to, frame.control, frame.sequence, targetPan, target, sourcePan, source);
}

export function emit_mac_secured(from: usize, size: u32, to: usize): i32 { return emit_mac_frame(from, size, to); }

export function emit_mac_auxiliary(from: usize, size: u32, to: usize): i32 {
  if (macAuxiliaryParse(from, size) < 0) return Err.Reserved;
  let auxiliary = changetype<MacAuxiliary>(from);
  return macAuxiliaryEmit(to, auxiliary.counter, auxiliary.keyIndex);
}

export function emit_mac_command(from: usize, size: u32, to: usize): i32 {
  if (macCommandParse(from, size) < 0) return Err.Reserved;
  let command = changetype<MacCommand>(from);
  switch (command.identifier) {
    case MAC_ASSOCIATION_REQUEST: return macAssociationRequestEmit(to, command.capability);
    case MAC_ASSOCIATION_RESPONSE: return macAssociationResponseEmit(to, command.address, command.status);
    default: return macRequestEmit(to, command.identifier);
  }
}

/** Answers 0 but for the form that we send: without superframes, guaranteed slots and pending addresses. */
export function emit_mac_beacon(from: usize, size: u32, to: usize): i32 {
  let accepted = macBeaconParse(from, size);
  if (accepted < 0) return accepted;
  let beacon = changetype<MacBeacon>(from);
  if (accepted != MAC_BEACON_SIZE || load<u16>(from, 2) != 0 || (beacon.superframe & 0x3fff) != 0x0fff) return 0;
  return macBeaconEmit(to, beacon.isCoordinator, beacon.permits);
}
