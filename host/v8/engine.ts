// A device's module under V8: the contract of docs/abi.md, with nothing native.
import { instantiateSync } from "@assemblyscript/loader";
import {
  EVENT_HANDLE,
  EVENT_HEAD,
  EVENT_KIND,
  EVENT_SIZE,
  EventKind,
  IMPORTS,
  type ImportRow,
  RadioParameter,
  ResetReason,
} from "../abi.ts";
import { hashMmo, hmacMmo } from "../crypto/mmo.ts";
import { HmacDrbg } from "../drbg.ts";
import { type Engine, EngineStopped, type Surroundings } from "../engine.ts";
import { Err } from "../err.ts";
import { type Images, NO_IMAGES } from "../image/images.ts";
import { effectOctets, imageOctets, int64, recordOctets, startOctets, TraceFile, TraceKind } from "../trace.ts";
import { ccmOpen, ccmSeal, KeySlots } from "./crypto.ts";
import { softwareBodies } from "./software.ts";

export const EVENT_QUEUE = 16;
export const EVENT_QUEUE_OCTETS = 2560;
export const EVENT_SIZE_MAX = 280;
export const STORE_RECORD_SIZE_MAX = 512;
export const STORE_RECORDS_MAX = 64;
const RADIO_PARAMETERS = new Set<number>(Object.values(RadioParameter));
const RECORD_MAX = 0x7fff;
const PSDU_MIN = 3;
const PSDU_MAX = 125;
const DISPLAY_LINES = 8;
const DISPLAY_COLUMNS = 32;
const GF2_WORDS_MAX = 9;

export interface V8Options {
  wasm: Uint8Array;
  /** 32 octets; two devices never share one. */
  seed: Uint8Array;
  surroundings: Surroundings;
  /** What survives a reboot; the caller keeps both maps. */
  store?: Map<number, Uint8Array>;
  keys?: KeySlots;
  /** Image slots, or what was recorded of some; a board without slots when absent. */
  images?: Images;
  /** Whether `recording` and `trace` are kept. */
  record?: boolean;
}

/** What one call of an import works with. */
interface Call {
  arguments: (number | bigint)[];
  /** The ranges that the import reads, then those that it writes, in the order of the table. */
  ranges: Uint8Array[];
}
type Body = (call: Call) => number;
type Exports = {
  abi(): number;
  start(now: bigint, reason: number): void;
  poll(now: bigint): bigint;
  memory: WebAssembly.Memory;
};

/** Imports whose calls are effects, docs/abi.md. */
const EFFECTS = new Set([
  "radio_set",
  "radio_send",
  "store_write",
  "key_set",
  "key_clear",
  "sense",
  "display",
  "uplink_send",
  "log",
  "halt",
  "image_begin",
  "image_write",
  "image_finish",
  "image_activate",
  "image_confirm",
]);

export class V8Engine implements Engine {
  readonly recording = TraceFile.recording();
  readonly trace = TraceFile.trace();
  readonly store: Map<number, Uint8Array>;
  readonly keys: KeySlots;
  /** Events lost because the queue was full. */
  dropped = 0;
  private readonly queue: Uint8Array[] = [];
  private readonly drbg: HmacDrbg;
  private readonly exports: Exports;
  private sending = -1;

  constructor(private readonly options: V8Options) {
    this.store = options.store ?? new Map();
    this.keys = options.keys ?? new KeySlots();
    this.drbg = new HmacDrbg(options.seed);
    this.exports = instantiateSync<Exports>(Buffer.from(options.wasm), { han: this.imports() }).exports;
    if (options.record) {
      this.recording.add(TraceKind.Seed, options.seed);
      for (const [record, octets] of this.store) this.recording.add(TraceKind.Record, recordOctets(record, octets));
    }
  }

  start(now: bigint, reason: number): void {
    if (this.options.record) {
      this.recording.add(TraceKind.Start, startOctets(now, reason));
      this.trace.add(TraceKind.Start, startOctets(now, reason));
    }
    this.run(() => this.exports.start(now, reason));
  }

  poll(now: bigint): bigint {
    if (this.options.images?.overdue(now))
      throw new EngineStopped(ResetReason.Trap, "the module on trial has not confirmed itself in time");
    if (this.options.record) {
      this.recording.add(TraceKind.Poll, int64(now));
      this.trace.add(TraceKind.Poll, int64(now));
    }
    const deadline = this.run(() => this.exports.poll(now));
    if (this.options.record) this.trace.add(TraceKind.Answer, int64(deadline));
    return deadline;
  }

  push(event: Uint8Array): boolean {
    if (event.length < EVENT_HEAD || event.length !== EVENT_HEAD + (event[EVENT_SIZE] | (event[EVENT_SIZE + 1] << 8))) return false;
    const held = this.queue.reduce((total, waiting) => total + waiting.length, event.length);
    if (this.queue.length >= EVENT_QUEUE || event.length > EVENT_SIZE_MAX || held > EVENT_QUEUE_OCTETS) {
      this.dropped++;
      return false;
    }
    this.queue.push(Uint8Array.from(event));
    if (this.options.record) this.recording.add(TraceKind.Event, event);
    return true;
  }

  /** Events that wait for the next poll. */
  get waiting(): number {
    return this.queue.length;
  }

  close(): void {
    this.queue.length = 0;
  }

  private run<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (this.options.record) this.trace.add(TraceKind.Trap, new Uint8Array(0));
      if (error instanceof EngineStopped) throw error;
      const stopped = new EngineStopped(ResetReason.Trap, `the module trapped: ${(error as Error).message}`);
      stopped.cause = error;
      throw stopped;
    }
  }

  private imports(): Record<string, (...values: (number | bigint)[]) => number | undefined> {
    const bodies = this.bodies();
    return Object.fromEntries(IMPORTS.map((row) => [row.name, this.wrap(row, bodies[row.name])]));
  }

  /** Checks every range, calls the body, notes the effect. */
  private wrap(row: ImportRow, body: Body): (...values: (number | bigint)[]) => number | undefined {
    const names = row.arguments.map((argument) => argument.name);
    const ranges = [...row.reads, ...row.writes].map((range) => ({
      pointer: names.indexOf(range.pointer),
      size: sizeExpression(range.size, names),
    }));
    const sizes = new Set([...row.reads, ...row.writes].map((range) => /^[a-z_]+/.exec(range.size)?.[0]));
    const pointers = new Set(ranges.map((range) => range.pointer));
    const scalars = names.map((name, index) => (pointers.has(index) || sizes.has(name) ? -1 : index)).filter((index) => index >= 0);
    const effect = this.options.record && EFFECTS.has(row.name);
    return (...values) => {
      const unsigned = values.map((value) => (typeof value === "number" ? value >>> 0 : value));
      const views = ranges.map((range) => this.range(row.name, Number(unsigned[range.pointer]), range.size(unsigned)));
      const octets = row.reads.length && row.name !== "key_set" ? Uint8Array.from(views[0]) : new Uint8Array(0);
      const note = (answer: number): void => {
        const numbers = scalars.map((index) => BigInt(unsigned[index]));
        if (effect) this.trace.add(TraceKind.Effect, effectOctets(row.id, answer, numbers, octets));
      };
      if (row.name === "halt") note(0);
      const answer = body({ arguments: unsigned, ranges: views });
      note(answer);
      return row.answers ? answer : undefined;
    };
  }

  private range(name: string, at: number, size: number): Uint8Array {
    const memory = this.exports.memory.buffer;
    if (at + size > memory.byteLength) throw new RangeError(`${name} was given ${size} octets at ${at}, outside of the module's memory`);
    return new Uint8Array(memory, at, size);
  }

  private bodies(): Record<string, Body> {
    const { surroundings } = this.options;
    const number = (call: Call, index: number): number => Number(call.arguments[index]);
    return {
      next: ({ ranges: [at] }) => this.next(at),
      radio_set: (call) => this.radioSet(number(call, 0), BigInt.asIntN(64, BigInt(call.arguments[1]))),
      radio_send: (call) => this.radioSend(call.ranges[0], number(call, 2) & 0xff),
      store_read: (call) => this.storeRead(number(call, 0), call.ranges[0]),
      store_write: (call) => this.storeWrite(number(call, 0), call.ranges[0]),
      key_set: (call) => this.keySet(number(call, 0), call.ranges[0]),
      key_clear: (call) => this.keys.clear(number(call, 0)),
      ccm_seal: (call) => {
        const [nonce, aad, text] = call.ranges;
        const key = this.keys.find(number(call, 0));
        return key ? ccmSeal(key, nonce, aad, text, number(call, 5)) : Err.NotFound;
      },
      ccm_open: (call) => {
        const [nonce, aad, text] = call.ranges;
        const key = this.keys.find(number(call, 0));
        return key ? ccmOpen(key, nonce, aad, text) : Err.NotFound;
      },
      hash_mmo: ({ ranges: [data, out] }) => write(out, hashMmo(data)),
      hmac_mmo: ({ ranges: [key, data, out] }) => write(out, hmacMmo(key, data)),
      gf2_multiply: (call) => {
        const words = number(call, 3);
        if (words < 1 || words > GF2_WORDS_MAX) return Err.BadLength;
        return softwareBodies(this.exports.memory).gf2_multiply(number(call, 0), number(call, 1), number(call, 2), words);
      },
      entropy: ({ ranges: [at] }) => write(at, this.drbg.generate(at.length)),
      sense: (call) => surroundings.sense(number(call, 0), number(call, 1)),
      display: (call) => this.display(number(call, 0), call.ranges[0]),
      uplink_send: ({ ranges: [at] }) => surroundings.uplinkSend(Uint8Array.from(at)),
      ...this.imageBodies(),
      log: (call) => {
        surroundings.log(number(call, 0), Uint8Array.from(call.ranges[0]));
        return Err.Ok;
      },
      halt: (call) => {
        throw new EngineStopped(ResetReason.Halt, `the module asked for a reboot, reason ${number(call, 0)}`);
      },
    };
  }

  private imageBodies(): Record<string, Body> {
    const images = this.options.images ?? NO_IMAGES;
    const number = (call: Call, index: number): number => Number(call.arguments[index]);
    const bodies: Record<string, Body> = {
      image_begin: (call) => images.begin(number(call, 0), Uint8Array.from(call.ranges[0])),
      image_write: (call) => images.write(number(call, 0), number(call, 1), Uint8Array.from(call.ranges[0])),
      image_read: (call) => images.read(number(call, 0), number(call, 1), call.ranges[0]),
      image_finish: (call) => images.finish(number(call, 0)),
      image_activate: (call) => images.activate(number(call, 0)),
      image_confirm: (call) => images.confirm(number(call, 0) !== 0),
      image_state: (call) => images.state(number(call, 0), call.ranges[0]),
    };
    return Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, (call: Call) => this.noteImage(name, call, body(call))]));
  }

  /** What slots answer follows from a flash that is no part of a recording, so the recording has the answers. */
  private noteImage(name: string, call: Call, answer: number): number {
    if (!this.options.record) return answer;
    const row = IMPORTS.find((each) => each.name === name) as ImportRow;
    const written = row.writes.length > 0 ? call.ranges[0].subarray(0, Math.max(0, answer)) : new Uint8Array(0);
    this.recording.add(TraceKind.Image, imageOctets(row.id, answer, written));
    return answer;
  }

  private next(at: Uint8Array): number {
    const event = this.queue.shift();
    if (!event) return 0;
    if (event[EVENT_KIND] === EventKind.RadioSent && event[EVENT_HANDLE] === this.sending) this.sending = -1;
    if (event.length > at.length) return Err.NoBuffer;
    at.set(event);
    return event.length;
  }

  private radioSet(parameter: number, value: bigint): number {
    return RADIO_PARAMETERS.has(parameter) ? this.options.surroundings.radioSet(parameter, value) : Err.Reserved;
  }

  private radioSend(psdu: Uint8Array, handle: number): number {
    if (psdu.length < PSDU_MIN || psdu.length > PSDU_MAX) return Err.BadLength;
    if (this.sending >= 0) return Err.Busy;
    const answer = this.options.surroundings.radioSend(Uint8Array.from(psdu), handle);
    if (answer === Err.Ok) this.sending = handle;
    return answer;
  }

  private storeRead(record: number, at: Uint8Array): number {
    const octets = this.store.get(record);
    if (!octets) return Err.NotFound;
    if (octets.length > at.length) return Err.NoBuffer;
    at.set(octets);
    return octets.length;
  }

  private storeWrite(record: number, octets: Uint8Array): number {
    if (record < 1 || record > RECORD_MAX) return Err.Reserved;
    if (octets.length > STORE_RECORD_SIZE_MAX) return Err.NoBuffer;
    if (octets.length === 0) this.store.delete(record);
    else if (!this.store.has(record) && this.store.size >= STORE_RECORDS_MAX) return Err.NoBuffer;
    else this.store.set(record, Uint8Array.from(octets));
    return Err.Ok;
  }

  private keySet(slot: number, key: Uint8Array): number {
    const answer = this.keys.set(slot, key);
    if (answer === Err.Ok) this.options.surroundings.keySet(slot, Uint8Array.from(key));
    return answer;
  }

  private display(line: number, text: Uint8Array): number {
    if (line >= DISPLAY_LINES) return Err.Reserved;
    if (text.length > DISPLAY_COLUMNS) return Err.BadLength;
    this.options.surroundings.display(line, Uint8Array.from(text));
    return Err.Ok;
  }
}

function write(out: Uint8Array, octets: Uint8Array): number {
  out.set(octets);
  return Err.Ok;
}

/** `16`, `size`, `size+4` or `words*4` as a function of the arguments. */
function sizeExpression(text: string, names: string[]): (values: (number | bigint)[]) => number {
  const match = /^([a-z_]+|\d+)(?:([+*])(\d+))?$/.exec(text);
  if (!match) throw new Error(`the contract has a size of an unknown form: ${text}`);
  const index = names.indexOf(match[1]);
  const constant = Number(match[1]);
  const operand = Number(match[3] ?? 0);
  return (values) => {
    const value = index < 0 ? constant : Number(values[index]);
    if (match[2] === "+") return value + operand;
    return match[2] === "*" ? value * operand : value;
  };
}
