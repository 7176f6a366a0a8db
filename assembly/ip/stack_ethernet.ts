// The second link of the border router, bottom to top, and what passes between the two.
//
//   event -> frame -> ours: discovery | echo | tcp
//                     the network's -> firewall -> routeForward
//   radio -> stack_border -> not the network's -> firewall -> ethernetSend
//
// Whatever comes here is of strangers: it reaches no procedure of the network, and has the link's scope or our prefix there as its source.
import { be16 } from "../core/bytes";
import { dropped } from "../core/drops";
import { EVENT_HEAD, EVENT_SIZE, Drop, Layer } from "../core/host";
import { MAC_EXTENDED } from "../mac/frame";
import {
  SCOPE_LINK, addressEqual, addressIsLinkLocal, addressIsMulticast, addressIsUnspecified, addressScope,
} from "./address";
import { arriveError } from "./arrive";
import { DnsHeard, dnsInput } from "./dns/dns";
import { DNS_PORT } from "./dns/message";
import { probeDeadline, probeDone, probeInput, probeReset, probeTick } from "./dns/probe";
import { responderInput } from "./dns/responder";
import { discoveryDeadline, discoveryInput, discoveryReady, discoveryReset, discoveryStart, discoveryTick } from "./ethernet/discovery";
import { Ethernet, ethernetIsGroup, ethernetParse } from "./ethernet/frame";
import { ethernetHas, ethernetOwn } from "./ethernet/medium";
import { ethernetSend, neighboursDeadline, neighboursTick, solicitedGroup } from "./ethernet/neighbours";
import { firewallIn, firewallOut, firewallReset } from "./firewall";
import { ICMP_TOO_BIG, ICMP_UNREACHABLE } from "./icmp/message";
import { IPV6_HEADER_SIZE, Ipv6, NEXT_ICMP, NEXT_TCP, ipv6Parse } from "./ipv6/header";
import { Ipv6Heard, ipv6Heard, ipv6Input } from "./ipv6/receive";
import { ETHERNET_ASKED_MAX, OUTSIDE_MAX, PACKETS_LARGE_MAX } from "./limits";
import { networkHas } from "./nd/network";
import { OWN_ETHERNET_LINK, OWN_LINK, ownAddress, ownGroup, ownIs } from "./own";
import { LINK_ETHERNET, PACKET_MTU, Packet, packetFree, packetTake, packetsOf } from "./packet";
import { routeDrop } from "./route";
import { routeForward } from "./route_border";
import { Carried, carried, commonInput } from "./stack";

const ND_FIRST: u32 = 133;
const ND_LAST: u32 = 137;
const NO_ROUTE: u32 = 0;

export { discoveryStart as outsideStart } from "./ethernet/discovery";

export function outsideReset(): void {
  discoveryReset();
  probeReset();
  firewallReset();
}

export function outsideTick(now: i64): void {
  discoveryTick(now);
  neighboursTick(now);
  probeTick(discoveryReady(), now);
}

export function outsideDeadline(): i64 { return min<i64>(min<i64>(discoveryDeadline(), neighboursDeadline()), probeDeadline()); }

/** Takes an event of Ethernet. */
export function outsideInput(event: usize, now: i64): void {
  let packet = received(event + EVENT_HEAD, load<u16>(event, EVENT_SIZE));
  if (!packet) return;
  let ip = changetype<Ipv6>(packet.at);
  if (isForUs(ip.target)) ours(packet, now);
  else if (!networkHas(ip.target) || !ethernetHas(ip.source)) routeDrop(packet, Drop.Foreign);
  else if (ip.hops > 1 && !firewallIn(packet, now)) routeDrop(packet, Drop.Refused);
  else if (isTooBig(packet)) arriveError(packet, ICMP_TOO_BIG, 0, PACKET_MTU, now);
  else routeForward(packet, now);
}

/** A packet of the network for another one.  It is gone. */
export function outsideSend(packet: Packet, now: i64): void {
  let ip = changetype<Ipv6>(packet.at);
  let isMember = packet.secured && networkHas(ip.source) && !ownIs(ip.source);
  if (!isMember || !discoveryReady()) return routeDrop(packet, Drop.Foreign);
  if (!ethernetHas(ip.target)) return arriveError(packet, ICMP_UNREACHABLE, NO_ROUTE, 0, now);
  if (!firewallOut(packet, now)) return routeDrop(packet, Drop.Refused);
  ethernetSend(packet, now);
}

/** The packet of a frame for us, or for a group; null when it is none, or may not have come from outside.  One that is too big is cut. */
function received(at: usize, size: u32): Packet {
  let frame = changetype<Ethernet>(at);
  let have = ethernetParse(at, size);
  if (have < 0) return none(Drop.Malformed);
  if (frame.target != ethernetOwn() && !ethernetIsGroup(frame.target)) return none(Drop.Foreign);
  let whole = ipv6Parse(frame.content, <u32>have);
  if (whole < 0) return none(Drop.Malformed);
  if (!isAllowed(changetype<Ipv6>(frame.content))) return none(Drop.Refused);
  let kept = min<u32>(<u32>whole, PACKET_MTU);
  // What is for us is done with at once; what waits for the radio leaves it room.
  let hasRoom = isForUs(changetype<Ipv6>(frame.content).target) || packetsOf(LINK_ETHERNET) < OUTSIDE_MAX;
  let packet = hasRoom ? packetTake(kept) : changetype<Packet>(0);
  if (!packet) return none(Drop.NoBuffer);
  memory.copy(packet.at, frame.content, kept);
  packet.size = kept;
  packet.link = <u8>LINK_ETHERNET;
  packet.fromMode = <u8>MAC_EXTENDED;
  packet.from = frame.source;
  packet.toAll = u8(ethernetIsGroup(frame.target));
  return packet;
}

function none(reason: u32): Packet {
  dropped(Layer.Link, reason);
  return changetype<Packet>(0);
}

/** By its source: nobody and the link's addresses for the link only, else our prefix there, and never ourselves. */
function isAllowed(ip: Ipv6): bool {
  let source = ip.source;
  let target = ip.target;
  let isGroup = addressIsMulticast(target);
  let isNear = isGroup ? addressScope(target) <= SCOPE_LINK : addressIsLinkLocal(target);
  // Before our addresses are ours, whoever has one of them may say so in its name.
  if (!discoveryReady()) return isNear && ip.next == NEXT_ICMP && isNeighbours(load<u8>(ip.payload));
  if (ownIs(source)) return false;
  if (addressIsUnspecified(source)) return isGroup && isNear;
  return addressIsLinkLocal(source) ? isNear || isGroup : ethernetHas(source);
}

function isNeighbours(type: u32): bool { return type >= ND_FIRST && type <= ND_LAST; }

/** Our addresses but the radio's link-local one, the groups of all nodes, and those of our addresses. */
function isForUs(target: usize): bool {
  if (addressIsMulticast(target)) return ownGroup(target) || addressEqual(solicitedGroup(ownAddress(OWN_ETHERNET_LINK)), target);
  return ownIs(target) && !addressEqual(target, ownAddress(OWN_LINK));
}

function isTooBig(packet: Packet): bool { return be16(packet.at + 4) > PACKET_MTU - IPV6_HEADER_SIZE; }

function ours(packet: Packet, now: i64): void {
  if (isTooBig(packet)) return arriveError(packet, ICMP_TOO_BIG, 0, PACKET_MTU, now);
  let isFar = ethernetHas(changetype<Ipv6>(packet.at).source);
  if (ipv6Input(packet, true) != Ipv6Heard.ForUs) {
    // No tunnel from outside ends here, and no source route goes on.
    arriveError(packet, isFar ? ipv6Heard.fault >>> 8 : 0, ipv6Heard.fault & 0xff, ipv6Heard.pointer, now);
    return;
  }
  if (ipv6Heard.next == NEXT_TCP && !isFar) return routeDrop(packet, Drop.Refused); // what it answers would not find the link
  switch (commonInput(packet, now)) {
    case Carried.Nothing: return;
    case Carried.Control: {
      if (isNeighbours(carried.type)) discoveryInput(packet, carried.at, carried.size, now);
      break;
    }
    default: names(packet, now);
  }
  packetFree(packet);
}

/** Who has which services, and who has our name. */
function names(packet: Packet, now: i64): void {
  if (carried.targetPort != DNS_PORT) return dropped(Layer.Transport, Drop.Foreign);
  let heard = dnsInput(packet, carried.at, carried.size, carried.sourcePort);
  if (heard == DnsHeard.None) return;
  if (carried.sourcePort == DNS_PORT) probeInput(carried.at, now);
  if (heard == DnsHeard.Question && probeDone()) responderInput(packet, carried.at, carried.sourcePort, now);
}

if (OUTSIDE_MAX + ETHERNET_ASKED_MAX >= PACKETS_LARGE_MAX) ERROR("the outside would keep every packet");
