// A run of a module under V8 as files: what went in, and what came out (docs/abi.md "Recordings and traces").
import { IMPORTS, ImageNumber, type ImportRow } from "../abi.ts";
import type { Surroundings } from "../engine.ts";
import { Err } from "../err.ts";
import {
  effectOctets,
  imageOctets,
  int64,
  keyOctets,
  recordOctets,
  startOctets,
  TRACE_OCTETS_MAX,
  TraceFile,
  TraceKind,
} from "../trace.ts";

type Import = (...values: (number | bigint)[]) => number | undefined;
/** What lies in a module's memory: a copy, without what leaves it. */
type Copy = (at: number, size: number) => Uint8Array;

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
  "link_send",
  "key_derive",
  "identity_make",
  "identity_install",
]);
/** Imports whose answer is the surroundings', where the contract's own checks leave it to them. */
const OUTSIDE = {
  radioSet: "radio_set",
  radioSend: "radio_send",
  sense: "sense",
  uplinkSend: "uplink_send",
  linkSend: "link_send",
} as const;
/** Effects whose octets are nobody's business: keys, and what goes with them. */
const SECRET = new Set(["key_set", "key_derive", "identity_install"]);
const NOTHING = new Uint8Array(0);
/** No poll writes more than this: sixteen events of 280 octets, and what a bounded poll says about them. */
const POLL_OCTETS_MAX = 1024 * 1024;

export class Recorder {
  readonly recording = TraceFile.recording();
  readonly trace = TraceFile.trace();
  /** A file is full: recording and trace end before the poll that might not fit. */
  private full = false;

  constructor(seed: Uint8Array, store: ReadonlyMap<number, Uint8Array>, keys: Iterable<[number, Uint8Array]>) {
    this.recording.add(TraceKind.Seed, seed);
    for (const [record, octets] of store) this.recording.add(TraceKind.Record, recordOctets(record, octets));
    for (const [slot, key] of keys) this.recording.add(TraceKind.Key, keyOctets(slot, key));
  }

  start(now: bigint, reason: number): void {
    this.recording.add(TraceKind.Start, startOctets(now, reason));
    this.trace.add(TraceKind.Start, startOctets(now, reason));
  }

  poll(now: bigint): void {
    this.full ||= Math.max(this.recording.size, this.trace.size) > TRACE_OCTETS_MAX - POLL_OCTETS_MAX;
    if (this.full) return;
    this.recording.add(TraceKind.Poll, int64(now));
    this.trace.add(TraceKind.Poll, int64(now));
  }

  answer(deadline: bigint): void {
    if (!this.full) this.trace.add(TraceKind.Answer, int64(deadline));
  }

  event(event: Uint8Array): void {
    if (!this.full) this.recording.add(TraceKind.Event, event);
  }

  trap(): void {
    if (!this.full) this.trace.add(TraceKind.Trap, NOTHING);
  }

  /** The same surroundings, whose answers are noted. */
  outside(surroundings: Surroundings): Surroundings {
    const noting =
      <A extends unknown[]>(name: keyof typeof OUTSIDE, ask: (...values: A) => number) =>
      (...values: A): number => {
        const answer = ask(...values);
        const id = IMPORTS.find((row) => row.name === OUTSIDE[name])?.id as number;
        if (!this.full) this.recording.add(TraceKind.Outside, effectOctets(id, answer, [], NOTHING));
        return answer;
      };
    return {
      radioSet: noting("radioSet", (...values) => surroundings.radioSet(...values)),
      radioSend: noting("radioSend", (...values) => surroundings.radioSend(...values)),
      sense: noting("sense", (...values) => surroundings.sense(...values)),
      uplinkSend: noting("uplinkSend", (octets) => surroundings.uplinkSend(octets)),
      linkSend: surroundings.linkSend && noting("linkSend", (...values) => surroundings.linkSend?.(...values) ?? Err.NotFound),
      display: (line, text) => surroundings.display(line, text),
      log: (code, octets) => surroundings.log(code, octets),
      keySet: (slot, key) => surroundings.keySet(slot, key),
      tlsKey: (line) => surroundings.tlsKey?.(line),
    };
  }

  /** The same imports, each of whose calls is noted. */
  around(imports: Record<string, unknown>, copy: Copy): WebAssembly.ModuleImports {
    return Object.fromEntries(IMPORTS.map((row) => [row.name, this.noting(row, imports[row.name] as Import, copy)]));
  }

  private noting(row: ImportRow, call: Import, copy: Copy): Import {
    if (row.name.startsWith("image_")) return this.noted(row, this.imaging(row, call, copy), copy);
    return EFFECTS.has(row.name) ? this.noted(row, call, copy) : call;
  }

  private noted(row: ImportRow, call: Import, copy: Copy): Import {
    if (!EFFECTS.has(row.name)) return call;
    const scalars = scalarsOf(row);
    const [pointer, size] = rangeOf(row, row.reads[0]);
    return (...values) => {
      const octets = pointer < 0 || SECRET.has(row.name) ? NOTHING : copy(unsigned(values[pointer]), size(values));
      const note = (answer: number): void =>
        this.trace.add(
          TraceKind.Effect,
          effectOctets(
            row.id,
            answer,
            scalars.map((index) => wide(values[index])),
            octets,
          ),
        );
      if (this.full) return call(...values);
      if (row.name === "halt") note(0);
      const answer = call(...values);
      note(answer ?? 0);
      return answer;
    };
  }

  /** What slots answer follows from a flash that is no part of a recording, so the recording has the answers. */
  private imaging(row: ImportRow, call: Import, copy: Copy): Import {
    const [pointer] = rangeOf(row, row.writes[0]);
    return (...values) => {
      const answer = call(...values) as number;
      // The own certificate is in the store, not in the slots' flash; a confirmation names no image.
      const own = row.name !== "image_confirm" && values[0] === ImageNumber.Certificate;
      if (this.full || own) return answer;
      const written = pointer < 0 ? NOTHING : copy(unsigned(values[pointer]), Math.max(0, answer));
      this.recording.add(TraceKind.Image, imageOctets(row.id, answer, written));
      return answer;
    };
  }
}

function unsigned(value: number | bigint): number {
  return Number(value) >>> 0;
}

function wide(value: number | bigint): bigint {
  return typeof value === "number" ? BigInt(value >>> 0) : value;
}

/** Which arguments are neither addresses nor sizes. */
function scalarsOf(row: ImportRow): number[] {
  const ranges = [...row.reads, ...row.writes];
  const sizes = ranges.map(({ size }) => /^[a-z_]+/.exec(size)?.[0]);
  const taken = new Set([...ranges.map(({ pointer }) => pointer), ...sizes]);
  return row.arguments.flatMap(({ name }, index) => (taken.has(name) ? [] : [index]));
}

/** Where a range's address stands among the arguments, or -1, and its size: that of an effect is a number or an argument. */
function rangeOf(row: ImportRow, range: { pointer: string; size: string } | undefined): [number, (values: (number | bigint)[]) => number] {
  if (!range) return [-1, () => 0];
  const find = (name: string): number => row.arguments.findIndex((argument) => argument.name === name);
  const size = find(range.size);
  return [find(range.pointer), size < 0 ? () => Number(range.size) : (values) => unsigned(values[size])];
}
