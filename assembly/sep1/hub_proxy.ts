// The face of a hub that also speaks for meters of another network: as sep1/hub.ts, with Metering at an endpoint of its own, of which
// nobody hears before there is something to tell.
import { StackHeard, stackInput, stackTick } from "../zigbee/stack_coordinator";
import { reportingReset } from "../zigbee/zcl/reporting";
import { zdoDescribe } from "../zigbee/zdo/zdo";
import { hubDeadline, hubHeard, hubIsDue, hubReset, hubTick, hubTold } from "./hub_network";
import { PROXY_INSTANCES } from "./instances/proxy";
import { proxyMirrorConfirm, proxyMirrorDeadline, proxyMirrorInput, proxyMirrorReset, proxyMirrorTick } from "./mirror_proxy";

export {
  faceAdmit, faceChannel, faceGone, faceJoined, faceOffer, facePermit, faceRekey, faceRemove, faceRequested,
} from "./hub_network";

const TURNS: u32 = 8;

const node = memory.data<u8>([
  // coordinator, 2.4 GHz, mains and always listening, largest frame 82, largest message 256, revision 21, trust centre
  0x00, 0x40, 0x8f, 0x00, 0x00, 82, 0x00, 0x01, 0x01, 0x2a, 0x00, 0x01, 0x00,
]);

export function faceReset(reason: u32, now: i64): void {
  zdoDescribe(node, PROXY_INSTANCES);
  hubReset(reason, now);
  reportingReset();
  proxyMirrorReset();
}

/** Takes an event of the radio. */
export function faceInput(event: usize, now: i64): void { heard(stackInput(event, now), now); }

export function faceTick(now: i64): void {
  for (let turns = TURNS; turns > 0 && hubIsDue(now); turns--) heard(stackTick(now), now);
  hubTick(now);
  proxyMirrorTick(now);
}

export function faceDeadline(): i64 { return min<i64>(hubDeadline(), proxyMirrorDeadline()); }

function heard(what: i32, now: i64): void {
  if (what == StackHeard.Message) hubTold(proxyMirrorInput(now), now);
  else if (what == StackHeard.Confirm) proxyMirrorConfirm(now);
  else hubHeard(what, now);
}
