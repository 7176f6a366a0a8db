// A communications hub's face in phase 1: ZigBee coordinator and trust centre, Smart Energy 1.x energy service interface (0x0500).
//
//   radio -> stackInput -> clusters, key establishment        due -> stack, key establishment, forming, prices and files to tell
import { StackHeard, stackInput, stackTick } from "../zigbee/stack_coordinator";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { hubHeard, hubIsDue, hubReset, hubTick, hubTold } from "./hub_network";
import { HUB_INSTANCES } from "./instances/hub";
import { hubMirrorInput } from "./mirror_hub";

export {
  faceAdmit, faceChannel, faceGone, faceJoined, faceOffer, facePermit, faceRekey, faceRemove, faceRequested, hubDeadline as faceDeadline,
} from "./hub_network";

const TURNS: u32 = 8;

const node = memory.data<u8>([
  // coordinator, 2.4 GHz, mains and always listening, largest frame 82, largest message 256, revision 21, trust centre
  0x00, 0x40, 0x8f, 0x00, 0x00, 82, 0x00, 0x01, 0x01, 0x2a, 0x00, 0x01, 0x00,
]);

export function faceReset(reason: u32, now: i64): void {
  zdoDescribe(node, HUB_INSTANCES);
  hubReset(reason, now);
}

/** Takes an event of the radio. */
export function faceInput(event: usize, now: i64): void { heard(stackInput(event, now), now); }

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && hubIsDue(now); turns--) heard(stackTick(now), now);
  hubTick(now);
}

function heard(what: i32, now: i64): void {
  if (what == StackHeard.Message) hubTold(hubMirrorInput(now), now);
  else hubHeard(what, now);
}
