// One JSON object a line.  A reader that goes away (`| head`) ends the run; one that is slow makes it wait.
import type { Writable } from "node:stream";
import { systemReason } from "../files/input_error.ts";
import type { HomeEvent } from "../home/events.ts";
import type { Output } from "../home/output.ts";

export class JsonLines implements Output {
  closed = false;
  failed = false;

  constructor(
    private readonly stream: Writable,
    complain: (sentence: string) => void,
  ) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && !this.failed) {
        this.failed = true;
        complain(`the output cannot be written: ${systemReason(error)}.`);
      }
      this.closed = true;
    });
  }

  event(event: HomeEvent): void {
    if (!this.closed) this.stream.write(`${JSON.stringify(event)}\n`);
  }

  async turn(): Promise<void> {
    if (!this.stream.writableNeedDrain || this.closed) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        for (const name of ["drain", "error", "close"]) this.stream.off(name, settle);
        resolve();
      };
      for (const name of ["drain", "error", "close"]) this.stream.once(name, settle);
    });
  }

  async end(): Promise<void> {
    if (!this.closed) await new Promise<void>((resolve) => this.stream.write("", () => resolve()));
  }
}
