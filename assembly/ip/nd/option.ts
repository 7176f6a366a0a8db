// Options of Neighbour Discovery: RFC 4861 section 4.6, RFC 6775 sections 4.1 to 4.3.  Sizes are in units of eight octets.
//
//   1, 2 source, target link address | type | 1 or 2 | short address 2, Ethernet's 6 or EUI-64 8 | 0 to the end
//   3 prefix                         | 3 | 4 | prefix bits 1 | flags L A R 1 | valid s 4 | preferred s 4 | 0 4 | prefix or address 16
//   24 route                         | 24 | 2 | prefix bits 1 | preference 1 | lifetime s 4 | prefix 8          RFC 4191 section 2.3
//   33 address registration          | 33 | 2 | status 1 | 0 3 | lifetime min 2 | EUI-64 8
//   34 context                       | 34 | 2 or 3 | context bits 1 | C, number 1 | 0 2 | lifetime min 2 | prefix 8 or 16
//   35 border router                 | 35 | 3 | version low 2 | version high 2 | lifetime min 2 | address 16
//
import { be16, be32, be64, putBe16, putBe32, putBe64 } from "../../core/bytes";
import { Err } from "../../core/err";
import { addressCopy } from "../address";

export const ND_SOURCE_LINK: u32 = 1;
export const ND_TARGET_LINK: u32 = 2;
export const ND_PREFIX: u32 = 3;
const ND_ROUTE: u32 = 24;
export const ND_REGISTRATION: u32 = 33;
export const ND_CONTEXT: u32 = 34;
export const ND_BORDER: u32 = 35;

// Flags of a prefix
export const ND_ON_LINK: u32 = 0x80;
export const ND_AUTONOMOUS: u32 = 0x40;
/** The option holds the whole address of its sender: RFC 6275 section 7.2. */
export const ND_ROUTER_ADDRESS: u32 = 0x20;

/** The context is used to compress, too. */
export const ND_COMPRESSES: u32 = 0x10;
const CONTEXT_NUMBER: u32 = 0x0f;

// Status of a registration, RFC 6775 section 4.1
export const ND_REGISTERED: u32 = 0;
export const ND_DUPLICATE: u32 = 1;
export const ND_FULL: u32 = 2;

const UNIT: u32 = 8;
export const ND_LINK_SHORT_SIZE: u32 = 8;
export const ND_LINK_SIZE: u32 = 16;
export const ND_PREFIX_SIZE: u32 = 32;
export const ND_REGISTRATION_SIZE: u32 = 16;
export const ND_CONTEXT_SIZE: u32 = 16;
export const ND_CONTEXT_LONG_SIZE: u32 = 24;
export const ND_BORDER_SIZE: u32 = 24;
export const ND_ETHERNET_SIZE: u32 = 8;
export const ND_ROUTE_SIZE: u32 = 16;

const BITS: usize = 2;
const PREFIX_ADDRESS: usize = 16;
const CONTEXT_PREFIX: u32 = 8;

/** The option where it lies.  Valid only in a message that was accepted; an accessor is valid for its own options only. */
@unmanaged @final
export class NdOption {
  get type(): u32 { return load<u8>(changetype<usize>(this)); }
  get size(): u32 { return <u32>load<u8>(changetype<usize>(this), 1) * UNIT; }
  // link address: the EUI-64 where the option has two units, else the short address
  get linkExtended(): u64 { return be64(changetype<usize>(this) + 2); }
  get linkShort(): u32 { return be16(changetype<usize>(this) + 2); }
  // prefix and context
  get bits(): u32 { return load<u8>(changetype<usize>(this), BITS); }
  get flags(): u32 { return load<u8>(changetype<usize>(this), 3); }
  /** Seconds; all ones without end. */
  get valid(): u32 { return be32(changetype<usize>(this) + 4); }
  get preferred(): u32 { return be32(changetype<usize>(this) + 8); }
  get address(): usize { return changetype<usize>(this) + PREFIX_ADDRESS; }
  get contextNumber(): u32 { return this.flags & CONTEXT_NUMBER; }
  get contextPrefix(): usize { return changetype<usize>(this) + CONTEXT_PREFIX; }
  // registration
  get status(): u32 { return load<u8>(changetype<usize>(this), 2); }
  get extended(): u64 { return be64(changetype<usize>(this) + 8); }
  // border router
  get version(): u32 { return be16(changetype<usize>(this) + 2) | (be16(changetype<usize>(this) + 4) << 16); }
  get borderAddress(): usize { return changetype<usize>(this) + 8; }
  /** Minutes, of a registration, a context and a border router. */
  get lifetime(): u32 { return be16(changetype<usize>(this) + 6); }
}

/** Accepts `have` octets as options up to their end; answers `have` or an `Err`.  What is not known is passed over. */
export function ndOptionsParse(at: usize, have: u32): i32 {
  let left = have;
  while (left > 0) {
    if (left < 2) return Err.Truncated;
    let size: u32 = <u32>load<u8>(at, 1) * UNIT;
    if (size == 0) return Err.BadLength; // RFC 4861 section 4.6: the whole message is discarded
    if (size > left) return Err.Truncated;
    if (!isSound(at, size)) return Err.BadLength;
    at += size;
    left -= size;
  }
  return <i32>have;
}

/** The first option of a type from `at` on, or 0. */
export function ndOption(type: u32, at: usize, end: usize): usize {
  for (; at < end; at += changetype<NdOption>(at).size) {
    if (load<u8>(at) == type) return at;
  }
  return 0;
}

export function ndLinkEmit(at: usize, type: u32, extended: u64): u32 {
  memory.fill(at, 0, ND_LINK_SIZE);
  store<u8>(at, type);
  store<u8>(at, ND_LINK_SIZE / UNIT, 1);
  putBe64(at + 2, extended);
  return ND_LINK_SIZE;
}

export function ndLinkShortEmit(at: usize, type: u32, short: u32): u32 {
  memory.fill(at, 0, ND_LINK_SHORT_SIZE);
  store<u8>(at, type);
  store<u8>(at, ND_LINK_SHORT_SIZE / UNIT, 1);
  putBe16(at + 2, short);
  return ND_LINK_SHORT_SIZE;
}

export function ndEthernetEmit(at: usize, type: u32, address: u64): u32 {
  putBe64(at, address);
  store<u8>(at, type);
  store<u8>(at, ND_ETHERNET_SIZE / UNIT, 1);
  return ND_ETHERNET_SIZE;
}

/** A route to a prefix of 64 bits, of medium preference. */
export function ndRouteEmit(at: usize, lifetime: u32, prefix: usize): u32 {
  store<u8>(at, ND_ROUTE);
  store<u8>(at, ND_ROUTE_SIZE / UNIT, 1);
  store<u8>(at, 64, BITS);
  store<u8>(at, 0, 3);
  putBe32(at + 4, lifetime);
  store<u64>(at, load<u64>(prefix), 8);
  return ND_ROUTE_SIZE;
}

/** `address` is the whole address of the sender where `flags` say so. */
export function ndPrefixEmit(at: usize, bits: u32, flags: u32, valid: u32, preferred: u32, address: usize): u32 {
  store<u8>(at, ND_PREFIX);
  store<u8>(at, ND_PREFIX_SIZE / UNIT, 1);
  store<u8>(at, bits, BITS);
  store<u8>(at, flags, 3);
  putBe32(at + 4, valid);
  putBe32(at + 8, preferred);
  store<u32>(at, 0, 12);
  addressCopy(at + PREFIX_ADDRESS, address);
  return ND_PREFIX_SIZE;
}

export function ndRegistrationEmit(at: usize, status: u32, lifetime: u32, extended: u64): u32 {
  memory.fill(at, 0, 6);
  store<u8>(at, ND_REGISTRATION);
  store<u8>(at, ND_REGISTRATION_SIZE / UNIT, 1);
  store<u8>(at, status, 2);
  putBe16(at + 6, lifetime);
  putBe64(at + 8, extended);
  return ND_REGISTRATION_SIZE;
}

/** `flags` with the number of the context; `prefix` has 8 octets, or 16 where there are more than 64 bits. */
export function ndContextEmit(at: usize, bits: u32, flags: u32, lifetime: u32, prefix: usize): u32 {
  let size = bits > 64 ? ND_CONTEXT_LONG_SIZE : ND_CONTEXT_SIZE;
  memory.fill(at, 0, 6);
  store<u8>(at, ND_CONTEXT);
  store<u8>(at, size / UNIT, 1);
  store<u8>(at, bits, BITS);
  store<u8>(at, flags, 3);
  putBe16(at + 6, lifetime);
  memory.copy(at + CONTEXT_PREFIX, prefix, size - CONTEXT_PREFIX);
  return size;
}

export function ndBorderEmit(at: usize, version: u32, lifetime: u32, address: usize): u32 {
  store<u8>(at, ND_BORDER);
  store<u8>(at, ND_BORDER_SIZE / UNIT, 1);
  putBe16(at + 2, version);
  putBe16(at + 4, version >>> 16);
  putBe16(at + 6, lifetime);
  addressCopy(at + 8, address);
  return ND_BORDER_SIZE;
}

/** Whether an option that we know has one of its sizes, and as many bits as it has room for. */
function isSound(at: usize, size: u32): bool {
  switch (<u32>load<u8>(at)) {
    case ND_SOURCE_LINK:
    case ND_TARGET_LINK: return size <= ND_LINK_SIZE;
    case ND_PREFIX: return size == ND_PREFIX_SIZE && load<u8>(at, BITS) <= 128;
    case ND_REGISTRATION: return size == ND_REGISTRATION_SIZE;
    case ND_CONTEXT: return (size == ND_CONTEXT_SIZE || size == ND_CONTEXT_LONG_SIZE) && load<u8>(at, BITS) <= (size - CONTEXT_PREFIX) * 8;
    case ND_BORDER: return size == ND_BORDER_SIZE;
    default: return true;
  }
}
