// The face of the module of last resort: whatever the board is, a sleepy end device, the smallest node that can load an update.
//
//   radio -> stackInput -> commissioning, OTA client        due -> stack, key establishment, commissioning, OTA client
import { nwkPollEager } from "../zigbee/nwk/end_device";
import { StackHeard, stackDeadline, stackExpect, stackInput, stackReset, stackTick } from "../zigbee/stack_end_device";
import { ZCL_NO_CLUSTER } from "../zigbee/zcl/foundation";
import { ZclHeard, zclDefault, zclHeard } from "../zigbee/zcl/zcl";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { CLUSTER_KEY_ESTABLISHMENT } from "./clusters";
import { commissioningKeyLost } from "./commissioning";
import { FACTORY_INSTANCES, factoryCommand } from "./instances/factory";
import { memberDeadline, memberExpecting, memberHeard, memberKey, memberLoad, memberReset, memberStack, memberTick } from "./member";
import { MirrorHeard, mirrorDefault } from "./mirror";
import { memberMirrorOther } from "./mirror_member";
import { transferWrote } from "./ota/transfer";
import { policyInput } from "./policy";

export { commissioningJoined as faceJoined, commissioningReady as faceKeyed } from "./commissioning";
export { otaClientReached as faceReached } from "./ota/client";

const TURNS: u32 = 8;

const node = memory.data<u8>([
  // end device, 2.4 GHz, asleep between polls, largest frame 82, largest message 256, revision 21
  0x02, 0x40, 0x80, 0x00, 0x00, 82, 0x00, 0x01, 0x00, 0x2a, 0x00, 0x01, 0x00,
]);

/** After a reset.  The board was perhaps a router in its network: the parent learns that it sleeps now. */
export function faceReset(reason: u32, now: i64): void {
  zdoDescribe(node, FACTORY_INSTANCES);
  memberReset(stackReset(now, reason), true, now);
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
  nwkPollEager(true); // nothing else is to be done
  stackExpect(memberExpecting(), now);
}

export function faceDeadline(): i64 { return min<i64>(stackDeadline(), memberDeadline()); }

function heard(what: i32, now: i64): void {
  memberHeard(what, now);
  if (what == StackHeard.Message) message(now);
  else if (what != StackHeard.None) memberStack(what, now);
}

function message(now: i64): void {
  let kind = policyInput(now);
  if (kind == ZclHeard.None || memberMirrorOther(kind, now)) return;
  if (kind == ZclHeard.Default) {
    if (mirrorDefault() == MirrorHeard.KeyLost) commissioningKeyLost(now);
  } else if (kind == ZclHeard.Cluster && zclHeard.cluster == CLUSTER_KEY_ESTABLISHMENT) memberKey(now);
  else if (kind != ZclHeard.Cluster || !factoryCommand(now)) zclDefault(ZCL_NO_CLUSTER, now);
}
