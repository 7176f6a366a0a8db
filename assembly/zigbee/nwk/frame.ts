// NWK frame header: 05-3474 section 3.3.1.
//
//   | control 2 | target 2 | source 2 | radius 1 | sequence 1 | target IEEE 0/8 | source IEEE 0/8 |
//   | source route: count 1, index 1, relays 2 each | payload ...
//
// Multicast frames and inter-PAN frames are not taken.                                                       little-endian
import { Err } from "../../core/err";
import { UNICAST_END } from "../address";

export const NWK_HEADER_SIZE: u32 = 8;

// Frame control, figure 3.6
export const NWK_DATA: u32 = 0;
export const NWK_COMMAND: u32 = 1;
const TYPE_MASK: u32 = 0x0003;
const VERSION_MASK: u32 = 0x003c;
const VERSION_PRO: u32 = 0x0008;
export const NWK_DISCOVER_ROUTE: u32 = 0x0040;
const MULTICAST: u32 = 0x0100;
export const NWK_SECURED: u32 = 0x0200;
const SOURCE_ROUTE: u32 = 0x0400;
export const NWK_TARGET_IEEE: u32 = 0x0800;
export const NWK_SOURCE_IEEE: u32 = 0x1000;
// Bit 13, "sent by an end device", came with revision 21; it and the reserved bits are ignored, section 1.2.1.2.

/** The header where it lies.  Valid only where `nwkParse` accepted or `nwkEmit` wrote. */
@unmanaged @final
export class NwkFrame {
  get control(): u32 { return load<u16>(changetype<usize>(this)); }
  get type(): u32 { return this.control & TYPE_MASK; }
  get isSecured(): bool { return (this.control & NWK_SECURED) != 0; }
  get discovers(): bool { return (this.control & NWK_DISCOVER_ROUTE) != 0; }
  get isRouted(): bool { return (this.control & SOURCE_ROUTE) != 0; }
  get target(): u32 { return load<u16>(changetype<usize>(this), 2); }
  get source(): u32 { return load<u16>(changetype<usize>(this), 4); }
  get radius(): u32 { return load<u8>(changetype<usize>(this), 6); }
  get sequence(): u32 { return load<u8>(changetype<usize>(this), 7); }
  /** 0 when the frame does not carry it. */
  get targetExtended(): u64 { return this.control & NWK_TARGET_IEEE ? load<u64>(changetype<usize>(this), 8) : 0; }
  get sourceExtended(): u64 {
    let control = this.control;
    return control & NWK_SOURCE_IEEE ? load<u64>(changetype<usize>(this) + (control & NWK_TARGET_IEEE ? 16 : 8)) : 0;
  }
  /** The source route's count and index; only where `isRouted`. */
  get route(): usize { return changetype<usize>(this) + fixedSize(this.control); }
  get size(): u32 {
    let size = fixedSize(this.control);
    return this.isRouted ? size + 2 + (<u32>load<u8>(changetype<usize>(this) + size) << 1) : size;
  }
}

/** Accepts the `have` octets at `at` as a frame; answers the header size or an `Err`. */
export function nwkParse(at: usize, have: u32): i32 {
  if (have < NWK_HEADER_SIZE) return Err.Truncated;
  let control: u32 = load<u16>(at);
  if ((control & TYPE_MASK) > NWK_COMMAND || (control & VERSION_MASK) != VERSION_PRO) return Err.Reserved;
  if (control & MULTICAST) return Err.Reserved;
  let frame = changetype<NwkFrame>(at);
  if (frame.source >= UNICAST_END) return Err.Reserved;
  let size = fixedSize(control);
  if (control & SOURCE_ROUTE) {
    if (have < size + 2) return Err.Truncated;
    let count: u32 = load<u8>(at + size);
    if (load<u8>(at + size, 1) >= count) return Err.BadLength; // a route has at least one relay, and the index names one
    size += 2 + (count << 1);
  }
  if (have < size) return Err.Truncated;
  return <i32>size;
}

/** Writes a header with the IEEE addresses that `control` announces; answers its size. */
export function nwkEmit(
  at: usize, control: u32, target: u32, source: u32, radius: u32, sequence: u32, targetExtended: u64, sourceExtended: u64,
): u32 {
  store<u16>(at, target, 2);
  store<u16>(at, source, 4);
  store<u8>(at, radius, 6);
  store<u8>(at, sequence, 7);
  control |= VERSION_PRO;
  let size = NWK_HEADER_SIZE;
  if (control & NWK_TARGET_IEEE) {
    store<u64>(at, targetExtended, 8);
    size = 16;
  }
  if (control & NWK_SOURCE_IEEE) {
    store<u64>(at + size, sourceExtended);
    size += 8;
  }
  store<u16>(at, control);
  return size;
}

function fixedSize(control: u32): u32 {
  return NWK_HEADER_SIZE + (control & NWK_TARGET_IEEE ? 8 : 0) + (control & NWK_SOURCE_IEEE ? 8 : 0);
}
