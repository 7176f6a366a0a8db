// What a host on the hub's Ethernet says and hears: frames made by hand, and what came of them taken apart.
import { checksum } from "./frames.ts";

export const HOST_MAC = Buffer.from("0a0000000001", "hex");
export const NEXT = { tcp: 6, udp: 17, icmp: 58 } as const;
export const ND = { routerSolicitation: 133, routerAdvertisement: 134, solicitation: 135, advertisement: 136 } as const;
export const NOBODY = Buffer.alloc(16);
export const ALL_NODES = Buffer.from("ff020000000000000000000000000001", "hex");
const LINK_LOCAL = Buffer.from("fe80000000000000", "hex");

/** The interface identifier of an Ethernet address: RFC 4291 appendix A. */
export const identifierOf = (mac: Uint8Array): Buffer => Buffer.from([mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]]);
export const nearOf = (mac: Uint8Array): Buffer => Buffer.concat([LINK_LOCAL, identifierOf(mac)]);
export const inPrefix = (prefix: Uint8Array, identifier: Uint8Array): Buffer => Buffer.concat([prefix.subarray(0, 8), identifier]);
export const solicitedGroup = (address: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from("ff0200000000000000000001ff", "hex"), address.subarray(13)]);
export const groupMac = (address: Uint8Array): Buffer => Buffer.concat([Buffer.from("3333", "hex"), address.subarray(12)]);

export interface Sent {
  source: Uint8Array;
  target: Uint8Array;
  next: number;
  payload: Uint8Array;
  hops?: number;
  toMac: Uint8Array;
  fromMac?: Uint8Array;
  type?: number;
  /** Instead of the payload's own size. */
  size?: number;
}

export function frame({ source, target, next, payload, hops = 64, toMac, fromMac = HOST_MAC, type = 0x86dd, size }: Sent): Buffer {
  const head = Buffer.alloc(54);
  head.set(toMac, 0);
  head.set(fromMac, 6);
  head.writeUInt16BE(type, 12);
  head[14] = 0x60;
  head.writeUInt16BE(size ?? payload.length, 18);
  head[20] = next;
  head[21] = hops;
  head.set(source, 22);
  head.set(target, 38);
  return Buffer.concat([head, payload]);
}

/** An upper layer's octets with their checksum, which is at `place`. */
export function summed(octets: Buffer, place: number, source: Uint8Array, target: Uint8Array, next: number): Buffer {
  octets.writeUInt16BE(checksum(octets, Buffer.concat([source, target]), next), place);
  return octets;
}

export function icmp(source: Uint8Array, target: Uint8Array, type: number, code: number, body: Uint8Array): Buffer {
  return summed(Buffer.concat([Buffer.from([type, code, 0, 0]), body]), 2, source, target, NEXT.icmp);
}

export function echo(source: Uint8Array, target: Uint8Array, identifier: number, octets = 8, type = 128): Buffer {
  const body = Buffer.alloc(4 + octets, 0x5a);
  body.writeUInt16BE(identifier);
  body.writeUInt16BE(1, 2);
  return icmp(source, target, type, 0, body);
}

export function udp(source: Uint8Array, target: Uint8Array, from: number, to: number, octets = 8): Buffer {
  const datagram = Buffer.alloc(8 + octets);
  datagram.writeUInt16BE(from);
  datagram.writeUInt16BE(to, 2);
  datagram.writeUInt16BE(8 + octets, 4);
  return summed(datagram, 6, source, target, NEXT.udp);
}

export const SYN = 0x02;
export const ACK = 0x10;
export const RST = 0x04;
export function tcp(source: Uint8Array, target: Uint8Array, from: number, to: number, flags: number, sequence = 1): Buffer {
  const segment = Buffer.alloc(20);
  segment.writeUInt16BE(from);
  segment.writeUInt16BE(to, 2);
  segment.writeUInt32BE(sequence, 4);
  segment[12] = 0x50;
  segment[13] = flags;
  segment.writeUInt16BE(1024, 14);
  return summed(segment, 16, source, target, NEXT.tcp);
}

/** An option of Neighbour Discovery with an Ethernet address. */
export const linkOption = (type: 1 | 2, mac: Uint8Array): Buffer => Buffer.concat([Buffer.from([type, 1]), mac]);

export function solicitation(source: Uint8Array, target: Uint8Array, to: Uint8Array, option = linkOption(1, HOST_MAC)): Buffer {
  return icmp(source, to, ND.solicitation, 0, Buffer.concat([Buffer.alloc(4), target, option]));
}

/** Flags: router, solicited, override. */
export function advertisement(source: Uint8Array, to: Uint8Array, target: Uint8Array, flags: number, mac: Uint8Array = HOST_MAC): Buffer {
  return icmp(source, to, ND.advertisement, 0, Buffer.concat([Buffer.of(flags << 5, 0, 0, 0), target, linkOption(2, mac)]));
}

export interface Heard {
  toMac: Buffer;
  fromMac: Buffer;
  type: number;
  hops: number;
  next: number;
  source: Buffer;
  target: Buffer;
  payload: Buffer;
}

export function take(octets: Buffer): Heard {
  const size = octets.readUInt16BE(18);
  return {
    toMac: octets.subarray(0, 6),
    fromMac: octets.subarray(6, 12),
    type: octets.readUInt16BE(12),
    next: octets[20],
    hops: octets[21],
    source: octets.subarray(22, 38),
    target: octets.subarray(38, 54),
    payload: octets.subarray(54, 54 + size),
  };
}

export const isIcmp = (heard: Heard, type: number): boolean => heard.next === NEXT.icmp && heard.payload[0] === type;

/** Whether the checksum of what an ICMP or TCP packet carries is right. */
export function intact(heard: Heard): boolean {
  const octets = Buffer.from(heard.payload);
  const place = heard.next === NEXT.icmp ? 2 : heard.next === NEXT.udp ? 6 : 16;
  const said = octets.readUInt16BE(place);
  octets.writeUInt16BE(0, place);
  return checksum(octets, Buffer.concat([heard.source, heard.target]), heard.next) === said;
}
