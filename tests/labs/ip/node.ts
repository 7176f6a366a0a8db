// A node with a preset network key and neighbours: from the radio to an echo and an answer of UDP, and nothing above.  Not shipped.
import { ABI_VERSION, log, next } from "../../../assembly/core/host";
import { addressCopy, addressEqual, addressIsMulticast, addressLinkLocal, addressLinkLocalShort } from "../../../assembly/ip/address";
import { ICMP_ECHO_REQUEST, ICMP_UNREACHABLE, Icmp, icmpEmit } from "../../../assembly/ip/icmp/message";
import { IcmpHeard, icmpError, icmpInput, icmpReset } from "../../../assembly/ip/icmp/icmp";
import { HOPS_DEFAULT, IPV6_HEADER_SIZE, Ipv6, NEXT_ICMP, NEXT_UDP, ipv6Emit } from "../../../assembly/ip/ipv6/header";
import { Ipv6Heard, ipv6Heard, ipv6Input } from "../../../assembly/ip/ipv6/receive";
import { keysReset } from "../../../assembly/ip/keys";
import { contextSet, contextsReset } from "../../../assembly/ip/lowpan/contexts";
import {
  LinkHeard, linkHeard, radioDeadline, radioInput, radioOpen, radioReset, radioSend, radioTick,
} from "../../../assembly/ip/link/radio";
import { LinkState, neighbourName, neighbourTake, neighboursReset } from "../../../assembly/ip/neighbours";
import { Packet, packetFree, packetTake } from "../../../assembly/ip/packet";
import { Udp, udpEmit, udpParse } from "../../../assembly/ip/udp/header";
import { mac } from "../../../assembly/mac/mac";

export { keysInstall } from "../../../assembly/ip/keys";
export { radioName } from "../../../assembly/ip/link/radio";

const EVENT_CAPACITY: u32 = 16 + 128;
const event = memory.data(16 + 128, 8);
const buffer = memory.data(2048, 8);
/** Link-local, one more that a test gives, and link-local of the short address. */
const own = memory.data(48, 8);
const note = memory.data(16, 8);
const TURNS_MAX: u32 = 8;
const EVENTS_MAX: u32 = 8;
const TUNNELS_MAX: u32 = 3;
const ECHO_PORT: u32 = 7;
const NO_PORT: u32 = 4;

export function abi(): u32 { return ABI_VERSION; }
export function bufferAt(): usize { return buffer; }

export function start(now: i64, reason: u32): void {
  radioReset();
  neighboursReset();
  contextsReset();
  keysReset();
  icmpReset(now);
  addressLinkLocal(own, mac.extended);
}

export function poll(now: i64): i64 {
  let events: u32 = 0;
  for (; events < EVENTS_MAX && next(event, EVENT_CAPACITY) > 0; events++) heard(radioInput(event, now), now);
  for (let turns: u32 = 0; turns < TURNS_MAX && radioDeadline() <= now; turns++) heard(radioTick(now), now);
  return events == EVENTS_MAX ? now : radioDeadline();
}

/** Tunes in; the buffer has another address and, behind it, a prefix of 64 bits that is context 0. */
export function open(channel: u32, panId: u32, short: u32): void {
  radioOpen(channel, panId, short, true);
  addressCopy(own + 16, buffer);
  addressLinkLocalShort(own + 32, short);
  contextSet(0, buffer + 16, 64, true);
}

export function neighbour(extended: u64, short: u32): void {
  let row = neighbourTake(extended);
  neighbourName(row, short);
  row.state = <u8>LinkState.Linked;
}

/** Asks a neighbour, whose address is in the buffer, for an echo of `size` octets; or of UDP. */
export function ping(size: u32, isUdp: bool, hopMode: u32, hop: u64, now: i64): i32 {
  let packet = packetTake(IPV6_HEADER_SIZE + 8 + size);
  if (!packet) return -5;
  let at = packet.at;
  let isLocal = load<u8>(buffer) == 0xfe;
  addressCopy(at + 8, isLocal ? own : own + 16);
  addressCopy(at + 24, buffer);
  let upper = at + IPV6_HEADER_SIZE;
  for (let index: u32 = 0; index < size; index++) store<u8>(upper + 8 + index, index * 7 + (index >>> 8));
  if (isUdp) udpEmit(upper, 40_000, ECHO_PORT, size, at + 8);
  else {
    store<u32>(upper, 0x0100_0100, 4);
    icmpEmit(upper, ICMP_ECHO_REQUEST, 0, size + 4, at + 8);
  }
  packet.size = IPV6_HEADER_SIZE + 8 + size;
  ipv6Emit(at, 8 + size, isUdp ? NEXT_UDP : NEXT_ICMP, HOPS_DEFAULT);
  packet.hopMode = <u8>hopMode;
  packet.hop = hop;
  return sent(packet, now);
}

function sent(packet: Packet, now: i64): i32 {
  let answer = radioSend(packet, now);
  if (answer < 0) packetFree(packet);
  return answer;
}

function heard(kind: i32, now: i64): void {
  if (kind == LinkHeard.Sent && linkHeard.packet) {
    tell(101, <u32>linkHeard.status);
    packetFree(linkHeard.packet);
  }
  if (kind != LinkHeard.Packet) return;
  let packet = linkHeard.packet;
  for (let tunnels: u32 = 0; tunnels < TUNNELS_MAX; tunnels++) {
    let target = changetype<Ipv6>(packet.at).target;
    let isOurs = addressEqual(target, own) || addressEqual(target, own + 16) || addressEqual(target, own + 32)
      || addressIsMulticast(target);
    switch (ipv6Input(packet, isOurs)) {
      case Ipv6Heard.ForUs: return upper(packet, now);
      case Ipv6Heard.Tunnel: break;
      case Ipv6Heard.Drop: {
        let fault = ipv6Heard.fault;
        if (fault && icmpError(packet, fault >>> 8, fault & 0xff, ipv6Heard.pointer, own, now)) return answer(packet, now);
        return packetFree(packet);
      }
      default: return packetFree(packet);
    }
  }
  packetFree(packet);
}

function upper(packet: Packet, now: i64): void {
  if (ipv6Heard.next == NEXT_ICMP) {
    switch (icmpInput(packet, own)) {
      case IcmpHeard.Reply: return answer(packet, now);
      case IcmpHeard.Message: tell(100 + changetype<Icmp>(ipv6Heard.payload).type, ipv6Heard.size);
    }
    return packetFree(packet);
  }
  let source = changetype<Ipv6>(packet.at).source;
  if (ipv6Heard.next != NEXT_UDP || udpParse(ipv6Heard.payload, ipv6Heard.size, source) < 0) return packetFree(packet);
  let udp = changetype<Udp>(ipv6Heard.payload);
  if (udp.source == ECHO_PORT) {
    tell(100, udp.payloadSize);
    return packetFree(packet);
  }
  if (udp.target != ECHO_PORT) {
    let isLocal = load<u8>(changetype<Ipv6>(packet.at).target) == 0xfe;
    return icmpError(packet, ICMP_UNREACHABLE, NO_PORT, 0, isLocal ? own : own + 16, now) ? answer(packet, now) : packetFree(packet);
  }
  // Back to whom it came from, in its place.
  addressCopy(note, source);
  addressCopy(source, source + 16);
  addressCopy(source + 16, note);
  udpEmit(changetype<usize>(udp), ECHO_PORT, udp.source, udp.payloadSize, source);
  answer(packet, now);
}

/** To the neighbour that asked. */
function answer(packet: Packet, now: i64): void {
  packet.hopMode = packet.fromMode;
  packet.hop = packet.from;
  sent(packet, now);
}

function tell(code: u32, value: u32): void {
  store<u32>(note, value);
  log(code, note, 4);
}
