// A router of the mesh on the test's medium.  Not shipped.
import { LinkState } from "../../../assembly/ip/neighbours";
import { ndHeard, NdHeard } from "../../../assembly/ip/nd/types";
import { ndDeadline, ndInput, ndReset, ndStart, ndTick } from "../../../assembly/ip/nd/router";
import { ipv6Heard } from "../../../assembly/ip/ipv6/receive";
import { packetFree } from "../../../assembly/ip/packet";
import { RouteHeard } from "../../../assembly/ip/arrive";
import { routeDeadline, routeInput, routeReset, routeTick, routeUnsent } from "../../../assembly/ip/route_router";
import { RplHeard } from "../../../assembly/ip/rpl/types";
import { dodag } from "../../../assembly/ip/rpl/dodag";
import { rplChildren, rplDeadline, rplInput, rplParent, rplReset, rplStart, rplTick, rplUnreachable, rplUnsent } from "../../../assembly/ip/rpl/router";
import { radioFailed } from "../../../assembly/ip/link/radio";
import { addressLinkLocal } from "../../../assembly/ip/address";
import { nodeArrived, nodeOther, nodeStart, nodeTake } from "./mesh_node";

export * from "./mesh_node";

const RPL: u32 = 155;
const parent = memory.data(16, 8);
/** Times that it was ready, had lost its way, or its address was taken. */
const counts = memory.data(16, 4);
let first: u64 = 0;
let running: bool = false;

export function begin(extended: u64, joined: u64, now: i64): void {
  nodeStart(extended, now);
  ndReset();
  rplReset();
  routeReset();
  first = joined;
  running = false;
  ndStart(joined, now);
}

export function parentNow(): u64 { return rplParent(); }
export function rank(): u32 { return dodag.rank; }
export function countsAt(): usize { return counts; }

export function arrived(size: u32, from: u64, now: i64): void {
  let packet = nodeArrived(size, from, now);
  if (!packet || routeInput(packet, now) != RouteHeard.Ours) return;
  let message = nodeTake(packet, now);
  if (!message) return;
  let type = message.type;
  if (type == RPL) rpl(rplInput(packet, ipv6Heard.payload, ipv6Heard.size, now), now);
  else if ((type >= 133 && type <= 137) || type == 157 || type == 158) nd(ndInput(packet, ipv6Heard.payload, ipv6Heard.size, now), now);
  else return nodeOther(packet);
  packetFree(packet);
}

export function tick(now: i64): i64 {
  for (let packet = radioFailed(); packet; packet = radioFailed()) {
    rplUnsent(packet.hop, now);
    routeUnsent(packet, now);
  }
  nd(ndTick(now), now);
  rpl(rplTick(now), now);
  routeTick(now);
  return min(min(ndDeadline(), rplDeadline()), routeDeadline());
}

function count(index: u32): void { store<u32>(counts + index * 4, load<u32>(counts + index * 4) + 1); }

function nd(heard: i32, now: i64): void {
  switch (heard) {
    case NdHeard.Ready: {
      if (running) break;
      running = true;
      addressLinkLocal(parent, first);
      rplStart(parent, now);
      break;
    }
    case NdHeard.Children: {
      rplChildren(now);
      break;
    }
    case NdHeard.Unreachable: {
      rplUnreachable(ndHeard.who, now);
      break;
    }
    case NdHeard.Full:
    case NdHeard.Lost: {
      let next = rplParent();
      ndStart(next ? next : first, now);
      break;
    }
    case NdHeard.Duplicate: {
      count(2);
      break;
    }
    default:
  }
}

function rpl(heard: i32, now: i64): void {
  if (heard == RplHeard.Ready) count(0);
  if (heard != RplHeard.Lost) return;
  count(1);
  running = true;
  rplStart(parent, now);
}
