// A run as the interface shows it.  It looks on: nothing here changes what the home does.
import type { AirFrame } from "../air/medium.ts";
import { currencyName, type HomeEvent } from "../home/events.ts";
import type { Session } from "../home/session.ts";
import type { Device, EventsAnswer, FramesAnswer, HalfHoursAnswer, PowerAnswer, State, Tick } from "./answers.ts";
import { type FrameFilter, Frames } from "./frames.ts";
import type { KeyShelf } from "./key_shelf.ts";
import { bindingsOf, deviceOf, linksOf } from "./map.ts";
import { Ring } from "./ring.ts";
import { Watched } from "./watched.ts";

/** Of a home of three devices that is nine hours. */
const EVENTS_KEPT = 4_096;
const EVENTS_SCAN_MAX = 1_000;

export interface About {
  /** What makes the run again. */
  command: string;
  /** Boards, or partners outside of the simulation, keep real time. */
  realTime: boolean;
}

const dateOf = (ms: number): string => new Date(ms).toISOString();

export class Watch {
  readonly events = new Ring<HomeEvent>(EVENTS_KEPT);
  readonly watched: Watched;
  readonly frames: Frames;
  ended = false;

  constructor(
    readonly session: Session,
    private readonly shelf: KeyShelf,
    readonly about: About,
  ) {
    const { home } = session;
    const { plan, status, originMs, medium } = home;
    const extended = new Map(plan.rows.map(({ id }) => [id, BigInt(`0x${status.device(id).extended.replaceAll(":", "")}`)]));
    this.watched = new Watched(plan, (id) => status.device(id).extended, originMs);
    this.frames = new Frames(this.watched, shelf, (id) => extended.get(id), originMs);
    medium.onFrame((frame) => this.frame(frame));
  }

  take(event: HomeEvent): void {
    this.events.push(event);
    this.watched.take(event);
    if (event.event === "summary") this.ended = true;
  }

  private frame(frame: AirFrame): void {
    this.frames.take(frame);
    this.watched.frame(frame);
  }

  state(): State {
    const { home, pacer } = this.session;
    const { plan, status, nowMs, originMs, medium } = home;
    const { price, digits, currency } = plan.tariff;
    const devices = this.devices();
    return {
      t: nowMs,
      date: dateOf(originMs + nowMs),
      originMs,
      untilMs: status.untilMs,
      speed: finite(pacer.speed),
      paused: pacer.paused,
      realTime: this.about.realTime,
      rate: status.rate,
      phase: plan.phase,
      seed: Number(medium.seed),
      command: this.about.command,
      ended: this.ended,
      framesSent: status.frames,
      ...this.ranges(),
      price: price / 10 ** digits,
      currency: currencyName(currency),
      rangeMetres: plan.rangeMetres,
      walls: plan.walls.map(({ from, to, attenuationDb }) => ({ from, to, attenuationDb })),
      devices,
      links: linksOf(plan, this.watched, devices),
      bindings: bindingsOf(this.watched, this.shelf, devices),
    };
  }

  tick(): Tick {
    const { home, pacer } = this.session;
    return { t: home.nowMs, paused: pacer.paused, speed: finite(pacer.speed), ended: this.ended, ...this.ranges() };
  }

  devices(): Device[] {
    return [...this.watched.byId.values()].map((seen) => deviceOf(this.session.home.status, this.watched, seen));
  }

  device(id: string): Device | undefined {
    const seen = this.watched.byId.get(id);
    return seen && deviceOf(this.session.home.status, this.watched, seen);
  }

  halfHours(id: string): HalfHoursAnswer | undefined {
    const found = this.watched.halfHours.get(id);
    if (!found) return undefined;
    const { price, digits, currency } = this.session.home.plan.tariff;
    const halfHours = found.all().map(({ startMs, wh }) => ({
      start: dateOf(startMs),
      wh,
      cost: Math.round((wh * price) / 1000) / 10 ** digits,
    }));
    return { device: id, currency: currencyName(currency), halfHours };
  }

  power(id: string): PowerAnswer | undefined {
    const found = this.watched.halfHours.get(id);
    return found && { device: id, points: found.points.map(({ ms, w }) => ({ date: dateOf(ms), w })) };
  }

  framesAfter(number: number, limit: number, filter: FrameFilter): FramesAnswer {
    const { items, next, missed } = this.frames.after(number, limit, filter);
    return { frames: items, next, missed, last: this.frames.ring.last };
  }

  eventsAfter(number: number, limit: number, device: string | undefined): EventsAnswer {
    const wanted = (event: HomeEvent): boolean => device === undefined || event.device === device;
    const { items, next, missed } = this.events.after(number, limit, EVENTS_SCAN_MAX, wanted);
    return { events: items, next, missed, last: this.events.last };
  }

  private ranges(): Pick<Tick, "frames" | "events"> {
    const { ring } = this.frames;
    return { frames: { first: ring.first, last: ring.last }, events: { first: this.events.first, last: this.events.last } };
  }
}

function finite(speed: number): number | null {
  return Number.isFinite(speed) ? speed : null;
}
