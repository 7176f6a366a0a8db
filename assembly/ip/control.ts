// ICMPv6 messages of ND and RPL on their way out: a packet, the message behind its IPv6 header, and what is filled in at the end.
//
//   let packet = controlBegin(size);        null when there is none
//   if (packet) controlEnd(packet, emit(controlMessage(packet)), source, target, hopLimit, now);
//
import { Drop, Layer } from "../core/host";
import { dropped } from "../core/drops";
import { addressCopy } from "./address";
import { checksumOf } from "./checksum";
import { HOPS_MAX, IPV6_HEADER_SIZE, Ipv6, NEXT_ICMP, ipv6Emit } from "./ipv6/header";
import { Packet, packetTake } from "./packet";
import { hopSend, routeSend } from "./route";

const CHECKSUM: usize = 2;

/** A packet for a message of at most `size` octets; null, and counted, when there is none. */
export function controlBegin(size: u32): Packet {
  let packet = packetTake(IPV6_HEADER_SIZE + size);
  if (!packet) dropped(Layer.Control, Drop.NoBuffer);
  return packet;
}

export function controlMessage(packet: Packet): usize { return packet.at + IPV6_HEADER_SIZE; }

/** Sends the message of `size` octets; with the hop limit of Neighbour Discovery to the neighbour itself, else by its route. */
export function controlEnd(packet: Packet, size: u32, source: usize, target: usize, hopLimit: u32, now: i64): void {
  controlFill(packet, size, source, target, hopLimit);
  if (hopLimit == HOPS_MAX) hopSend(packet, target, now);
  else routeSend(packet, now);
}

/** Sends it to the neighbour with the link-local address `hop`, whatever its target. */
export function controlHop(packet: Packet, size: u32, source: usize, target: usize, hop: usize, now: i64): void {
  controlFill(packet, size, source, target, HOPS_MAX);
  hopSend(packet, hop, now);
}

/** The headers of a message of `size` octets, for whoever sends it. */
export function controlFill(packet: Packet, size: u32, source: usize, target: usize, hopLimit: u32): void {
  let at = packet.at;
  packet.size = IPV6_HEADER_SIZE + size;
  ipv6Emit(at, size, NEXT_ICMP, hopLimit);
  addressCopy(changetype<Ipv6>(at).source, source);
  addressCopy(changetype<Ipv6>(at).target, target);
  store<u16>(at + IPV6_HEADER_SIZE, 0, CHECKSUM);
  store<u16>(at + IPV6_HEADER_SIZE, checksumOf(at + IPV6_HEADER_SIZE, size, changetype<Ipv6>(at).source, NEXT_ICMP), CHECKSUM);
}
