// What RPL writes into the headers of the packets that it routes: the option of RFC 6553 and the source routing header of RFC 6554.
//
//   option | 0x63 | 4 | O R F 1 | instance 1 | rank of the sender 2 | more
//
//   header | next 1 | size / 8 - 1 | 3 | segments left 1 | CmprI 4 CmprE 4 | pad 4 0 20 | addresses | pad
//          each address without its first CmprI octets, the last one without its first CmprE, which are those of the target
//
import { be16, putBe16 } from "../../core/bytes";
import { Err } from "../../core/err";
import { ADDRESS_SIZE } from "../address";

export const RPL_OPTION: u32 = 0x63;
export const RPL_OPTION_SIZE: u32 = 6;
/** The packet goes down. */
export const RPL_DOWN: u32 = 0x80;
/** It met once a rank that it should not have met. */
export const RPL_RANK_ERROR: u32 = 0x40;
/** It came back: there was no way on. */
export const RPL_FORWARDING_ERROR: u32 = 0x20;

export const ROUTING_HEADER: u32 = 43;
export const ROUTING_FIXED: u32 = 8;
const ROUTING_TYPE: u32 = 3;
const UNIT: u32 = 8;
const PAD_MAX: u32 = UNIT - 1;

const OPTION_SIZE: usize = 1;
const OPTION_FIXED: u32 = 4;
const TYPE: usize = 2;
const LEFT: usize = 3;
const COMPRESSED: usize = 4;
const PAD: usize = 5;

/** The option where it lies.  Valid only where `rplOptionHeaderParse` accepted. */
@unmanaged @final
export class RplOptionHeader {
  get flags(): u32 { return load<u8>(changetype<usize>(this), 2); }
  get instance(): u32 { return load<u8>(changetype<usize>(this), 3); }
  /** DAGRank: in units of the least increase of a hop. */
  get rank(): u32 { return be16(changetype<usize>(this) + 4); }
}

/** The header where it lies.  Valid only where `routingParse` accepted or `routingEmit` wrote. */
@unmanaged @final
export class RoutingHeader {
  get size(): u32 { return (<u32>load<u8>(changetype<usize>(this), 1) + 1) * UNIT; }
  get left(): u32 { return load<u8>(changetype<usize>(this), LEFT); }
  set left(left: u32) { store<u8>(changetype<usize>(this), left, LEFT); }
  /** Octets of an address that are not there. */
  get inner(): u32 { return load<u8>(changetype<usize>(this), COMPRESSED) >>> 4; }
  get last(): u32 { return load<u8>(changetype<usize>(this), COMPRESSED) & 15; }
  get pad(): u32 { return load<u8>(changetype<usize>(this), PAD) >>> 4; }
  get count(): u32 {
    return (this.size - ROUTING_FIXED - this.pad - (ADDRESS_SIZE - this.last)) / (ADDRESS_SIZE - this.inner) + 1;
  }
  /** Octets of an address that are not there: of the one at `index`. */
  elided(index: u32): u32 { return index + 1 == this.count ? this.last : this.inner; }
  /** What there is of the address at `index`. */
  address(index: u32): usize { return changetype<usize>(this) + ROUTING_FIXED + index * (ADDRESS_SIZE - this.inner); }
}

/** Accepts an option of `have` octets; answers its size or an `Err`. */
export function rplOptionHeaderParse(at: usize, have: u32): i32 {
  if (have < 2) return Err.Truncated;
  if (load<u8>(at) != RPL_OPTION) return Err.Reserved;
  let size: u32 = load<u8>(at, OPTION_SIZE);
  if (size < OPTION_FIXED) return Err.BadLength;
  size += 2;
  return size > have ? Err.Truncated : <i32>size;
}

export function rplOptionHeaderEmit(at: usize, flags: u32, instance: u32, rank: u32): u32 {
  store<u8>(at, RPL_OPTION);
  store<u8>(at, OPTION_FIXED, OPTION_SIZE);
  store<u8>(at, flags, 2);
  store<u8>(at, instance, 3);
  putBe16(at + 4, rank);
  return RPL_OPTION_SIZE;
}

/** Accepts a routing header of `have` octets; answers its size or an `Err`. */
export function routingParse(at: usize, have: u32): i32 {
  if (have < ROUTING_FIXED) return Err.Truncated;
  let header = changetype<RoutingHeader>(at);
  let size = header.size;
  if (size > have) return Err.Truncated;
  if (load<u8>(at, TYPE) != ROUTING_TYPE || header.pad > PAD_MAX) return Err.Reserved;
  let last = header.pad + ADDRESS_SIZE - header.last;
  if (size < ROUTING_FIXED + last || (size - ROUTING_FIXED - last) % (ADDRESS_SIZE - header.inner) != 0) return Err.BadLength;
  return header.left > header.count ? Err.BadLength : <i32>size;
}

/**
 * Writes the header without its addresses, its padding too; answers its size.  The `count` addresses go where `address(index)` says, each
 * without its first `elided` octets.
 */
export function routingEmit(at: usize, next: u32, left: u32, count: u32, elided: u32): u32 {
  let used = count * (ADDRESS_SIZE - elided);
  let units = (used + PAD_MAX) / UNIT;
  memory.fill(at, 0, ROUTING_FIXED + units * UNIT);
  store<u8>(at, next);
  store<u8>(at, units, 1);
  store<u8>(at, ROUTING_TYPE, TYPE);
  store<u8>(at, left, LEFT);
  store<u8>(at, (count > 1 ? elided << 4 : 0xf0) | elided, COMPRESSED);
  store<u8>(at, (units * UNIT - used) << 4, PAD);
  return ROUTING_FIXED + units * UNIT;
}
