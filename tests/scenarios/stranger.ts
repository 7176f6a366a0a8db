// Stations that are none of the home: one that only has a radio, and one that has the network key and speaks for itself.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { asksForAck, readAddressing, withFcs } from "../../host/air/frame.ts";
import type { House } from "./house.ts";

const CHANNEL_FIRST = 11;
const NWK_SECURE = 0x0200;
const NWK_EXTENDED_SOURCE = 0x1000;
const NWK_EXTENDED_TARGET = 0x0800;
const PROTOCOL_PRO = 2 << 2;
const AUXILIARY = 14;
const MIC = 4;
const LEVEL = 5;
const RADIUS = 30;
const FCS = 2;
/** Acknowledgements come within this time. */
const SETTLE_MS = 12;

export const u16 = (value: number): Buffer => Buffer.from([value & 0xff, (value >>> 8) & 0xff]);
export const u64 = (value: bigint): Buffer => {
  const octets = Buffer.alloc(8);
  octets.writeBigUInt64LE(value);
  return octets;
};

export interface Heard {
  atMs: number;
  source: number;
  /** APS header and payload, the network's security taken off. */
  aps: Buffer;
}

/** A radio at the home's channel that says what it is told without waiting for the channel. */
export class Stranger {
  readonly house: House;
  readonly heard: Uint8Array[] = [];
  private readonly port;
  readonly channel: number;
  sequence = 0;

  constructor(house: House, id = "stranger") {
    this.house = house;
    this.channel = Number(house.last("hub", "formed")?.channel ?? CHANNEL_FIRST);
    this.port = house.home.medium.attach(id, (psdu) => void this.take(psdu));
    this.port.tune(this.channel, true);
  }

  get pan(): number {
    return Number(this.house.last("hub", "formed")?.pan);
  }

  protected take(psdu: Uint8Array): void {
    this.heard.push(Uint8Array.from(psdu));
  }

  /** A PSDU without FCS. */
  say(body: Uint8Array): void {
    this.sayWhole(withFcs(body));
  }

  sayWhole(psdu: Uint8Array): void {
    this.sayNow(psdu);
    this.house.run(SETTLE_MS);
  }

  /** For use while the clock runs: from a frame's end, say. */
  sayNow(psdu: Uint8Array): void {
    if (this.port.attached) this.house.home.medium.transmit(this.port, psdu, this.channel, () => undefined);
  }

  beaconRequest(): void {
    this.say(Buffer.from([0x03, 0x08, this.next(), 0xff, 0xff, 0xff, 0xff, 0x07]));
  }

  associate(target: number, extended: bigint, capability = 0x8e): void {
    this.say(
      Buffer.concat([
        Buffer.from([0x23, 0xc8, this.next()]),
        u16(this.pan),
        u16(target),
        u16(0xffff),
        u64(extended),
        Buffer.from([1, capability]),
      ]),
    );
  }

  dataRequest(target: number, source: bigint | number): void {
    const extended = typeof source === "bigint";
    const head = Buffer.from([0x63, extended ? 0xc8 : 0x88, this.next()]);
    this.say(Buffer.concat([head, u16(this.pan), u16(target), extended ? u64(source) : u16(source), Buffer.from([4])]));
  }

  leave(): void {
    this.house.home.medium.detach(this.port);
  }

  protected next(): number {
    this.sequence = (this.sequence + 1) & 0xff;
    return this.sequence;
  }
}

/** Somebody with the network key: hostile, or only a device of another make. */
export class Insider extends Stranger {
  counter = 1;
  apsCounter = 0;
  readonly messages: Heard[] = [];

  constructor(
    house: House,
    readonly short = 0x3344,
    readonly extended = 0x00124b00deadbeefn,
    id = "insider",
  ) {
    super(house, id);
  }

  /** The key in use: sequence number 0 lives in slot 0. */
  get key(): Buffer {
    const entry = this.house.hub.flash.keys.find(0);
    if (!entry) throw new Error("the hub has no network key");
    return entry;
  }

  /** An APS frame to a neighbour, sealed by the network layer. */
  send(target: number, aps: Uint8Array): void {
    this.say(this.sealed(target, aps));
  }

  sealed(target: number, aps: Uint8Array, type = 0): Buffer {
    const sequence = this.next();
    const mac = Buffer.concat([Buffer.from([0x61, 0x88, sequence]), u16(this.pan), u16(target), u16(this.short)]);
    const control = u16(type | PROTOCOL_PRO | NWK_SECURE | NWK_EXTENDED_SOURCE);
    const header = Buffer.concat([control, u16(target), u16(this.short), Buffer.from([RADIUS, sequence]), u64(this.extended)]);
    return Buffer.concat([mac, sealNetwork(this.key, header, this.extended, this.counter++, aps)]);
  }

  data(cluster: number, zcl: Uint8Array, { profile = 0x0109, endpoint = 1, acknowledge = false } = {}): Buffer {
    const head = Buffer.from([acknowledge ? 0x40 : 0x00, endpoint]);
    return Buffer.concat([head, u16(cluster), u16(profile), Buffer.from([1, this.apsCounter++ & 0xff]), zcl]);
  }

  /** One block of a fragmented message; `blocks` is given with the first. */
  block(cluster: number, counter: number, index: number, blocks: number, part: Uint8Array): Buffer {
    const head = Buffer.concat([Buffer.from([0xc0, 1]), u16(cluster), u16(0x0109), Buffer.from([1, counter])]);
    return Buffer.concat([head, Buffer.from(index === 0 ? [1, blocks] : [2, index]), part]);
  }

  protected override take(psdu: Uint8Array): void {
    super.take(psdu);
    const found = readAddressing(psdu, psdu.length - FCS);
    if (found?.type !== 1 || found.targetShort !== this.short || found.sourceShort === undefined) return;
    if (asksForAck(psdu)) this.acknowledge(found.sequence);
    const opened = openNetwork(this.key, Buffer.from(psdu.subarray(9, psdu.length - FCS)));
    if (opened) this.messages.push({ atMs: this.house.nowMs, source: opened.source, aps: opened.payload });
  }

  private acknowledge(sequence: number): void {
    this.house.home.clock.after(192, () => this.sayNow(withFcs(Buffer.from([0x02, 0x00, sequence]))));
  }
}

export function sealNetwork(key: Buffer, header: Buffer, extended: bigint, counter: number, payload: Uint8Array, keySequence = 0): Buffer {
  const auxiliary = Buffer.alloc(AUXILIARY);
  auxiliary[0] = 0x28 | LEVEL;
  auxiliary.writeUInt32LE(counter, 1);
  auxiliary.writeBigUInt64LE(extended, 5);
  auxiliary[13] = keySequence;
  const cipher = createCipheriv("aes-128-ccm", key, nonceOf(auxiliary), { authTagLength: MIC });
  cipher.setAAD(Buffer.concat([header, auxiliary]), { plaintextLength: payload.length });
  const text = cipher.update(payload);
  cipher.final();
  const mic = cipher.getAuthTag();
  auxiliary[0] &= ~7;
  return Buffer.concat([header, auxiliary, text, mic]);
}

export interface Opened {
  header: Buffer;
  source: number;
  extended: bigint;
  counter: number;
  payload: Buffer;
}

/** Takes the network's security off a NWK frame; nothing when there is none, or another key. */
export function openNetwork(key: Buffer, frame: Buffer): Opened | undefined {
  if (frame.length < 8 + AUXILIARY + MIC) return undefined;
  const control = frame.readUInt16LE(0);
  if ((control & NWK_SECURE) === 0) return undefined;
  let size = 8 + ((control & NWK_EXTENDED_TARGET) !== 0 ? 8 : 0) + ((control & NWK_EXTENDED_SOURCE) !== 0 ? 8 : 0);
  if ((control & 0x0100) !== 0) return undefined;
  if ((control & 0x0400) !== 0) size += 2 + 2 * (frame[size] ?? 0);
  if (frame.length < size + AUXILIARY + MIC) return undefined;
  const auxiliary = Buffer.from(frame.subarray(size, size + AUXILIARY));
  auxiliary[0] |= LEVEL;
  const decipher = createDecipheriv("aes-128-ccm", key, nonceOf(auxiliary), { authTagLength: MIC });
  const text = frame.subarray(size + AUXILIARY, frame.length - MIC);
  decipher.setAuthTag(frame.subarray(frame.length - MIC));
  decipher.setAAD(Buffer.concat([frame.subarray(0, size), auxiliary]), { plaintextLength: text.length });
  try {
    const payload = decipher.update(text);
    decipher.final();
    const header = Buffer.from(frame.subarray(0, size));
    return { header, source: frame.readUInt16LE(4), extended: auxiliary.readBigUInt64LE(5), counter: auxiliary.readUInt32LE(1), payload };
  } catch {
    return undefined;
  }
}

function nonceOf(auxiliary: Buffer): Buffer {
  return Buffer.concat([auxiliary.subarray(5, 13), auxiliary.subarray(1, 5), auxiliary.subarray(0, 1)]);
}
