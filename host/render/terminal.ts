// The live view in a terminal: only lines that changed are written, in one piece, so nothing flickers.
import type { ReadStream, WriteStream } from "node:tty";
import type { HomeEvent } from "../home/events.ts";
import type { Output } from "../home/output.ts";
import type { Status } from "../home/status.ts";
import { colourful, type Painter, plain } from "./text.ts";
import { view } from "./view.ts";

/** Real milliseconds between two pictures: calm to the eye, and nothing for the machine. */
const PICTURE_MS = 66;
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const BEGIN = "\x1b[?2026h";
const COMMIT = "\x1b[?2026l";

/** What a person asks for with the keyboard. */
export interface Controls {
  quit(): void;
  pause(): void;
  faster(): void;
  slower(): void;
}

export class Terminal implements Output {
  closed = false;
  readonly failed = false;
  private drawn: string[] = [];
  private lastMs = Number.NEGATIVE_INFINITY;
  private readonly paint: Painter;
  private readonly onResize = (): void => {
    this.drawn = [];
    this.lastMs = Number.NEGATIVE_INFINITY;
    this.stream.write("\x1b[2J");
  };
  private readonly onKeys = (octets: Buffer): void => this.keys(octets);
  private readonly onExit = (): void => this.leave();
  private left = false;

  constructor(
    private readonly stream: WriteStream,
    private readonly input: ReadStream | null,
    private readonly controls: Controls,
    environment: NodeJS.ProcessEnv,
  ) {
    this.paint = environment.NO_COLOR ? plain : colourful;
    stream.on("error", () => {
      this.closed = true;
    });
    stream.on("resize", this.onResize);
    process.on("exit", this.onExit);
    if (input?.isTTY) {
      input.setRawMode(true);
      input.on("data", this.onKeys);
      input.resume();
    }
    stream.write(ENTER);
  }

  event(_event: HomeEvent): void {
    // The status has it already, and the next picture shows it.
  }

  async turn(status: Status): Promise<void> {
    const now = performance.now();
    if (now - this.lastMs < PICTURE_MS || this.closed || this.stream.writableNeedDrain) return;
    this.lastMs = now;
    this.draw(status);
  }

  draw(status: Status): void {
    const lines = view(status, { columns: this.stream.columns || 80, rows: this.stream.rows || 24 }, this.paint);
    let out = "";
    lines.forEach((line, row) => {
      if (this.drawn[row] !== line) out += `\x1b[${row + 1};1H${line}\x1b[K`;
    });
    this.drawn = lines;
    if (out) this.stream.write(BEGIN + out + COMMIT);
  }

  async end(): Promise<void> {
    this.leave();
  }

  private leave(): void {
    if (this.left) return;
    this.left = true;
    this.stream.off("resize", this.onResize);
    process.off("exit", this.onExit);
    if (this.input?.isTTY) {
      this.input.off("data", this.onKeys);
      this.input.setRawMode(false);
      this.input.pause();
    }
    if (!this.closed) this.stream.write(LEAVE);
  }

  private keys(octets: Buffer): void {
    for (const key of octets.toString("latin1")) {
      // In raw mode an interrupt from the keyboard arrives as the octet 3.
      if (key === "q" || key === "\x03") this.controls.quit();
      if (key === " ") this.controls.pause();
      if (key === "+" || key === "=") this.controls.faster();
      if (key === "-") this.controls.slower();
    }
  }
}
