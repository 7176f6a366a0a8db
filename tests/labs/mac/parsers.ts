// The MAC's parsers and their counterparts for tests and fuzzing.  Not shipped.
import { Err } from "../../../assembly/core/err";
import { macBeaconParse } from "../../../assembly/mac/beacon";
import { macCommandParse } from "../../../assembly/mac/command";
import { MAC_EXTENDED, MAC_NONE, MAC_SHORT, MacFrame, macEmitTarget, macParse } from "../../../assembly/mac/frame";

export function parse_mac_frame(at: usize, size: u32): i32 { return macParse(at, size); }
export function parse_mac_command(at: usize, size: u32): i32 { return macCommandParse(at, size); }
export function parse_mac_beacon(at: usize, size: u32): i32 { return macBeaconParse(at, size); }

/** Gives an accepted header back, field by field. */
export function emit_mac_frame(from: usize, size: u32, to: usize): i32 {
  if (macParse(from, size) < 0) return Err.Reserved;
  let frame = changetype<MacFrame>(from);
  let targetPan = frame.targetMode == MAC_NONE ? 0 : frame.targetPan;
  let target: u64 = frame.targetMode == MAC_EXTENDED ? frame.targetExtended : frame.targetMode == MAC_SHORT ? <u64>frame.targetShort : 0;
  let at = macEmitTarget(to, frame.control, frame.sequence, targetPan, target);
  let source = frame.sourceMode;
  if (source != MAC_NONE && (frame.control & 0x40) == 0) {
    store<u16>(at, frame.sourcePan);
    at += 2;
  }
  if (source == MAC_SHORT) {
    store<u16>(at, frame.sourceShort);
    at += 2;
  } else if (source == MAC_EXTENDED) {
    store<u64>(at, frame.sourceExtended);
    at += 8;
  }
  return <i32>(at - to);
}
