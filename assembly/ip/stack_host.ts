// The stack of a host that sleeps, bottom to top.
//
//   event -> radioInput -> routeInput -> nd | mle | pana | tcp
//   join: scan, PANA, MLE -> nd: an address -> MLE: I sleep -> Joined, and polls
import { Drop, Layer } from "../core/host";
import { dropped } from "../core/drops";
import { macReceive } from "../mac/mac";
import { NO_SHORT } from "./address";
import { RouteHeard } from "./arrive";
import { DnsHeard, dnsInput } from "./dns/dns";
import { finderInput } from "./dns/finder";
import { DNS_PORT } from "./dns/message";
import { Ipv6 } from "./ipv6/header";
import {
  JoinHeard, joinAgain, joinBeacon, joinClient, joinDeadline, joinDone, joinKey, joinMle, joinParent, joinReset, joinScanned, joinStart,
  joinTick,
} from "./join";
import { LinkHeard, linkHeard, radioDeadline, radioInput, radioTick } from "./link/radio";
import { receivedFrom } from "./link/receive";
import { MLE_PORT } from "./mle/message";
import { mleDeadline, mleInput, mleReset, mleTick } from "./mle/mle";
import { mleAsk, mleMode } from "./mle/requests";
import { ndDeadline, ndInput, ndReset, ndStart, ndTick } from "./nd/host";
import { ndProbe } from "./nd/probe";
import { NdHeard } from "./nd/types";
import { MODE_AWAKE } from "./neighbours";
import { Packet, packetFree } from "./packet";
import { clientDeadline, clientInput, clientTick } from "./pana/client";
import { PANA_PORT } from "./pana/message";
import { pollDeadline, pollEnded, pollReset, pollSoon, pollStart, pollTick } from "./poll";
import { routeDeadline, routeInput, routeReset, routeTick } from "./route_host";
import { Carried, StackHeard, carried, commonDeadline, commonInput, commonReset, commonTick, isDiscovery } from "./stack";

export { StackHeard } from "./stack";
export { joinParent as stackParent } from "./join";
export { pollSoon as stackExpect } from "./poll";

/** Seconds that a parent keeps us without a word: section 12 of the notes, four times the slow poll, at least 32. */
const TIMEOUT_S: u32 = 32;
let running: bool = false;

export function stackReset(now: i64): void {
  commonReset(now);
  ndReset();
  routeReset();
  pollReset();
  mleReset(MODE_AWAKE, 0);
  running = false;
  joinReset();
  joinStart(now);
}

/** Takes an event of the radio. */
export function stackInput(event: usize, now: i64): i32 { return fromLink(radioInput(event, now), now); }

/** Does what is due. */
export function stackTick(now: i64): i32 {
  let heard = fromJoin(joinMle(mleTick(now), now), now);
  if (heard == StackHeard.None) heard = fromJoin(joinClient(clientTick(now), now), now);
  if (heard == StackHeard.None) heard = fromJoin(joinTick(now), now);
  if (heard == StackHeard.None) heard = fromNd(ndTick(now), now);
  commonTick(now);
  routeTick(now);
  if (heard == StackHeard.None && pollTick(now)) heard = lost(now);
  if (heard != StackHeard.None || radioDeadline() > now) return heard;
  return fromLink(radioTick(now), now);
}

export function stackDeadline(): i64 {
  let joining = min<i64>(min<i64>(joinDeadline(), clientDeadline()), mleDeadline());
  let control = min<i64>(min<i64>(ndDeadline(), pollDeadline()), min<i64>(routeDeadline(), radioDeadline()));
  return min<i64>(min<i64>(joining, control), commonDeadline());
}

function fromLink(heard: i32, now: i64): i32 {
  switch (heard) {
    case LinkHeard.Packet: return arrived(linkHeard.packet, now);
    case LinkHeard.Beacon: { joinBeacon(now); return StackHeard.None; }
    case LinkHeard.ScanDone: return fromJoin(joinScanned(now), now);
    case LinkHeard.Sent: {
      if (!linkHeard.packet) return StackHeard.None;
      ndProbe(linkHeard.packet.hop, now);
      packetFree(linkHeard.packet);
      return StackHeard.None;
    }
    case LinkHeard.Unlinked: { if (isParent()) { joinKey(now); pollSoon(now); } return StackHeard.None; }
    case LinkHeard.Polled: return pollEnded(now) ? lost(now) : <i32>StackHeard.None;
    default: return StackHeard.None;
  }
}

/** Whether a frame says that it is of our parent. */
function isParent(): bool {
  let row = receivedFrom();
  return changetype<usize>(row) != 0 && row.extended == joinParent();
}

function arrived(packet: Packet, now: i64): i32 {
  if (routeInput(packet, now) != RouteHeard.Ours) return StackHeard.None;
  if (running) pollSoon(now);
  let heard: i32 = StackHeard.None;
  switch (commonInput(packet, now)) {
    case Carried.Nothing: return StackHeard.None;
    case Carried.Control: {
      if (!packet.secured) dropped(Layer.Control, Drop.Unsecured);
      else if (isDiscovery(carried.type)) heard = fromNd(ndInput(packet, carried.at, carried.size, now), now);
      break;
    }
    default: {
      let header = changetype<Ipv6>(packet.at);
      if (carried.targetPort == MLE_PORT)
        heard = fromJoin(joinMle(mleInput(carried.at, carried.size, header.source, header.hops, packet.lqi, now), now), now);
      else if (carried.targetPort == PANA_PORT)
        heard = fromJoin(joinClient(clientInput(carried.at, carried.size, header.source, now), now), now);
      else if (carried.targetPort == DNS_PORT && dnsInput(packet, carried.at, carried.size, carried.sourcePort) == DnsHeard.Answer)
        finderInput(carried.at, now);
    }
  }
  packetFree(packet);
  return heard;
}

function fromJoin(heard: i32, now: i64): i32 {
  switch (heard) {
    case JoinHeard.Linked: { ndStart(joinParent(), now); return StackHeard.None; }
    case JoinHeard.Lost: return stop();
    default: return StackHeard.None;
  }
}

function fromNd(heard: i32, now: i64): i32 {
  switch (heard) {
    case NdHeard.Ready: return ready(now);
    case NdHeard.Full:
    case NdHeard.Unreachable:
    case NdHeard.Lost: return lost(now);
    default: return StackHeard.None;
  }
}

/** The parent is told that we sleep from now on. */
function ready(now: i64): i32 {
  if (running) return StackHeard.None;
  running = true;
  joinDone(true, now);
  mleMode(0, TIMEOUT_S);
  mleAsk(joinParent(), NO_SHORT, now);
  pollStart(joinParent(), now);
  return StackHeard.Joined;
}

function lost(now: i64): i32 {
  joinAgain(now);
  return stop();
}

function stop(): i32 {
  let was = running;
  running = false;
  pollReset();
  mleMode(MODE_AWAKE, 0);
  macReceive(true);
  ndReset();
  return was ? <i32>StackHeard.Left : <i32>StackHeard.None;
}
