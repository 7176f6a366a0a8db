// Ties simulated to real time.  The simulation itself never looks at a clock on the wall.

/** Real milliseconds that the simulation may keep the process before others (input, output, sockets) have their turn. */
const SLICE_MS = 12;
/** Simulated microseconds advanced between two looks at the wall, at the most. */
const STEP_US = 250_000;
/** A machine that cannot keep up falls behind by no more than this much real time, so that it does not race later. */
const LAG_MAX_MS = 250;
/** The pause between two slices; shorter when something is due before. */
const REST_MS = 8;

export interface Paced {
  readonly nowUs: number;
  /** When something happens next; undefined when nothing waits. */
  readonly nextUs: number | undefined;
  /** Runs everything due up to and including `timeUs`. */
  advance(timeUs: number): void;
}

export class Pacer {
  paused = false;
  private running = false;
  private lastWall = 0;
  private targetUs = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly paced: Paced,
    /** Simulated over real time; infinite for as fast as the machine goes. */
    public speed: number,
    /** The end; it may be moved while the simulation runs. */
    public untilUs: number,
  ) {}

  /** Runs until the end or until `stop` says so; `turn` is called, and waited for, after every slice. */
  async run(stop: () => boolean, turn: () => Promise<void>): Promise<void> {
    this.lastWall = performance.now();
    this.targetUs = this.paced.nowUs;
    this.running = true;
    while (!stop() && this.paced.nowUs < this.untilUs) {
      this.slice(stop);
      await turn();
      await this.rest();
    }
    this.running = false;
  }

  /** For what comes from outside (a UDP packet, a board's UART): brings the simulation to the present and runs `action` there. */
  enter(action: () => void): void {
    if (this.running) this.slice(() => false);
    action();
    this.wake();
  }

  /** On from event to event until `done` says so, whatever the pace: for a person who looks at a run that is paused. */
  step(done: () => boolean, mostUs: number): void {
    const end = Math.min(this.untilUs, this.paced.nowUs + mostUs);
    while (!done() && this.paced.nowUs < end) this.paced.advance(Math.min(this.paced.nextUs ?? end, end));
    this.targetUs = this.paced.nowUs;
    this.wake();
  }

  private slice(stop: () => boolean): void {
    const wall = performance.now();
    const elapsedMs = Math.min(wall - this.lastWall, LAG_MAX_MS);
    this.lastWall = wall;
    const paced = Number.isFinite(this.speed);
    if (!this.paused) this.targetUs = paced ? this.targetUs + elapsedMs * this.speed * 1000 : this.untilUs;
    this.targetUs = Math.min(this.targetUs, this.untilUs);
    const target = Math.floor(this.targetUs);
    while (this.paced.nowUs < Math.min(target, this.untilUs) && !stop() && performance.now() - wall < SLICE_MS) {
      this.paced.advance(Math.min(target, this.untilUs, this.paced.nowUs + STEP_US));
    }
    if (paced && target - this.paced.nowUs > LAG_MAX_MS * 1000 * this.speed) this.targetUs = this.paced.nowUs;
  }

  private rest(): Promise<void> {
    if (!Number.isFinite(this.speed) && !this.paused) return new Promise((resolve) => setImmediate(resolve));
    const dueMs = this.paced.nextUs === undefined || this.paused ? REST_MS : (this.paced.nextUs - this.targetUs) / 1000 / this.speed;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, Math.min(REST_MS, dueMs)));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
