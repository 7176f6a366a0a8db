// Multicast DNS on a table: a lab that is given datagrams, and what it sends taken apart.
import assert from "node:assert/strict";
import { Bench } from "./bench.ts";
import { type Message, type Reading, read, write } from "./dns_words.ts";
import { checksum } from "./frames.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(":", ""), "hex");
export const PREFIX = hex("fd00000000000001");
export const ETHERNET = hex("fd00000000000000");
export const BORDER = Buffer.concat([PREFIX, hex("0000000000000099")]);
export const OTHER = Buffer.concat([PREFIX, hex("0000000000000042")]);
export const STRANGER = Buffer.concat([ETHERNET, hex("0000000000000042")]);
export const OWN_ETHERNET = Buffer.concat([ETHERNET, hex("006b77fffe000001")]);
const NEAR_ETHERNET = hex("fe80000000000000006b77fffe000001");
export const OWN = Buffer.concat([PREFIX, hex("006b770000000001")]);
export const LINK_GROUP = hex("ff0200000000000000000000000000fb");
export const SITE_GROUP = hex("ff0500000000000000000000000000fb");
export const LABEL = "device-026b770000000001";
export const PORT = 5353;
const UDP = 17;

export interface Sent extends Reading {
  ethernet: boolean;
  source: Buffer;
  target: Buffer;
  port: number;
  hops: number;
  octets: Buffer;
}

export interface Given {
  ethernet?: boolean;
  secured?: boolean;
  source?: Uint8Array;
  target?: Uint8Array;
  port?: number;
}

export class Names {
  readonly on = new Bench("ip/names");
  now = 0;
  ready = false;

  constructor() {
    this.on.write(Buffer.concat([PREFIX, Buffer.alloc(8), BORDER, NEAR_ETHERNET, OWN_ETHERNET]));
    this.on.doors.begin();
  }

  /** 1: a question, 2: an answer, 0: neither, -1: no datagram. */
  give(message: Message | Buffer, given: Given = {}): number {
    const { ethernet = false, secured = true, source = ethernet ? STRANGER : OTHER, target = ethernet ? LINK_GROUP : SITE_GROUP } = given;
    const payload = Buffer.isBuffer(message) ? message : write(message);
    const packet = Buffer.alloc(48 + payload.length);
    packet[0] = 0x60;
    packet.writeUInt16BE(8 + payload.length, 4);
    packet[6] = UDP;
    packet[7] = 255;
    packet.set(source, 8);
    packet.set(target, 24);
    packet.writeUInt16BE(given.port ?? PORT, 40);
    packet.writeUInt16BE(PORT, 42);
    packet.writeUInt16BE(8 + payload.length, 44);
    packet.set(payload, 48);
    packet.writeUInt16BE(checksum(packet.subarray(40), packet.subarray(8, 40), UDP) || 0xffff, 46);
    this.on.write(packet);
    return this.on.doors.input(packet.length, Number(ethernet), Number(secured), BigInt(this.now));
  }

  /** What is sent while time passes, each with its time. */
  run(ms: number): (Sent & { at: number })[] {
    const heard: (Sent & { at: number })[] = this.taken();
    for (const until = this.now + ms; ; ) {
      this.on.doors.tick(Number(this.ready), BigInt(this.now));
      heard.push(...this.taken());
      const due = Number(this.on.doors.deadline());
      if (due > until) {
        this.now = until;
        return heard;
      }
      this.now = Math.max(due, this.now);
    }
  }

  seek(): void {
    this.on.doors.seek(BigInt(this.now));
  }
  doubt(): void {
    this.on.doors.doubt(BigInt(this.now));
  }
  get server(): Buffer {
    return this.on.read(this.on.doors.server(BigInt(this.now)), 16);
  }
  drops(reason: number): number {
    return this.on.doors.drops(reason);
  }

  private taken(): (Sent & { at: number })[] {
    const heard: (Sent & { at: number })[] = [];
    for (let index = 0, size = this.on.doors.sentSize(0); size > 0; size = this.on.doors.sentSize(++index)) {
      const at = this.on.doors.sentAt(index);
      const packet = this.on.read(at + 4, size);
      const ethernet = this.on.read(at, 4).readUInt32LE() === 1;
      assert.equal(packet.readUInt16BE(4), size - 40);
      assert.equal(packet.readUInt16BE(40), PORT);
      const sum = packet.readUInt16BE(46);
      packet.writeUInt16BE(0, 46);
      assert.equal(checksum(packet.subarray(40), packet.subarray(8, 40), UDP) || 0xffff, sum);
      const octets = packet.subarray(48);
      const [source, target] = [packet.subarray(8, 24), packet.subarray(24, 40)];
      heard.push({ ...read(octets), ethernet, source, target, port: packet.readUInt16BE(42), hops: packet[7], octets, at: this.now });
    }
    this.on.doors.clear();
    return heard;
  }
}
