// Options of RPL control messages: RFC 6550 section 6.7.
//
//   0 one octet of padding | 0
//   3 route                | 3 | size | prefix bits 1 | preference 1 | lifetime s 4 | prefix, as many octets as follow
//   4 configuration        | 4 | 14 | flags, path control size 1 | doublings 1 | interval 1 | redundancy 1 | rank increase max 2
//                            | hop rank increase min 2 | objective 2 | 0 1 | lifetime 1 | lifetime unit s 2
//   5 target               | 5 | size | 0 1 | prefix bits 1 | prefix, as many octets as follow
//   6 transit              | 6 | 4 or 20 | E 1 | path control 1 | path sequence 1 | path lifetime 1 | parent 0 or 16
//   8 prefix               | 8 | 30 | prefix bits 1 | flags 1 | valid s 4 | preferred s 4 | 0 4 | prefix or address 16
//
import { be16, be32, putBe16, putBe32 } from "../../core/bytes";
import { Err } from "../../core/err";
import { addressCopy } from "../address";

export const RPL_PAD_ONE: u32 = 0;
export const RPL_ROUTE: u32 = 3;
export const RPL_CONFIGURATION: u32 = 4;
export const RPL_TARGET: u32 = 5;
export const RPL_TRANSIT: u32 = 6;
export const RPL_PREFIX: u32 = 8;

/** The target is no router of this network. */
export const RPL_EXTERNAL: u32 = 0x80;

export const RPL_CONFIGURATION_SIZE: u32 = 16;
export const RPL_TARGET_SIZE: u32 = 20;
export const RPL_TRANSIT_SIZE: u32 = 22;
export const RPL_PREFIX_SIZE: u32 = 32;
export const RPL_ROUTE_SIZE: u32 = 8;

const HEAD: u32 = 2;
const ROUTE_FIXED: u32 = 6;
const TARGET_FIXED: u32 = 2;
const TRANSIT_FIXED: u32 = 4;
const ADDRESS_BITS: u32 = 128;
const PREFIX_ADDRESS: usize = 16;

/** The option where it lies.  Valid only in a message that was accepted; an accessor is valid for its own options only. */
@unmanaged @final
export class RplOption {
  get type(): u32 { return load<u8>(changetype<usize>(this)); }
  get size(): u32 { return this.type == RPL_PAD_ONE ? 1 : HEAD + <u32>load<u8>(changetype<usize>(this), 1); }
  /** Of route, prefix and, behind a zero octet, target. */
  get bits(): u32 { return load<u8>(changetype<usize>(this) + (this.type == RPL_TARGET ? 3 : 2)); }
  // prefix, and the lifetime of a route
  get flags(): u32 { return load<u8>(changetype<usize>(this), 3); }
  get valid(): u32 { return be32(changetype<usize>(this) + 4); }
  get preferred(): u32 { return be32(changetype<usize>(this) + 8); }
  get address(): usize { return changetype<usize>(this) + PREFIX_ADDRESS; }
  // configuration
  get pathControlSize(): u32 { return load<u8>(changetype<usize>(this), 2) & 7; }
  get doublings(): u32 { return load<u8>(changetype<usize>(this), 3); }
  get interval(): u32 { return load<u8>(changetype<usize>(this), 4); }
  get redundancy(): u32 { return load<u8>(changetype<usize>(this), 5); }
  get rankIncreaseMax(): u32 { return be16(changetype<usize>(this) + 6); }
  get hopRankIncreaseMin(): u32 { return be16(changetype<usize>(this) + 8); }
  get objective(): u32 { return be16(changetype<usize>(this) + 10); }
  get lifetime(): u32 { return load<u8>(changetype<usize>(this), 13); }
  get lifetimeUnit(): u32 { return be16(changetype<usize>(this) + 14); }
  // target
  get target(): usize { return changetype<usize>(this) + 4; }
  // transit
  get isExternal(): bool { return (load<u8>(changetype<usize>(this), 2) & RPL_EXTERNAL) != 0; }
  get pathControl(): u32 { return load<u8>(changetype<usize>(this), 3); }
  get pathSequence(): u32 { return load<u8>(changetype<usize>(this), 4); }
  get pathLifetime(): u32 { return load<u8>(changetype<usize>(this), 5); }
  /** 0 where the option has none. */
  get parent(): usize { return this.size == RPL_TRANSIT_SIZE ? changetype<usize>(this) + 6 : 0; }
}

/** Accepts `have` octets as options up to their end; answers `have` or an `Err`.  What is not known is passed over. */
export function rplOptionsParse(at: usize, have: u32): i32 {
  let left = have;
  while (left > 0) {
    if (left < HEAD && load<u8>(at) != RPL_PAD_ONE) return Err.Truncated;
    let size = changetype<RplOption>(at).size;
    if (size > left) return Err.Truncated;
    if (!isSound(at, size)) return Err.BadLength;
    at += size;
    left -= size;
  }
  return <i32>have;
}

/** The first option of a type from `at` on, or 0. */
export function rplOption(type: u32, at: usize, end: usize): usize {
  for (; at < end; at += changetype<RplOption>(at).size) {
    if (load<u8>(at) == type) return at;
  }
  return 0;
}

/** The way to everywhere, of medium preference and without end. */
export function rplRouteEmit(at: usize): u32 {
  store<u32>(at, ROUTE_FIXED << 8 | RPL_ROUTE);
  store<u32>(at, -1, 4);
  return RPL_ROUTE_SIZE;
}

export function rplConfigurationEmit(at: usize, pathControlSize: u32, doublings: u32, interval: u32, redundancy: u32): u32 {
  memory.fill(at, 0, RPL_CONFIGURATION_SIZE);
  store<u8>(at, RPL_CONFIGURATION);
  store<u8>(at, RPL_CONFIGURATION_SIZE - HEAD, 1);
  store<u8>(at, pathControlSize, 2);
  store<u8>(at, doublings, 3);
  store<u8>(at, interval, 4);
  store<u8>(at, redundancy, 5);
  return RPL_CONFIGURATION_SIZE;
}

/** The second half of a configuration. */
export function rplObjectiveEmit(at: usize, rankMax: u32, hopRankMin: u32, objective: u32, lifetime: u32, unit: u32): void {
  putBe16(at + 6, rankMax);
  putBe16(at + 8, hopRankMin);
  putBe16(at + 10, objective);
  store<u8>(at, lifetime, 13);
  putBe16(at + 14, unit);
}

/** A target that is one address. */
export function rplTargetEmit(at: usize, address: usize): u32 {
  store<u32>(at, ADDRESS_BITS << 24 | (RPL_TARGET_SIZE - HEAD) << 8 | RPL_TARGET);
  addressCopy(at + 4, address);
  return RPL_TARGET_SIZE;
}

export function rplTransitEmit(at: usize, flags: u32, control: u32, sequence: u32, lifetime: u32, parent: usize): u32 {
  store<u8>(at, RPL_TRANSIT);
  store<u8>(at, RPL_TRANSIT_SIZE - HEAD, 1);
  store<u8>(at, flags, 2);
  store<u8>(at, control, 3);
  store<u8>(at, sequence, 4);
  store<u8>(at, lifetime, 5);
  addressCopy(at + 6, parent);
  return RPL_TRANSIT_SIZE;
}

/** `address` is the whole address of the sender where `flags` say so. */
export function rplPrefixEmit(at: usize, bits: u32, flags: u32, valid: u32, preferred: u32, address: usize): u32 {
  store<u8>(at, RPL_PREFIX);
  store<u8>(at, RPL_PREFIX_SIZE - HEAD, 1);
  store<u8>(at, bits, 2);
  store<u8>(at, flags, 3);
  putBe32(at + 4, valid);
  putBe32(at + 8, preferred);
  store<u32>(at, 0, 12);
  addressCopy(at + PREFIX_ADDRESS, address);
  return RPL_PREFIX_SIZE;
}

/** Whether an option that we know has one of its sizes, and as many bits as it has octets for. */
function isSound(at: usize, size: u32): bool {
  switch (<u32>load<u8>(at)) {
    case RPL_ROUTE: return size >= HEAD + ROUTE_FIXED && hasPrefix(load<u8>(at, 2), size - HEAD - ROUTE_FIXED);
    case RPL_CONFIGURATION: return size == RPL_CONFIGURATION_SIZE;
    case RPL_TARGET: return size >= HEAD + TARGET_FIXED && hasPrefix(load<u8>(at, 3), size - HEAD - TARGET_FIXED);
    case RPL_TRANSIT: return size == HEAD + TRANSIT_FIXED || size == RPL_TRANSIT_SIZE;
    case RPL_PREFIX: return size == RPL_PREFIX_SIZE && load<u8>(at, 2) <= ADDRESS_BITS;
    default: return true;
  }
}

function hasPrefix(bits: u32, octets: u32): bool {
  return bits <= ADDRESS_BITS && bits <= octets * 8;
}
