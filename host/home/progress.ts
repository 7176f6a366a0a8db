// How fast an update arrives, from the offsets that a device notes: the rate of the last while, and the time that is left.
import type { EventOf } from "./events.ts";

/** Simulated time that the rate is taken over: longer than a block that was lost, shorter than a person's patience. */
const WINDOW_MS = 15_000;

interface Point {
  t: number;
  offset: number;
}

export class Progress {
  private points: Point[] = [];
  private key = "";

  /** Fills `rate` (octets a second) and `etaMs` (simulated) into an `update` event that tells of loading; null while unknown. */
  take(event: EventOf<"update"> | EventOf<"library">): void {
    if (event.status !== "loading") {
      this.points = [];
      return;
    }
    const key = `${event.image} ${event.version} ${event.size}`;
    const { offset, size } = event;
    const last = this.points.at(-1);
    if (key !== this.key || (last && offset < last.offset)) this.points = [];
    this.key = key;
    this.points.push({ t: event.t, offset });
    while (this.points.length > 2 && this.points[1].t < event.t - WINDOW_MS) this.points.shift();
    const first = this.points[0];
    if (event.t <= first.t || offset <= first.offset) return;
    const rate = ((offset - first.offset) * 1000) / (event.t - first.t);
    event.rate = Math.round(rate);
    event.etaMs = Math.round(((size - offset) / rate) * 1000);
  }
}

/** One for each stream of offsets. */
export class Progresses {
  private readonly all = new Map<string, Progress>();

  of(...names: string[]): Progress {
    const name = names.join(" ");
    const found = this.all.get(name) ?? new Progress();
    this.all.set(name, found);
    return found;
  }
}
