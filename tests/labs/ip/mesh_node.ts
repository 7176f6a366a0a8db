// What the labs of the mesh's three roles share: a device on the test's medium, which its page, mesh_ROLE.ts, completes.  Not shipped.
import { dropsOf } from "../../../assembly/core/drops";
import { ABI_VERSION, Layer } from "../../../assembly/core/host";
import { Ipv6, NEXT_ICMP, ipv6Emit } from "../../../assembly/ip/ipv6/header";
import { ipv6Heard } from "../../../assembly/ip/ipv6/receive";
import { IcmpHeard, icmpInput, icmpReset } from "../../../assembly/ip/icmp/icmp";
import { Icmp, icmpEmit } from "../../../assembly/ip/icmp/message";
import { contextsReset } from "../../../assembly/ip/lowpan/contexts";
import { LinkState, neighbourFind, neighbourFree, neighbourTake, neighboursReset } from "../../../assembly/ip/neighbours";
import { OWN_GLOBAL, OWN_LINK, ownAddress, ownReset, ownSource, ownState } from "../../../assembly/ip/own";
import { Packet, packetFree, packetTake, packetsReset } from "../../../assembly/ip/packet";
import { routeSend } from "../../../assembly/ip/route";
import { radioReset } from "../../../assembly/ip/link/radio";

/** An echo reply, or a datagram, came: the packet. */
// @ts-ignore: decorator
@external("medium", "heard")
declare function mediumHeard(at: usize, size: u32): void;

const buffer = memory.data(2048, 8);
const MAC_EXTENDED: u8 = 3;

export function abi(): u32 { return ABI_VERSION; }
export function bufferAt(): usize { return buffer; }
export function drops(): usize { return dropsOf(Layer.Link); }
export function address(): usize { return ownAddress(OWN_GLOBAL); }
export function addressState(): u32 { return ownState(OWN_GLOBAL); }

/** Packets of the pool that are free: those of either size that can still be had, which are given back. */
export function free(): u32 {
  let taken = changetype<Packet>(0);
  let count: u32 = 0;
  for (let packet = packetTake(1280); packet; packet = packetTake(1280)) {
    packet.next = taken;
    taken = packet;
    count += 100;
  }
  for (let packet = packetTake(1); packet; packet = packetTake(1)) {
    packet.next = taken;
    taken = packet;
    count++;
  }
  while (taken) {
    let packet = taken;
    taken = packet.next;
    packetFree(packet);
  }
  return count;
}

export function nodeStart(extended: u64, now: i64): void {
  packetsReset();
  neighboursReset();
  contextsReset();
  radioReset();
  icmpReset(now);
  ownReset(extended);
}

/** MLE made a link, or heard its advertisement again. */
export function link(extended: u64, mode: u32, etx: u32, now: i64): void {
  let isNew = !neighbourFind(extended);
  let row = neighbourTake(extended);
  if (!row) return;
  if (isNew) row.etx = <u16>etx;
  row.state = <u8>LinkState.Linked;
  row.mode = <u8>mode;
  row.heard = now;
}

export function unlink(extended: u64): void {
  let row = neighbourFind(extended);
  if (row) neighbourFree(row);
}

/** The packet in the buffer as the radio brings it; null when there is no room. */
export function nodeArrived(size: u32, from: u64, now: i64): Packet {
  let packet = packetTake(size);
  if (!packet) return packet;
  memory.copy(packet.at, buffer, size);
  packet.size = size;
  packet.from = from;
  packet.fromMode = MAC_EXTENDED;
  packet.secured = 1;
  let row = neighbourFind(from);
  if (row) row.heard = now;
  return packet;
}

/** What the packet carries, when it is no echo request: an ICMPv6 message to the roles, everything else to the test. */
export function nodeTake(packet: Packet, now: i64): Icmp {
  if (ipv6Heard.next != NEXT_ICMP) {
    mediumHeard(packet.at, packet.size);
    packetFree(packet);
    return changetype<Icmp>(0);
  }
  switch (icmpInput(packet, ownAddress(OWN_LINK))) {
    case IcmpHeard.Reply: {
      routeSend(packet, now);
      return changetype<Icmp>(0);
    }
    case IcmpHeard.Message: return changetype<Icmp>(ipv6Heard.payload);
    default:
      packetFree(packet);
      return changetype<Icmp>(0);
  }
}

export function nodeOther(packet: Packet): void {
  mediumHeard(packet.at, packet.size);
  packetFree(packet);
}

/** Sends an echo request to the address in the buffer, with so many octets; whether it could. */
export function echo(identifier: u32, sequence: u32, octets: u32, now: i64): u32 {
  let source = ownSource(buffer);
  let packet = packetTake(48 + octets);
  if (!packet || !source) {
    if (packet) packetFree(packet);
    return 0;
  }
  let at = packet.at;
  packet.size = 48 + octets;
  ipv6Emit(at, 8 + octets, NEXT_ICMP, 64);
  memory.copy(changetype<Ipv6>(at).source, source, 16);
  memory.copy(changetype<Ipv6>(at).target, buffer, 16);
  memory.fill(at + 48, 0x5a, octets);
  store<u16>(at, identifier, 44);
  store<u16>(at, sequence, 46);
  icmpEmit(at + 40, 128, 0, 4 + octets, changetype<Ipv6>(at).source);
  routeSend(packet, now);
  return 1;
}

/** Sends a datagram of no protocol's to the group in the buffer. */
export function multicast(mark: u32, now: i64): u32 {
  let packet = packetTake(48);
  if (!packet) return 0;
  packet.size = 48;
  ipv6Emit(packet.at, 8, 253, 8);
  memory.copy(changetype<Ipv6>(packet.at).source, ownAddress(OWN_GLOBAL), 16);
  memory.copy(changetype<Ipv6>(packet.at).target, buffer, 16);
  store<u64>(packet.at, mark, 40);
  routeSend(packet, now);
  return 1;
}
