// ZCL above APS: looks at what `apsHeard` describes, and sends.  075123, section 2.4 and 2.5.12.
//
// `zclInput` only looks.  What is to be done with a frame is the cluster layer's decision, which first asks its key policy.
import { dropped } from "../../core/drops";
import { Err } from "../../core/err";
import { Drop, Layer } from "../../core/host";
import { NO_ADDRESS } from "../address";
import { APS_ACK, APS_LINK_KEY, APS_TO_ALL, ApsKeyKind, apsHeard, apsRequest, apsSend } from "../aps/aps";
import {
  ZCL_MANUFACTURER, ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER, ZCL_TYPE_MASK, ZCL_TYPE_PROFILE, ZclFrame, zclEmit,
  zclParse,
} from "./frame";
import {
  ZCL_CONFIGURE, ZCL_CONFIGURE_ANSWER, ZCL_DEFAULT, ZCL_DISCOVER, ZCL_DISCOVER_ANSWER, ZCL_MALFORMED, ZCL_NO_CLUSTER_COMMAND,
  ZCL_NO_GENERAL_COMMAND, ZCL_NO_MANUFACTURER_CLUSTER_COMMAND, ZCL_NO_MANUFACTURER_GENERAL_COMMAND, ZCL_READ, ZCL_READ_ANSWER,
  ZCL_READ_CONFIGURATION, ZCL_READ_CONFIGURATION_ANSWER, ZCL_REPORT, ZCL_SUCCESS, ZCL_WRITE, ZCL_WRITE_ANSWER, ZCL_WRITE_QUIETLY,
  ZCL_WRITE_UNDIVIDED, zclGeneralParse,
} from "./foundation";
import {
  BROADCAST_ENDPOINT, INSTANCE_CLIENT, INSTANCE_ENDPOINT, INSTANCE_SERVER, SE_PROFILE, instanceCommand, instanceEndpoint, instanceFind,
} from "./instances";
import { zclWalk } from "./walk";

export { SE_PROFILE };

/** What a frame is.  The kinds up to `Discover` want an answer from a server of attributes. */
export enum ZclHeard {
  None = 0,
  Read = 1,
  Write = 2,
  Reporting = 3,
  Discover = 4,
  Report = 5,
  ReadAnswer = 6,
  ConfigureAnswer = 7,
  Default = 8,
  OtherAnswer = 9,
  Cluster = 10,
  /** Not for us to do: `zclHeard.status` says why. */
  Refused = 11,
}

@unmanaged @final
export class ZclIndication {
  cluster: u32;
  control: u32;
  manufacturer: u32;
  sequence: u32;
  command: u32;
  payload: usize;
  size: u32;
  status: u32;
  /** Of ours, and the row of the cluster there in the role that is addressed, or 0. */
  endpoint: u32;
  instance: usize;
  /** Octets of the payload that the command's descriptor accounts for, or an `Err`. */
  known: i32;
  get toClient(): bool { return (this.control & ZCL_TO_CLIENT) != 0; }
}

@unmanaged @final
export class ZclCounters {
  refused: u32;
  sendFailed: u32;
}

export const zclHeard = changetype<ZclIndication>(memory.data(offsetof<ZclIndication>()));
export const zclCounters = changetype<ZclCounters>(memory.data(offsetof<ZclCounters>()));

export const ZCL_ENDPOINT: u32 = 1;
/** One frame with both security layers and short addresses: 82 octets less APS's auxiliary header with its source (13) and its MIC (4). */
export const ZCL_SIZE_MAX: u32 = 65;
/** The same without the source's address: only for a partner that just wrote to us, since its repetition could not tell it. */
export const ZCL_SIZE_ANSWER: u32 = ZCL_SIZE_MAX + 8;
/** Attribute values are written first and measured then, so the buffer ends this much later. */
export const ZCL_VALUE_MAX: u32 = 24;
const frame = memory.data(ZCL_SIZE_MAX + ZCL_VALUE_MAX);
export const ZCL_END: usize = frame + ZCL_SIZE_MAX;
export const ZCL_END_ANSWER: usize = frame + ZCL_SIZE_ANSWER;

let sequence: u32 = 0;

/** Looks at the message in `apsHeard`; writes `zclHeard` only. */
export function zclInput(): i32 {
  let endpoint = apsHeard.targetEndpoint;
  let head = instanceFind(endpoint, 0, INSTANCE_ENDPOINT);
  if (apsHeard.profile != SE_PROFILE || !head) return ZclHeard.None;
  let kind = zclLook(apsHeard.cluster, apsHeard.payload, apsHeard.size);
  if (kind == ZclHeard.None) dropped(Layer.Zcl, Drop.Malformed);
  let row = instanceFind(endpoint, zclHeard.cluster, zclHeard.toClient ? INSTANCE_CLIENT : INSTANCE_SERVER);
  zclHeard.instance = row;
  zclHeard.endpoint = instanceEndpoint(row ? row : head);
  return kind;
}

/** Whether the payload of the cluster command heard is what its descriptor says; `zclHeard.known` tells more. */
export function zclKnown(): bool {
  let tokens = zclHeard.instance ? instanceCommand(zclHeard.instance, zclHeard.command) : 0;
  zclHeard.known = tokens ? zclWalk(tokens, zclHeard.payload, zclHeard.size) : Err.NotFound;
  return zclHeard.known >= 0;
}

/** The same, and answers what is not. */
export function zclTake(now: i64): bool {
  if (zclKnown()) return true;
  zclDefault(zclHeard.known == Err.NotFound ? ZCL_NO_CLUSTER_COMMAND : ZCL_MALFORMED, now);
  return false;
}

/** What the `size` octets at `at` are; `None` for what is not a frame or deserves no answer. */
export function zclLook(cluster: u32, at: usize, size: u32): i32 {
  let head = zclParse(at, size);
  if (head < 0) return ZclHeard.None;
  let view = changetype<ZclFrame>(at);
  zclHeard.cluster = cluster;
  zclHeard.control = view.control;
  zclHeard.manufacturer = view.manufacturer;
  zclHeard.sequence = view.sequence;
  zclHeard.command = view.command;
  zclHeard.payload = view.payload;
  zclHeard.size = size - head;
  let clusterCommand = (view.control & ZCL_TYPE_MASK) == ZCL_TYPE_CLUSTER;
  let isDefault = !clusterCommand && zclHeard.command == ZCL_DEFAULT;
  if ((view.control & ZCL_MANUFACTURER) && !isDefault) {
    return refused(clusterCommand ? ZCL_NO_MANUFACTURER_CLUSTER_COMMAND : ZCL_NO_MANUFACTURER_GENERAL_COMMAND);
  }
  if (clusterCommand) return ZclHeard.Cluster;
  let kind = kindOf(zclHeard.command);
  if (kind != ZclHeard.Refused && zclGeneralParse(zclHeard.command, zclHeard.payload, zclHeard.size) < 0) {
    return isDefault ? ZclHeard.None : refused(ZCL_MALFORMED);
  }
  return kind;
}

/** Begins an answer to `zclHeard`: the other direction, the same sequence number; answers where the payload goes. */
export function zclReply(type: u32, command: u32): usize {
  let control = type | (zclHeard.control & (ZCL_MANUFACTURER | ZCL_TO_CLIENT)) ^ ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE;
  return frame + zclEmit(frame, control, zclHeard.manufacturer, zclHeard.sequence, command);
}

/** Sends the answer that ends at `end` to where the question came from, under the kind of key that it came with. */
export function zclSendReply(end: usize, now: i64): i32 {
  let options = apsHeard.keyKind == ApsKeyKind.Established ? APS_ACK | APS_LINK_KEY : APS_ACK;
  apsRequest.targetEndpoint = apsHeard.sourceEndpoint;
  return send(zclHeard.endpoint, apsHeard.source, apsHeard.sourceExtended, zclHeard.cluster, options, end, now);
}

/** Begins a frame of our own; `zclSequence` then tells its number. */
export function zclBegin(control: u32, command: u32): usize {
  sequence = (sequence + 1) & 0xff;
  return frame + zclEmit(frame, control, 0, sequence, command);
}

export function zclSequence(): u32 { return sequence; }

/** Begins one of several answers to the question numbered `number`, which is no longer in `zclHeard`. */
export function zclBeginAnswer(control: u32, number: u32, command: u32): usize {
  return frame + zclEmit(frame, control, 0, number, command);
}

/** Sends a frame that `zclBegin` began, under a link key; APS knows the short address. */
export function zclSend(extended: u64, endpoint: u32, cluster: u32, end: usize, now: i64): i32 {
  return zclSendFrom(ZCL_ENDPOINT, extended, endpoint, cluster, end, now);
}

/** The same from another endpoint of ours. */
export function zclSendFrom(source: u32, extended: u64, endpoint: u32, cluster: u32, end: usize, now: i64): i32 {
  apsRequest.targetEndpoint = endpoint;
  return send(source, NO_ADDRESS, extended, cluster, APS_ACK | APS_LINK_KEY, end, now);
}

/** As `zclSend`, but nobody acknowledges it and it is not repeated. */
export function zclSendOnce(short: u32, extended: u64, endpoint: u32, cluster: u32, end: usize, now: i64): i32 {
  apsRequest.targetEndpoint = endpoint;
  return send(ZCL_ENDPOINT, short, extended, cluster, APS_LINK_KEY, end, now);
}

/** Sends a frame that `zclBegin` began to every device that is a member of a broadcast address, under the network key. */
export function zclBroadcast(target: u32, cluster: u32, end: usize, now: i64): i32 {
  apsRequest.targetEndpoint = BROADCAST_ENDPOINT;
  return send(ZCL_ENDPOINT, target, 0, cluster, APS_TO_ALL, end, now);
}

/** A default response, where section 2.5.12.2 asks for one. */
export function zclDefault(status: u32, now: i64): void {
  if (status != ZCL_SUCCESS) zclCounters.refused++;
  else if (zclHeard.control & ZCL_NO_DEFAULT_RESPONSE) return;
  if (apsHeard.broadcast || zclIsDefault()) return;
  let at = zclReply(ZCL_TYPE_PROFILE, ZCL_DEFAULT);
  store<u8>(at, zclHeard.command);
  store<u8>(at, status, 1);
  zclSendReply(at + 2, now);
}

/** Whether the frame heard is itself a default response, which is never answered with another. */
export function zclIsDefault(): bool {
  return (zclHeard.control & ZCL_TYPE_MASK) == ZCL_TYPE_PROFILE && zclHeard.command == ZCL_DEFAULT;
}

function send(source: u32, target: u32, extended: u64, cluster: u32, options: u32, end: usize, now: i64): i32 {
  assert(end <= ZCL_END_ANSWER);
  apsRequest.target = target;
  apsRequest.targetExtended = extended;
  apsRequest.sourceEndpoint = source;
  apsRequest.profile = SE_PROFILE;
  apsRequest.cluster = cluster;
  apsRequest.options = options;
  apsRequest.payload = frame;
  apsRequest.size = <u32>(end - frame);
  let handle = apsSend(now);
  if (handle < 0) zclCounters.sendFailed++;
  return handle;
}

function refused(status: u32): i32 {
  zclHeard.status = status;
  return ZclHeard.Refused;
}

function kindOf(command: u32): i32 {
  switch (command) {
    case ZCL_READ: return ZclHeard.Read;
    case ZCL_WRITE: case ZCL_WRITE_UNDIVIDED: case ZCL_WRITE_QUIETLY: return ZclHeard.Write;
    case ZCL_CONFIGURE: case ZCL_READ_CONFIGURATION: return ZclHeard.Reporting;
    case ZCL_DISCOVER: return ZclHeard.Discover;
    case ZCL_REPORT: return ZclHeard.Report;
    case ZCL_READ_ANSWER: return ZclHeard.ReadAnswer;
    case ZCL_CONFIGURE_ANSWER: return ZclHeard.ConfigureAnswer;
    case ZCL_DEFAULT: return ZclHeard.Default;
    case ZCL_WRITE_ANSWER: case ZCL_READ_CONFIGURATION_ANSWER: case ZCL_DISCOVER_ANSWER: return ZclHeard.OtherAnswer;
  }
  return refused(ZCL_NO_GENERAL_COMMAND);
}
