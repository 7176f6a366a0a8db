// A household's consumption as a function of time: steps of constant power, added up without rounding.
import { type Decimal, decimalAt } from "./decimal.ts";

const MS_PER_HOUR = 3_600_000;

/** One stretch of constant power; between stretches nothing is consumed. */
export interface Step {
  /** Milliseconds since 1970, or since the start of the file when it has no dates. */
  startMs: number;
  /** Infinity for a power that holds to the end of the run. */
  endMs: number;
  /** Exactly one of the two is given. */
  kilowattHours?: Decimal;
  watts?: Decimal;
}

interface Stretch {
  startMs: number;
  endMs: number;
  /** Energy before this stretch, and its power, both in units that keep every digit of the file. */
  before: bigint;
  /** Energy = before + rise * elapsed / span: a fraction, because a half-hourly sum need not divide by its milliseconds. */
  rise: bigint;
  span: bigint;
}

/** Consumption with its own clock: 0 is the start of the first row, where the simulation starts as well. */
export class Load {
  /** When the file has dates, the moment of its first row. */
  readonly originMs: number | null;
  /** When the last row ends; the start of the last row where its power holds for ever. */
  readonly lengthMs: number;
  readonly rows: number;
  private readonly stretches: Stretch[] = [];
  private readonly unitsPerJoule: bigint;
  private cursor = 0;

  constructor(steps: readonly Step[], dated: boolean) {
    const first = steps[0];
    const last = steps[steps.length - 1];
    const origin = first.startMs;
    const scale = steps.reduce((most, step) => Math.max(most, (step.kilowattHours ?? step.watts)?.scale ?? 0), 0);
    // A watt for a millisecond is a millijoule, so a unit is 10^-scale of that.
    this.unitsPerJoule = 1000n * 10n ** BigInt(scale);
    let before = 0n;
    for (const step of steps) {
      const finite = Number.isFinite(step.endMs);
      const span = BigInt(finite ? step.endMs - step.startMs : MS_PER_HOUR);
      const rise = step.kilowattHours
        ? decimalAt(step.kilowattHours, scale) * 3_600_000n * 1000n
        : decimalAt(step.watts ?? { digits: 0n, scale: 0 }, scale) * span;
      this.stretches.push({ startMs: step.startMs - origin, endMs: step.endMs - origin, before, rise, span });
      before += rise;
    }
    this.originMs = dated ? origin : null;
    this.lengthMs = (Number.isFinite(last.endMs) ? last.endMs : last.startMs) - origin;
    this.rows = steps.length;
  }

  /** All the energy consumed from 0 until `tMs`, in whole joules; never falls. */
  energyJoules(tMs: number): bigint {
    const stretch = this.stretchAt(tMs);
    if (!stretch || tMs <= stretch.startMs) return stretch ? stretch.before / this.unitsPerJoule : 0n;
    const elapsed = BigInt(Math.floor(Math.min(tMs, stretch.endMs) - stretch.startMs));
    return (stretch.before * stretch.span + stretch.rise * elapsed) / (stretch.span * this.unitsPerJoule);
  }

  /** The power at `tMs` in watts, rounded to the nearest. */
  powerW(tMs: number): number {
    const stretch = this.stretchAt(tMs);
    if (!stretch || tMs < stretch.startMs || tMs >= stretch.endMs) return 0;
    const milliwatts = (stretch.rise * 1_000_000n) / (stretch.span * this.unitsPerJoule);
    return Number((milliwatts + 500n) / 1000n);
  }

  /** The latest stretch that has begun by `tMs`.  Time mostly moves on by little, so the search starts where it last ended. */
  private stretchAt(tMs: number): Stretch | undefined {
    if (this.stretches[this.cursor].startMs > tMs) this.cursor = 0;
    while (this.cursor + 1 < this.stretches.length && this.stretches[this.cursor + 1].startMs <= tMs) this.cursor++;
    return this.stretches[this.cursor];
  }
}
