// Plays a recording (docs/abi.md) on an engine of this process and answers its trace.
import { IMPORTS } from "../abi.ts";
import { type Engine, EngineStopped, type Surroundings } from "../engine.ts";
import { Err } from "../err.ts";
import { RecordedImages } from "../image/recorded.ts";
import { Wasm3Engine } from "../native/index.ts";
import { readTrace, TraceKind } from "../trace.ts";
import { KeySlots } from "../v8/crypto.ts";
import { V8Engine } from "../v8/engine.ts";

/** What a recording says about the device before its first start. */
export interface RecordingHead {
  seed: Uint8Array;
  store: Map<number, Uint8Array>;
  keys: KeySlots;
}

/** Answers what the contract's own checks leave, and tells nobody. */
export const SILENT: Surroundings = {
  radioSend: () => 0,
  radioSet: () => 0,
  sense: () => 0,
  display: () => {},
  uplinkSend: () => 0,
  linkSend: () => 0,
  log: () => {},
  keySet: () => {},
};

/** | import id u8 | answer i32 | */
const OUTSIDE_SIZE = 5;
const KEY_SIZE = 16;

export function recordingHead(recording: Uint8Array): RecordingHead {
  const store = new Map<number, Uint8Array>();
  const keys = new KeySlots();
  let seed: Uint8Array | undefined;
  for (const { kind, octets } of readTrace(recording)) {
    if (kind === TraceKind.Seed) seed = octets;
    if (kind === TraceKind.Record) store.set(Buffer.from(octets).readUInt16LE(0), octets.subarray(2));
    if (kind === TraceKind.Key && (octets.length !== 1 + KEY_SIZE || keys.set(octets[0], octets.subarray(1)) !== Err.Ok))
      throw new Error(`the recording has a key of ${octets.length - 1} octets in slot ${octets[0]}; boards have none such`);
  }
  if (seed?.length !== 32) throw new Error("the recording has no seed of 32 octets; record it anew");
  return { seed, store, keys };
}

/** Surroundings that answer what a recording says, in its order; as `SILENT` where it has none of their answers. */
class RecordedOutside implements Surroundings {
  readonly display = SILENT.display;
  readonly log = SILENT.log;
  readonly keySet = SILENT.keySet;
  private readonly answers: Buffer[];
  private taken = 0;
  private wrong = false;

  constructor(recording: Uint8Array) {
    this.answers = readTrace(recording)
      .filter(({ kind }) => kind === TraceKind.Outside)
      .map(({ octets }) => Buffer.from(octets));
  }

  /** As `RecordedImages.contradicted`. */
  get contradicted(): boolean {
    return this.wrong || this.taken !== this.answers.length;
  }

  radioSet(): number {
    return this.answer("radio_set");
  }

  radioSend(): number {
    return this.answer("radio_send");
  }

  sense(): number {
    return this.answer("sense");
  }

  uplinkSend(): number {
    return this.answer("uplink_send");
  }

  linkSend(): number {
    return this.answer("link_send");
  }

  private answer(name: string): number {
    if (this.answers.length === 0) return Err.Ok;
    const octets = this.answers[this.taken++];
    this.wrong ||= octets?.length !== OUTSIDE_SIZE || octets[0] !== IMPORTS.find((row) => row.name === name)?.id;
    return this.wrong ? Err.Busy : octets.readInt32LE(1);
  }
}

/** Feeds every call and event of the recording; a trap ends the run, as it ended the device's. */
export function feed(engine: Engine, recording: Uint8Array): void {
  for (const { kind, octets } of readTrace(recording)) {
    if (kind === TraceKind.Image || kind === TraceKind.Outside) continue;
    const view = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
    try {
      if (kind === TraceKind.Start) engine.start(view.readBigInt64LE(0), view.readUInt32LE(8));
      if (kind === TraceKind.Poll) engine.poll(view.readBigInt64LE(0));
      if (kind === TraceKind.Event) engine.push(octets);
    } catch (error) {
      if (error instanceof EngineStopped) return;
      throw error;
    }
  }
}

export function replayOnV8(wasm: Uint8Array, recording: Uint8Array): Buffer {
  const head = recordingHead(recording);
  const images = new RecordedImages(recording);
  const surroundings = new RecordedOutside(recording);
  const engine = new V8Engine({ wasm, ...head, images, surroundings, record: true });
  try {
    feed(engine, recording);
  } catch (error) {
    if (images.contradicted) throw new Error(`the recording goes on otherwise than the module does: ${(error as Error).message}`);
    throw error;
  }
  if (images.contradicted || surroundings.contradicted) throw new Error("the recording goes on otherwise than the module does");
  return engine.trace.bytes();
}

/** The same under wasm3, with the octets of linear memory that a board would give. */
export function replayOnWasm3(wasm: Uint8Array, recording: Uint8Array, memoryLimit: number): Buffer {
  const engine = new Wasm3Engine({ wasm, seed: recordingHead(recording).seed, surroundings: SILENT, memoryLimit });
  try {
    return engine.replay(recording);
  } finally {
    engine.close();
  }
}
