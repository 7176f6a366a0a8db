// The air: IEEE 802.15.4 at 2.4 GHz, O-QPSK (clause 6.5: 250 kbit/s, 62.5 ksymbols/s), shared by everyone attached.
//
// A transmission occupies its channel for 6 octets of SHR and PHR and its PSDU.  A receiver takes it when it listened on that channel from
// the first symbol to the last, nothing else was on the air around it meanwhile, and the link's chance allows it.

import { Clock } from "./clock.ts";
import { fcsGood } from "./frame.ts";
import { Random, type Seed } from "./random.ts";
import { attenuation, lqiAt, metresOf, type Place, rssiAt, type Wall } from "./space.ts";
import { OCTET_US, PHY_HEAD_OCTETS } from "./standard.ts";

export const STATIONS_MAX = 2048;

/** What an indoor radio reaches. */
export const RANGE_METRES = 30;
const NOTHING = new Uint8Array(0);

/** Ended transmissions are remembered this long, so that a channel assessment can look back over its eight symbols. */
const MEMORY_US = 1_000;

/** One direction of what lies between two stations. */
export interface Link {
  inRange: boolean;
  /** Probability that a frame's FCS is wrong at the end. */
  loss: number;
  /** Probability that the receiver's radio hands a frame on twice. */
  duplicate: number;
  /** The receiver's radio hands a frame on this much later, and up to `jitterUs` later still: that is what reorders.  Acknowledgements stay in time. */
  delayUs: number;
  jitterUs: number;
  lqi: number;
  rssi: number;
}

export const LINK: Readonly<Link> = { inRange: true, loss: 0, duplicate: 0, delayUs: 0, jitterUs: 0, lqi: 220, rssi: -55 };

export interface Reception {
  channel: number;
  lqi: number;
  rssi: number;
  /** When the frame began on the air. */
  startUs: number;
  /** How much later each copy is to be handed on. */
  delaysUs: readonly number[];
}

/** A frame as a sniffer beside everyone would note it. */
export interface AirFrame {
  timeUs: number;
  channel: number;
  /** With its FCS; read only. */
  psdu: Uint8Array;
  source: string;
  /** At least one station that listened lost it because another transmission overlapped. */
  collided: boolean;
}

export interface MediumOptions {
  seed: Seed;
  clock?: Clock;
  /** What links are like unless `setLink` says otherwise. */
  link?: Partial<Link>;
  /** Stations with positions hear each other up to this distance, less where walls are between them. */
  rangeMetres?: number;
  walls?: readonly Wall[];
  /** Added to macAckWaitDuration, for partners on the other side of a UDP port. */
  ackGraceUs?: number;
}

interface Hearer {
  port: Port;
  link: Readonly<Link>;
  spoiled: boolean;
}

interface Transmission {
  port: Port;
  psdu: Uint8Array;
  channel: number;
  startUs: number;
  endUs: number;
  collided: boolean;
  aborted: boolean;
  hearers: Hearer[];
}

/** A station's connection to the air. */
export class Port {
  channel = 0;
  listening = false;
  attached = true;
  /** Receptions under way. */
  readonly hearing: Hearer[] = [];
  /** Who hears this station, in the order in which they were attached; undefined when it is to be found anew. */
  reach: Map<Port, Readonly<Link>> | undefined;
  readonly chances = new Map<Port, Random>();

  constructor(
    readonly id: string,
    public place: Place | undefined,
    readonly heard: (psdu: Uint8Array, reception: Reception) => void,
  ) {}

  /** Whoever stops listening, or turns to another channel, loses what it was receiving. */
  tune(channel: number, listening: boolean): void {
    if (this.listening && (!listening || channel !== this.channel)) for (const hearer of this.hearing) hearer.spoiled = true;
    this.channel = channel;
    this.listening = listening;
  }
}

export class Medium {
  readonly clock: Clock;
  readonly seed: Seed;
  readonly ackGraceUs: number;
  readonly counters = { frames: 0, octets: 0, collided: 0, lost: 0, badFcs: 0, aborted: 0 };

  private readonly ports = new Map<string, Port>();
  private readonly air = new Map<number, Transmission[]>();
  /** By who sends and who hears. */
  private readonly overrides = new Map<string, Map<string, Partial<Link>>>();
  private readonly places = new Map<string, Place>();
  private readonly streams = new Map<string, Random>();
  private readonly base: Readonly<Link>;
  private readonly rangeMetres: number;
  private readonly walls: readonly Wall[];
  private parts: Map<string, number> | undefined;
  private observers: ((frame: AirFrame) => void)[] = [];

  constructor(options: MediumOptions) {
    this.clock = options.clock ?? new Clock();
    this.seed = options.seed;
    this.base = { ...LINK, ...options.link };
    this.rangeMetres = options.rangeMetres ?? RANGE_METRES;
    this.walls = options.walls ?? [];
    this.ackGraceUs = options.ackGraceUs ?? 0;
  }

  /** Calls `observer` for every whole frame at its end; answers how to stop that. */
  onFrame(observer: (frame: AirFrame) => void): () => void {
    this.observers.push(observer);
    return () => {
      this.observers = this.observers.filter((other) => other !== observer);
    };
  }

  attach(id: string, heard: (psdu: Uint8Array, reception: Reception) => void): Port {
    if (this.ports.has(id)) throw new Error(`A station named ${id} is on the air already.`);
    if (this.ports.size >= STATIONS_MAX) throw new Error(`More than ${STATIONS_MAX} stations are on the air.`);
    const port = new Port(id, this.places.get(id), heard);
    for (const other of this.ports.values()) this.reaches(other, port);
    this.ports.set(id, port);
    return port;
  }

  /** Power cut: what it was sending ends in the middle, and nobody has it. */
  detach(port: Port): void {
    if (!port.attached) return;
    this.abort(port);
    port.tune(0, false);
    port.attached = false;
    this.ports.delete(port.id);
    for (const other of this.ports.values()) other.reach?.delete(port);
  }

  /** Both directions. */
  setLink(a: string, b: string, link: Partial<Link>): void {
    this.setOneWay(a, b, link);
    this.setOneWay(b, a, link);
  }

  setOneWay(from: string, to: string, link: Partial<Link>): void {
    const targets = this.overrides.get(from) ?? new Map<string, Partial<Link>>();
    this.overrides.set(from, targets);
    targets.set(to, { ...targets.get(to), ...link });
    this.forgetLinks();
  }

  /** Metres; stations without a position are beside everyone. */
  setPosition(id: string, x: number, y: number): void {
    const place = { x, y };
    this.places.set(id, place);
    const port = this.ports.get(id);
    if (port) port.place = place;
    this.forgetLinks();
  }

  /** Stations of different groups do not hear each other; who is in no group hears everyone. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.parts = new Map(groups.flatMap((group, index) => group.map((id) => [id, index] as const)));
    this.forgetLinks();
  }

  heal(): void {
    this.parts = undefined;
    this.forgetLinks();
  }

  /** Whether energy was around the station on the channel at any time since `fromUs`. */
  busy(port: Port, channel: number, fromUs: number): boolean {
    const air = this.air.get(channel);
    if (air === undefined) return false;
    for (const other of air) if (other.endUs > fromUs && other.port !== port && this.reachOf(other.port).has(port)) return true;
    return false;
  }

  /** Puts a PSDU with FCS on the air; `ended` follows when its last symbol has been sent. */
  transmit(port: Port, psdu: Uint8Array, channel: number, ended: () => void): void {
    const startUs = this.clock.nowUs;
    const endUs = startUs + (PHY_HEAD_OCTETS + psdu.length) * OCTET_US;
    const sent: Transmission = { port, psdu, channel, startUs, endUs, collided: false, aborted: false, hearers: [] };
    const air = this.channelAir(channel, startUs);
    for (const [other, link] of this.reachOf(port)) {
      if (other.channel !== channel || !other.listening) continue;
      const hearer: Hearer = { port: other, link, spoiled: false };
      if (this.overlap(air, sent, other)) hearer.spoiled = true;
      sent.hearers.push(hearer);
      other.hearing.push(hearer);
    }
    air.push(sent);
    this.clock.at(endUs, () => {
      if (sent.aborted) return;
      this.end(sent);
      ended();
    });
  }

  /** A transmitter without frames: around it the channel is busy, and what is received there meanwhile is lost. */
  noise(id: string, channel: number, durationUs: number): void {
    const port = this.attach(id, () => undefined);
    const { nowUs } = this.clock;
    const endUs = nowUs + durationUs;
    const air = this.channelAir(channel, nowUs);
    const reach = this.reachOf(port);
    for (const earlier of air) {
      if (earlier.endUs <= nowUs) continue;
      for (const hearer of earlier.hearers) {
        if (!reach.has(hearer.port)) continue;
        hearer.spoiled = true;
        earlier.collided = true;
      }
    }
    air.push({ port, psdu: NOTHING, channel, startUs: nowUs, endUs, collided: false, aborted: false, hearers: [] });
    this.clock.at(endUs, () => this.detach(port));
  }

  /** Stops what the station is sending. */
  abort(port: Port): void {
    for (const air of this.air.values()) {
      for (const sent of air) {
        if (sent.port !== port || sent.endUs <= this.clock.nowUs) continue;
        sent.aborted = true;
        sent.endUs = this.clock.nowUs;
        this.counters.aborted++;
        for (const hearer of sent.hearers) release(hearer);
      }
    }
  }

  /** Marks as lost what `other` hears of overlapping transmissions; true when there are such. */
  private overlap(air: Transmission[], sent: Transmission, other: Port): boolean {
    let found = false;
    for (const earlier of air) {
      if (earlier.endUs <= sent.startUs || earlier.port === other || !this.reachOf(earlier.port).has(other)) continue;
      found = true;
      sent.collided = true;
      for (const hearer of earlier.hearers) {
        if (hearer.port !== other) continue;
        hearer.spoiled = true;
        earlier.collided = true;
      }
    }
    return found;
  }

  private end(sent: Transmission): void {
    const { psdu, channel, startUs } = sent;
    this.counters.frames++;
    this.counters.octets += psdu.length;
    if (sent.collided) this.counters.collided++;
    for (const observer of this.observers) observer({ timeUs: startUs, channel, psdu, source: sent.port.id, collided: sent.collided });
    for (const hearer of sent.hearers) release(hearer);
    const good = fcsGood(psdu);
    if (!good) this.counters.badFcs++;
    for (const { port, link, spoiled } of sent.hearers) {
      if (spoiled || !good || !port.listening) continue;
      if (link.loss > 0 && this.chance(sent.port, port).chance(link.loss)) {
        this.counters.lost++;
        continue;
      }
      const delaysUs = late(link) ? delays(link, this.chance(sent.port, port)) : AT_ONCE;
      port.heard(psdu, { channel, lqi: link.lqi, rssi: link.rssi, startUs, delaysUs });
    }
  }

  /** The channel's transmissions without those that nobody needs to remember. */
  private channelAir(channel: number, nowUs: number): Transmission[] {
    let air = this.air.get(channel);
    if (air === undefined) {
      air = [];
      this.air.set(channel, air);
    }
    let kept = 0;
    for (const sent of air) if (sent.endUs > nowUs - MEMORY_US) air[kept++] = sent;
    while (air.length > kept) air.pop();
    return air;
  }

  private reachOf(port: Port): ReadonlyMap<Port, Readonly<Link>> {
    if (port.reach === undefined) {
      port.reach = new Map();
      for (const other of this.ports.values()) if (other !== port) this.reaches(port, other);
    }
    return port.reach;
  }

  /** Notes `to` among those that hear `from`, if it does and those are known. */
  private reaches(from: Port, to: Port): void {
    const link = from.reach && this.link(from, to);
    if (link) from.reach?.set(to, link);
  }

  /** Undefined when out of range. */
  private link(from: Port, to: Port): Readonly<Link> | undefined {
    const override = this.overrides.get(from.id)?.get(to.id);
    const [here, there] = [from.place, to.place];
    const placed = here !== undefined && there !== undefined;
    const metres = placed ? metresOf(here, there, this.walls.length > 0 ? attenuation(this.walls, here, there) : 0) : 0;
    const inRange = override?.inRange ?? (placed ? metres <= this.rangeMetres : this.base.inRange);
    if (!inRange || this.parted(from.id, to.id)) return undefined;
    if (!placed && override === undefined) return this.base;
    const rssi = placed ? rssiAt(metres) : this.base.rssi;
    return { ...this.base, rssi, lqi: placed ? lqiAt(rssi) : this.base.lqi, ...override, inRange };
  }

  private parted(from: string, to: string): boolean {
    const [one, other] = [this.parts?.get(from), this.parts?.get(to)];
    return one !== undefined && other !== undefined && one !== other;
  }

  /** A link's own numbers, which go on where they were when a station returns after a power cut. */
  private chance(from: Port, to: Port): Random {
    let random = from.chances.get(to);
    if (random === undefined) {
      const name = `link ${from.id} ${to.id}`;
      random = this.streams.get(name) ?? new Random(this.seed, name);
      this.streams.set(name, random);
      from.chances.set(to, random);
    }
    return random;
  }

  private forgetLinks(): void {
    for (const port of this.ports.values()) port.reach = undefined;
  }
}

function release(hearer: Hearer): void {
  const place = hearer.port.hearing.indexOf(hearer);
  if (place >= 0) hearer.port.hearing.splice(place, 1);
}

const AT_ONCE: readonly number[] = [0];

function late({ delayUs, jitterUs, duplicate }: Readonly<Link>): boolean {
  return delayUs !== 0 || jitterUs !== 0 || duplicate !== 0;
}

function delays(link: Readonly<Link>, chance: Random): readonly number[] {
  const copies = chance.chance(link.duplicate) ? 2 : 1;
  const found: number[] = [];
  for (let copy = 0; copy < copies; copy++) found.push(link.delayUs + (link.jitterUs > 0 ? chance.below(link.jitterUs + 1) : 0));
  return found;
}
