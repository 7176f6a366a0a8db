// A page beside what a run's output is: it hears of everything, and what it does slows and ends nothing.
import type { HomeEvent } from "../home/events.ts";
import type { Output } from "../home/output.ts";
import type { Status } from "../home/status.ts";

/** `WebServer` is one. */
interface Page {
  readonly live: { turn(): void };
  take(event: HomeEvent): void;
  close(): Promise<void>;
}

export class Beside implements Output {
  constructor(
    private readonly output: Output,
    private readonly page: Page,
  ) {}

  get closed(): boolean {
    return this.output.closed;
  }

  get failed(): boolean {
    return this.output.failed;
  }

  event(event: HomeEvent): void {
    this.output.event(event);
    this.page.take(event);
  }

  async turn(status: Status): Promise<void> {
    this.page.live.turn();
    await this.output.turn(status);
  }

  async end(): Promise<void> {
    await this.output.end();
    await this.page.close();
  }
}
