// ZDO messages: 05-3474 section 2.4.  | sequence | fields ... |, little-endian; a response's first field is its status.
import { Err } from "../../core/err";

// Clusters, tables 2.45 and 2.93; a response has RESPONSE set.
export const ADDRESS_OF_EXTENDED: u32 = 0x0000; // NWK_addr_req
export const ADDRESS_OF_SHORT: u32 = 0x0001; // IEEE_addr_req
export const NODE_DESCRIPTOR: u32 = 0x0002;
export const SIMPLE_DESCRIPTOR: u32 = 0x0004;
export const ACTIVE_ENDPOINTS: u32 = 0x0005;
export const MATCH_DESCRIPTOR: u32 = 0x0006;
export const DEVICE_ANNOUNCE: u32 = 0x0013;
export const BIND: u32 = 0x0021;
export const UNBIND: u32 = 0x0022;
export const LEAVE: u32 = 0x0034;
export const PERMIT_JOINING: u32 = 0x0036;
export const RESPONSE: u32 = 0x8000;

// Status, table 2.143
export const ZDO_SUCCESS: u32 = 0x00;
export const ZDO_INVALID_REQUEST: u32 = 0x80;
export const ZDO_DEVICE_NOT_FOUND: u32 = 0x81;
export const ZDO_INVALID_ENDPOINT: u32 = 0x82;
export const ZDO_NOT_ACTIVE: u32 = 0x83;
export const ZDO_NOT_SUPPORTED: u32 = 0x84;
export const ZDO_TABLE_FULL: u32 = 0x87;
export const ZDO_NO_ENTRY: u32 = 0x88;
export const ZDO_NOT_AUTHORIZED: u32 = 0x8d;

export const NODE_DESCRIPTOR_SIZE: u32 = 13;
/** A binding with one endpoint of one device: | source (8) | endpoint | cluster (2) | 3 | target (8) | endpoint | */
export const BINDING_SIZE: u32 = 21;
export const BINDING_EXTENDED: u32 = 3;

/**
 * Accepts the fields of a message of `cluster` after its sequence number: at least as many as it has, lists within.  More may
 * follow, section 2.4.2.8: later revisions add fields.  Answers 0, or an `Err`; a cluster that is not ours is `Err.Reserved`.
 */
export function zdoParse(cluster: u32, at: usize, have: u32): i32 {
  if (cluster & RESPONSE) return parseResponse(cluster & ~RESPONSE, at, have);
  switch (cluster) {
    case ADDRESS_OF_EXTENDED: return atLeast(have, 10);
    case ADDRESS_OF_SHORT: return atLeast(have, 4);
    case NODE_DESCRIPTOR:
    case ACTIVE_ENDPOINTS:
    case PERMIT_JOINING: return atLeast(have, 2);
    case SIMPLE_DESCRIPTOR: return atLeast(have, 3);
    case MATCH_DESCRIPTOR: return parseMatch(at, have);
    case DEVICE_ANNOUNCE: return atLeast(have, 11);
    case BIND:
    case UNBIND: return parseBinding(at, have);
    case LEAVE: return atLeast(have, 9);
    default: return Err.Reserved;
  }
}

function parseResponse(cluster: u32, at: usize, have: u32): i32 {
  if (have < 1) return Err.Truncated;
  if (load<u8>(at) != ZDO_SUCCESS) return Err.Ok; // what follows a failure is looked at by nobody
  switch (cluster) {
    case ADDRESS_OF_EXTENDED:
    case ADDRESS_OF_SHORT: return atLeast(have, 11);
    case NODE_DESCRIPTOR: return atLeast(have, 3 + NODE_DESCRIPTOR_SIZE);
    case SIMPLE_DESCRIPTOR: return parseSimple(at, have);
    case ACTIVE_ENDPOINTS:
    case MATCH_DESCRIPTOR: return have < 4 ? Err.Truncated : atLeast(have, 4 + <u32>load<u8>(at, 3));
    case BIND:
    case UNBIND:
    case LEAVE:
    case PERMIT_JOINING: return Err.Ok;
    default: return Err.Reserved;
  }
}

/** | short (2) | profile (2) | count | clusters ... | count | clusters ... | */
function parseMatch(at: usize, have: u32): i32 {
  if (have < 6) return Err.Truncated;
  let second: u32 = 5 + 2 * <u32>load<u8>(at, 4);
  if (have < second + 1) return Err.Truncated;
  return atLeast(have, second + 1 + 2 * <u32>load<u8>(at + second));
}

/** A group as target has other fields; we bind to devices only, but the message is a good one. */
function parseBinding(at: usize, have: u32): i32 {
  if (have < 12) return Err.Truncated;
  return atLeast(have, load<u8>(at, 11) == BINDING_EXTENDED ? BINDING_SIZE : 14);
}

/** | status | short (2) | size | endpoint | profile (2) | device (2) | version | count | clusters | count | clusters | */
function parseSimple(at: usize, have: u32): i32 {
  if (have < 4 || have < 4 + <u32>load<u8>(at, 3)) return Err.Truncated;
  return simpleParse(at + 4, load<u8>(at, 3));
}

/** Accepts a simple descriptor, section 2.3.2.5. */
export function simpleParse(at: usize, have: u32): i32 {
  if (have < 8) return Err.Truncated;
  let second: u32 = 7 + 2 * <u32>load<u8>(at, 6);
  if (have < second + 1) return Err.Truncated;
  return atLeast(have, second + 1 + 2 * <u32>load<u8>(at + second));
}

function atLeast(have: u32, size: u32): i32 {
  return have < size ? Err.Truncated : Err.Ok;
}

// Requests as we send them; each answers the size of its fields.

export function zdoAddressOfExtendedEmit(at: usize, extended: u64): u32 {
  store<u64>(at, extended);
  store<u16>(at, 0, 8); // a single device, from index 0
  return 10;
}

export function zdoAddressOfShortEmit(at: usize, short: u32): u32 {
  store<u32>(at, short); // a single device, from index 0
  return 4;
}

/** Node descriptor, active endpoints. */
export function zdoOfInterestEmit(at: usize, short: u32): u32 {
  store<u16>(at, short);
  return 2;
}

export function zdoSimpleDescriptorEmit(at: usize, short: u32, endpoint: u32): u32 {
  store<u16>(at, short);
  store<u8>(at, endpoint, 2);
  return 3;
}

/** For one input cluster and no output cluster. */
export function zdoMatchEmit(at: usize, short: u32, profile: u32, cluster: u32): u32 {
  store<u16>(at, short);
  store<u16>(at, profile, 2);
  store<u8>(at, 1, 4);
  store<u16>(at, cluster, 5);
  store<u8>(at, 0, 7);
  return 8;
}

export function zdoAnnounceEmit(at: usize, short: u32, extended: u64, capability: u32): u32 {
  store<u16>(at, short);
  store<u64>(at, extended, 2);
  store<u8>(at, capability, 10);
  return 11;
}

/** Bind and unbind. */
export function zdoBindEmit(at: usize, source: u64, sourceEndpoint: u32, cluster: u32, target: u64, targetEndpoint: u32): u32 {
  store<u64>(at, source);
  store<u8>(at, sourceEndpoint, 8);
  store<u16>(at, cluster, 9);
  store<u8>(at, BINDING_EXTENDED, 11);
  store<u64>(at, target, 12);
  store<u8>(at, targetEndpoint, 20);
  return BINDING_SIZE;
}

/** TC_Significance is always 1. */
export function zdoPermitJoiningEmit(at: usize, seconds: u32): u32 {
  store<u16>(at, seconds | 0x0100);
  return 2;
}
