// The network layer's parsers and their counterparts for tests and fuzzing.  Not shipped.
import { Err } from "../../../assembly/core/err";
import { nwkBeaconParse } from "../../../assembly/zigbee/nwk/beacon";
import { nwkCommandParse } from "../../../assembly/zigbee/nwk/command";
import { NWK_HEADER_SIZE, NwkFrame, nwkEmit, nwkParse } from "../../../assembly/zigbee/nwk/frame";
import { auxiliaryParse } from "../../../assembly/zigbee/nwk/security";

export function parse_nwk_frame(at: usize, size: u32): i32 { return nwkParse(at, size); }
export function parse_nwk_command(at: usize, size: u32): i32 { return nwkCommandParse(at, size); }
export function parse_nwk_beacon(at: usize, size: u32): i32 { return nwkBeaconParse(at, size); }
export function parse_nwk_auxiliary(at: usize, size: u32): i32 { return auxiliaryParse(at, size); }

/** Gives an accepted header back, field by field; a source route as it was. */
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
