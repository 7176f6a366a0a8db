// The ZigBee device object: endpoint 0.  It answers for the device, and asks others.  05-3474 section 2.4.
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { Err } from "../../core/err";
import { BROADCAST_AWAKE, NO_ADDRESS, NO_EXTENDED, UNICAST_END } from "../address";
import { apsSend } from "../aps/aps";
import { ApsKeyKind, apsKeyKind } from "../aps/keys";
import { apsSleepyNote } from "../aps/transmit";
import { APS_ACK, APS_LINK_KEY, apsHeard, apsRequest } from "../aps/types";
import { nwkAddress, nwkClaim, nwkExtended, nwkExtendedOf, nwkLearn } from "../nwk/nwk";
import { describedCapability } from "./describe";
import {
  ACTIVE_ENDPOINTS, ADDRESS_OF_EXTENDED, ADDRESS_OF_SHORT, BIND, DEVICE_ANNOUNCE, MATCH_DESCRIPTOR, NODE_DESCRIPTOR, PERMIT_JOINING,
  RESPONSE, SIMPLE_DESCRIPTOR, UNBIND, ZDO_SUCCESS, zdoAddressOfExtendedEmit, zdoAddressOfShortEmit, zdoAnnounceEmit, zdoBindEmit,
  zdoMatchEmit, zdoOfInterestEmit, zdoParse, zdoPermitJoiningEmit, zdoSimpleDescriptorEmit,
} from "./message";
import { zdoAnswer } from "./serve";

export { zdoDescribe } from "./describe";

/** What `zdoInput` found; the details are in `zdoHeard`. */
export enum ZdoHeard {
  None = 0,
  Announced = 1,       // short, extended
  NodeDescriptor = 2,  // list: the 13 octets
  SimpleDescriptor = 3, // list: the descriptor, without its size
  ActiveEndpoints = 4, // list: endpoints
  Matched = 5,         // list: endpoints, maybe none
  Bound = 6,
  Unbound = 7,
  Address = 8,         // short, extended
  PermitJoining = 9,   // seconds: routers open or close
}

@unmanaged @final
export class ZdoAnswer {
  kind: u32;
  /** Whose answer. */
  source: u32;
  sourceExtended: u64;
  /** What zdoSend... answered for the question. */
  sequence: u32;
  /** 0, or the status of a refusal; then only `kind`, `source` and `sequence` are valid. */
  status: u32;
  short: u32;
  extended: u64;
  list: usize;
  size: u32;
  seconds: u32;
}
export const zdoHeard = changetype<ZdoAnswer>(memory.data(offsetof<ZdoAnswer>(), 8));

@unmanaged @final
export class ZdoCounters {
  unanswered: u32; // no room for the answer
}
export const zdoCounters = changetype<ZdoCounters>(memory.data(offsetof<ZdoCounters>(), 4));

/** The longest message of ours: an answer with a whole frame of simple descriptor. */
const OUT_SIZE: u32 = 160;
const out = memory.data(OUT_SIZE, 8);
/** Behind the sequence number. */
export const ZDO_FIELDS: usize = out + 1;
@unmanaged @final class State { sequence: u32; }
const state = changetype<State>(memory.data(offsetof<State>(), 4));
/** 07-5356: permit joining is never for good. */
const PERMIT_SECONDS_MAX: u32 = 254;

/** Looks at the message for endpoint 0 in `apsHeard`. */
export function zdoInput(now: i64): i32 {
  let cluster = apsHeard.cluster;
  let at = apsHeard.payload;
  if (apsHeard.profile != 0 || apsHeard.size < 1) return drop();
  let parsed = zdoParse(cluster, at + 1, apsHeard.size - 1);
  if (parsed < 0 && parsed != Err.Reserved) return drop();
  zdoHeard.source = apsHeard.source;
  zdoHeard.sourceExtended = apsHeard.sourceExtended;
  zdoHeard.sequence = load<u8>(at);
  zdoHeard.status = ZDO_SUCCESS;
  if (cluster & RESPONSE) return parsed < 0 ? <i32>ZdoHeard.None : response(cluster & ~RESPONSE, at + 1, apsHeard.size - 1);
  if (cluster == DEVICE_ANNOUNCE) return announced(at + 1);
  let size = zdoAnswer(parsed < 0 ? RESPONSE - 1 : cluster, at + 1, ZDO_FIELDS, now);
  if (size != 0) zdoReply(size, now);
  if (cluster != PERMIT_JOINING) return ZdoHeard.None;
  zdoHeard.seconds = min<u32>(load<u8>(at, 1), PERMIT_SECONDS_MAX);
  return tell(ZdoHeard.PermitJoining);
}

/** Tells everyone who is awake who we are: section 2.4.3.1.11. */
export function zdoAnnounce(now: i64): i32 {
  return ask(BROADCAST_AWAKE, DEVICE_ANNOUNCE, zdoAnnounceEmit(ZDO_FIELDS, nwkAddress(), nwkExtended(), describedCapability()), now);
}

/** Asks all for the short address of a device. */
export function zdoSendAddressOf(extended: u64, now: i64): i32 {
  return ask(BROADCAST_AWAKE, ADDRESS_OF_EXTENDED, zdoAddressOfExtendedEmit(ZDO_FIELDS, extended), now);
}

/** Asks a device for its IEEE address. */
export function zdoSendExtendedOf(short: u32, now: i64): i32 {
  return ask(short, ADDRESS_OF_SHORT, zdoAddressOfShortEmit(ZDO_FIELDS, short), now);
}

export function zdoSendNodeDescriptor(short: u32, now: i64): i32 {
  return ask(short, NODE_DESCRIPTOR, zdoOfInterestEmit(ZDO_FIELDS, short), now);
}

export function zdoSendActiveEndpoints(short: u32, now: i64): i32 {
  return ask(short, ACTIVE_ENDPOINTS, zdoOfInterestEmit(ZDO_FIELDS, short), now);
}

export function zdoSendSimpleDescriptor(short: u32, endpoint: u32, now: i64): i32 {
  return ask(short, SIMPLE_DESCRIPTOR, zdoSimpleDescriptorEmit(ZDO_FIELDS, short, endpoint), now);
}

/** Asks one device, or with a broadcast address all, for endpoints that serve a cluster. */
export function zdoSendMatch(target: u32, profile: u32, cluster: u32, now: i64): i32 {
  return ask(target, MATCH_DESCRIPTOR, zdoMatchEmit(ZDO_FIELDS, target, profile, cluster), now);
}

/** Asks a device to report a cluster to us, or with `add` false no longer. */
export function zdoSendBind(
  target: u32, targetExtended: u64, sourceEndpoint: u32, cluster: u32, ownEndpoint: u32, add: bool, now: i64,
): i32 {
  let size = zdoBindEmit(ZDO_FIELDS, targetExtended, sourceEndpoint, cluster, nwkExtended(), ownEndpoint);
  return ask(target, add ? BIND : UNBIND, size, now);
}

/** Opens all routers for joining, or closes them with 0; the coordinator opens itself. */
export function zdoSendPermitJoining(target: u32, seconds: u32, now: i64): i32 {
  return ask(target, PERMIT_JOINING, zdoPermitJoiningEmit(ZDO_FIELDS, min<u32>(seconds, PERMIT_SECONDS_MAX)), now);
}

/** Sends the `size` fields behind a new sequence number; answers that number or an `Err`. */
function ask(target: u32, cluster: u32, size: u32, now: i64): i32 {
  let sequence = state.sequence++ & 0xff;
  store<u8>(out, sequence);
  let sent = send(target, cluster, size, now);
  return sent < 0 ? sent : <i32>sequence;
}

function send(target: u32, cluster: u32, size: u32, now: i64): i32 {
  apsRequest.target = target;
  apsRequest.targetExtended = 0;
  apsRequest.targetEndpoint = 0;
  apsRequest.sourceEndpoint = 0;
  apsRequest.profile = 0;
  apsRequest.cluster = cluster;
  apsRequest.options = target < UNICAST_END ? APS_ACK : 0;
  // A binding asked for under the link key is no mere claim.
  if ((cluster == BIND || cluster == UNBIND) && apsKeyKind(nwkExtendedOf(target)) == ApsKeyKind.Established) {
    apsRequest.options |= APS_LINK_KEY;
  }
  apsRequest.payload = out;
  apsRequest.size = 1 + size;
  return apsSend(now);
}

/** Answers the question in `apsHeard` with the `size` fields at `ZDO_FIELDS`. */
export function zdoReply(size: u32, now: i64): void {
  store<u8>(out, load<u8>(apsHeard.payload));
  if (send(apsHeard.source, apsHeard.cluster | RESPONSE, size, now) < 0) zdoCounters.unanswered++;
}

function announced(at: usize): i32 {
  let short: u32 = load<u16>(at);
  let extended = load<u64>(at, 2);
  if (short != apsHeard.source || extended == NO_EXTENDED) return drop(); // nobody speaks for another
  nwkClaim(short, extended);
  apsSleepyNote(short, (load<u8>(at, 10) & 0x08) == 0);
  zdoHeard.short = short;
  zdoHeard.extended = extended;
  return tell(ZdoHeard.Announced);
}

function response(cluster: u32, at: usize, size: u32): i32 {
  zdoHeard.status = load<u8>(at);
  if (zdoHeard.status == ZDO_SUCCESS) {
    if (cluster <= ADDRESS_OF_SHORT) {
      zdoHeard.extended = load<u64>(at, 1);
      zdoHeard.short = load<u16>(at, 9);
      if (zdoHeard.short < NO_ADDRESS) nwkLearn(zdoHeard.short, zdoHeard.extended);
    } else {
      let head: u32 = cluster == NODE_DESCRIPTOR ? 3 : 4;
      zdoHeard.list = at + head;
      zdoHeard.size = cluster == NODE_DESCRIPTOR || cluster > MATCH_DESCRIPTOR ? size - head : load<u8>(at, 3);
    }
  }
  switch (cluster) {
    case ADDRESS_OF_EXTENDED:
    case ADDRESS_OF_SHORT: return tell(ZdoHeard.Address);
    case NODE_DESCRIPTOR: return tell(ZdoHeard.NodeDescriptor);
    case SIMPLE_DESCRIPTOR: return tell(ZdoHeard.SimpleDescriptor);
    case ACTIVE_ENDPOINTS: return tell(ZdoHeard.ActiveEndpoints);
    case MATCH_DESCRIPTOR: return tell(ZdoHeard.Matched);
    case BIND: return tell(ZdoHeard.Bound);
    case UNBIND: return tell(ZdoHeard.Unbound);
    default: return ZdoHeard.None;
  }
}

function tell(kind: u32): i32 {
  zdoHeard.kind = kind;
  return kind;
}

function drop(): i32 {
  dropped(Layer.Zdo, Drop.Malformed);
  return ZdoHeard.None;
}
