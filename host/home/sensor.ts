// The measuring element of the meter: it integrates the household's load and tells the module now and then.
import { EventKind } from "../abi.ts";
import type { Clock, Timer } from "../air/clock.ts";
import type { Load } from "../load/load.ts";

/** Sampling more often than this would only be noise. */
export const PERIOD_MIN_MS = 100;
const MEASURED_SIZE = 13;

export class Sensor {
  private timer: Timer | undefined;
  private quantity = 0;
  private periodMs = 0;

  constructor(
    private readonly clock: Clock,
    private readonly load: Load,
    /** When the load begins. */
    private readonly startMs: number,
    private readonly push: (kind: number, octets: Uint8Array) => boolean,
  ) {}

  /** Total energy since power-on in joules, and the power in watts. */
  get joules(): bigint {
    return this.load.energyJoules(this.loadMs);
  }

  get watts(): number {
    return this.load.powerW(this.loadMs);
  }

  private get loadMs(): number {
    return this.clock.nowUs / 1000 - this.startMs;
  }

  /** A new wish replaces the one before; 0 ends it.  The first sample comes at once. */
  start(quantity: number, periodMs: number): void {
    this.clock.cancel(this.timer);
    this.timer = undefined;
    this.quantity = quantity;
    this.periodMs = periodMs > 0 ? Math.max(periodMs, PERIOD_MIN_MS) : 0;
    if (this.periodMs > 0) this.timer = this.clock.after(0, () => this.sample());
  }

  private sample(): void {
    const octets = Buffer.alloc(MEASURED_SIZE);
    octets.writeBigInt64LE(this.joules, 0);
    octets.writeInt32LE(this.watts, 8);
    octets.writeUInt8(this.quantity, 12);
    this.push(EventKind.Measured, octets);
    this.timer = this.clock.after(this.periodMs * 1000, () => this.sample());
  }
}
