// For tests only: what the lab devices have in common.  A test steers a device by Uplink events and hears of it by `log`.
import { dropsOf } from "../../../assembly/core/drops";
import { Drop, Layer, EVENT_HEAD, EVENT_SIZE, log } from "../../../assembly/core/host";
import { nwkAddress, nwkChannel, nwkHeard, nwkLearn, nwkPanId, nwkParent } from "../../../assembly/zigbee/nwk/nwk";
import { StackHeard } from "../../../assembly/zigbee/stack";
import {
  zdoAnnounce, ZdoAnswer, ZdoHeard, zdoHeard, zdoSendActiveEndpoints, zdoSendAddressOf, zdoSendBind, zdoSendExtendedOf, zdoSendMatch,
  zdoSendNodeDescriptor, zdoSendPermitJoining, zdoSendSimpleDescriptor,
} from "../../../assembly/zigbee/zdo/zdo";
import { ApsCounters, apsCounters, apsHeard, ApsMessage, apsRequest, apsKeyInstall, apsSend } from "../../../assembly/zigbee/aps/aps";
import { ApsKeyKind } from "../../../assembly/zigbee/aps/keys";

export const EVENT_CAPACITY: u32 = EVENT_HEAD + 128;
export const event = memory.data(16 + 128, 8);
const note = memory.data(400, 8);

// log codes: LOG_HEARD + StackHeard, LOG_ANSWER for what a command answered
const LOG_HEARD: u32 = 100;
const LOG_ANSWER: u32 = 99;

// Commands of a test, first octet of an Uplink event.  1..9 are the device kind's own.
const SEND: u32 = 16;      // target u16, extended u64, endpoints 2, profile u16, cluster u16, options u16, payload
const KEY: u32 = 17;       // extended u64, key 16: as if key establishment had made it
const ASK: u32 = 18;       // cluster u16, target u16, extended u64, endpoint u8, cluster u16
const COUNTERS: u32 = 19;
const ANNOUNCE: u32 = 20;
const LEARN: u32 = 21;     // short u16, extended u64
const SEND_LONG: u32 = 22; // as SEND, but instead of the payload its size u16: octet 0 is 1, octet i is 7 * i
const LONG_MAX: u32 = 300;
const long = memory.data(LONG_MAX);

/** Notes what the stack found, with its details. */
export function report(heard: i32): void {
  if (heard == StackHeard.None) return;
  store<u16>(note, nwkAddress());
  let size: u32 = 2;
  switch (heard) {
    case StackHeard.Message:
    case StackHeard.Confirm:
    case StackHeard.LinkKey:
    case StackHeard.DeviceJoined:
    case StackHeard.DeviceLeft:
    case StackHeard.DeviceRemoved:
    case StackHeard.KeyRequested: {
      memory.copy(note + 2, changetype<usize>(apsHeard), offsetof<ApsMessage>());
      size = 2 + offsetof<ApsMessage>();
      if (heard == StackHeard.Message) {
        memory.copy(note + size, apsHeard.payload, apsHeard.size);
        size += apsHeard.size;
      }
      break;
    }
    case StackHeard.ZdoAnswer: {
      memory.copy(note + 2, changetype<usize>(zdoHeard), offsetof<ZdoAnswer>());
      size = 2 + offsetof<ZdoAnswer>();
      if (zdoHeard.kind >= <u32>ZdoHeard.NodeDescriptor && zdoHeard.kind <= <u32>ZdoHeard.Matched && zdoHeard.status == 0) {
        memory.copy(note + size, zdoHeard.list, zdoHeard.size);
        size += zdoHeard.size;
      }
      break;
    }
    default: {
      store<u16>(note, nwkPanId(), 2);
      store<u16>(note, nwkParent(), 4);
      store<u8>(note, nwkChannel(), 6);
      store<i8>(note, nwkHeard.status, 7);
      size = 8;
    }
  }
  log(LOG_HEARD + heard, note, size);
}

/** Follows a command every device understands; answers false for those of a kind. */
export function labCommand(now: i64): bool {
  let at = event + EVENT_HEAD;
  let size: u32 = load<u16>(event, EVENT_SIZE);
  let answer: i32;
  switch (<u32>load<u8>(at)) {
    case SEND: answer = send(at + 1, size - 1, now); break;
    case SEND_LONG: answer = sendLong(at + 1, now); break;
    case KEY: answer = apsKeyInstall(load<u64>(at, 1), ApsKeyKind.Established, at + 9); break;
    case ASK: answer = ask(at + 1, now); break;
    case ANNOUNCE: answer = zdoAnnounce(now); break;
    case LEARN: nwkLearn(load<u16>(at, 1), load<u64>(at, 3)); answer = 0; break;
    case COUNTERS: {
      log(LOG_ANSWER, dropsOf(Layer.Aps), (Drop.Exhausted + 1) * 4);
      log(LOG_ANSWER, changetype<usize>(apsCounters), offsetof<ApsCounters>());
      return true;
    }
    default: return false;
  }
  labAnswer(answer);
  return true;
}

export function labAnswer(answer: i32): void {
  store<i32>(note, answer);
  log(LOG_ANSWER, note, 4);
}

function send(at: usize, size: u32, now: i64): i32 {
  return sendPayload(at, at + 18, size - 18, now);
}

function sendLong(at: usize, now: i64): i32 {
  for (let index: u32 = 0; index < LONG_MAX; index++) store<u8>(long + index, 7 * index);
  store<u8>(long, 1); // a ZCL command of a cluster, so that a decoder makes no sense of the rest
  return sendPayload(at, long, load<u16>(at, 18), now);
}

function sendPayload(at: usize, payload: usize, size: u32, now: i64): i32 {
  apsRequest.target = load<u16>(at);
  apsRequest.targetExtended = load<u64>(at, 2);
  apsRequest.sourceEndpoint = load<u8>(at, 10);
  apsRequest.targetEndpoint = load<u8>(at, 11);
  apsRequest.profile = load<u16>(at, 12);
  apsRequest.cluster = load<u16>(at, 14);
  apsRequest.options = load<u16>(at, 16);
  apsRequest.payload = payload;
  apsRequest.size = size;
  return apsSend(now);
}

function ask(at: usize, now: i64): i32 {
  let target: u32 = load<u16>(at, 2);
  let extended = load<u64>(at, 4);
  let endpoint: u32 = load<u8>(at, 12);
  let cluster: u32 = load<u16>(at, 13);
  switch (<u32>load<u16>(at)) {
    case 0x0000: return zdoSendAddressOf(extended, now);
    case 0x0001: return zdoSendExtendedOf(target, now);
    case 0x0002: return zdoSendNodeDescriptor(target, now);
    case 0x0004: return zdoSendSimpleDescriptor(target, endpoint, now);
    case 0x0005: return zdoSendActiveEndpoints(target, now);
    case 0x0006: return zdoSendMatch(target, 0x0109, cluster, now);
    case 0x0021: return zdoSendBind(target, extended, endpoint, cluster, 1, true, now);
    case 0x0022: return zdoSendBind(target, extended, endpoint, cluster, 1, false, now);
    case 0x0036: return zdoSendPermitJoining(target, endpoint, now);
    default: return -1;
  }
}
