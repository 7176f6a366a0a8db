// What zigbee-on-host leaves to its application, and an energy service interface must have: key establishment, keys between partners, Time, Price,
// Keep-Alive, and frames under link keys.  Independent of the stack: the agreement is tests/support/mqv.ts's, the ciphers are Node's.
import { readAddressing, withFcs } from "../../../host/air/frame.ts";
import type { Ca } from "../../../host/crypto/ca.ts";
import { keyVariant } from "../../../host/crypto/mmo.ts";
import { type Opened, openNetwork, sealNetwork, u16, u64 } from "../stranger.ts";
import { openAps, sealAps } from "./link.ts";
import { big, hex, type Outside } from "./outside.ts";
import { Responder } from "./responder.ts";

export const CLUSTER = { ota: 0x0019, time: 0x000a, keepAlive: 0x0025, price: 0x0700, metering: 0x0702, keys: 0x0800 } as const;
const SERVED: readonly number[] = [CLUSTER.time, CLUSTER.keepAlive, CLUSTER.price, CLUSTER.keys];
const PROFILE = 0x0109;
const ENDPOINT = 1;
const MATCH = 0x0006;
const BIND = 0x0021;
const RESPONSE = 0x8000;
const OWN_SHORT = 0x0000;

// APS frame control
const COMMAND = 0x01;
const ACK = 0x02;
const ACK_FORMAT = 0x10;
const SECURE = 0x20;
const WANTS_ACK = 0x40;
const EXTENDED = 0x80;
const KEY_LOAD = 3;

/** Counters begin with 0. */
const NOTHING_HEARD = -1;
/** A message that was repeated comes again within this time; the counter has eight bits. */
const DUPLICATE_S = 20;
/** A parent holds a frame for a child that sleeps for 7.68 s. */
const REPEAT_MS = 8000;
const REPEATS = 2;
const BROADCASTS = 0xfff8;

const u32 = (value: number): Buffer => Buffer.concat([u16(value & 0xffff), u16(value >>> 16)]);

/** A partner of whom we know who it is. */
interface Partner {
  short: number;
  extended: bigint;
  link: Buffer | null;
  /** The next counter of ours under its key, and its own last one. */
  counter: number;
  heard: number;
  /** When a counter of APS came last, in seconds. */
  seen: Map<number, number>;
  /** Counters of APS of ours that are not acknowledged yet. */
  unacknowledged: Set<number>;
}

export interface Zcl {
  from: bigint;
  cluster: number;
  control: number;
  sequence: number;
  command: number;
  payload: Buffer;
}

export interface EsiOptions {
  outside: Outside;
  ca: Ca;
  extended: bigint;
  pan: number;
  networkKey: Buffer;
  /** Seconds since 2000. */
  utc(): number;
  after(ms: number, action: () => void): void;
  random(octets: Uint8Array): void;
}

export class Esi {
  readonly partners = new Map<bigint, Partner>();
  /** Every frame of an application that came under a link key. */
  onZcl: (zcl: Zcl) => void = () => {};
  readonly troubles: string[] = [];
  /** Frames that came under a link key and could not be opened. */
  unopened = 0;
  replayed = 0;
  /** Messages of ours that nobody acknowledged. */
  unacknowledged = 0;
  readonly responder: Responder;
  networkKey: Buffer;
  keySequence = 0;
  private sequence = 0;

  constructor(private readonly options: EsiOptions) {
    this.networkKey = options.networkKey;
    this.responder = new Responder(options.ca, options.extended, options.random);
  }

  /** A device has shown its address; false when that was known. */
  know(short: number, extended: bigint): boolean {
    const partner = this.partners.get(extended);
    if (partner?.short === short) return false;
    if (partner) partner.short = short;
    else
      this.partners.set(extended, {
        short,
        extended,
        link: null,
        counter: 1,
        heard: NOTHING_HEARD,
        seen: new Map(),
        unacknowledged: new Set(),
      });
    return true;
  }

  /** A frame of MAC that the package has heard, without its FCS: what it cannot open itself is ours. */
  mac(psdu: Buffer): void {
    const found = readAddressing(psdu, psdu.length);
    if (found?.type !== 1 || psdu[1] !== 0x88) return;
    const opened = openNetwork(this.networkKey, Buffer.from(psdu.subarray(9)));
    if (!opened) return;
    const target = opened.header.readUInt16LE(2);
    if (target !== OWN_SHORT && found.targetShort === OWN_SHORT) this.relay(opened, target);
    if (target !== OWN_SHORT || (opened.header.readUInt16LE(0) & 3) !== 0) return;
    const partner = this.partnerOf(opened.source);
    if (partner && opened.payload[0] & SECURE) this.secured(partner, opened.payload);
    // The package acknowledges a Match_Desc_req and tells nobody.
    else if (partner && opened.payload.length > 8 && opened.payload.readUInt32LE(2) === MATCH)
      this.match(partner, opened.payload.subarray(8));
  }

  /** A frame without a link key, as the package tells it. */
  clear(short: number, header: Buffer | { [name: string]: number }, payload: Buffer): void {
    const partner = this.partnerOf(short);
    const { clusterId, profileId, sourceEndpoint } = header as { [name: string]: number };
    if (!partner) return;
    if (profileId !== PROFILE) return;
    if (clusterId === CLUSTER.keys) this.keys(partner, sourceEndpoint, payload);
    else if (clusterId === CLUSTER.time) this.serve(partner, zclOf(partner, clusterId, payload), false);
  }

  /** A command to a partner's server, under its key. */
  command(extended: bigint, cluster: number, control: number, command: number, payload: Uint8Array): number {
    const sequence = this.sequence++ & 0xff;
    this.zcl(this.partner(extended), cluster, Buffer.concat([Buffer.of(control, sequence, command), payload]));
    return sequence;
  }

  read(extended: bigint, cluster: number, ids: readonly number[]): number {
    return this.command(extended, cluster, 0x00, 0x00, Buffer.concat(ids.map(u16)));
  }

  /** Asks a device to report a cluster to us. */
  bind(extended: bigint, cluster: number): void {
    const { options } = this;
    const fields = [u64(extended), Buffer.of(ENDPOINT), u16(cluster), Buffer.of(3), u64(options.extended), Buffer.of(ENDPOINT)];
    const payload = Buffer.concat([Buffer.of(this.sequence++ & 0xff), ...fields]);
    this.data(this.partner(extended), { cluster: BIND, profile: 0, endpoint: 0, source: 0 }, payload);
  }

  private partner(extended: bigint): Partner {
    const partner = this.partners.get(extended);
    if (!partner) throw new Error(`nobody knows ${extended.toString(16)}`);
    return partner;
  }

  private partnerOf(short: number): Partner | undefined {
    return [...this.partners.values()].find((partner) => partner.short === short);
  }

  /** An APS frame under a link key. */
  private secured(partner: Partner, frame: Buffer): void {
    const isCommand = (frame[0] & 3) === COMMAND;
    const isAck = (frame[0] & 3) === ACK;
    const size = isCommand || (isAck && frame[0] & ACK_FORMAT) ? 2 : 8;
    const opened = partner.link && !(frame[0] & EXTENDED) ? openAps(partner.link, frame, size, partner.extended) : undefined;
    if (!opened) {
      this.unopened++;
      return;
    }
    if (opened.counter <= partner.heard) {
      this.replayed++;
      return;
    }
    partner.heard = opened.counter;
    const number = frame[size - 1];
    partner.unacknowledged.delete(isAck ? number : -1);
    if (isAck) return;
    if (frame[0] & WANTS_ACK) this.acknowledge(partner, frame);
    const seen = partner.seen.get(number) ?? -DUPLICATE_S;
    partner.seen.set(number, this.options.utc());
    if (this.options.utc() - seen < DUPLICATE_S) return;
    if (isCommand) this.securityCommand(partner, opened.payload);
    else if (frame.readUInt16LE(4) !== 0) this.serve(partner, zclOf(partner, frame.readUInt16LE(2), opened.payload), true);
  }

  private acknowledge(partner: Partner, frame: Buffer): void {
    const isCommand = (frame[0] & 3) === COMMAND;
    const head = isCommand
      ? Buffer.of(ACK | ACK_FORMAT, frame[1])
      : Buffer.concat([Buffer.of(ACK, frame[6]), frame.subarray(2, 6), Buffer.of(frame[1], frame[7])]);
    this.link(partner, head, Buffer.alloc(0));
  }

  /** What a parent does for its child and its neighbours, 05-3474 section 3.6.5: the package hears a frame for another, and that is its end. */
  private relay({ header, payload }: Opened, target: number): void {
    const { outside, pan, extended } = this.options;
    const { networkKey } = this;
    const all = target >= BROADCASTS;
    const hop = all ? 0xffff : target;
    outside.call("numbers", [], (value) => {
      const [mac, , counter] = value as number[];
      const network = Buffer.from(header);
      network[6]--;
      const frame = sealNetwork(networkKey, network, extended, counter, payload, this.keySequence);
      const whole = Buffer.concat([Buffer.of(all ? 0x41 : 0x61, 0x88, mac), u16(pan), u16(hop), u16(OWN_SHORT), frame]);
      outside.call(all ? "macHandler.sendFrameDirect" : "macHandler.sendFrame", [mac, hex(withFcs(whole)), hop, null]);
    });
  }

  private match(partner: Partner, payload: Buffer): void {
    if (payload.length < 6) return;
    const inputs = payload.subarray(6, 6 + 2 * payload[5]);
    const wanted = Array.from({ length: payload[5] }, (_, index) => inputs.readUInt16LE(2 * index));
    const matches = payload.readUInt16LE(3) === PROFILE && wanted.some((id) => SERVED.includes(id));
    const list = matches ? [1, ENDPOINT] : [0];
    const answer = Buffer.from([payload[0], 0, OWN_SHORT, OWN_SHORT, ...list]);
    this.options.outside.call("sendUnicast", [hex(answer), 0, MATCH | RESPONSE, partner.short, null, 0, 0]);
  }

  private keys(partner: Partner, endpoint: number, frame: Buffer): void {
    const { sequence, command, payload, control } = zclOf(partner, CLUSTER.keys, frame);
    if ((control & 0x0b) !== 0x01) return;
    const { answers, link } = this.responder.take(partner.extended, command, payload);
    for (const { id, octets } of answers) {
      const whole = Buffer.concat([Buffer.of(0x19, sequence, id), octets]);
      this.options.outside.call("sendUnicast", [hex(whole), PROFILE, CLUSTER.keys, partner.short, null, endpoint, ENDPOINT]);
    }
    if (link) Object.assign(partner, { link, counter: 1, heard: NOTHING_HEARD });
  }

  /** Request Key for two partners: 05-3474 section 4.4.10.5. */
  private securityCommand(partner: Partner, payload: Buffer): void {
    const other = payload[0] === 8 && payload[1] === 2 ? this.partners.get(payload.readBigUInt64LE(2)) : undefined;
    if (!other?.link) {
      this.troubles.push(`a command ${payload.toString("hex")} of ${partner.extended.toString(16)}`);
      return;
    }
    const key = Buffer.alloc(16);
    this.options.random(key);
    const between = (to: Partner, with_: Partner, initiator: number): void => {
      const body = Buffer.concat([Buffer.of(5, 3), key, u64(with_.extended), Buffer.of(initiator)]);
      this.link(to, Buffer.of(COMMAND | WANTS_ACK, 0), body, KEY_LOAD);
    };
    between(other, partner, 0);
    between(partner, other, 1);
  }

  /** What is asked of our servers, and what our clients are told. */
  private serve(partner: Partner, zcl: Zcl, secure: boolean): void {
    if (secure) this.onZcl(zcl);
    const { cluster, control, command, sequence, payload } = zcl;
    if (control & 0x08) {
      if (!(control & 0x10) && command !== 0x0b) this.answer(partner, zcl, secure, Buffer.of(0x10, sequence, 0x0b, command, 0));
      return;
    }
    if ((control & 3) === 0 && command === 0x00) {
      const ids = Array.from({ length: payload.length >> 1 }, (_, index) => payload.readUInt16LE(2 * index));
      const records = ids.map((id) => this.attribute(cluster, id));
      this.answer(partner, zcl, secure, Buffer.concat([Buffer.of(0x18, sequence, 0x01), ...records]));
    } else if ((control & 3) === 1 && cluster === CLUSTER.price && (command === 0 || command === 2)) {
      this.answer(partner, zcl, secure, Buffer.concat([Buffer.of(0x19, sequence, 0x00), this.price()]));
    } else if (command !== 0x0b) this.answer(partner, zcl, secure, Buffer.of(0x18, sequence, 0x0b, command, 0x81));
  }

  private attribute(cluster: number, id: number): Buffer {
    const found = (type: number, value: Uint8Array): Buffer => Buffer.concat([u16(id), Buffer.of(0, type), value]);
    if (cluster === CLUSTER.keepAlive && id === 0) return found(0x20, Buffer.of(10));
    if (cluster === CLUSTER.keepAlive && id === 1) return found(0x21, u16(300));
    if (cluster === CLUSTER.time && id === 0) return found(0xe2, u32(this.options.utc()));
    if (cluster === CLUSTER.time && id === 2) return found(0x2b, u32(0));
    return Buffer.concat([u16(id), Buffer.of(0x86)]);
  }

  /** Publish Price: 24.50 pence from now on, until another is told; D.4.2.4.1. */
  private price(): Buffer {
    const label = Buffer.from("Day");
    const now = u32(this.options.utc());
    const head = [u32(1), Buffer.of(label.length), label, u32(7), now, Buffer.of(0), u16(826), Buffer.of(0x41, 0x11)];
    return Buffer.concat([...head, u32(0), u16(0xffff), u32(2450), Buffer.of(0xff), u32(0xffff_ffff), Buffer.of(0xff)]);
  }

  private answer(partner: Partner, { cluster }: Zcl, secure: boolean, frame: Buffer): void {
    if (secure) this.zcl(partner, cluster, frame);
    else this.options.outside.call("sendUnicast", [hex(frame), PROFILE, cluster, partner.short, null, ENDPOINT, ENDPOINT]);
  }

  private zcl(partner: Partner, cluster: number, frame: Buffer): void {
    this.data(partner, { cluster, profile: PROFILE, endpoint: ENDPOINT, source: ENDPOINT }, frame);
  }

  private data(partner: Partner, to: { cluster: number; profile: number; endpoint: number; source: number }, payload: Buffer): void {
    const head = Buffer.concat([Buffer.of(WANTS_ACK, to.endpoint), u16(to.cluster), u16(to.profile), Buffer.of(to.source, 0)]);
    this.link(partner, head, payload);
  }

  /** Seals for a partner and gives the frame to the package's MAC, which holds it for who sleeps.  The header's last octet is an APS counter. */
  private link(partner: Partner, head: Buffer, payload: Buffer, use = 0): void {
    this.options.outside.call("numbers", [], (value) => {
      head[0] |= SECURE;
      const wants = (head[0] & WANTS_ACK) !== 0;
      if ((head[0] & 3) !== ACK) head[head.length - 1] = (value as number[])[3];
      if (wants) partner.unacknowledged.add(head[head.length - 1]);
      this.seal(partner, head, payload, use, value as number[]);
      if (wants) this.repeat(partner, head, payload, use, REPEATS);
    });
  }

  private seal(partner: Partner, head: Buffer, payload: Buffer, use: number, [mac, nwk, counter]: number[]): void {
    const { outside, pan, extended } = this.options;
    const { networkKey } = this;
    const key = partner.link;
    if (!key) return;
    const sealed = sealAps(head, payload, use === 0 ? key : keyVariant(key, use - 1), partner.counter++, extended, use);
    const network = Buffer.concat([u16(0x0208), u16(partner.short), u16(OWN_SHORT), Buffer.of(30, nwk)]);
    const frame = sealNetwork(networkKey, network, extended, counter, sealed, this.keySequence);
    const whole = Buffer.concat([Buffer.of(0x61, 0x88, mac), u16(pan), u16(partner.short), u16(OWN_SHORT), frame]);
    outside.call("macHandler.sendFrame", [mac, hex(withFcs(whole)), partner.short, big(partner.extended)]);
  }

  private repeat(partner: Partner, head: Buffer, payload: Buffer, use: number, left: number): void {
    const number = head[head.length - 1];
    this.options.after(REPEAT_MS, () => {
      if (!partner.unacknowledged.has(number)) return;
      if (left === 0) {
        partner.unacknowledged.delete(number);
        this.unacknowledged++;
        return;
      }
      this.options.outside.call("numbers", [], (value) => this.seal(partner, head, payload, use, value as number[]));
      this.repeat(partner, head, payload, use, left - 1);
    });
  }
}

function zclOf({ extended }: Partner, cluster: number, frame: Buffer): Zcl {
  const size = frame[0] & 0x04 ? 2 : 0;
  return {
    from: extended,
    cluster,
    control: frame[0],
    sequence: frame[1 + size],
    command: frame[2 + size],
    payload: Buffer.from(frame.subarray(3 + size)),
  };
}
