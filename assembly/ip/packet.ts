// IPv6 packets in memory: a fixed pool of two sizes.
//
//   begin        at                     at + size              end
//   | headroom   | IPv6 header, ...     |  room                |
//
// Headers are put in front where they are inserted on the way: a tunnel, the RPL option, a source route.  Who has a packet owns it, sends
// it or frees it.
import { PACKETS_LARGE_MAX, PACKETS_SMALL_MAX } from "./limits";

/** A tunnel's header, the RPL option, and a source route over five hops of whole interface identifiers. */
export const PACKET_HEADROOM: u32 = 96;
/** The link's MTU: RFC 8200 section 5.  A tunnel's header comes on top. */
export const PACKET_MTU: u32 = 1280;
/** The longest that comes out of one: with all its headers. */
export const PACKET_MAX: u32 = PACKET_MTU + PACKET_HEADROOM;
const SMALL: u32 = 256;
const LARGE: u32 = PACKET_MTU;

/** Where a packet comes from, or goes to. */
export const LINK_RADIO: u32 = 0;
export const LINK_ETHERNET: u32 = 1;

@unmanaged @final
export class Packet {
  at: usize;
  size: u32;
  begin: usize;
  end: usize;
  /** In a queue, the one behind; its owner's. */
  next: Packet;
  /** The link-layer source, as `fromMode` says (MAC_NONE, MAC_SHORT, MAC_EXTENDED; an Ethernet address is extended); our own have none. */
  from: u64;
  /** The next hop to send to, likewise; MAC_NONE and all of the link's when it goes to everyone. */
  hop: u64;
  /** When its owner gives it up. */
  until: i64;
  fromMode: u8;
  hopMode: u8;
  link: u8;
  /** 1: the frame was for everyone. */
  toAll: u8;
  /** 1: every frame of it was authentic; of one to be sent: seal it. */
  secured: u8;
  taken: u8;
  lqi: u8;
  /** For its owner. */
  tag: u8;
  /** Of the link that sends it: octets that have gone, and the name of its fragments. */
  gone: u16;
  datagram: u16;
  tries: u8;
}

const ROW: u32 = (offsetof<Packet>() + 7) & ~7;
const SMALL_ROW: u32 = ROW + PACKET_HEADROOM + SMALL;
const LARGE_ROW: u32 = ROW + PACKET_HEADROOM + LARGE;
const LARGE_BEGIN: u32 = PACKETS_SMALL_MAX * SMALL_ROW;
const POOL_SIZE: u32 = LARGE_BEGIN + PACKETS_LARGE_MAX * LARGE_ROW;

const pool = memory.data(POOL_SIZE, 8);

export const NO_PACKET: usize = 0;

export function packetsReset(): void { memory.fill(pool, 0, POOL_SIZE); }

/**
 * A packet with room for `size` octets, empty, and to be sealed; null when there is none.  In front of them is the headroom, or what they
 * leave of it where they exceed the MTU, as a tunnel's do.
 */
export function packetTake(size: u32): Packet {
  if (size <= SMALL) {
    let small = takeOf(pool, SMALL_ROW, PACKETS_SMALL_MAX);
    if (small) return small;
  }
  if (size > PACKET_MAX) return changetype<Packet>(NO_PACKET);
  let large = takeOf(pool + LARGE_BEGIN, LARGE_ROW, PACKETS_LARGE_MAX);
  if (large && size > LARGE) large.at = large.end - size;
  return large;
}

export function packetFree(packet: Packet): void {
  assert(packet.taken);
  packet.taken = 0;
}

/** Makes room in front; false when there is none. */
export function packetPrepend(packet: Packet, octets: u32): bool {
  if (<u32>(packet.at - packet.begin) < octets) return false;
  packet.at -= octets;
  packet.size += octets;
  return true;
}

/** Octets that may still be written behind it. */
export function packetRoom(packet: Packet): u32 { return <u32>(packet.end - packet.at) - packet.size; }

/** Packets of the link's whole size that are free: what is not urgent leaves some. */
export function packetsLarge(): u32 {
  let count: u32 = 0;
  for (let at = pool + LARGE_BEGIN; at < pool + POOL_SIZE; at += LARGE_ROW) count += u32(!changetype<Packet>(at).taken);
  return count;
}

/** Packets that came from a link and are not gone yet. */
export function packetsOf(link: u32): u32 {
  let count: u32 = 0;
  for (let at = pool; at < pool + POOL_SIZE; at += at < pool + LARGE_BEGIN ? SMALL_ROW : LARGE_ROW) {
    let packet = changetype<Packet>(at);
    count += u32(packet.taken && packet.link == link);
  }
  return count;
}

function takeOf(at: usize, row: u32, count: u32): Packet {
  for (; count > 0; count--, at += row) {
    let packet = changetype<Packet>(at);
    if (packet.taken) continue;
    memory.fill(at, 0, ROW);
    packet.begin = at + ROW;
    packet.at = at + ROW + PACKET_HEADROOM;
    packet.end = at + row;
    packet.taken = 1;
    packet.secured = 1;
    return packet;
  }
  return changetype<Packet>(NO_PACKET);
}
