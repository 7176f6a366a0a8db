// Plays a recording (docs/abi.md) on an engine of this process and answers its trace.
import { type Engine, EngineStopped, type Surroundings } from "../engine.ts";
import { RecordedImages } from "../image/recorded.ts";
import { Wasm3Engine } from "../native/index.ts";
import { readTrace, TraceKind } from "../trace.ts";
import { V8Engine } from "../v8/engine.ts";

/** What a recording says about the device before its first start. */
export interface RecordingHead {
  seed: Uint8Array;
  store: Map<number, Uint8Array>;
}

/** Answers what the contract's own checks leave, and tells nobody. */
export const SILENT: Surroundings = {
  radioSend: () => 0,
  radioSet: () => 0,
  sense: () => 0,
  display: () => {},
  uplinkSend: () => 0,
  log: () => {},
  keySet: () => {},
};

export function recordingHead(recording: Uint8Array): RecordingHead {
  const store = new Map<number, Uint8Array>();
  let seed: Uint8Array | undefined;
  for (const { kind, octets } of readTrace(recording)) {
    if (kind === TraceKind.Seed) seed = octets;
    if (kind === TraceKind.Record) store.set(Buffer.from(octets).readUInt16LE(0), octets.subarray(2));
  }
  if (seed?.length !== 32) throw new Error("the recording has no seed of 32 octets; record it anew");
  return { seed, store };
}

/** Feeds every call and event of the recording; a trap ends the run, as it ended the device's. */
export function feed(engine: Engine, recording: Uint8Array): void {
  for (const { kind, octets } of readTrace(recording)) {
    if (kind === TraceKind.Image) continue;
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
  const { seed, store } = recordingHead(recording);
  const images = new RecordedImages(recording);
  const engine = new V8Engine({ wasm, seed, store, images, surroundings: SILENT, record: true });
  try {
    feed(engine, recording);
  } catch (error) {
    if (images.contradicted) throw new Error(`the recording goes on otherwise than the module does: ${(error as Error).message}`);
    throw error;
  }
  if (images.contradicted) throw new Error("the recording goes on otherwise than the module does");
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
