// Server-sent events for whoever looks on.  Who reads slowly hears later, and of what was lost meanwhile how much it was; nothing waits for anybody.
import type { ServerResponse } from "node:http";
import type { Watch } from "./watch.ts";

/** Real milliseconds between two ticks. */
const TICK_MS = 200;
/** Real milliseconds of silence after which a listener is told that the run is still there. */
const PULSE_MS = 10_000;
/** Events that one listener is told at once. */
const EVENTS_AT_ONCE = 200;
export const LISTENERS_MAX = 200;

interface Listener {
  response: ServerResponse;
  /** The number of the newest event that it was told. */
  told: number;
}

export class Live {
  private readonly listeners = new Set<Listener>();
  private lastMs = Number.NEGATIVE_INFINITY;
  private pulseMs = Number.NEGATIVE_INFINITY;
  private before = "";

  constructor(private readonly watch: Watch) {}

  get isFull(): boolean {
    return this.listeners.size >= LISTENERS_MAX;
  }

  /** The headers are written; `after` is the newest event that it knows. */
  add(response: ServerResponse, after: number): void {
    const listener = { response, told: Math.min(after, this.watch.events.last) };
    this.listeners.add(listener);
    response.on("close", () => this.listeners.delete(listener));
    this.tell(listener, `event: tick\ndata: ${JSON.stringify(this.watch.tick())}\n\n`);
  }

  /** After every slice of the run. */
  turn(force = false): void {
    const now = performance.now();
    if (this.listeners.size === 0 || (!force && now - this.lastMs < TICK_MS)) return;
    this.lastMs = now;
    const tick = JSON.stringify(this.watch.tick());
    if (!force && tick === this.before && now - this.pulseMs < PULSE_MS) return;
    this.before = tick;
    this.pulseMs = now;
    for (const listener of this.listeners) this.tell(listener, `event: tick\ndata: ${tick}\n\n`);
  }

  /** The last words. */
  end(): void {
    this.turn(true);
    for (const { response } of this.listeners) response.end();
  }

  private tell(listener: Listener, tick: string): void {
    if (listener.response.writableNeedDrain) return;
    const { events } = this.watch;
    let text = "";
    const { items, next, missed } = events.after(listener.told, EVENTS_AT_ONCE, EVENTS_AT_ONCE);
    if (missed > 0) text += `event: missed\ndata: ${JSON.stringify({ missed })}\n\n`;
    items.forEach((event, index) => {
      text += `event: home\nid: ${next - items.length + 1 + index}\ndata: ${JSON.stringify(event)}\n\n`;
    });
    listener.told = next;
    listener.response.write(text + tick);
  }
}
