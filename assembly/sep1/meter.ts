// A meter's face in phase 1: ZigBee router, Smart Energy 1.x metering device (0x0501).
//
//   radio -> stackInput -> clusters, commissioning, OTA client        due -> stack, key establishment, commissioning, reports, OTA client
import { apsHeard } from "../zigbee/aps/aps";
import { StackHeard, stackDeadline, stackInput, stackReset, stackTick } from "../zigbee/stack_router";
import { reportingReset } from "../zigbee/zcl/reporting";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { commissioningKeyLost } from "./commissioning";
import { METER_INSTANCES } from "./instances/meter";
import { memberDeadline, memberHeard, memberKey, memberLoad, memberReset, memberStack, memberTick } from "./member";
import { MirrorHeard } from "./mirror";
import { meterMirrorConfirm, meterMirrorDeadline, meterMirrorInput, meterMirrorTick } from "./mirror_meter";
import { transferWrote } from "./ota/transfer";

export { commissioningJoined as faceJoined, commissioningReady as faceKeyed } from "./commissioning";
export { otaClientReached as faceReached } from "./ota/client";

const TURNS: u32 = 8;

const node = memory.data<u8>([
  // router, 2.4 GHz, mains and always listening, largest frame 82, largest message 256, revision 21
  0x01, 0x40, 0x8e, 0x00, 0x00, 82, 0x00, 0x01, 0x00, 0x2a, 0x00, 0x01, 0x00,
]);

/** After a reset; `anew`: the network is rejoined also where it could be resumed. */
export function faceReset(reason: u32, anew: bool, now: i64): void {
  zdoDescribe(node, METER_INSTANCES);
  let resumed = stackReset(now, reason);
  reportingReset();
  memberReset(resumed, anew, now);
}

/** Takes an event of the radio; true when the flash took its time over it. */
export function faceInput(event: usize, now: i64): bool {
  heard(stackInput(event, now), now);
  return transferWrote();
}

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  memberTick(now);
  meterMirrorTick(now);
  memberLoad(now);
}

export function faceDeadline(): i64 {
  return min<i64>(min<i64>(stackDeadline(), memberDeadline()), meterMirrorDeadline());
}

function heard(what: i32, now: i64): void {
  memberHeard(what, now);
  switch (what) {
    case StackHeard.None: return;
    case StackHeard.Message: return message(now);
    case StackHeard.Confirm: return meterMirrorConfirm(now);
    default: memberStack(what, now);
  }
}

function message(now: i64): void {
  switch (meterMirrorInput(now)) {
    case MirrorHeard.KeyEstablishment: {
      memberKey(now);
      return;
    }
    case MirrorHeard.KeyLost: return commissioningKeyLost(now);
    default: return;
  }
}
