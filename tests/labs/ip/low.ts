// The lower layers of the IP stack, from the radio to UDP and ICMP, with a door for each.  Not shipped.
import { Err } from "../../../assembly/core/err";
import { ABI_VERSION, Layer, log, next } from "../../../assembly/core/host";
import { dropsOf } from "../../../assembly/core/drops";
import { icmpError, icmpInput, icmpReset } from "../../../assembly/ip/icmp/icmp";
import { Icmp, icmpEmit, icmpParse } from "../../../assembly/ip/icmp/message";
import { ipv6Heard, ipv6Input } from "../../../assembly/ip/ipv6/receive";
import { Ipv6, ipv6Emit, ipv6Parse } from "../../../assembly/ip/ipv6/header";
import { keysReset } from "../../../assembly/ip/keys";
import { IpBeacon, ipBeaconEmit, ipBeaconParse } from "../../../assembly/ip/link/beacon";
import {
  LinkHeard, linkHeard, radioDeadline, radioForget, radioInput, radioPoll, radioReset, radioScan, radioSend, radioServe, radioTick,
} from "../../../assembly/ip/link/radio";
import { sendBusy } from "../../../assembly/ip/link/send";
import { lowpanCompress, lowpanTaken } from "../../../assembly/ip/lowpan/compress";
import { contextRemove, contextSet, contextsReset } from "../../../assembly/ip/lowpan/contexts";
import { lowpanDecompress } from "../../../assembly/ip/lowpan/decompress";
import { Fragment, fragmentEmit, fragmentParse } from "../../../assembly/ip/lowpan/fragment";
import { identifierOf } from "../../../assembly/ip/lowpan/source";
import { neighbourFind, neighbourName, neighbourTake, neighboursReset } from "../../../assembly/ip/neighbours";
import { Packet, packetFree, packetTake } from "../../../assembly/ip/packet";
import { Udp, udpEmit, udpParse } from "../../../assembly/ip/udp/header";

export { keysInstall, keysNext, keysIndex } from "../../../assembly/ip/keys";
export { radioName, radioOpen } from "../../../assembly/ip/link/radio";

const EVENT_CAPACITY: u32 = 16 + 128;
const event = memory.data(16 + 128, 8);
const buffer = memory.data(4096, 8);
const note = memory.data(1500, 8);
const TURNS_MAX: u32 = 32;

export function abi(): u32 { return ABI_VERSION; }
export function bufferAt(): usize { return buffer; }
export function dropsAt(): usize { return dropsOf(Layer.Link); }

export function start(now: i64, reason: u32): void {
  radioReset();
  neighboursReset();
  contextsReset();
  keysReset();
  icmpReset(now);
}

export function poll(now: i64): i64 {
  while (next(event, EVENT_CAPACITY) > 0) tell(radioInput(event, now));
  for (let turns: u32 = 0; turns < TURNS_MAX && radioDeadline() <= now; turns++) tell(radioTick(now));
  return radioDeadline();
}

/** Log code 100 + kind: other side 8, mode, secured, to all, lqi, status, pending, size 2; what was heard from octet 16 on. */
function tell(kind: i32): void {
  if (kind == LinkHeard.None) return;
  let packet = kind == LinkHeard.Packet || kind == LinkHeard.Sent ? linkHeard.packet : changetype<Packet>(0);
  let size: u32 = packet ? packet.size : kind == LinkHeard.Beacon ? linkHeard.size : 0;
  memory.fill(note, 0, 16);
  store<u64>(note, linkHeard.from);
  store<u8>(note, linkHeard.fromMode, 8);
  if (packet) store<u16>(note, packet.secured | (packet.toAll << 8), 9);
  store<u8>(note, linkHeard.lqi, 11);
  store<i8>(note, <i8>linkHeard.status, 12);
  store<u8>(note, linkHeard.pending, 13);
  store<u16>(note, linkHeard.panId, 14);
  memory.copy(note + 16, packet ? packet.at : linkHeard.payload, size);
  log(100 + kind, note, 16 + size);
  if (packet) packetFree(packet);
}

/** A neighbour as MLE would have made it. */
export function neighbour(extended: u64, short: u32, state: u32, mode: u32, flags: u32): void {
  let row = neighbourTake(extended);
  neighbourName(row, short);
  row.state = <u8>state;
  row.mode = <u8>mode;
  row.flags = <u8>flags;
}
export function counterOf(extended: u64): u32 { return neighbourFind(extended).macCounter; }
export function etxOf(extended: u64): u32 { return neighbourFind(extended).etx; }
export function forget(extended: u64): void { radioForget(neighbourFind(extended)); }
export function context(id: u32, bits: u32, isUsed: bool): bool { return contextSet(id, buffer, bits, isUsed); }
export function contextGone(id: u32): void { contextRemove(id); }
export function scan(channels: u32, now: i64): void { radioScan(channels, now); }
export function serve(flags: u32, isCoordinator: bool): void { radioServe(buffer + 2048, flags, isCoordinator); }
export function ask(extended: u64): void { radioPoll(neighbourFind(extended)); }
export function busy(): bool { return sendBusy(); }
export function deadline(): i64 { return radioDeadline(); }

/** Sends the packet in the buffer. */
export function send(size: u32, mode: u32, hop: u64, secured: bool, now: i64): i32 {
  let packet = packetTake(size);
  if (!packet) return Err.NoBuffer;
  memory.copy(packet.at, buffer, size);
  packet.size = size;
  packet.hopMode = <u8>mode;
  packet.hop = hop;
  packet.secured = u8(secured);
  let answer = radioSend(packet, now);
  if (answer < 0) packetFree(packet);
  return answer;
}

/** Compresses the packet in the buffer to its second half, headers and what follows them; the size of all. */
export function compress(size: u32, room: u32, sourceExtended: bool, source: u64, targetExtended: bool, target: u64): u32 {
  let headers = lowpanCompress(buffer, size, buffer + 2048, room, identifierOf(sourceExtended, source), identifierOf(targetExtended, target));
  let taken = lowpanTaken(buffer);
  memory.copy(buffer + 2048 + headers, buffer + taken, size - taken);
  return headers + size - taken;
}

/** Octets of headers that the last `compress` took, compressed. */
export function taken(): u32 { return lowpanTaken(buffer); }

/** Decompresses the octets of the buffer's second half to its first. */
export function decompress(have: u32, room: u32, whole: u32, sourceExtended: bool, source: u64, targetExtended: bool, target: u64): i32 {
  return lowpanDecompress(buffer + 2048, have, buffer, room, whole, identifierOf(sourceExtended, source), identifierOf(targetExtended, target));
}

/** Of the packet in the buffer: traffic class, flow label, size of the payload, next header, hop limit. */
export function field(index: u32): u32 {
  let ipv6 = changetype<Ipv6>(buffer);
  return index == 0 ? ipv6.traffic : index == 1 ? ipv6.flow : index == 2 ? ipv6.payloadSize : index == 3 ? ipv6.next : ipv6.hops;
}
/** Of what the last `deliver` found in there: ports and size of UDP, type and code of ICMP. */
export function upper(index: u32): u32 {
  let at = buffer + ipv6Heard.payload - last;
  let udp = changetype<Udp>(at);
  let icmp = changetype<Icmp>(at);
  return index == 0 ? udp.source : index == 1 ? udp.target : index == 2 ? udp.payloadSize + 8 : index == 3 ? icmp.type : icmp.code;
}

/** Looks at the packet in the buffer as one that came over the radio; answers Ipv6Heard, tunnels opened, and keeps what was heard. */
export function deliver(size: u32, isOurs: bool): i32 {
  let packet = packetTake(size);
  memory.copy(packet.at, buffer, size);
  packet.size = size;
  let heard = ipv6Input(packet, isOurs);
  last = packet.at;
  packetFree(packet);
  return heard;
}
let last: usize = 0;
/** Of the last: next, payload's offset and size, fault, pointer, offsets of options and routing header, -1 where there is none. */
export function heard(index: u32): i32 {
  switch (index) {
    case 0: return <i32>ipv6Heard.next;
    case 1: return offset(ipv6Heard.payload);
    case 2: return <i32>ipv6Heard.size;
    case 3: return <i32>ipv6Heard.fault;
    case 4: return <i32>ipv6Heard.pointer;
    case 5: return offset(ipv6Heard.rpl);
    case 6: return offset(ipv6Heard.mpl);
    default: return offset(ipv6Heard.routing);
  }
}
function offset(at: usize): i32 { return at ? <i32>(at - last) : -1; }

/** The answer to the ICMP message in the buffer, in its place: its size, 0 for none, -100 for another's message. */
export function echo(size: u32): i32 {
  let packet = packetTake(size);
  memory.copy(packet.at, buffer, size);
  packet.size = size;
  if (ipv6Input(packet, true) != 1) return released(packet, false);
  let answer = icmpInput(packet, buffer + 2048);
  if (answer == 2) {
    released(packet, false);
    return -100;
  }
  return released(packet, answer == 1);
}

/** The error about the packet in the buffer, in its place: its size, 0 for none. */
export function error(size: u32, secured: bool, toAll: bool, type: u32, code: u32, parameter: u32, now: i64): i32 {
  let packet = packetTake(size);
  memory.copy(packet.at, buffer, size);
  packet.size = size;
  packet.secured = u8(secured);
  packet.toAll = u8(toAll);
  return released(packet, icmpError(packet, type, code, parameter, buffer + 2048, now));
}

function released(packet: Packet, isAnswer: bool): i32 {
  if (isAnswer) memory.copy(buffer, packet.at, packet.size);
  packetFree(packet);
  return isAnswer ? <i32>packet.size : 0;
}

// Parsers and their counterparts for vectors and fuzzing.  UDP and ICMP have their addresses in front.

export function parse_lowpan_fragment(at: usize, size: u32): i32 { return fragmentParse(at, size); }
export function parse_ip_beacon(at: usize, size: u32): i32 { return ipBeaconParse(at, size); }
export function parse_ipv6(at: usize, size: u32): i32 { return ipv6Parse(at, size); }
export function parse_udp(at: usize, size: u32): i32 { return size < 32 ? Err.Truncated : behind(udpParse(at + 32, size - 32, at), 40); }
export function parse_icmp(at: usize, size: u32): i32 { return size < 32 ? Err.Truncated : behind(icmpParse(at + 32, size - 32, at), 36); }
function behind(answer: i32, headers: u32): i32 { return answer < 0 ? answer : answer + headers; }

export function emit_lowpan_fragment(from: usize, size: u32, to: usize): i32 {
  let fragment = changetype<Fragment>(from);
  return fragmentEmit(to, fragment.size, fragment.tag, fragment.offset);
}

/** Elements we send none. */
export function emit_ip_beacon(from: usize, size: u32, to: usize): i32 {
  let beacon = changetype<IpBeacon>(from);
  return ipBeaconParse(from, size) == 18 ? ipBeaconEmit(to, beacon.flags, beacon.networkId) : 0;
}

/** A traffic class or a flow label we do not send. */
export function emit_ipv6(from: usize, size: u32, to: usize): i32 {
  let ipv6 = changetype<Ipv6>(from);
  if (ipv6.traffic || ipv6.flow) return 0;
  let header = ipv6Emit(to, ipv6.payloadSize, ipv6.next, ipv6.hops);
  memory.copy(to + 8, ipv6.source, 32);
  memory.copy(to + header, ipv6.payload, ipv6.payloadSize);
  return header + ipv6.payloadSize;
}

export function emit_udp(from: usize, size: u32, to: usize): i32 {
  let udp = changetype<Udp>(from + 32);
  memory.copy(to, from, 32);
  memory.copy(to + 40, udp.payload, udp.payloadSize);
  return 32 + udpEmit(to + 32, udp.source, udp.target, udp.payloadSize, to);
}

export function emit_icmp(from: usize, size: u32, to: usize): i32 {
  let icmp = changetype<Icmp>(from + 32);
  memory.copy(to, from, 32);
  memory.copy(to + 36, icmp.body, size - 36);
  return 32 + icmpEmit(to + 32, icmp.type, icmp.code, size - 36, to);
}
