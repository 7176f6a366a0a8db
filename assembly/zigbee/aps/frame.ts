// APS frame header: 05-3474 section 2.2.5.
//
//   data      | control | endpoint | cluster (2) | profile (2) | endpoint | counter | extended (0 to 2) | payload ...
//   command   | control | counter | command ...
//   ack       | control | endpoint | cluster (2) | profile (2) | endpoint | counter | extended (0 to 3) |
//   ack of a command: | control | counter |                                                    little-endian
//
//   control:   type 0..1, delivery 2..3, ack format 4, security 5, ack request 6, extended header 7
//   extended:  fragmentation | of a fragment: block number | in its ack: ack bit field
import { Err } from "../../core/err";

export const APS_DATA: u32 = 0;
export const APS_COMMAND: u32 = 1;
export const APS_ACKNOWLEDGEMENT: u32 = 2;
export const APS_BROADCAST: u32 = 0x08;
export const APS_ACK_FORMAT: u32 = 0x10;
export const APS_SECURITY: u32 = 0x20;
export const APS_ACK_REQUEST: u32 = 0x40;
export const APS_EXTENDED: u32 = 0x80;
const TYPE: u32 = 0x03;
const DELIVERY: u32 = 0x0c;
const GROUP: u32 = 0x0c;

// Fragmentation sub-field, table 2.20
export const FRAGMENT_FIRST: u32 = 1;
export const FRAGMENT_LATER: u32 = 2;

/** A data header without and with the extended header. */
export const APS_HEADER_SIZE: u32 = 8;
export const APS_HEADER_SIZE_FRAGMENT: u32 = 10;
/** The header of a command, and of its acknowledgement. */
export const APS_HEADER_SIZE_COMMAND: u32 = 2;

/** The header where it lies.  Valid only where `apsParse` accepted or `apsEmit` wrote. */
@unmanaged @final
export class ApsFrame {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get type(): u32 { return this.control & TYPE; }
  get isBroadcast(): bool { return (this.control & DELIVERY) == APS_BROADCAST; }
  get isSecured(): bool { return (this.control & APS_SECURITY) != 0; }
  get wantsAck(): bool { return (this.control & APS_ACK_REQUEST) != 0; }
  /** Whether endpoints, cluster and profile are there. */
  get isAddressed(): bool { return addressed(this.control); }
  get targetEndpoint(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get cluster(): u32 { return load<u16>(changetype<usize>(this), 2); }
  get profile(): u32 { return load<u16>(changetype<usize>(this), 4); }
  get sourceEndpoint(): u32 { return load<u8>(changetype<usize>(this), 6); }
  get counter(): u32 { return load<u8>(this.afterCounter - 1); }
  get fragmentation(): u32 { return this.control & APS_EXTENDED ? <u32>load<u8>(this.afterCounter) : 0; }
  get block(): u32 { return load<u8>(this.afterCounter, 1); }
  get bits(): u32 { return load<u8>(this.afterCounter, 2); }
  private get afterCounter(): usize { return changetype<usize>(this) + (addressed(this.control) ? 8 : 2); }
}

/** Accepts the `have` octets at `at` as an APS frame; answers the size of its header or an `Err`. */
export function apsParse(at: usize, have: u32): i32 {
  if (have < APS_HEADER_SIZE_COMMAND) return Err.Truncated;
  let control: u32 = load<u8>(at);
  let type = control & TYPE;
  if (type > APS_ACKNOWLEDGEMENT) return Err.Reserved; // inter-PAN frames are another layer's
  let delivery = control & DELIVERY;
  if (delivery == GROUP && type == APS_DATA) return Err.Refused; // for members, and we are in no group: section 2.2.8.4.2
  if (delivery != 0 && delivery != APS_BROADCAST) return Err.Reserved; // indirect is no more
  if (type == APS_ACKNOWLEDGEMENT && delivery != 0) return Err.Reserved;
  if (type != APS_ACKNOWLEDGEMENT && control & APS_ACK_FORMAT) return Err.Reserved;
  if (type == APS_ACKNOWLEDGEMENT && control & APS_ACK_REQUEST) return Err.Reserved;
  if (delivery != 0 && control & APS_ACK_REQUEST) return Err.Reserved; // nobody acknowledges a broadcast
  let size = addressed(control) ? APS_HEADER_SIZE : APS_HEADER_SIZE_COMMAND;
  if (!(control & APS_EXTENDED)) return have < size ? Err.Truncated : <i32>size;
  return parseExtended(at, have, control, size);
}

function parseExtended(at: usize, have: u32, control: u32, size: u32): i32 {
  if (!addressed(control)) return Err.Reserved; // a command has none
  if (have <= size) return Err.Truncated;
  let fragmentation: u32 = load<u8>(at + size);
  if (fragmentation == 0) return <i32>size + 1; // of a whole message: no block number follows, section 2.2.5.1.8
  if (fragmentation > FRAGMENT_LATER || (control & DELIVERY) != 0) return Err.Reserved; // a broadcast travels whole
  size += (control & TYPE) == APS_ACKNOWLEDGEMENT ? 3 : 2;
  return have < size ? Err.Truncated : <i32>size;
}

/**
 * Writes a header; answers its size.  The parts that `control` leaves out are not written: commands have no endpoints,
 * `fragmentation`, `block` and `bits` need APS_EXTENDED, and only acknowledgements carry `bits`.
 */
export function apsEmit(
  at: usize, control: u32, targetEndpoint: u32, cluster: u32, profile: u32, sourceEndpoint: u32, counter: u32,
  fragmentation: u32, block: u32, bits: u32,
): u32 {
  store<u8>(at, control);
  let size = APS_HEADER_SIZE_COMMAND;
  if (addressed(control)) {
    store<u8>(at, targetEndpoint, 1);
    store<u16>(at, cluster, 2);
    store<u16>(at, profile, 4);
    store<u8>(at, sourceEndpoint, 6);
    size = APS_HEADER_SIZE;
  }
  store<u8>(at + size - 1, counter);
  if (!(control & APS_EXTENDED)) return size;
  store<u8>(at + size, fragmentation);
  store<u8>(at + size, block, 1);
  size += 2;
  if ((control & TYPE) != APS_ACKNOWLEDGEMENT) return size;
  store<u8>(at + size, bits);
  return size + 1;
}

function addressed(control: u32): bool {
  let type = control & TYPE;
  return type == APS_DATA || (type == APS_ACKNOWLEDGEMENT && !(control & APS_ACK_FORMAT));
}
