// A repeater's face in phase 1: ZigBee router, Smart Energy 1.x range extender (0x0008).  It carries the frames of others, and is a
// member as they are: it agrees on a key with the trust centre, and loads its own next module.
//
//   radio -> stackInput -> clusters, commissioning, OTA client        due -> stack, key establishment, commissioning, OTA client
import { StackHeard, stackDeadline, stackInput, stackReset, stackTick } from "../zigbee/stack_router";
import { ZCL_SUCCESS } from "../zigbee/zcl/foundation";
import { ZclHeard, zclDefault } from "../zigbee/zcl/zcl";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { commissioningKeyLost } from "./commissioning";
import { REPEATER_INSTANCES, repeaterCommand, repeaterRefresh, repeaterWritten } from "./instances/repeater";
import { memberDeadline, memberHeard, memberKey, memberLoad, memberReset, memberStack, memberTick } from "./member";
import { MirrorHeard, mirrorCommand, mirrorDefault, mirrorIsRequest, mirrorServe } from "./mirror";
import { memberMirrorOther } from "./mirror_member";
import { transferWrote } from "./ota/transfer";
import { policyInput } from "./policy";

export { commissioningJoined as faceJoined, commissioningReady as faceKeyed } from "./commissioning";
export { otaClientReached as faceReached } from "./ota/client";

const TURNS: u32 = 8;

const node = memory.data<u8>([
  // router, 2.4 GHz, mains and always listening, largest frame 82, largest message 256, revision 21
  0x01, 0x40, 0x8e, 0x00, 0x00, 82, 0x00, 0x01, 0x00, 0x2a, 0x00, 0x01, 0x00,
]);

/** After a reset; `anew`: the network is rejoined also where it could be resumed. */
export function faceReset(reason: u32, anew: bool, now: i64): void {
  zdoDescribe(node, REPEATER_INSTANCES);
  memberReset(stackReset(now, reason), anew, now);
}

/** Takes an event of the radio; true when the flash took its time over it. */
export function faceInput(event: usize, now: i64): bool {
  heard(stackInput(event, now), now);
  return transferWrote();
}

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  memberTick(now);
  memberLoad(now);
}

export function faceDeadline(): i64 { return min<i64>(stackDeadline(), memberDeadline()); }

function heard(what: i32, now: i64): void {
  memberHeard(what, now);
  if (what == StackHeard.Message) message(now);
  else if (what != StackHeard.None) memberStack(what, now);
}

function message(now: i64): void {
  let kind = policyInput(now);
  if (mirrorIsRequest(kind)) {
    repeaterRefresh(now);
    if (mirrorServe(kind, now)) repeaterWritten(now);
  } else if (kind == ZclHeard.Cluster) {
    if (!repeaterCommand(now) && mirrorCommand(now) == MirrorHeard.KeyEstablishment) memberKey(now);
  } else if (memberMirrorOther(kind, now)) return;
  else if (kind == ZclHeard.Default) {
    if (mirrorDefault() == MirrorHeard.KeyLost) commissioningKeyLost(now);
  } else if (kind != ZclHeard.None) zclDefault(ZCL_SUCCESS, now); // answers and reports that nobody here asked for
}
