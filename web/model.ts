// What the page knows of the run.  A tick says that something changed; then the page asks, one question after the other, so that it never
// asks for more than it can draw.

import type { HomeEvent } from "../host/home/events.ts";
import type { FrameLine, HalfHoursAnswer, PowerAnswer, State, Tick, WholeFrame } from "../host/web/answers.ts";
import { act, api, type Filter } from "./api.ts";

/** Lines of the list of frames, and of events, that the page keeps. */
const LINES_MAX = 5_000;
const EVENTS_MAX = 60;
/** Answers of frames in a row before the rest of the page has its turn. */
const ROUNDS_MAX = 6;
/** What comes all the time is on the page in its own place. */
const QUIET = ["reading", "register", "progress", "answer"];

export class Model {
  state: State | null = null;
  power: PowerAnswer | null = null;
  halfHours: HalfHoursAnswer | null = null;
  frames: FrameLine[] = [];
  /** Frames that were gone before the page asked for them. */
  missed = 0;
  /** Whether all frames that the state counts have come. */
  isWhole = false;
  events: HomeEvent[] = [];
  filter: Filter = { device: "", layer: "" };
  opened: WholeFrame | null = null;
  /** A sentence about what could not be done. */
  trouble = "";
  connected = false;
  chosen = { display: "", meter: "" };
  private framesNext = 0;
  private eventsNext = 0;
  private asking = false;
  private again = false;
  private registerT = -1;

  constructor(private readonly draw: () => void) {}

  listen(): void {
    const live = new EventSource("/api/live");
    live.addEventListener("tick", (message) => {
      const tick = JSON.parse((message as MessageEvent<string>).data) as Tick;
      this.connected = true;
      if (tick.ended) live.close();
      void this.refresh();
    });
    live.addEventListener("error", () => {
      this.connected = false;
      this.draw();
    });
  }

  async refresh(): Promise<void> {
    this.again = true;
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.again) {
        this.again = false;
        await this.ask();
        this.draw();
      }
    } catch {
      this.connected = false;
      this.draw();
    }
    this.asking = false;
  }

  async act(path: "/api/actions" | "/api/time", body: Record<string, unknown>): Promise<void> {
    try {
      await act(path, body);
      this.trouble = "";
    } catch (error) {
      this.trouble = (error as Error).message;
    }
    await this.refresh();
    this.draw();
  }

  async open(number: number | null): Promise<void> {
    try {
      this.opened = number === null ? null : await api.frame(number);
    } catch (error) {
      this.trouble = (error as Error).message;
    }
    this.draw();
  }

  async sift(filter: Filter): Promise<void> {
    this.filter = filter;
    this.frames = [];
    this.framesNext = 0;
    this.missed = 0;
    this.draw();
    await this.refresh();
  }

  private async ask(): Promise<void> {
    const state = await api.state();
    this.state = state;
    this.isWhole = false;
    const displays = state.devices.filter(({ role }) => role === "ihd");
    const meters = state.devices.filter(({ role }) => role === "meter");
    const display = displays.find(({ id }) => id === this.chosen.display) ?? displays[0];
    const meter = meters.find(({ id }) => id === (display?.meter ?? this.chosen.meter)) ?? meters[0];
    this.chosen = { display: display?.id ?? "", meter: meter?.id ?? "" };
    if (meter && (meter.register?.t ?? -1) !== this.registerT) {
      this.registerT = meter.register?.t ?? -1;
      [this.power, this.halfHours] = await Promise.all([api.power(meter.id), api.halfHours(meter.id)]);
    }
    await this.askFrames();
    const { events, next } = await api.events(this.eventsNext);
    this.eventsNext = next;
    this.events = [...this.events, ...events.filter(({ event }) => !QUIET.includes(event))].slice(-EVENTS_MAX);
  }

  private async askFrames(): Promise<void> {
    const { filter } = this;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const { frames, next, missed, last } = await api.frames(this.framesNext, filter);
      if (filter !== this.filter) return;
      if (this.framesNext > 0) this.missed += missed;
      this.framesNext = next;
      this.frames = [...this.frames, ...frames].slice(-LINES_MAX);
      this.isWhole = next >= last;
      if (this.isWhole) return;
    }
    this.again = true;
  }
}
