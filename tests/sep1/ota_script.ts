// A server that a test scripts, and the air between it and a client; the test owns the clock.
import assert from "node:assert/strict";
import type { Sent } from "./home.ts";
import { BLOCK_SIZE, Client, Halted, MANUFACTURER, OFFERED, OTA, Slot, TYPE } from "./ota_lab.ts";

// What a server says, written by hand after 075123 section 11.13.

/** Of a file that is neither short nor a multiple of anything. */
export const SIZE = 20_011;

const u16 = (value: number): Buffer => Buffer.from([value & 0xff, value >> 8]);
const u32 = (value: number): Buffer => {
  const at = Buffer.alloc(4);
  at.writeUInt32LE(value >>> 0);
  return at;
};
const file = (version = OFFERED, manufacturer = MANUFACTURER, type = TYPE): Buffer =>
  Buffer.concat([u16(manufacturer), u16(type), u32(version)]);
const command = (sequence: number, id: number, ...parts: Buffer[]): Buffer => Buffer.concat([Buffer.from([0x19, sequence, id]), ...parts]);

export const say = {
  file,
  command,
  notify: (payloadType: number, jitter: number, rest: Buffer = Buffer.alloc(0)): Buffer =>
    command(77, 0, Buffer.from([payloadType, jitter]), rest),
  offer: (sequence: number, size: number, version = OFFERED, id = 2): Buffer =>
    command(sequence, id, Buffer.from([0]), file(version), u32(size)),
  nothing: (sequence: number, status = 0x98, id = 2): Buffer => command(sequence, id, Buffer.from([status])),
  block: (sequence: number, offset: number, octets: Buffer, version = OFFERED): Buffer =>
    command(sequence, 5, Buffer.from([0]), file(version), u32(offset), Buffer.from([octets.length]), octets),
  wait: (sequence: number, current: number, request: number, period?: number): Buffer =>
    command(sequence, 5, Buffer.from([0x97]), u32(current), u32(request), period === undefined ? Buffer.alloc(0) : u16(period)),
  end: (sequence: number, current: number, upgrade: number, of: Buffer = file()): Buffer =>
    command(sequence, 7, of, u32(current), u32(upgrade)),
  refusal: (sequence: number, id: number, status: number): Buffer => Buffer.from([0x18, sequence, 0x0b, id, status]),
};

/** A request as a test looks at it. */
export interface Asked {
  at: number;
  command: number;
  sequence: number;
  offset: number;
  zcl: Buffer;
}

/** What the server does with a request: true leaves it to the usual way. */
export type Script = (asked: Asked, server: Server) => boolean;

/** A server on the table: answers after 5 ms, and in a page a block each 6 ms. */
export class Server {
  readonly image: Buffer;
  readonly asked: Asked[] = [];
  private queue: { at: number; zcl: Buffer }[] = [];
  endpoint = 1;
  /** The answer to an upgrade end: current and upgrade time. */
  times: [number, number] = [0, 0];
  now = 0;
  version = OFFERED;
  /** Loses or changes an answer on its way. */
  air: (zcl: Buffer, index: number) => Buffer[] = (zcl) => [zcl];
  private delivered = 0;

  constructor(
    size: number,
    readonly script: Script = () => true,
  ) {
    this.image = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
  }

  answer(zcl: Buffer, afterMs = 5): void {
    this.queue.push({ at: this.now + afterMs, zcl });
    this.queue.sort((a, b) => a.at - b.at);
  }

  hush(): void {
    this.queue = [];
  }

  count(id: number): number {
    return this.asked.filter(({ command: each }) => each === id).length;
  }

  /** Runs a client to a time; answers when it stopped, by a halt or at the end. */
  run(client: Client, toMs: number): boolean {
    let next = this.now;
    try {
      while (this.now <= toMs) {
        next = client.tick(this.now);
        for (let frames = client.take(); frames.length > 0; frames = client.take()) for (const frame of frames) this.take(client, frame);
        const due = Math.min(this.queue[0]?.at ?? Number.POSITIVE_INFINITY, Math.max(next, this.now));
        if (due > toMs) {
          this.now = toMs;
          return false;
        }
        if (due === this.now && this.queue[0]?.at !== due) this.now++;
        else this.now = due;
        this.deliver(client);
      }
    } catch (error) {
      if (error instanceof Halted) return true;
      throw error;
    }
    return false;
  }

  private deliver(client: Client): void {
    while (this.queue[0] && this.queue[0].at <= this.now) {
      const { zcl } = this.queue.shift() as { zcl: Buffer };
      for (const each of this.air(zcl, this.delivered++)) client.hear(each, this.now);
    }
  }

  private take(client: Client, frame: Sent): void {
    if (frame.cluster !== OTA) {
      if (this.endpoint >= 0) client.matched(frame, this.endpoint, this.now);
      return;
    }
    const [control, sequence, id] = frame.zcl as unknown as [number, number, number];
    const offset = id === 3 || id === 4 ? frame.zcl.readUInt32LE(12) : 0;
    const asked = { at: this.now, command: control & 1 ? id : -1, sequence, offset, zcl: frame.zcl };
    this.asked.push(asked);
    if (this.script(asked, this)) this.usual(asked);
  }

  usual({ command: id, sequence, offset, zcl }: Asked): void {
    switch (id) {
      case -1:
        this.answer(Buffer.concat([Buffer.from([0x18, sequence, 0x01]), u16(0xfffd), Buffer.from([0x86])]));
        break;
      case 1: {
        const runs = zcl.readUInt32LE(8) === this.version;
        this.answer(runs ? say.nothing(sequence) : say.offer(sequence, this.image.length, this.version));
        break;
      }
      case 3:
        this.block(sequence, offset, 5);
        break;
      case 4: {
        this.hush();
        const end = Math.min(this.image.length, offset + zcl.readUInt16LE(17));
        for (let at = offset, ms = 5; at < end; at += BLOCK_SIZE, ms += 6) this.block(sequence, at, ms, end);
        break;
      }
      case 6:
        if (zcl[3] === 0) this.answer(say.end(sequence, ...this.times, say.file(this.version)));
        break;
      case 8:
        this.answer(say.nothing(sequence, 0x98, 9));
    }
  }

  block(sequence: number, at: number, afterMs: number, end = this.image.length): void {
    this.answer(say.block(sequence, at, this.image.subarray(at, Math.min(end, at + BLOCK_SIZE)), this.version), afterMs);
  }
}

export interface Scene {
  server: Server;
  client: Client;
  slot: Slot;
}

/** A client with its key, and a server with a file for it. */
export function scene(module: WebAssembly.Module, script: Script = () => true, size = SIZE): Scene {
  const slot = new Slot();
  const client = new Client(module, slot);
  const server = new Server(size, script);
  client.ready(0);
  return { server, client, slot };
}

export const held = ({ slot, server }: { slot: Slot; server: Server }): void =>
  assert.ok(slot.flash.equals(server.image), "the octets arrive");
