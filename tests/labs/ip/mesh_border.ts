// The border router of the mesh on the test's medium.  Not shipped.
import { ndDeadline, ndForm, ndInput, ndReset, ndTick } from "../../../assembly/ip/nd/border";
import { ipv6Heard } from "../../../assembly/ip/ipv6/receive";
import { Ipv6 } from "../../../assembly/ip/ipv6/header";
import { packetFree } from "../../../assembly/ip/packet";
import { RouteHeard } from "../../../assembly/ip/arrive";
import { routeBroken, routeDeadline, routeForward, routeInput, routeReset, routeTick, routeUnsent } from "../../../assembly/ip/route_border";
import { dodag } from "../../../assembly/ip/rpl/dodag";
import { graphRoute, nodeOf, routeHop } from "../../../assembly/ip/rpl/graph";
import { rplAskAll, rplDeadline, rplForm, rplInput, rplReset, rplTick } from "../../../assembly/ip/rpl/root";
import { radioFailed } from "../../../assembly/ip/link/radio";
import { OWN_GLOBAL, ownAddress } from "../../../assembly/ip/own";
import { bufferAt, nodeArrived, nodeOther, nodeStart, nodeTake } from "./mesh_node";

export * from "./mesh_node";
export { rplAskAll } from "../../../assembly/ip/rpl/root";

const RPL: u32 = 155;

/** The prefix is in the buffer. */
export function begin(extended: u64, epoch: u32, now: i64): void {
  nodeStart(extended, now);
  ndReset();
  rplReset();
  routeReset();
  ndForm(bufferAt(), epoch, now);
  rplForm(epoch, now);
}

export function rank(): u32 { return dodag.rank; }
export function version(): u32 { return dodag.version; }

/** Routers between us and the address in the buffer, or an error; the identifiers stand behind it. */
export function routeTo(now: i64): i32 {
  let count = graphRoute(load<u64>(bufferAt(), 8), load<u64>(ownAddress(OWN_GLOBAL), 8), now);
  for (let index = 0; index < count; index++) store<u64>(bufferAt() + 16 + index * 8, routeHop(index));
  return count;
}

export function arrived(size: u32, from: u64, now: i64): void {
  let packet = nodeArrived(size, from, now);
  if (!packet) return;
  let heard = routeInput(packet, now);
  if (heard == RouteHeard.Forward) return nodeOther(packet);
  if (heard != RouteHeard.Ours) return;
  let message = nodeTake(packet, now);
  if (!message) return;
  let type = message.type;
  if (type == RPL) rplInput(packet, ipv6Heard.payload, ipv6Heard.size, now);
  else if ((type >= 133 && type <= 137) || type == 157 || type == 158) ndInput(packet, ipv6Heard.payload, ipv6Heard.size, now);
  else if (type == 1 && message.code == 7) routeBroken(changetype<Ipv6>(packet.at).source, ipv6Heard.payload + 8, ipv6Heard.size - 8, now);
  else return nodeOther(packet);
  packetFree(packet);
}

/** A packet of the other link. */
export function outside(size: u32, now: i64): u32 {
  let packet = nodeArrived(size, 0, now);
  if (!packet) return 0;
  if (routeForward(packet, now)) return 1;
  packetFree(packet);
  return 0;
}

export function tick(now: i64): i64 {
  for (let packet = radioFailed(); packet; packet = radioFailed()) routeUnsent(packet, now);
  ndTick(now);
  rplTick(now);
  routeTick(now);
  return min(min(ndDeadline(), rplDeadline()), routeDeadline());
}
