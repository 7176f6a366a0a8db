// A home for other programs: made of a few words, moved on by the caller, who gets what happened meanwhile.
import type { Place } from "../air/space.ts";
import type { Dropped } from "../drops.ts";
import type { EventOf, HomeEvent } from "../home/events.ts";
import type { Output } from "../home/output.ts";
import type { DeviceId, DeviceRole, Phase } from "../home/plan.ts";
import { type Options, UNPACED } from "../home/run_options.ts";
import { Session } from "../home/session.ts";

export interface HomeOptions {
  /** A home file, docs/home.md; without it and `nodes` a hub, a meter and a display. */
  home?: string;
  /** A home of so many devices. */
  nodes?: number;
  /** 1: Smart Energy 1.x; 2: ZigBee IP; default: the home file's, else 1. */
  phase?: Phase;
  /** The CSV that meters without their own measure; default: an invented week. */
  load?: string;
  /** The same one gives the same run; default: the home file's, else 1. */
  seed?: number;
  /** What runs the modules; wasm3 is compiled when it is first used, and needs a C compiler. */
  engine?: "v8" | "wasm3";
  /** Key establishment with this suite only. */
  suite?: 1 | 2;
  /** Every frame goes into this pcapng file, with the keys. */
  pcap?: string;
  /** The keys go into this file, as tshark's table. */
  keys?: string;
  /** Recordings and traces of each boot of each device go into this folder. */
  record?: string;
  /** Packages for devices, sent as soon as the home is settled. */
  updates?: readonly { device: DeviceId; path: string }[];
  /** Hears in a sentence of what takes long, such as a compiler at work. */
  say?: (sentence: string) => void;
}

/** Noise on a channel. */
export interface Noise {
  /** 11 to 26. */
  channel: number;
  forMs: number;
  /** Everywhere without one. */
  place?: Place;
}

/** Collects events until the caller asks for them. */
class Collected implements Output {
  readonly closed = false;
  readonly failed = false;
  private events: HomeEvent[] = [];

  event(event: HomeEvent): void {
    this.events.push(event);
  }

  take(): HomeEvent[] {
    const taken = this.events;
    this.events = [];
    return taken;
  }

  async turn(): Promise<void> {
    // Nobody watches.
  }

  async end(): Promise<void> {
    // Nothing to give back.
  }
}

export class Home {
  private readonly events: Collected;
  private readonly session: Session;
  private noises = 0;
  private closed = false;

  private constructor(session: Session, events: Collected) {
    this.session = session;
    this.events = events;
  }

  /** Makes the home and gives it power at simulated time 0; refuses with one sentence what it cannot make. */
  static async open(options: HomeOptions = {}): Promise<Home> {
    const events = new Collected();
    const session = await Session.open(complete(options), () => events, options.say ?? (() => undefined));
    session.home.start();
    return new Home(session, events);
  }

  /** Simulated milliseconds since the home got power. */
  get nowMs(): number {
    return this.session.home.nowMs;
  }

  /** Its devices, in the order of the home file. */
  get devices(): readonly { id: DeviceId; role: DeviceRole }[] {
    return this.session.home.plan.rows.map(({ id, role }) => ({ id, role }));
  }

  /** Lets so many simulated milliseconds go by, as fast as the machine can, and answers what happened. */
  advance(milliseconds: number): HomeEvent[] {
    this.check();
    if (!(milliseconds >= 0 && Number.isSafeInteger((this.nowMs + milliseconds) * 1000)))
      throw new RangeError(`a home advances by milliseconds from 0 on, not by ${milliseconds}`);
    const { home } = this.session;
    home.advance(home.clock.nowUs + Math.round(milliseconds * 1000));
    return this.events.take();
  }

  /** Pulls a device's plug, or puts it in again. */
  power(device: DeviceId, on: boolean): void {
    this.check();
    this.session.home.power(device, on);
  }

  /** Carries a device elsewhere; metres. */
  move(device: DeviceId, place: Place): void {
    this.check();
    this.session.home.move(device, place);
  }

  /** Its supplier takes a device off the hub's network for good; it comes back when it is admitted. */
  remove(device: DeviceId): void {
    this.check();
    this.session.home.remove(device);
  }

  /** Its supplier admits a device anew, and opens the network for it. */
  admit(device: DeviceId): void {
    this.check();
    this.session.home.admit(device);
  }

  /** Its supplier has the key of a hub's network changed. */
  rekey(hub: DeviceId): void {
    this.check();
    this.session.home.rekey(hub);
  }

  jam({ channel, forMs, place = undefined }: Noise): void {
    this.check();
    this.noises++;
    this.session.home.jam(`library noise ${this.noises}`, { channel, forMs, place: place ?? null });
  }

  /** What a device's module dropped since it started, by layer and reason; nothing for one that is off. */
  drops(device: DeviceId): Dropped[] {
    this.check();
    return this.session.home.drops(device);
  }

  /** Ends every device and its files; answers the summary. */
  async close(): Promise<EventOf<"summary">> {
    const summary = this.session.summary();
    if (!this.closed) await this.session.close();
    this.closed = true;
    return summary;
  }

  private check(): void {
    if (this.closed) throw new Error("the home is closed");
  }
}

function complete({ say: _, updates = [], ...given }: HomeOptions): Options {
  return {
    home: null,
    nodes: null,
    load: null,
    speed: UNPACED,
    seed: null,
    durationMs: null,
    json: true,
    pcap: null,
    keys: null,
    zep: null,
    engine: "v8",
    boards: false,
    suite: null,
    record: null,
    updateAtMs: null,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    updates: [...updates],
  };
}
