// ZCL frame header: ZigBee Cluster Library, 075123, section 2.4.1.
//
//   | control | manufacturer (0 or 2) | sequence | command | payload ...      little-endian
//
import { Err } from "../../core/err";

export const ZCL_HEADER_SIZE_MIN: u32 = 3;
export const ZCL_HEADER_SIZE_MAX: u32 = 5;

// Frame control, figure 2.3
export const ZCL_TYPE_PROFILE: u32 = 0;
export const ZCL_TYPE_CLUSTER: u32 = 1;
export const ZCL_TYPE_MASK: u32 = 0x03;
export const ZCL_MANUFACTURER: u32 = 0x04;
export const ZCL_TO_CLIENT: u32 = 0x08;
export const ZCL_NO_DEFAULT_RESPONSE: u32 = 0x10;

/** The header where it lies.  Valid only where `zclParse` accepted or `zclEmit` wrote. */
@unmanaged @final
export class ZclFrame {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get manufacturer(): u32 { return this.control & ZCL_MANUFACTURER ? load<u16>(changetype<usize>(this), 1) : 0; }
  get sequence(): u32 { return load<u8>(this.payload - 2); }
  get command(): u32 { return load<u8>(this.payload - 1); }
  get payload(): usize { return changetype<usize>(this) + headerSize(this.control); }
}

/** Accepts the `have` octets at `at` as a frame; answers the header size or an `Err`. */
export function zclParse(at: usize, have: u32): i32 {
  if (have < ZCL_HEADER_SIZE_MIN) return Err.Truncated;
  let control: u32 = load<u8>(at);
  if ((control & ZCL_TYPE_MASK) > ZCL_TYPE_CLUSTER) return Err.Reserved;
  let size = headerSize(control);
  if (have < size) return Err.Truncated;
  return <i32>size;
}

/** Writes a header; answers its size.  `manufacturer` travels only when the control octet says so. */
export function zclEmit(at: usize, control: u32, manufacturer: u32, sequence: u32, command: u32): u32 {
  let size = headerSize(control);
  store<u8>(at, control);
  if (control & ZCL_MANUFACTURER) store<u16>(at, manufacturer, 1);
  store<u8>(at + size - 2, sequence);
  store<u8>(at + size - 1, command);
  return size;
}

function headerSize(control: u32): u32 {
  return control & ZCL_MANUFACTURER ? ZCL_HEADER_SIZE_MAX : ZCL_HEADER_SIZE_MIN;
}
