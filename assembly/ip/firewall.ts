// What may pass between the network and the outside: RFC 6092 and RFC 4890 for a home of small devices.
//
//   from inside     TCP, UDP, echo, errors: passes, and what it began may be answered
//   from outside    answers to that | what was opened, a port of a device | errors about either | echo to a device with something opened
//   all else        nothing
//
// A packet with extension headers passes neither way: inside they are the network's own, outside nobody needs them.
import { be16 } from "../core/bytes";
import { Record, storeRead, storeWrite } from "../core/host";
import { addressEqual } from "./address";
import { ICMP_ECHO_REPLY, ICMP_ECHO_REQUEST, ICMP_PARAMETER_PROBLEM, ICMP_UNREACHABLE } from "./icmp/message";
import { IPV6_HEADER_SIZE, Ipv6, NEXT_ICMP, NEXT_TCP, NEXT_UDP } from "./ipv6/header";
import { FLOWS_MAX, FLOWS_OF_ONE_MAX, OPENED_MAX } from "./limits";
import { Packet } from "./packet";
import { TCP_FIN, TCP_RST, TCP_SYN } from "./tcp/segment";

/** RFC 6092: REC-14, REC-36, REC-35; of a connection that ends, and of an echo. */
const DATAGRAMS_MS: i64 = 120_000;
const OPENING_MS: i64 = 240_000;
const CONNECTION_MS: i64 = 7_440_000;
const ENDING_MS: i64 = 60_000;
const IDENTIFIER: usize = 8;
/** Ports and flags of TCP; what others begin with. */
const TCP_HEAD: u32 = 14;
const HEAD: u32 = 8;

/** A conversation: of a device, by its identifier, with an address outside. */
@unmanaged @final
class Flow {
  inside: u64;
  outside: u64;
  outsidePrefix: u64;
  until: i64;
  insidePort: u16;
  outsidePort: u16;
  protocol: u8;
  /** An answer came. */
  isAnswered: u8;
}
const FLOW: u32 = (offsetof<Flow>() + 7) & ~7;
const flows = memory.data(FLOWS_MAX * FLOW, 8);

@unmanaged @final
class Opened {
  device: u64;
  port: u16;
}
const OPENED: u32 = 10;
const opened = memory.data(OPENED_MAX * OPENED, 8);

/** What the packet says that is looked at. */
@unmanaged @final
class Looked {
  protocol: u32;
  sourcePort: u32;
  targetPort: u32;
  /** TCP's flags, ICMP's type. */
  what: u32;
}
const looked = changetype<Looked>(memory.data(offsetof<Looked>(), 4));

/** No conversation is under way; what was opened is so for good. */
export function firewallReset(): void {
  memory.fill(flows, 0, FLOWS_MAX * FLOW);
  memory.fill(opened, 0, OPENED_MAX * OPENED);
  storeRead(Record.IpOpened, opened, OPENED_MAX * OPENED);
}

/** Opens a port of the device with an EUI-64, or closes it; false when there is no room. */
export function firewallOpen(device: u64, port: u32, isOpen: bool): bool {
  if (!device || !port) return false;
  let row = openedOf(device, port);
  if (isOpen && !row) row = openedOf(0, 0);
  if (!row) return !isOpen;
  store<u64>(row, isOpen ? device : 0);
  store<u16>(row, isOpen ? port : 0, offsetof<Opened>("port"));
  storeWrite(Record.IpOpened, opened, OPENED_MAX * OPENED);
  return true;
}

/** Whether a packet of the outside for a device of the network may pass. */
export function firewallIn(packet: Packet, now: i64): bool {
  let ip = changetype<Ipv6>(packet.at);
  if (!look(packet.at, packet.at + packet.size)) return false;
  let device = load<u64>(ip.target, IDENTIFIER);
  if (looked.protocol == NEXT_ICMP && looked.what != ICMP_ECHO_REPLY) {
    if (looked.what == ICMP_ECHO_REQUEST) return isOpened(device, 0);
    return looked.what <= ICMP_PARAMETER_PROBLEM && isAbout(packet, device, now);
  }
  let flow = flowOf(device, ip.source, looked.targetPort, looked.sourcePort, now);
  if (!flow) return looked.protocol != NEXT_ICMP && isOpened(device, looked.targetPort);
  flow.isAnswered = 1;
  renew(flow, now);
  return true;
}

/** Whether a packet of a device of the network may leave it; what it begins is remembered. */
export function firewallOut(packet: Packet, now: i64): bool {
  let ip = changetype<Ipv6>(packet.at);
  if (!look(packet.at, packet.at + packet.size)) return false;
  if (looked.protocol == NEXT_ICMP) {
    if (looked.what >= ICMP_UNREACHABLE && looked.what <= ICMP_PARAMETER_PROBLEM) return true;
    if (looked.what != ICMP_ECHO_REQUEST) return looked.what == ICMP_ECHO_REPLY;
  }
  let device = load<u64>(ip.source, IDENTIFIER);
  if (looked.protocol != NEXT_ICMP && isOpened(device, looked.sourcePort)) return true;
  let flow = flowOf(device, ip.target, looked.sourcePort, looked.targetPort, now);
  if (!flow) flow = begin(device, ip.target, now);
  renew(flow, now);
  return true;
}

/** Reads what decides; false for what never passes. */
function look(at: usize, end: usize): bool {
  if (at + IPV6_HEADER_SIZE + HEAD > end) return false;
  let upper = at + IPV6_HEADER_SIZE;
  looked.protocol = changetype<Ipv6>(at).next;
  looked.sourcePort = be16(upper);
  looked.targetPort = be16(upper + 2);
  switch (looked.protocol) {
    case NEXT_TCP: {
      looked.what = upper + TCP_HEAD <= end ? <u32>load<u8>(upper, TCP_HEAD - 1) : 0;
      break;
    }
    case NEXT_UDP: break;
    case NEXT_ICMP: {
      looked.what = load<u8>(upper);
      looked.sourcePort = looked.targetPort = be16(upper + 4); // of an echo: its identifier
      return looked.what != 0;
    }
    default: return false;
  }
  return looked.sourcePort != 0 && looked.targetPort != 0;
}

/** Whether an error is about a packet that its target sent in a conversation of its own, or from what was opened. */
function isAbout(packet: Packet, device: u64, now: i64): bool {
  let at = packet.at + IPV6_HEADER_SIZE + HEAD;
  if (!look(at, packet.at + packet.size)) return false;
  let about = changetype<Ipv6>(at);
  if (!addressEqual(about.source, changetype<Ipv6>(packet.at).target)) return false;
  if (looked.protocol == NEXT_ICMP) {
    if (looked.what == ICMP_ECHO_REPLY) return isOpened(device, 0);
    if (looked.what != ICMP_ECHO_REQUEST) return false;
  } else if (isOpened(device, looked.sourcePort)) return true;
  return flowOf(device, about.target, looked.sourcePort, looked.targetPort, now) != null;
}

function flowOf(device: u64, outside: usize, devicePort: u32, outsidePort: u32, now: i64): Flow {
  for (let index: u32 = 0; index < FLOWS_MAX; index++) {
    let flow = flowAt(index);
    if (flow.until > now && flow.inside == device && flow.outside == load<u64>(outside, IDENTIFIER)
      && flow.outsidePrefix == load<u64>(outside) && flow.protocol == looked.protocol
      && flow.insidePort == devicePort && flow.outsidePort == outsidePort) return flow;
  }
  return changetype<Flow>(0);
}

/** A row for what a device begins: of those that would end first, one of its own where it has many. */
function begin(device: u64, outside: usize, now: i64): Flow {
  let first = flowAt(0);
  let own = changetype<Flow>(0);
  let count: u32 = 0;
  for (let index: u32 = 0; index < FLOWS_MAX; index++) {
    let flow = flowAt(index);
    if (flow.until < first.until) first = flow;
    if (flow.inside != device || flow.until <= now) continue;
    count++;
    if (!own || flow.until < own.until) own = flow;
  }
  let flow = count < FLOWS_OF_ONE_MAX ? first : own;
  flow.inside = device;
  flow.outside = load<u64>(outside, IDENTIFIER);
  flow.outsidePrefix = load<u64>(outside);
  flow.protocol = <u8>looked.protocol;
  flow.insidePort = <u16>looked.sourcePort;
  flow.outsidePort = <u16>looked.targetPort;
  flow.isAnswered = 0;
  return flow;
}

function renew(flow: Flow, now: i64): void {
  let period = DATAGRAMS_MS;
  if (looked.protocol == NEXT_TCP) {
    let isEnding = (looked.what & (TCP_FIN | TCP_RST)) != 0;
    period = isEnding ? ENDING_MS : flow.isAnswered && !(looked.what & TCP_SYN) ? CONNECTION_MS : OPENING_MS;
  }
  flow.until = now + period;
}

/** Whether a port of a device is open; 0: any. */
function isOpened(device: u64, port: u32): bool {
  let extended = bswap<u64>(device) ^ 0x0200_0000_0000_0000;
  if (port) return openedOf(extended, port) != 0;
  for (let index: u32 = 0; index < OPENED_MAX; index++) {
    if (load<u64>(opened + index * OPENED) == extended) return true;
  }
  return false;
}

function openedOf(device: u64, port: u32): usize {
  for (let index: u32 = 0; index < OPENED_MAX; index++) {
    let row = opened + index * OPENED;
    if (load<u64>(row) == device && load<u16>(row, offsetof<Opened>("port")) == port) return row;
  }
  return 0;
}

function flowAt(index: u32): Flow { return changetype<Flow>(flows + index * FLOW); }
