// ZDO messages: 05-3474 section 2.4.  | sequence | fields ... |, little-endian; a response's first field is its status.
import { Err } from "../../core/err";
import { EMIT_ROOM } from "../aps/emit";
import { commandTokens } from "../zcl/instances";
import { zclWalk } from "../zcl/walk";

// Clusters, tables 2.45 and 2.93; a response has RESPONSE set.
export const ADDRESS_OF_EXTENDED: u32 = 0x0000; // NWK_addr_req
export const ADDRESS_OF_SHORT: u32 = 0x0001; // IEEE_addr_req
export const NODE_DESCRIPTOR: u32 = 0x0002;
export const POWER_DESCRIPTOR: u32 = 0x0003;
export const SIMPLE_DESCRIPTOR: u32 = 0x0004;
export const ACTIVE_ENDPOINTS: u32 = 0x0005;
export const MATCH_DESCRIPTOR: u32 = 0x0006;
export const DEVICE_ANNOUNCE: u32 = 0x0013;
export const SERVER_DISCOVERY: u32 = 0x0015;
export const BIND: u32 = 0x0021;
export const UNBIND: u32 = 0x0022;
export const TABLE_NEIGHBOURS: u32 = 0x0031; // Mgmt_Lqi_req
export const TABLE_ROUTES: u32 = 0x0032; // Mgmt_Rtg_req
export const TABLE_BINDINGS: u32 = 0x0033; // Mgmt_Bind_req
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

/** Where a message's fields end at the latest: a frame in clear above the network layer, less the sequence number. */
export const ZDO_ROOM: u32 = EMIT_ROOM - 1;
export const NODE_DESCRIPTOR_SIZE: u32 = 13;
/** A binding with one endpoint of one device: | source (8) | endpoint | cluster (2) | 3 | target (8) | endpoint | */
export const BINDING_SIZE: u32 = 21;
export const BINDING_EXTENDED: u32 = 3;

// The fields of each message as zcl/walk.ts goes through them: | cluster, 0x80 of a response | count | tokens ... | ... | 0xff |
const N: u8 = 16; // what follows comes so often
const IF: u8 = 18; // what follows comes if that octet has that value
const FIELDS = memory.data<u8>([
  0x00, 3, 8, 1, 1,
  0x01, 3, 2, 1, 1,
  0x02, 1, 2,
  0x03, 1, 2,
  0x04, 2, 2, 1,
  0x05, 1, 2,
  0x06, 10, 2, 2, 1, N, 1, 2, 1, N, 1, 2,
  0x13, 3, 2, 8, 1,
  0x15, 1, 2,
  // To a device, or to a group: we bind to devices only, but the message is a good one.
  0x21, 15, 8, 1, 2, 1, IF, 11, 3, 2, 8, 1, IF, 11, 1, 1, 2,
  0x22, 15, 8, 1, 2, 1, IF, 11, 3, 2, 8, 1, IF, 11, 1, 1, 2,
  0x34, 2, 8, 1,
  0x36, 2, 1, 1,
  // What follows a failure is looked at by nobody.
  0x80, 7, 1, IF, 0, 0, 2, 8, 2,
  0x81, 7, 1, IF, 0, 0, 2, 8, 2,
  0x82, 8, 1, IF, 0, 0, 3, 2, 8, 5,
  0x84, 10, 1, IF, 0, 0, 5, 2, 1, N, 1, 1,
  0x85, 10, 1, IF, 0, 0, 5, 2, 1, N, 1, 1,
  0x86, 10, 1, IF, 0, 0, 5, 2, 1, N, 1, 1,
  0xa1, 1, 1,
  0xa2, 1, 1,
  0xb4, 1, 1,
  0xb6, 1, 1,
  0xff,
]);
/** Endpoint, profile, device, version, input and output clusters: section 2.3.2.5. */
const SIMPLE = memory.data<u8>([12, 1, 2, 2, 1, 1, N, 1, 2, 1, N, 1, 2]);

/**
 * Accepts the fields of a message of `cluster` after its sequence number: at least as many as it has, lists within.  More may
 * follow, section 2.4.2.8: later revisions add fields.  Answers 0, or an `Err`; a cluster that is not ours is `Err.Reserved`.
 */
export function zdoParse(cluster: u32, at: usize, have: u32): i32 {
  if (cluster & 0x7f80) return Err.Reserved;
  let tokens = commandTokens(FIELDS, (cluster & 0x7f) | ((cluster >>> 8) & 0x80));
  if (tokens == 0) return Err.Reserved;
  let walked = zclWalk(tokens, at, have);
  if (walked >= 0 && cluster == (SIMPLE_DESCRIPTOR | RESPONSE) && load<u8>(at) == ZDO_SUCCESS) {
    walked = simpleParse(at + 4, load<u8>(at, 3));
  }
  return min<i32>(walked, 0);
}

/** Accepts a simple descriptor. */
export function simpleParse(at: usize, have: u32): i32 {
  return min<i32>(zclWalk(SIMPLE, at, have), 0);
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
