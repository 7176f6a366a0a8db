// The stack of a router, bottom to top.  It joins as a host does, and then others join through it.
//
//   event -> radioInput -> routeInput -> nd | rpl | mle | pana: ours, or handed on | tcp
//   join: scan, PANA, MLE -> nd: an address -> rpl: a way -> Joined
import { Drop, Layer } from "../core/host";
import { dropped } from "../core/drops";
import { addressIsLinkLocal, addressLinkLocal, ADDRESS_SIZE } from "./address";
import { RouteHeard } from "./arrive";
import { DnsHeard, dnsInput } from "./dns/dns";
import { finderInput } from "./dns/finder";
import { DNS_PORT } from "./dns/message";
import { responderDeadline, responderInput, responderReset, responderTick } from "./dns/responder";
import { Ipv6 } from "./ipv6/header";
import {
  JoinHeard, joinAgain, joinBeacon, joinClient, joinDeadline, joinDone, joinMle, joinNetworkId, joinParent, joinReset, joinScanned,
  joinStart, joinTick,
} from "./join";
import { BEACON_HOSTS, BEACON_JOIN, BEACON_ROUTERS } from "./link/beacon";
import { LinkHeard, linkHeard, radioDeadline, radioInput, radioServe, radioTick } from "./link/radio";
import { MLE_PORT } from "./mle/message";
import { mleDeadline, mleInput, mleReset, mleTick } from "./mle/mle";
import { mleServe } from "./mle/requests";
import { ndDeadline, ndInput, ndReset, ndStart, ndTick } from "./nd/router";
import { networkBorder } from "./nd/network";
import { NdHeard, ndHeard } from "./nd/types";
import { MODE_AWAKE, MODE_ROUTER } from "./neighbours";
import { OWN_GLOBAL, OwnState, ownState } from "./own";
import { Packet, packetFree } from "./packet";
import { clientDeadline, clientInput, clientTick } from "./pana/client";
import { PANA_PORT, PANA_RELAY, Pana, panaParse } from "./pana/message";
import { relayBack, relayInput } from "./pana/relay";
import { routeDeadline, routeInput, routeReset, routeTick, routeUnsent } from "./route_router";
import { rplChildren, rplDeadline, rplInput, rplParent, rplReset, rplStart, rplTick, rplUnreachable, rplUnsent } from "./rpl/router";
import { RplHeard } from "./rpl/types";
import {
  Carried, RPL_CONTROL, StackHeard, carried, commonDeadline, commonInput, commonReject, commonReset, commonTick, isDiscovery,
} from "./stack";

export { StackHeard } from "./stack";
export { rplParent as stackParent } from "./rpl/router";

const parent = memory.data(ADDRESS_SIZE, 8);
/** We have an address and a way, and others may join through us. */
let running: bool = false;

export function stackReset(now: i64): void {
  commonReset(now);
  ndReset();
  rplReset();
  routeReset();
  responderReset();
  mleReset(MODE_ROUTER | MODE_AWAKE, 0);
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
  if (heard == StackHeard.None) heard = fromRpl(rplTick(now), now);
  commonTick(now);
  responderTick(now);
  routeTick(now);
  if (heard != StackHeard.None || radioDeadline() > now) return heard;
  return fromLink(radioTick(now), now);
}

export function stackDeadline(): i64 {
  let joining = min<i64>(min<i64>(joinDeadline(), clientDeadline()), mleDeadline());
  let control = min<i64>(min<i64>(ndDeadline(), rplDeadline()), min<i64>(routeDeadline(), radioDeadline()));
  return min<i64>(min<i64>(joining, control), min<i64>(commonDeadline(), responderDeadline()));
}

function fromLink(heard: i32, now: i64): i32 {
  switch (heard) {
    case LinkHeard.Packet: return arrived(linkHeard.packet, now);
    case LinkHeard.Beacon: { joinBeacon(now); return StackHeard.None; }
    case LinkHeard.ScanDone: return fromJoin(joinScanned(now), now);
    case LinkHeard.Sent: {
      if (!linkHeard.packet) return StackHeard.None;
      rplUnsent(linkHeard.packet.hop, now);
      routeUnsent(linkHeard.packet, now);
      return StackHeard.None;
    }
    case LinkHeard.Unlinked: { commonReject(now); return StackHeard.None; }
    default: return StackHeard.None;
  }
}

function arrived(packet: Packet, now: i64): i32 {
  if (routeInput(packet, now) != RouteHeard.Ours) return StackHeard.None;
  let heard: i32 = StackHeard.None;
  switch (commonInput(packet, now)) {
    case Carried.Nothing: return StackHeard.None;
    case Carried.Control: {
      if (!packet.secured) dropped(Layer.Control, Drop.Unsecured);
      else if (carried.type == RPL_CONTROL) heard = fromRpl(rplInput(packet, carried.at, carried.size, now), now);
      else if (isDiscovery(carried.type)) heard = fromNd(ndInput(packet, carried.at, carried.size, now), now);
      break;
    }
    default: {
      let header = changetype<Ipv6>(packet.at);
      if (carried.targetPort == MLE_PORT)
        heard = fromJoin(joinMle(mleInput(carried.at, carried.size, header.source, header.hops, packet.lqi, now), now), now);
      else if (carried.targetPort == PANA_PORT) heard = pana(packet, header.source, now);
      else if (carried.targetPort == DNS_PORT) names(packet, now);
    }
  }
  packetFree(packet);
  return heard;
}

/** Who has which services: what is asked, and what we asked. */
function names(packet: Packet, now: i64): void {
  let heard = dnsInput(packet, carried.at, carried.size, carried.sourcePort);
  if (heard == DnsHeard.Question) responderInput(packet, carried.at, carried.sourcePort, now);
  else if (heard == DnsHeard.Answer) finderInput(carried.at, now);
}

/** For us as a client, from the agent to a client of ours, or from a client to the agent. */
function pana(packet: Packet, source: usize, now: i64): i32 {
  let isPana = panaParse(carried.at, carried.size) >= 0;
  if (isPana && changetype<Pana>(carried.at).type == PANA_RELAY) {
    if (packet.secured) relayBack(carried.at, carried.size, source, networkBorder(), now);
    else dropped(Layer.Control, Drop.Unsecured);
    return StackHeard.None;
  }
  if (running && !packet.secured && addressIsLinkLocal(source)) {
    relayInput(carried.at, carried.size, source, carried.sourcePort, networkBorder(), now);
    return StackHeard.None;
  }
  return fromJoin(joinClient(clientInput(carried.at, carried.size, source, now), now), now);
}

function fromJoin(heard: i32, now: i64): i32 {
  switch (heard) {
    case JoinHeard.Linked: { ndStart(joinParent(), now); return StackHeard.None; }
    case JoinHeard.Lost: return stop(now);
    default: return StackHeard.None;
  }
}

function fromNd(heard: i32, now: i64): i32 {
  switch (heard) {
    case NdHeard.Ready: {
      if (running) return StackHeard.None;
      addressLinkLocal(parent, joinParent());
      rplStart(parent, now);
      return StackHeard.None;
    }
    case NdHeard.Children: { rplChildren(now); return StackHeard.None; }
    case NdHeard.Unreachable: { rplUnreachable(ndHeard.who, now); return StackHeard.None; }
    case NdHeard.Full:
    case NdHeard.Lost: {
      let next = rplParent();
      if (next && ownState(OWN_GLOBAL) != OwnState.Free) ndStart(next, now);
      else { joinAgain(now); return stop(now); }
      return StackHeard.None;
    }
    default: return StackHeard.None;
  }
}

function fromRpl(heard: i32, now: i64): i32 {
  if (heard == RplHeard.Lost) { joinAgain(now); return stop(now); }
  if (heard != RplHeard.Ready || running) return StackHeard.None;
  running = true;
  joinDone(false, now);
  mleServe(now);
  radioServe(joinNetworkId(), BEACON_JOIN | BEACON_ROUTERS | BEACON_HOSTS, false);
  return StackHeard.Joined;
}

/** Without a network nobody joins through us. */
function stop(now: i64): i32 {
  let was = running;
  running = false;
  radioServe(0, 0, false);
  rplReset();
  ndReset();
  return was ? <i32>StackHeard.Left : <i32>StackHeard.None;
}
