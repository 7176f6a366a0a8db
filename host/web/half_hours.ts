// Energy by half-hours, of a meter's reports: what a report finds more than the one before is spread evenly over the time between them.

const HALF_HOUR_MS = 30 * 60_000;
/** Eight days. */
const HALF_HOURS_KEPT = 8 * 48;
/** A day and an hour of minutes. */
const POINTS_KEPT = 25 * 60;
const MINUTE_MS = 60_000;

export interface HalfHour {
  /** Milliseconds since 1970. */
  startMs: number;
  wh: number;
}

/** Sums of half-hours are differences of the register, so that a day's sum is the register's rise. */
export class HalfHours {
  private readonly closed: HalfHour[] = [];
  private last: { ms: number; wh: number } | undefined;
  private startMs = 0;
  private startWh = 0;
  /** Power, a point a minute. */
  readonly points: { ms: number; w: number }[] = [];

  take(ms: number, wh: number, w: number): void {
    this.takePower(ms, w);
    const { last } = this;
    this.last = { ms, wh };
    if (!last) {
      this.startMs = ms - (ms % HALF_HOUR_MS);
      this.startWh = wh;
      return;
    }
    // A register that has lost what it had not written down has consumed nothing meanwhile.
    const before = Math.min(last.wh, wh);
    this.startWh -= last.wh - before;
    for (let end = this.startMs + HALF_HOUR_MS; end <= ms; end += HALF_HOUR_MS) {
      const there = before + Math.round(((wh - before) * (end - last.ms)) / Math.max(1, ms - last.ms));
      this.close(there, end);
    }
  }

  /** The oldest first; the last one is under way. */
  all(): HalfHour[] {
    if (!this.last) return [];
    return [...this.closed, { startMs: this.startMs, wh: this.last.wh - this.startWh }];
  }

  private close(wh: number, endMs: number): void {
    this.closed.push({ startMs: this.startMs, wh: wh - this.startWh });
    if (this.closed.length >= HALF_HOURS_KEPT) this.closed.shift();
    this.startMs = endMs;
    this.startWh = wh;
  }

  private takePower(ms: number, w: number): void {
    const minute = ms - (ms % MINUTE_MS);
    const newest = this.points.at(-1);
    if (newest && newest.ms >= minute) newest.w = w;
    else this.points.push({ ms: minute, w });
    if (this.points.length > POINTS_KEPT) this.points.shift();
  }
}
