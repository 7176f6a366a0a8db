// IPv6 addresses, 16 octets in network order where they lie: RFC 4291.
//
//   | prefix 8 | interface identifier 8 |           of an EUI-64: the EUI-64 with its universal bit inverted, appendix A
//                                                 of a short address: 0000:00ff:fe00:XXXX, RFC 4944 section 6
//   | ff | flags, scope | ... group |
//
// An EUI-64 is a number whose most significant octet is the one printed first.
import { be16, be64, putBe16, putBe64 } from "../core/bytes";

export const ADDRESS_SIZE: u32 = 16;
/** No short address. */
export const NO_SHORT: u32 = 0xffff;

// Scopes of multicast, RFC 4291 section 2.7 and RFC 7346
export const SCOPE_LINK: u32 = 2;
export const SCOPE_REALM: u32 = 3;
export const SCOPE_SITE: u32 = 5;

// Groups that are known by their last two octets
export const GROUP_NODES: u32 = 0x01;
export const GROUP_ROUTERS: u32 = 0x02;
export const GROUP_RPL: u32 = 0x1a;
export const GROUP_MPL: u32 = 0xfc;
/** Multicast DNS. */
export const GROUP_NAMES: u32 = 0xfb;

const MULTICAST: u32 = 0xff;
const UNIVERSAL: u64 = 0x0200_0000_0000_0000;
/** fe80::/64 and 0000:00ff:fe00:, as loaded. */
const LINK_LOCAL: u64 = 0x80fe;
const SHORT_HEAD: u64 = 0x0000_00fe_ff00_0000;
const SHORT_MASK: u64 = 0x0000_ffff_ffff_ffff;

export function addressCopy(to: usize, from: usize): void {
  store<u64>(to, load<u64>(from));
  store<u64>(to, load<u64>(from, 8), 8);
}

export function addressEqual(a: usize, b: usize): bool {
  return load<u64>(a) == load<u64>(b) && load<u64>(a, 8) == load<u64>(b, 8);
}

export function addressIsMulticast(at: usize): bool { return load<u8>(at) == MULTICAST; }

/** Of fe80::/10. */
export function addressIsLinkLocal(at: usize): bool { return (load<u16>(at) & 0xc0ff) == <u32>LINK_LOCAL; }

export function addressIsUnspecified(at: usize): bool { return (load<u64>(at) | load<u64>(at, 8)) == 0; }

export function addressIsLoopback(at: usize): bool { return load<u64>(at) == 0 && be64(at + 8) == 1; }

/** Only of a multicast address. */
export function addressScope(at: usize): u32 { return load<u8>(at, 1) & 15; }

export function addressLinkLocal(to: usize, extended: u64): void {
  store<u64>(to, LINK_LOCAL);
  putBe64(to + 8, extended ^ UNIVERSAL);
}

export function addressLinkLocalShort(to: usize, short: u32): void {
  store<u64>(to, LINK_LOCAL);
  identifierShort(to + 8, short);
}

export function addressWithExtended(to: usize, prefix: usize, extended: u64): void {
  store<u64>(to, load<u64>(prefix));
  putBe64(to + 8, extended ^ UNIVERSAL);
}

export function addressWithShort(to: usize, prefix: usize, short: u32): void {
  store<u64>(to, load<u64>(prefix));
  identifierShort(to + 8, short);
}

/** A well-known group of a scope: ff0S::GROUP. */
export function addressMulticast(to: usize, scope: u32, group: u32): void {
  store<u64>(to, MULTICAST | (scope << 8));
  store<u64>(to, 0, 8);
  putBe16(to + 14, group);
}

/** The EUI-64 that an interface identifier would be made of. */
export function addressExtended(at: usize): u64 { return be64(at + 8) ^ UNIVERSAL; }

/** The short address that an interface identifier was made of, or `NO_SHORT`. */
export function addressShort(at: usize): u32 {
  return (load<u64>(at, 8) & SHORT_MASK) == SHORT_HEAD ? be16(at + 14) : NO_SHORT;
}

function identifierShort(to: usize, short: u32): void {
  store<u64>(to, SHORT_HEAD);
  putBe16(to + 6, short);
}
