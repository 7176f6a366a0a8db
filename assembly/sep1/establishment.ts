// Carries key establishment over APS: the ZCL frames of cluster 0x0800, without a link key, fragmented where they must be.
//
//   zclHeard (a command of the cluster) -> establishInput -> keInput --> keOut -> APS
//   establishTick -> keRun (one slice)                               \-> keResult -> EstablishHeard
import { APS_ACK, APS_FRAGMENT, apsHeard, apsRequest, apsSend } from "../zigbee/aps/aps";
import { ZCL_HEADER_SIZE_MIN, ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER, zclEmit } from "../zigbee/zcl/frame";
import { SE_PROFILE, ZCL_ENDPOINT, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { ZCL_NO_CLUSTER_COMMAND } from "../zigbee/zcl/foundation";
import { CLUSTER_KEY_ESTABLISHMENT, COMMAND_INITIATE, COMMAND_TERMINATE, KeOutcome, KeOutput } from "./key_establishment/cluster";
import { keBusy, keDeadline, keInitiate, keInput, keOut, keResult, keRun } from "./key_establishment/exchange";
import { INITIATE_SIZE_MAX } from "./key_establishment/initiate";
import { noteKey } from "./notes";

export enum EstablishHeard {
  None = 0,
  /** keResult.partner and keResult.suite; the key is at `keLinkKey` until `keWipe`. */
  Done = 1,
  /** keResult says why and how long to wait. */
  Failed = 2,
}

@unmanaged @final
class State {
  /** The partner of the exchange under way. */
  partner: u64;
  short: u32;
  endpoint: u32;
  /** Of the request that the next response answers; of our own requests. */
  heardSequence: u32;
  sequence: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

const frame = memory.data(96);
if (INITIATE_SIZE_MAX + ZCL_HEADER_SIZE_MIN > 96) ERROR("an Initiate does not fit its frame");

/** Begins an exchange with the server at `endpoint`; answers 0 or an `Err`. */
export function establishBegin(partner: u64, short: u32, endpoint: u32, suites: u32, now: i64): i32 {
  let begun = keInitiate(now, suites, partner);
  if (begun < 0) return begun;
  remember(partner, short, endpoint);
  sendOut(short, endpoint, 0, now);
  return begun;
}

/** Takes the command of the cluster in `zclHeard`; answers an `EstablishHeard`. */
export function establishInput(now: i64): i32 {
  if (apsHeard.sourceExtended == 0 || apsHeard.broadcast) return EstablishHeard.None;
  if (zclHeard.command > COMMAND_TERMINATE) {
    zclDefault(ZCL_NO_CLUSTER_COMMAND, now);
    return EstablishHeard.None;
  }
  keInput(zclHeard.payload, zclHeard.size, !zclHeard.toClient, zclHeard.command, apsHeard.sourceExtended, now);
  // An Initiate that is answered with ours begins an exchange.
  let begins = keOut.kind != KeOutput.None && !keOut.toServer && keOut.commandId == COMMAND_INITIATE;
  if (begins) remember(apsHeard.sourceExtended, apsHeard.source, apsHeard.sourceEndpoint);
  if (state.partner == apsHeard.sourceExtended && !zclHeard.toClient) state.heardSequence = zclHeard.sequence;
  sendOut(apsHeard.source, apsHeard.sourceEndpoint, zclHeard.sequence, now);
  return outcome();
}

/** One slice of computation or the end of the partner's time; answers an `EstablishHeard`. */
export function establishTick(now: i64): i32 {
  keRun(now);
  sendOut(state.short, state.endpoint, state.heardSequence, now);
  return outcome();
}

export function establishDeadline(): i64 { return keDeadline(); }

/** Until when something may come from the partner, 0 = nothing. */
export function establishExpecting(): i64 { return keBusy() ? keDeadline() : 0; }

function remember(partner: u64, short: u32, endpoint: u32): void {
  state.partner = partner;
  state.short = short;
  state.endpoint = endpoint;
}

/** Sends what the procedure has to say, if anything; a response repeats the sequence number of its request. */
function sendOut(short: u32, endpoint: u32, heardSequence: u32, now: i64): void {
  if (keOut.kind == KeOutput.None) return;
  let control = ZCL_TYPE_CLUSTER | ZCL_NO_DEFAULT_RESPONSE;
  if (!keOut.toServer) control |= ZCL_TO_CLIENT;
  else heardSequence = state.sequence = (state.sequence + 1) & 0xff;
  let head = zclEmit(frame, control, 0, heardSequence, keOut.commandId);
  memory.copy(frame + head, keOut.payload, keOut.size);
  apsRequest.target = short;
  apsRequest.targetExtended = keOut.partner;
  apsRequest.targetEndpoint = endpoint;
  apsRequest.sourceEndpoint = ZCL_ENDPOINT;
  apsRequest.profile = SE_PROFILE;
  apsRequest.cluster = CLUSTER_KEY_ESTABLISHMENT;
  apsRequest.options = APS_ACK | APS_FRAGMENT;
  apsRequest.payload = frame;
  apsRequest.size = head + keOut.size;
  apsSend(now); // what is lost here is found by the exchange's own deadline
}

function outcome(): i32 {
  switch (keResult.kind) {
    case KeOutcome.Done: {
      noteKey(keResult.suite, keResult.partner);
      return EstablishHeard.Done;
    }
    case KeOutcome.Failed: return EstablishHeard.Failed;
    default: return EstablishHeard.None;
  }
}
