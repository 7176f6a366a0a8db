// The one clock of a simulation: a queue of what is to happen, in order of time and, at the same time, in order of asking.

/** Events that may wait at once.  More means that something asks again and again without end. */
export const CLOCK_EVENTS_MAX = 65_536;

/** A place in the queue; only `Clock.cancel` looks inside. */
export interface Timer {
  timeUs: number;
  order: number;
  place: number;
  action: (() => void) | undefined;
}

const OUT = -1;

function before(a: Timer, b: Timer): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.order < b.order);
}

/** Integer microseconds since the simulation began; a number holds 285 years of them exactly. */
export class Clock {
  private heap: Timer[] = [];
  private order = 0;
  private time = 0;

  /** Events run so far. */
  ran = 0;

  get nowUs(): number {
    return this.time;
  }

  get pending(): number {
    return this.heap.length;
  }

  /** When the next event is due; undefined when none waits. */
  get nextUs(): number | undefined {
    return this.heap[0]?.timeUs;
  }

  /** A time in the past means now: after everything already asked for now. */
  at(timeUs: number, action: () => void): Timer {
    if (!Number.isSafeInteger(timeUs)) throw new RangeError(`The clock counts whole microseconds, not ${timeUs}.`);
    if (this.heap.length >= CLOCK_EVENTS_MAX) throw new Error(`More than ${CLOCK_EVENTS_MAX} events wait on the simulation's clock.`);
    const timer: Timer = { timeUs: Math.max(timeUs, this.time), order: this.order++, place: this.heap.length, action };
    this.heap.push(timer);
    this.up(timer);
    return timer;
  }

  after(delayUs: number, action: () => void): Timer {
    return this.at(this.time + delayUs, action);
  }

  /** False when it has run or was cancelled before. */
  cancel(timer: Timer | undefined): boolean {
    if (timer === undefined || timer.place === OUT) return false;
    this.take(timer);
    timer.action = undefined;
    return true;
  }

  /** Runs the next event; false when none waits. */
  step(): boolean {
    const timer = this.heap[0];
    if (timer === undefined) return false;
    this.run(timer);
    return true;
  }

  /** Runs everything due up to and including `timeUs`, and leaves the clock there. */
  runUntil(timeUs: number): void {
    for (let timer = this.heap[0]; timer !== undefined && timer.timeUs <= timeUs; timer = this.heap[0]) this.run(timer);
    if (timeUs > this.time) this.time = timeUs;
  }

  private run(timer: Timer): void {
    this.take(timer);
    this.time = timer.timeUs;
    this.ran++;
    const action = timer.action;
    timer.action = undefined;
    action?.();
  }

  private take(timer: Timer): void {
    const place = timer.place;
    const last = this.heap.pop() as Timer;
    timer.place = OUT;
    if (last === timer) return;
    this.heap[place] = last;
    last.place = place;
    this.up(last);
    this.down(last);
  }

  private up(timer: Timer): void {
    let place = timer.place;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.heap[above] as Timer;
      if (!before(timer, other)) break;
      this.heap[place] = other;
      other.place = place;
      place = above;
    }
    this.heap[place] = timer;
    timer.place = place;
  }

  private down(timer: Timer): void {
    const size = this.heap.length;
    let place = timer.place;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= size) break;
      if (below + 1 < size && before(this.heap[below + 1] as Timer, this.heap[below] as Timer)) below++;
      const other = this.heap[below] as Timer;
      if (!before(other, timer)) break;
      this.heap[place] = other;
      other.place = place;
      place = below;
    }
    this.heap[place] = timer;
    timer.place = place;
  }
}
