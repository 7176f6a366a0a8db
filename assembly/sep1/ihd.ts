// A display's face in phase 1: sleepy ZigBee end device, Smart Energy 1.x display (0x0502).
//
//   radio -> stackInput -> clusters, commissioning, partners, OTA client
//   due   -> stack, key establishment, commissioning, partners, errands, OTA client
import { apsHeard } from "../zigbee/aps/aps";
import { nwkPollEager } from "../zigbee/nwk/end_device";
import { joinerTrustCentre } from "../zigbee/security/joiner";
import { StackHeard, stackDeadline, stackExpect, stackInput, stackReset, stackTick } from "../zigbee/stack_end_device";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { CommissioningHeard, commissioningKeyLost } from "./commissioning";
import { errandsDeadline, errandsExpecting, errandsTick, errandsUnheard } from "./errands";
import { IHD_INSTANCES } from "./instances/ihd";
import { memberDeadline, memberExpecting, memberHeard, memberKey, memberLoad, memberReset, memberStack, memberTick } from "./member";
import { MirrorHeard } from "./mirror";
import { ihdMirrorInput } from "./mirror_ihd";
import { otaClientLoads } from "./ota/client";
import { transferWrote } from "./ota/transfer";
import {
  partnersDeadline, partnersExpecting, partnersKeyLost, partnersStack, partnersStart, partnersStop, partnersTick, partnersUnheard,
} from "./partners";

export { commissioningJoined as faceJoined, commissioningReady as faceKeyed } from "./commissioning";
export { otaClientReached as faceReached } from "./ota/client";

const TURNS: u32 = 8;

const node = memory.data<u8>([
  // end device, 2.4 GHz, asleep between polls, largest frame 82, largest message 256, revision 21
  0x02, 0x40, 0x80, 0x00, 0x00, 82, 0x00, 0x01, 0x00, 0x2a, 0x00, 0x01, 0x00,
]);

/** After a reset; `anew`: the network is rejoined also where it could be resumed. */
export function faceReset(reason: u32, anew: bool, now: i64): void {
  zdoDescribe(node, IHD_INSTANCES);
  let resumed = stackReset(now, reason);
  partnersStop();
  commissioned(memberReset(resumed, anew, now), now);
}

/** Takes an event of the radio; true when the flash took its time over it. */
export function faceInput(event: usize, now: i64): bool {
  heard(stackInput(event, now), now);
  return transferWrote();
}

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  commissioned(memberTick(now), now);
  partnersTick(now);
  errandsTick(now);
  if (errandsUnheard()) partnersUnheard(now);
  memberLoad(now);
  expect(now);
}

export function faceDeadline(): i64 {
  return min<i64>(min<i64>(stackDeadline(), memberDeadline()), min<i64>(partnersDeadline(), errandsDeadline()));
}

function heard(what: i32, now: i64): void {
  memberHeard(what, now);
  switch (what) {
    case StackHeard.None: return;
    case StackHeard.Message: return message(now);
    default: {
      commissioned(memberStack(what, now), now);
      partnersStack(what, now);
    }
  }
}

function message(now: i64): void {
  switch (ihdMirrorInput(now)) {
    case MirrorHeard.KeyEstablishment: return commissioned(memberKey(now), now);
    case MirrorHeard.KeyLost: {
      let partner = apsHeard.sourceExtended;
      if (partner == joinerTrustCentre()) commissioningKeyLost(now);
      else partnersKeyLost(partner, now);
      return;
    }
    default: return;
  }
}

function commissioned(what: i32, now: i64): void {
  if (what == CommissioningHeard.Ready) partnersStart(now);
  else if (what == CommissioningHeard.Lost) partnersStop();
}

/** While something is to come, the parent is asked for it often. */
function expect(now: i64): void {
  nwkPollEager(otaClientLoads());
  stackExpect(max<i64>(memberExpecting(), max<i64>(partnersExpecting(), errandsExpecting())), now);
}
