// Frames of other nodes, made by hand: 802.15.4 with the MAC's security, fragments, and IPv6 in them.
import { createCipheriv } from "node:crypto";
import { derived, NETWORK_KEY, PAN, PREFIX } from "./captures.ts";
import type { Identity } from "./low_node.ts";

export interface FrameOptions {
  /** Not secured. */
  clear?: boolean;
  counter?: number;
  keyIndex?: number;
  key?: Uint8Array;
  control?: number;
  /** Type 1 data, 3 command. */
  type?: number;
  broadcast?: boolean;
  /** By its EUI-64 though it has a short address. */
  extended?: boolean;
  pan?: number;
  version?: number;
}

/** Of each sender, so that no frame is a repetition of another one. */
const counters = new Map<bigint, number>();

function nonceOf(extended: bigint, counter: number, level = 5): Buffer {
  const nonce = Buffer.alloc(13);
  nonce.writeBigUInt64BE(extended);
  nonce.writeUInt32BE(counter, 8);
  nonce[12] = level;
  return nonce;
}

/** A frame without FCS. */
export function frameFrom(from: Identity, to: Identity, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const isExtended = options.extended ?? from.short >= 0xfffe;
  const toExtended = !options.broadcast && to.short >= 0xfffe;
  const type = options.type ?? 1;
  const version = options.version ?? (options.clear ? 0 : 1);
  const header = Buffer.alloc(5 + (toExtended ? 8 : 2) + (isExtended ? 8 : 2));
  const control = type | (options.clear ? 0 : 8) | (options.broadcast ? 0 : 0x20) | 0x40 | ((toExtended ? 3 : 2) << 10) | (version << 12);
  header.writeUInt16LE(control | ((isExtended ? 3 : 2) << 14));
  header.writeUInt16LE(options.pan ?? PAN, 3);
  const at = toExtended ? header.writeBigUInt64LE(to.extended, 5) : header.writeUInt16LE(options.broadcast ? 0xffff : to.short, 5);
  if (isExtended) header.writeBigUInt64LE(from.extended, at);
  else header.writeUInt16LE(from.short, at);
  if (options.clear) return Buffer.concat([header, payload]);
  const next = counters.get(from.extended) ?? 0;
  const counter = options.counter ?? next;
  counters.set(from.extended, Math.max(next, counter) + 1);
  const auxiliary = Buffer.from([options.control ?? 0x0d, 0, 0, 0, 0, options.keyIndex ?? 1]);
  auxiliary.writeUInt32LE(counter >>> 0, 1);
  const open = type === 3 ? Math.min(1, payload.length) : 0;
  const clear = Buffer.concat([header, auxiliary, payload.subarray(0, open)]);
  const key = derived(options.key ?? NETWORK_KEY).subarray(16);
  const cipher = createCipheriv("aes-128-ccm", key, nonceOf(from.extended, counter >>> 0), { authTagLength: 4 });
  cipher.setAAD(clear, { plaintextLength: payload.length - open });
  // Of a buffer with octets: OpenSSL takes an empty text only where there is an address.
  const text = Buffer.concat([payload, Buffer.alloc(1)]).subarray(open, payload.length);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([clear, sealed, cipher.getAuthTag()]);
}

const identifier = ({ extended, short }: Identity): Buffer => {
  const octets = Buffer.from("000000fffe000000", "hex");
  if (short < 0xfffe) octets.writeUInt16BE(short, 6);
  else octets.writeBigUInt64BE(extended ^ 0x0200000000000000n);
  return octets;
};
const LINK_LOCAL = Buffer.from("fe80000000000000", "hex");

/** Link-local where one of them has no short address. */
export function addresses(from: Identity, to: Identity): Buffer {
  const prefix = from.short >= 0xfffe ? LINK_LOCAL : PREFIX;
  return Buffer.concat([prefix, identifier(from), prefix, identifier(to)]);
}

export function checksum(octets: Uint8Array, of: Uint8Array, next: number): number {
  let sum = octets.length + next;
  for (const part of [of, octets]) for (let at = 0; at < part.length; at += 2) sum += (part[at] << 8) | (part[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}

export function ipv6(of: Uint8Array, next: number, payload: Uint8Array, hops = 64): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(0x60000000);
  head.writeUInt16BE(payload.length, 4);
  head[6] = next;
  head[7] = hops;
  return Buffer.concat([head, of, payload]);
}

export function udp(of: Uint8Array, octets: Uint8Array, target: number, source = 40_000): Buffer {
  const datagram = Buffer.concat([Buffer.alloc(8), octets]);
  datagram.writeUInt16BE(source, 0);
  datagram.writeUInt16BE(target, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  datagram.writeUInt16BE(checksum(datagram, of, 17) || 0xffff, 6);
  return datagram;
}

export function udpPacket(from: Identity, to: Identity, octets: Uint8Array, target = 7): Buffer {
  const of = addresses(from, to);
  return ipv6(of, 17, udp(of, octets, target));
}

/** The compressed header of `udpPacket`, with UDP as it is: 20 octets for an IPv6 header in full, or without anything but UDP's number. */
export function iphc({ bare = false } = {}): Buffer {
  return bare ? Buffer.from([0x7a, 0x33, 17]) : Buffer.from([0x7a, 0xf7, 0x00, 17]);
}

export interface Piece {
  /** As it is sent: the fragment's header and what it holds. */
  octets: Buffer;
  begun: number;
  end: number;
}

/** The fragments of a packet of `udpPacket`, of at most `size` octets each. */
export function pieces(packet: Buffer, tag: number, from: Identity, _to: Identity, size = 80): Piece[] {
  const found: Piece[] = [];
  for (let begun = 0; begun < packet.length; ) {
    const end = Math.min(packet.length, begun === 0 ? Math.max(size, 48) & ~7 : begun + size);
    const head = Buffer.alloc(begun ? 5 : 4);
    head.writeUInt16BE((begun ? 0xe000 : 0xc000) | packet.length);
    head.writeUInt16BE(tag, 2);
    if (begun) head[4] = begun / 8;
    const body = begun ? packet.subarray(begun, end) : Buffer.concat([iphc({ bare: from.short >= 0xfffe }), packet.subarray(40, end)]);
    found.push({ octets: Buffer.concat([head, body]), begun, end });
    begun = end;
  }
  return found;
}
