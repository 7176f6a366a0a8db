// How fast a run goes, and how long it takes yet.

/** Real milliseconds that the rate is taken over, and between two lines about it. */
const WINDOW_MS = 3000;
const TELL_MS = 10_000;

export interface Paced {
  /** Simulated over real time; null while unknown. */
  rate: number | null;
  /** Real milliseconds to the end. */
  leftMs: number | null;
  /** A line about it is due: in a run that is over sooner there is none. */
  due: boolean;
}

export class Pace {
  private readonly points: { simulatedMs: number; realMs: number }[] = [];
  private toldMs: number | undefined;

  constructor(public untilMs: number) {}

  look(simulatedMs: number, realMs: number): Paced {
    this.toldMs ??= realMs;
    this.points.push({ simulatedMs, realMs });
    while (this.points.length > 2 && this.points[1].realMs < realMs - WINDOW_MS) this.points.shift();
    const first = this.points[0];
    const spanMs = realMs - first.realMs;
    const rate = spanMs > 0 ? (simulatedMs - first.simulatedMs) / spanMs : null;
    const leftMs = rate !== null && rate > 0 ? Math.max(0, this.untilMs - simulatedMs) / rate : null;
    const due = realMs - this.toldMs >= TELL_MS;
    if (due) this.toldMs = realMs;
    return { rate, leftMs, due };
  }
}
