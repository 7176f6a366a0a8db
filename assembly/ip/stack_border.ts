// The stack of the border router, bottom to top: it forms the network, admits who proves who it is, and knows the way to everyone.
//
//   event -> radioInput -> routeInput -> nd | rpl | mle | pana | tcp
//                             \-> not the network's -> stack_ethernet
import { Err } from "../core/err";
import { Drop, EVENT_KIND, EventKind, Layer, Record, entropy, storeRead, storeWrite } from "../core/host";
import { dropped } from "../core/drops";
import { MAC_CHANNELS } from "../mac/scan";
import { NO_SHORT } from "./address";
import { RouteHeard } from "./arrive";
import { DnsHeard, dnsInput } from "./dns/dns";
import { DNS_PORT } from "./dns/message";
import { responderDeadline, responderInput, responderReset, responderTick } from "./dns/responder";
import { outsideDeadline, outsideInput, outsideReset, outsideSend, outsideStart, outsideTick } from "./stack_ethernet";
import { ICMP_UNREACHABLE } from "./icmp/message";
import { Ipv6 } from "./ipv6/header";
import { BEACON_HOSTS, BEACON_JOIN, BEACON_ROUTERS } from "./link/beacon";
import { LinkHeard, linkHeard, radioDeadline, radioInput, radioOpen, radioScan, radioServe, radioTick } from "./link/radio";
import { MLE_PORT } from "./mle/message";
import { mleDeadline, mleInput, mleReset, mleTick } from "./mle/mle";
import { mleServe } from "./mle/requests";
import { ndDeadline, ndForm, ndInput, ndReset, ndTick } from "./nd/border";
import { MODE_AWAKE, MODE_ROUTER } from "./neighbours";
import { Packet, packetFree } from "./packet";
import { AgentHeard, agentAdmit, agentDeadline, agentInput, agentReset, agentTick } from "./pana/agent";
import { PANA_PORT } from "./pana/message";
import { routeBroken, routeDeadline, routeInput, routeReset, routeTick, routeUnsent } from "./route_border";
import { rplDeadline, rplForm, rplInput, rplReset, rplTick } from "./rpl/root";
import {
  Carried, RPL_CONTROL, StackHeard, carried, commonDeadline, commonInput, commonReject, commonReset, commonTick, isDiscovery,
} from "./stack";

export { StackHeard } from "./stack";
export { agentHeard } from "./pana/agent";
export { agentRemove as stackRemove } from "./pana/agent";
export { agentRotate as stackRotate } from "./pana/members";

/** The code of an error that says that a source route has broken: RFC 6550 section 20.15. */
const ROUTE_BROKEN: u32 = 7;
const PAN_BESIDE: u32 = 0x4000;

/** What the network is, for good: | prefix 16 | network identifier 16 | channel 1 | PAN 2 | epoch 4 |. */
@unmanaged @final
class Network {
  prefix0: u64;
  prefix1: u64;
  id0: u64;
  id1: u64;
  epoch: u32;
  panId: u16;
  channel: u8;
}
const network = changetype<Network>(memory.data(offsetof<Network>(), 8));
const SIZE: u32 = offsetof<Network>();
/** A beacon of somebody else's network, a bit a channel. */
let heardOn: u32 = 0;
let scanning: bool = false;

/** All layers as new, with the radio off; `stackStart` or `stackBeside` follows. */
export function stackReset(now: i64): void {
  commonReset(now);
  ndReset();
  rplReset();
  routeReset();
  outsideReset();
  responderReset();
  mleReset(MODE_ROUTER | MODE_AWAKE, 0);
  let answer = agentReset(now);
  assert(answer == Err.Ok);
  if (storeRead(Record.IpNetwork, changetype<usize>(network), SIZE) != SIZE) network.channel = 0;
  heardOn = 0;
  scanning = false;
}

/** Alone on its radio: starts the network that there was, and answers true, or looks for a channel for a new one. */
export function stackStart(now: i64): bool {
  scanning = network.channel == 0;
  if (scanning) radioScan(MAC_CHANNELS, now);
  else open(now);
  return !scanning;
}

/**
 * Beside a network of ZigBee on the same radio: the network that there was, or a new one, on the channel of the other.  PAN identifiers of
 * ZigBee end below `PAN_BESIDE` (05-3474 section 3.6.1.1), so that they differ whatever either one is or comes to be.
 */
export function stackBeside(channel: u32, now: i64): void {
  if (network.channel == 0) create();
  network.channel = <u8>channel;
  network.panId |= <u16>PAN_BESIDE;
  if (network.panId == 0xffff) network.panId = <u16>PAN_BESIDE;
  open(now);
}

/** Takes an event of the radio, or of Ethernet. */
export function stackInput(event: usize, now: i64): i32 {
  if (load<u8>(event, EVENT_KIND) != EventKind.LinkReceived) return fromLink(radioInput(event, now), now);
  outsideInput(event, now);
  return StackHeard.None;
}

/** Does what is due. */
export function stackTick(now: i64): i32 {
  mleTick(now);
  agentTick(now);
  ndTick(now);
  rplTick(now);
  commonTick(now);
  outsideTick(now);
  responderTick(now);
  routeTick(now);
  return radioDeadline() <= now ? fromLink(radioTick(now), now) : <i32>StackHeard.None;
}

export function stackDeadline(): i64 {
  let control = min<i64>(min<i64>(mleDeadline(), agentDeadline()), min<i64>(ndDeadline(), rplDeadline()));
  let others = min<i64>(min<i64>(commonDeadline(), outsideDeadline()), responderDeadline());
  return min<i64>(min<i64>(control, others), min<i64>(routeDeadline(), radioDeadline()));
}

/** After `Asks`. */
export function stackAdmit(allowed: bool, now: i64): void { agentAdmit(allowed, now); }

export function stackChannel(): u32 { return network.channel; }
export function stackPan(): u32 { return network.panId; }

function fromLink(heard: i32, now: i64): i32 {
  switch (heard) {
    case LinkHeard.Packet: return arrived(linkHeard.packet, now);
    case LinkHeard.Beacon: { heardOn |= 1 << linkHeard.channel; return StackHeard.None; }
    case LinkHeard.ScanDone: return scanning ? form(now) : <i32>StackHeard.None;
    case LinkHeard.Sent: {
      if (linkHeard.packet) routeUnsent(linkHeard.packet, now);
      return StackHeard.None;
    }
    case LinkHeard.Unlinked: { commonReject(now); return StackHeard.None; }
    default: return StackHeard.None;
  }
}

function arrived(packet: Packet, now: i64): i32 {
  let way = routeInput(packet, now);
  if (way == RouteHeard.Forward) outsideSend(packet, now);
  if (way != RouteHeard.Ours) return StackHeard.None;
  let source = changetype<Ipv6>(packet.at).source;
  let heard: i32 = StackHeard.None;
  switch (commonInput(packet, now)) {
    case Carried.Nothing: return StackHeard.None;
    case Carried.Control: {
      if (!packet.secured) dropped(Layer.Control, Drop.Unsecured);
      else if (carried.type == RPL_CONTROL) rplInput(packet, carried.at, carried.size, now);
      else if (isDiscovery(carried.type)) ndInput(packet, carried.at, carried.size, now);
      else if (carried.type == ICMP_UNREACHABLE && load<u8>(carried.at, 1) == ROUTE_BROKEN)
        routeBroken(source, carried.at + 8, carried.size - 8, now);
      break;
    }
    default: {
      if (carried.targetPort == MLE_PORT) mleInput(carried.at, carried.size, source, changetype<Ipv6>(packet.at).hops, packet.lqi, now);
      else if (carried.targetPort == PANA_PORT)
        heard = fromAgent(agentInput(carried.at, carried.size, source, carried.sourcePort, packet.secured != 0, now));
      else if (carried.targetPort == DNS_PORT && dnsInput(packet, carried.at, carried.size, carried.sourcePort) == DnsHeard.Question)
        responderInput(packet, carried.at, carried.sourcePort, now);
    }
  }
  packetFree(packet);
  return heard;
}

function fromAgent(heard: i32): i32 {
  switch (heard) {
    case AgentHeard.Asks: return StackHeard.Asks;
    case AgentHeard.Joined: return StackHeard.DeviceJoined;
    case AgentHeard.Left: return StackHeard.DeviceLeft;
    default: return StackHeard.None;
  }
}

/** A number that nobody has. */
function create(): void {
  let at = changetype<usize>(network);
  entropy(at, SIZE);
  store<u8>(at, 0xfd); // a unique local prefix, RFC 4193
  network.prefix1 = 0;
  network.panId = network.panId == 0xffff ? 1 : network.panId;
  network.epoch = 0;
}

/** A new network on a channel where no other was heard. */
function form(now: i64): i32 {
  scanning = false;
  create();
  let channels = MAC_CHANNELS & ~heardOn;
  if (!channels) channels = MAC_CHANNELS;
  for (let choice = <u32>network.channel % popcnt(channels); choice > 0; choice--) channels &= channels - 1;
  network.channel = <u8>ctz(channels);
  open(now);
  return StackHeard.Formed;
}

/** The network is on the air.  Its epoch rises with each start, so that members know that our memory is new. */
function open(now: i64): void {
  network.epoch++;
  storeWrite(Record.IpNetwork, changetype<usize>(network), SIZE);
  radioOpen(network.channel, network.panId, NO_SHORT, true);
  radioServe(changetype<usize>(network) + offsetof<Network>("id0"), BEACON_JOIN | BEACON_ROUTERS | BEACON_HOSTS, true);
  ndForm(changetype<usize>(network), network.epoch, now);
  rplForm(network.epoch, now);
  outsideStart(now);
  mleServe(now);
}
