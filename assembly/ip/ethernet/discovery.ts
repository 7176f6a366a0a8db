// What we say of ourselves on Ethernet, and what we hear: RFC 4861, RFC 4862 section 5.4, RFC 4191.
//
//   Resting --> Testing (a solicitation for each address of ours) --1 s--> Ready: advertisements   --the board has no Ethernet--> Resting
//                  \ somebody has one: Resting for a minute
//
// We are the way to the network's prefix and to nothing else: the router lifetime is 0.  Hosts make an address of a prefix of ours, so that
// they have one that the network can answer to.
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { NEVER } from "../../core/timers";
import { ADDRESS_SIZE, GROUP_NODES, SCOPE_LINK, addressIsUnspecified, addressMulticast } from "../address";
import { controlBegin, controlFill, controlMessage } from "../control";
import { HOPS_MAX, Ipv6 } from "../ipv6/header";
import {
  ND_ADVERTISEMENT_SIZE, ND_NEIGHBOUR_ADVERTISEMENT, ND_NEIGHBOUR_SIZE, ND_NEIGHBOUR_SOLICITATION, ND_OVERRIDE, ND_ROUTER,
  ND_ROUTER_SOLICITATION, ND_SOLICITED, NdMessage, ndAdvertisementEmit, ndNeighbourEmit,
} from "../nd/message";
import { ndMessage } from "../nd/neighbour";
import { networkPrefix, PREFIX_BITS } from "../nd/network";
import {
  ND_AUTONOMOUS, ND_ETHERNET_SIZE, ND_ON_LINK, ND_PREFIX_SIZE, ND_ROUTE_SIZE, ND_SOURCE_LINK, ND_TARGET_LINK, ndEthernetEmit, ndOption,
  ndPrefixEmit, ndRouteEmit,
} from "../nd/option";
import { OWN_ETHERNET_GLOBAL, OWN_ETHERNET_LINK, OwnState, ownAddress } from "../own";
import { Packet } from "../packet";
import { randomBelow } from "../random";
import { ethernetAddress, ethernetGroup } from "./frame";
import { ethernetAbsent, ethernetBegin, ethernetFrame, ethernetMark, ethernetOwn, ethernetPrefix } from "./medium";
import { neighbourAnswered, neighboursForget, solicit, solicitedGroup } from "./neighbours";

enum Step { Resting = 0, Testing, Ready }

const TEST_MS: i64 = 1_000;
const REST_MS: i64 = 60_000;
/** Prefix and route, and how often they are told: RFC 4861 section 6.2.1. */
const LIFETIME_S: u32 = 1_800;
const PERIOD_MS: i64 = 300_000;
const JITTER_MS: u32 = 150_000;
const INITIAL: u32 = 3;
const INITIAL_MS: i64 = 16_000;
/** MAX_RA_DELAY_TIME and MIN_DELAY_BETWEEN_RAS. */
const ANSWER_MS: u32 = 500;
const BETWEEN_MS: i64 = 3_000;

@unmanaged @final
class Discovery {
  due: i64;
  toldAt: i64;
  step: i32;
  left: u32;
}
const discovery = changetype<Discovery>(memory.data(offsetof<Discovery>(), 8));
const nobody = memory.data(ADDRESS_SIZE, 8);
const everyone = memory.data(ADDRESS_SIZE, 8);

export function discoveryReset(): void {
  neighboursForget();
  ethernetMark(OwnState.Free);
  discovery.step = Step.Resting;
  discovery.due = NEVER;
}

/** The network has its prefix. */
export function discoveryStart(now: i64): void { rest(now + randomBelow(<u32>TEST_MS)); }

/** Whether the addresses are ours, and packets may be exchanged. */
export function discoveryReady(): bool { return discovery.step == Step.Ready; }
export function discoveryDeadline(): i64 { return discovery.due; }

export function discoveryTick(now: i64): void {
  if (discovery.due > now) return;
  switch (discovery.step) {
    case Step.Resting: { test(now); break; }
    case Step.Testing: {
      ethernetMark(OwnState.Valid);
      discovery.step = Step.Ready;
      discovery.left = INITIAL;
      discovery.toldAt = now - BETWEEN_MS;
      tell(now);
      break;
    }
    default: tell(now);
  }
}

/** An ICMPv6 message of types 133 to 137 that came in a frame of `from`, its checksum right. */
export function discoveryInput(packet: Packet, at: usize, size: u32, now: i64): void {
  let message = ndMessage(at, size);
  if (!message) return;
  let ip = changetype<Ipv6>(packet.at);
  if (ip.hops != HOPS_MAX) return dropped(Layer.Control, Drop.Foreign);
  switch (message.type) {
    case ND_ROUTER_SOLICITATION: {
      if (discovery.step != Step.Ready) return;
      discovery.due = min(discovery.due, max(discovery.toldAt + BETWEEN_MS, now + randomBelow(ANSWER_MS)));
      return;
    }
    case ND_NEIGHBOUR_SOLICITATION: return asked(message, packet, at + size, now);
    case ND_NEIGHBOUR_ADVERTISEMENT: {
      if (isOurs(message.target)) taken(now);
      else neighbourAnswered(message, at + size, now);
      return;
    }
    default: // other routers, and what is the network's
  }
}

function rest(until: i64): void {
  discovery.step = Step.Resting;
  discovery.due = until;
}

/** Whether anybody has our addresses. */
function test(now: i64): void {
  ethernetBegin(networkPrefix());
  discovery.step = Step.Testing;
  discovery.due = now + TEST_MS;
  for (let slot = OWN_ETHERNET_LINK; slot <= OWN_ETHERNET_GLOBAL; slot++) {
    let to = solicitedGroup(ownAddress(slot));
    solicit(ownAddress(slot), nobody, to, ethernetGroup(to), true);
  }
  if (ethernetAbsent()) discoveryReset();
}

/** Somebody has our address, or wants it as well: it is left to them while it is not ours yet. */
function taken(now: i64): void {
  dropped(Layer.Control, Drop.Duplicate);
  if (discovery.step != Step.Testing) return;
  ethernetMark(OwnState.Free);
  rest(now + REST_MS);
}

function isOurs(address: usize): bool {
  return load<u64>(address, 8) == load<u64>(ownAddress(OWN_ETHERNET_LINK), 8)
    && (load<u64>(address) == load<u64>(ownAddress(OWN_ETHERNET_LINK)) || load<u64>(address) == load<u64>(ethernetPrefix()));
}

/** A neighbour solicitation: of who wants our address, or of who wants to send to it. */
function asked(message: NdMessage, packet: Packet, end: usize, now: i64): void {
  if (!isOurs(message.target)) return;
  let ip = changetype<Ipv6>(packet.at);
  let option = ndOption(ND_SOURCE_LINK, message.options, end);
  let isTest = addressIsUnspecified(ip.source);
  if (isTest && option) return dropped(Layer.Control, Drop.Malformed); // RFC 4861 section 7.1.1
  if (discovery.step != Step.Ready) {
    if (isTest && packet.from != ethernetOwn()) taken(now);
    return;
  }
  let answer = controlBegin(ND_NEIGHBOUR_SIZE + ND_ETHERNET_SIZE);
  if (!answer) return;
  let flags = isTest ? ND_ROUTER | ND_OVERRIDE : ND_ROUTER | ND_SOLICITED | ND_OVERRIDE;
  let to = isTest ? toEveryone() : ip.source;
  let at = controlMessage(answer);
  let size = ndNeighbourEmit(at, ND_NEIGHBOUR_ADVERTISEMENT, flags, message.target);
  size += ndEthernetEmit(at + size, ND_TARGET_LINK, ethernetOwn());
  controlFill(answer, size, message.target, to, HOPS_MAX);
  let mac = option ? ethernetAddress(option + 2) : packet.from;
  ethernetFrame(answer, isTest ? ethernetGroup(to) : mac);
}

/** A router advertisement to everyone. */
function tell(now: i64): void {
  discovery.toldAt = now;
  if (discovery.left > 0) discovery.left--;
  discovery.due = now + (discovery.left > 0 ? INITIAL_MS : PERIOD_MS + randomBelow(JITTER_MS));
  let packet = controlBegin(ND_ADVERTISEMENT_SIZE + ND_PREFIX_SIZE + ND_ROUTE_SIZE + ND_ETHERNET_SIZE);
  if (!packet) return;
  let at = controlMessage(packet);
  let size = ndAdvertisementEmit(at, 0, 0);
  size += ndPrefixEmit(at + size, PREFIX_BITS, ND_ON_LINK | ND_AUTONOMOUS, LIFETIME_S, LIFETIME_S, ethernetPrefix());
  size += ndRouteEmit(at + size, LIFETIME_S, networkPrefix());
  size += ndEthernetEmit(at + size, ND_SOURCE_LINK, ethernetOwn());
  let to = toEveryone();
  controlFill(packet, size, ownAddress(OWN_ETHERNET_LINK), to, HOPS_MAX);
  ethernetFrame(packet, ethernetGroup(to));
}

function toEveryone(): usize {
  addressMulticast(everyone, SCOPE_LINK, GROUP_NODES);
  return everyone;
}
