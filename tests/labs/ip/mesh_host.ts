// A host of the mesh on the test's medium.  Not shipped.
import { member } from "../../../assembly/ip/nd/member";
import { NdHeard } from "../../../assembly/ip/nd/types";
import { ndDeadline, ndInput, ndReset, ndStart, ndTick } from "../../../assembly/ip/nd/host";
import { ipv6Heard } from "../../../assembly/ip/ipv6/receive";
import { packetFree } from "../../../assembly/ip/packet";
import { RouteHeard } from "../../../assembly/ip/arrive";
import { routeDeadline, routeInput, routeReset, routeTick } from "../../../assembly/ip/route_host";
import { radioFailed } from "../../../assembly/ip/link/radio";
import { ndProbe } from "../../../assembly/ip/nd/probe";
import { nodeArrived, nodeOther, nodeStart, nodeTake } from "./mesh_node";

export * from "./mesh_node";

/** Times that it was ready, had lost its parent, or its address was taken. */
const counts = memory.data(16, 4);

export function begin(extended: u64, joined: u64, now: i64): void {
  nodeStart(extended, now);
  ndReset();
  routeReset();
  ndStart(joined, now);
}

/** The stack's choice after the loss of a parent. */
export function choose(joined: u64, now: i64): void { ndStart(joined, now); }
export function parentNow(): u64 { return member.parent; }
export function countsAt(): usize { return counts; }

export function arrived(size: u32, from: u64, now: i64): void {
  let packet = nodeArrived(size, from, now);
  if (!packet || routeInput(packet, now) != RouteHeard.Ours) return;
  let message = nodeTake(packet, now);
  if (!message) return;
  let type = message.type;
  if (!((type >= 133 && type <= 137) || type == 157 || type == 158)) return nodeOther(packet);
  nd(ndInput(packet, ipv6Heard.payload, ipv6Heard.size, now));
  packetFree(packet);
}

export function tick(now: i64): i64 {
  for (let packet = radioFailed(); packet; packet = radioFailed()) {
    ndProbe(packet.hop, now);
    packetFree(packet);
  }
  nd(ndTick(now));
  routeTick(now);
  return min(ndDeadline(), routeDeadline());
}

function nd(heard: i32): void {
  let index = heard == NdHeard.Ready ? 0 : heard == NdHeard.Lost || heard == NdHeard.Full || heard == NdHeard.Unreachable ? 1 : heard == NdHeard.Duplicate ? 2 : 3;
  store<u32>(counts + index * 4, load<u32>(counts + index * 4) + 1);
}
