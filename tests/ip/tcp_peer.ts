// Small TCP ends in TypeScript at the other side of a wire: one that does as RFC 9293 says, and the test may keep it from doing so.

import { TlsSession } from "../../host/tls/session.ts";
import { device, NOW, roots } from "../tls/peers.ts";
import type { Wire } from "./wire.ts";

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;
const TCP = 6;
const OURS = Buffer.from("fd4b574d000000000000000000000002", "hex");
const PREFIX = "fd4b574d00000000";
const STEP_MS = 100;
const AGAIN_MS = 1000;
const ROOM = 8192;
const PIECE = 400;

export function addressOf(host: number): Buffer {
  return Buffer.from(PREFIX + host.toString(16).padStart(16, "0"), "hex");
}

function checksum(octets: Buffer): number {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) sum += (octets[at] << 8) | (octets[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum ^ 0xffff;
}

export interface Segment {
  host: number;
  port: number;
  to: number;
  flags: number;
  sequence?: number;
  acknowledged?: number;
  window?: number;
  options?: Buffer;
  data?: Uint8Array;
}

/** A packet from a host of the wire to the module. */
export function packetOf(segment: Segment): Buffer {
  const {
    host,
    port,
    to,
    flags,
    sequence = 0,
    acknowledged = 0,
    window = ROOM,
    options = Buffer.alloc(0),
    data = Buffer.alloc(0),
  } = segment;
  const tcp = Buffer.concat([Buffer.alloc(20), options, data]);
  tcp.writeUInt16BE(port, 0);
  tcp.writeUInt16BE(to, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp.writeUInt32BE(acknowledged >>> 0, 8);
  tcp[12] = ((20 + options.length) / 4) << 4;
  tcp[13] = flags;
  tcp.writeUInt16BE(window, 14);
  const ends = Buffer.concat([addressOf(host), OURS]);
  const pseudo = Buffer.alloc(8);
  pseudo.writeUInt32BE(tcp.length, 0);
  pseudo[7] = TCP;
  tcp.writeUInt16BE(checksum(Buffer.concat([ends, pseudo, tcp])), 16);
  const head = Buffer.alloc(8);
  head[0] = 0x60;
  head.writeUInt16BE(tcp.length, 4);
  head[6] = TCP;
  head[7] = 64;
  return Buffer.concat([head, ends, tcp]);
}

/** Who is at the other side of a wire, and their time. */
export class Net {
  readonly peers = new Map<string, Peer>();
  /** Segments that came for nobody here. */
  readonly others: Buffer[] = [];
  private readonly waiting: Buffer[] = [];

  constructor(readonly wire: Wire) {
    wire.onPacket = (packet) => {
      const peer = this.peers.get(`${packet.subarray(24, 40).toString("hex")} ${packet.readUInt16BE(42)}`);
      if (peer) peer.hear(packet.subarray(40));
      else this.others.push(packet);
    };
  }

  get now(): number {
    return Number(this.wire.now);
  }

  send(packet: Buffer): void {
    this.waiting.push(packet);
  }

  settle(): void {
    while (this.waiting.length > 0) {
      this.wire.give(this.waiting.shift() as Buffer);
      this.wire.poll();
    }
  }

  run(ms: number, each: () => void = () => undefined): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.wire.pass(this.wire.now + BigInt(STEP_MS));
      for (const peer of this.peers.values()) peer.tick();
      each();
      this.settle();
    }
  }

  /** Runs until something holds; answers after how long, or nothing. */
  until(holds: () => boolean, withinMs: number): number | undefined {
    for (const begun = this.now; this.now - begun < withinMs; ) {
      this.run(STEP_MS);
      if (holds()) return this.now - begun;
    }
    return undefined;
  }
}

export class Peer {
  state: "asking" | "open" | "over" = "asking";
  heard = Buffer.alloc(0);
  wasReset = false;
  window = ROOM;
  /** Called with what came anew. */
  onData: (octets: Buffer) => void = () => undefined;
  private una: number;
  private unsent = Buffer.alloc(0);
  private expected = 0;
  private dueAt = 0;
  private readonly key: string;

  constructor(
    readonly net: Net,
    readonly host: number,
    readonly port: number,
    readonly to: number,
  ) {
    this.una = (host * 7919 + port * 104_729) >>> 0;
    this.key = `${addressOf(host).toString("hex")} ${port}`;
    net.peers.set(this.key, this);
    this.tick();
  }

  say(octets: Uint8Array): void {
    this.unsent = Buffer.concat([this.unsent, octets]);
    this.dueAt = 0;
    if (this.state === "open") this.tick();
  }

  /** Is no more, without a word. */
  vanish(): void {
    this.net.peers.delete(this.key);
    this.state = "over";
  }

  close(): void {
    this.send(FIN | ACK);
  }

  tick(): void {
    if (this.state === "over" || this.net.now < this.dueAt) return;
    if (this.state === "asking") this.emit(SYN, this.una, 0);
    else if (this.unsent.length > 0) this.send(ACK, this.unsent.subarray(0, PIECE));
    else return;
    this.dueAt = this.net.now + AGAIN_MS;
  }

  send(flags: number, data?: Uint8Array): void {
    this.emit(flags, this.una, this.expected, data);
  }

  private emit(flags: number, sequence: number, acknowledged: number, data?: Uint8Array): void {
    const { host, port, to, window } = this;
    this.net.send(packetOf({ host, port, to, flags, sequence, acknowledged, window, data }));
  }

  hear(segment: Buffer): void {
    const flags = segment[13];
    const sequence = segment.readUInt32BE(4);
    if (flags & RST) {
      this.wasReset = true;
      this.vanish();
      return;
    }
    if (flags & SYN) {
      if (this.state === "asking") this.una = (this.una + 1) >>> 0;
      this.state = "open";
      this.expected = (sequence + 1) >>> 0;
      this.dueAt = 0;
      this.send(ACK);
      this.tick();
      return;
    }
    const taken = (segment.readUInt32BE(8) - this.una) >>> 0;
    if (taken > 0 && taken <= this.unsent.length) {
      this.una = (this.una + taken) >>> 0;
      this.unsent = this.unsent.subarray(taken);
      this.dueAt = 0;
      this.tick();
    }
    const data = segment.subarray((segment[12] >> 4) * 4);
    if (this.window === 0) this.send(ACK);
    else if (data.length > 0 || flags & FIN) this.take(sequence, data, (flags & FIN) !== 0);
  }

  private take(sequence: number, data: Buffer, isLast: boolean): void {
    const isNext = sequence === this.expected;
    if (isNext) this.expected = (this.expected + data.length + Number(isLast)) >>> 0;
    this.send(isLast && isNext ? ACK | FIN : ACK);
    if (!isNext) return;
    this.heard = Buffer.concat([this.heard, data]);
    if (data.length > 0) this.onData(data);
    if (isLast) this.vanish();
  }
}

export const GET = Buffer.from("GET /dcap HTTP/1.1\r\nHost: h\r\n\r\n");

/** A session of TLS over a connection that asks for a resource as soon as it may. */
export class SecureClient {
  readonly session: TlsSession;
  text = "";

  constructor(
    readonly peer: Peer,
    seed: number,
    private readonly asks: Buffer = GET,
  ) {
    this.session = new TlsSession({ server: false, identity: device(), roots, seed: Buffer.alloc(32, seed), now: NOW });
    peer.say(this.session.drain(65_536));
    peer.onData = (octets) => this.take(octets);
  }

  private take(octets: Buffer): void {
    const wasOpen = this.session.phase === "open";
    for (let at = 0, taken = 1; at < octets.length && taken > 0; at += taken) {
      taken = this.session.feed(octets.subarray(at));
      if (this.session.readable > 0) {
        this.text += this.session.read(65_536).toString();
        taken ||= this.session.feed(octets.subarray(at));
      }
    }
    if (!wasOpen && this.session.phase === "open") this.session.write(this.asks);
    const drained = this.session.drain(65_536);
    if (drained.length > 0) this.peer.say(drained);
  }
}
