// Multicast DNS on a table, and the parsers of DNS, Ethernet and TCP: a packet lies in the buffer, what is sent lies where `sentAt` says.
// Not shipped.
import { constantText } from "../../../assembly/core/constants";
import { dropsOf } from "../../../assembly/core/drops";
import { ABI_VERSION, Layer } from "../../../assembly/core/host";
import { addressCopy } from "../../../assembly/ip/address";
import { DnsHeard, dnsInput } from "../../../assembly/ip/dns/dns";
import { finderDeadline, finderDoubt, finderInput, finderReset, finderServer, finderStart, finderTick } from "../../../assembly/ip/dns/finder";
import { DNS_PORT, dnsParse } from "../../../assembly/ip/dns/message";
import { probeDeadline, probeDone, probeInput, probeReset, probeTick } from "../../../assembly/ip/dns/probe";
import { responderDeadline, responderInput, responderReset, responderTick } from "../../../assembly/ip/dns/responder";
import { serviceBegin, serviceLabel } from "../../../assembly/ip/dns/services";
import { ethernetParse } from "../../../assembly/ip/ethernet/frame";
import { Ipv6 } from "../../../assembly/ip/ipv6/header";
import { networkBorder, networkForm } from "../../../assembly/ip/nd/network";
import { OWN_ETHERNET_GLOBAL, OWN_ETHERNET_LINK, OwnState, ownAddress, ownMark, ownReset } from "../../../assembly/ip/own";
import { LINK_ETHERNET, LINK_RADIO, packetFree, packetTake, packetsLarge, packetsReset } from "../../../assembly/ip/packet";
import { tcpParse } from "../../../assembly/ip/tcp/segment";
import { Udp, udpParse } from "../../../assembly/ip/udp/header";
import { sentClear } from "../../../assembly/ip/route";

export { sentAt, sentClear as clear, sentSize } from "../../../assembly/ip/route";

const buffer = memory.data(2048, 8);
const EXTENDED: u64 = 0x026b_7700_0000_0001;
const SETS = constantText("edev mup tm");
const STRINGS = constantText("\x09txtvers=1\x0adcap=/dcap\x09https=443\x09level=-S1");
const WANTED = constantText("edev");
const UDP: usize = 40;

export function abi(): u32 { return ABI_VERSION; }
export function bufferAt(): usize { return buffer; }
export function poll(now: i64): i64 { return i64.MAX_VALUE; }

export function parse_dns_message(at: usize, size: u32): i32 { return dnsParse(at, size); }
export function parse_ethernet_frame(at: usize, size: u32): i32 { return ethernetParse(at, size); }
/** A segment behind its two addresses. */
export function parse_tcp_segment(at: usize, size: u32): i32 { return size < 32 ? -1 : tcpParse(at + 32, size - 32, at); }

/** The network's prefix lies in the buffer, then the border router's address, then ours on Ethernet: the link's and the global one. */
export function start(now: i64, reason: u32): void {
  packetsReset();
  ownReset(EXTENDED);
  responderReset();
  probeReset();
  finderReset();
  sentClear();
}

export function begin(): void {
  networkForm(buffer, 1);
  addressCopy(networkBorder(), buffer + 16);
  addressCopy(ownAddress(OWN_ETHERNET_LINK), buffer + 32);
  addressCopy(ownAddress(OWN_ETHERNET_GLOBAL), buffer + 48);
  ownMark(OWN_ETHERNET_LINK, OwnState.Valid);
  ownMark(OWN_ETHERNET_GLOBAL, OwnState.Valid);
  serviceBegin(80, SETS, STRINGS);
}

/** As the stacks do: what the message is. */
export function input(size: u32, ethernet: bool, secured: bool, now: i64): i32 {
  let packet = packetTake(size);
  assert(packet.at != 0);
  memory.fill(packet.at, 0xa5, <usize>(packet.end - packet.at));
  memory.copy(packet.at, buffer, size);
  packet.size = size;
  packet.link = <u8>(ethernet ? LINK_ETHERNET : LINK_RADIO);
  packet.secured = u8(secured);
  let heard = -1;
  let have = udpParse(packet.at + UDP, size - <u32>UDP, changetype<Ipv6>(packet.at).source);
  let datagram = changetype<Udp>(packet.at + UDP);
  if (have >= 0) {
    heard = dnsInput(packet, datagram.payload, have, datagram.source);
    if (heard != DnsHeard.None && ethernet && datagram.source == DNS_PORT) probeInput(datagram.payload, now);
    if (heard == DnsHeard.Question && (!ethernet || probeDone())) responderInput(packet, datagram.payload, datagram.source, now);
    else if (heard == DnsHeard.Answer && !ethernet) finderInput(datagram.payload, now);
  }
  packetFree(packet);
  return heard;
}

/** What is due.  Bit 0: a question has gone out. */
export function tick(ready: bool, now: i64): u32 {
  probeTick(ready, now);
  responderTick(now);
  return u32(finderTick(now));
}
export function deadline(): i64 { return min<i64>(probeDeadline(), min<i64>(responderDeadline(), finderDeadline())); }
export function done(): bool { return probeDone(); }
export function label(): usize { return serviceLabel; }
export function seek(now: i64): void { finderStart(WANTED, now); }
export function doubt(now: i64): void { finderDoubt(now); }
export function server(now: i64): usize { return finderServer(now); }
export function large(): u32 { return packetsLarge(); }
export function drops(reason: u32): u32 { return load<u32>(dropsOf(Layer.Transport) + 4 * reason); }
