// MAC frame header: IEEE 802.15.4-2006 section 7.2.1.
//
//   | control 2 | sequence 1 | target PAN 0/2 | target 0/2/8 | source PAN 0/2 | source 0/2/8 | payload ...     little-endian
//
// Frames secured by the MAC (security.ts) are taken by ZigBee IP alone: ZigBee secures above.  The FCS is the radio's.
import { Err } from "../core/err";

/** A PSDU of 127 octets without its FCS. */
export const MAC_FRAME_MAX: u32 = 125;
/** The header of a data frame inside the PAN: short addresses, one PAN identifier. */
export const MAC_DATA_HEADER_SIZE: u32 = 9;

// Frame control, figure 42
export const MAC_BEACON: u32 = 0;
export const MAC_DATA: u32 = 1;
export const MAC_COMMAND: u32 = 3;
const TYPE_MASK: u32 = 0x0007;
const SECURED: u32 = 0x0008;
const PENDING: u32 = 0x0010;
const ACK_REQUEST: u32 = 0x0020;
const ONE_PAN: u32 = 0x0040;
const TARGET_SHIFT: u32 = 10;
const VERSION_SHIFT: u32 = 12;
const SOURCE_SHIFT: u32 = 14;
const VERSION_2006: u32 = 1;
/** Of the second octet of the control: a frame that is secured, or that no device of 2003 could take. */
export const MAC_VERSION_2006: u32 = VERSION_2006 << (VERSION_SHIFT - 8);
export const MAC_SECURED: u32 = SECURED | (VERSION_2006 << VERSION_SHIFT);

// Addressing modes, table 80
export const MAC_NONE: u32 = 0;
const MODE_RESERVED: u32 = 1;
export const MAC_SHORT: u32 = 2;
export const MAC_EXTENDED: u32 = 3;

/** Every device, and every PAN. */
export const MAC_BROADCAST: u32 = 0xffff;
/** In no PAN, and in one but without a short address: section 7.3.2.2. */
export const MAC_NO_ADDRESS: u32 = 0xffff;
export const MAC_NO_SHORT: u32 = 0xfffe;

const ADDRESSES: usize = 3;

/** The header where it lies.  Valid only where `macParse` accepted or `macEmit` wrote. */
@unmanaged @final
export class MacFrame {
  get control(): u32 { return load<u16>(changetype<usize>(this)); }
  get type(): u32 { return this.control & TYPE_MASK; }
  get isSecured(): bool { return (this.control & SECURED) != 0; }
  get pending(): bool { return (this.control & PENDING) != 0; }
  get wantsAck(): bool { return (this.control & ACK_REQUEST) != 0; }
  get sequence(): u32 { return load<u8>(changetype<usize>(this), 2); }
  get targetMode(): u32 { return (this.control >>> TARGET_SHIFT) & 3; }
  get sourceMode(): u32 { return macSourceMode(this.control); }
  /** Only where there is a target. */
  get targetPan(): u32 { return load<u16>(changetype<usize>(this), ADDRESSES); }
  /** Only in the short mode. */
  get targetShort(): u32 { return load<u16>(changetype<usize>(this), ADDRESSES + 2); }
  get targetExtended(): u64 { return load<u64>(changetype<usize>(this), ADDRESSES + 2); }
  /** Only where there is a source. */
  get sourcePan(): u32 {
    return this.control & ONE_PAN ? this.targetPan : load<u16>(changetype<usize>(this) + ADDRESSES + fieldSize(this.targetMode, 2));
  }
  get sourceShort(): u32 { return load<u16>(sourceAt(changetype<usize>(this), this.control)); }
  get sourceExtended(): u64 { return load<u64>(sourceAt(changetype<usize>(this), this.control)); }
}

/** Accepts the `have` octets at `at` as a frame, one that is secured only if `secured`; answers the header size or an `Err`. */
export function macParse(at: usize, have: u32, secured: bool): i32 {
  if (have < <u32>ADDRESSES) return Err.Truncated;
  let control: u32 = load<u16>(at);
  let type = control & TYPE_MASK;
  if (type != MAC_BEACON && type != MAC_DATA && type != MAC_COMMAND) return Err.Reserved;
  if (control & SECURED && (!secured || ((control >>> VERSION_SHIFT) & 3) != VERSION_2006)) return Err.Reserved;
  if (((control >>> VERSION_SHIFT) & 3) > VERSION_2006) return Err.Reserved;
  let target = (control >>> TARGET_SHIFT) & 3;
  let source = macSourceMode(control);
  if (target == MODE_RESERVED || source == MODE_RESERVED) return Err.Reserved;
  // One PAN identifier for both makes sense only where both are, section 7.2.1.1.5.
  if (control & ONE_PAN && (target == MAC_NONE || source == MAC_NONE)) return Err.Reserved;
  let size = <u32>(sourceAt(at, control) - at) + (source == MAC_NONE ? 0 : fieldSize(source, 0));
  if (have < size) return Err.Truncated;
  return <i32>size;
}

/** Writes a header with the addresses that `control` announces; answers its size. */
export function macEmit(at: usize, control: u32, sequence: u32, targetPan: u32, target: u64, sourcePan: u32, source: u64): u32 {
  store<u16>(at, control);
  store<u8>(at, sequence, 2);
  let end = at + ADDRESSES;
  let mode = (control >>> TARGET_SHIFT) & 3;
  if (mode != MAC_NONE) {
    store<u16>(end, targetPan);
    end = addressEmit(end + 2, mode, target);
  }
  mode = macSourceMode(control);
  if (mode != MAC_NONE) {
    store<u16>(end, sourcePan); // with one PAN identifier for both the address covers it
    end = addressEmit(control & ONE_PAN ? end : end + 2, mode, source);
  }
  return <u32>(end - at);
}

/** The frame control of a frame of ours, always of version 2003 as ZigBee asks (annex D.8.1). */
export function macControl(type: u32, target: u32, source: u32, wantsAck: bool, onePan: bool): u32 {
  return type | (target << TARGET_SHIFT) | (source << SOURCE_SHIFT) | (wantsAck ? ACK_REQUEST : 0) | (onePan ? ONE_PAN : 0);
}

export function macSourceMode(control: u32): u32 {
  return control >>> SOURCE_SHIFT;
}

/** Sets the bit that tells a sleepy child of more frames. */
export function macMarkPending(at: usize): void {
  store<u8>(at, load<u8>(at) | PENDING);
}

function addressEmit(at: usize, mode: u32, address: u64): usize {
  if (mode == MAC_SHORT) { store<u16>(at, <u16>address); return at + 2; }
  store<u64>(at, address);
  return at + 8;
}

function sourceAt(at: usize, control: u32): usize {
  at += ADDRESSES + fieldSize((control >>> TARGET_SHIFT) & 3, 2);
  return control & ONE_PAN || macSourceMode(control) == MAC_NONE ? at : at + 2;
}

/** The octets of an address of a mode together with its PAN identifier of `pan` octets. */
function fieldSize(mode: u32, pan: u32): u32 {
  switch (mode) {
    case MAC_SHORT: return pan + 2;
    case MAC_EXTENDED: return pan + 8;
    default: return 0;
  }
}
