// For a run whose standard output is a capture: nobody is told anything while it lasts.
import type { Output } from "../home/output.ts";

export class Silent implements Output {
  readonly closed = false;
  readonly failed = false;

  event(): void {
    // The capture has the frames.
  }

  async turn(): Promise<void> {
    // Nothing is shown.
  }

  async end(): Promise<void> {
    // Nothing was begun.
  }
}
