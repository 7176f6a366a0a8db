// The image slots of a replay: they answer what a recording says, in its order (docs/abi.md, kind 9).
import { IMPORTS } from "../abi.ts";
import { readTrace, TraceKind } from "../trace.ts";
import type { Images } from "./images.ts";

const HEAD = 5;

export class RecordedImages implements Images {
  private readonly answers: Uint8Array[];
  private taken = 0;
  private wrong = false;

  constructor(recording: Uint8Array) {
    this.answers = readTrace(recording)
      .filter(({ kind }) => kind === TraceKind.Image)
      .map(({ octets }) => octets);
  }

  /** Whether a call found another answer than its own, or some were not asked for: the module is not the recorded one. */
  get contradicted(): boolean {
    return this.wrong || this.taken !== this.answers.length;
  }

  overdue(): boolean {
    return false;
  }

  begin(): number {
    return this.answer("image_begin");
  }

  write(): number {
    return this.answer("image_write");
  }

  read(_image: number, _offset: number, to: Uint8Array): number {
    return this.answer("image_read", to);
  }

  finish(): number {
    return this.answer("image_finish");
  }

  activate(): number {
    return this.answer("image_activate");
  }

  confirm(): number {
    return this.answer("image_confirm");
  }

  state(_image: number, to: Uint8Array): number {
    return this.answer("image_state", to);
  }

  private answer(name: string, to: Uint8Array = new Uint8Array(0)): number {
    const octets = this.answers[this.taken++];
    const id = IMPORTS.find((row) => row.name === name)?.id;
    this.wrong ||= octets === undefined || octets[0] !== id || octets.length - HEAD > to.length;
    if (this.wrong) throw new Error(`answer ${this.taken} of the recording is no answer to ${name}`);
    to.set(octets.subarray(HEAD));
    return Buffer.from(octets.buffer, octets.byteOffset, octets.length).readInt32LE(1);
  }
}
