// What compress and delta write with: the range coder, what learns, and the operations as decisions; boards/common/codec.c reads them.
import { MODEL, type Model } from "./codec_model.ts";

export const LENGTH_LEAST = 2;
export const DISTANCES = 4;
export const CALL = 0x10;
export const CONST = 0x41;
export const CERTAIN = 20;
const STEPS = 64;
const RANGE_LEAST = 1 << 24;

/** Probability of the rare answer in 4096ths, by certainty: one half, and each step 0.896 of the one before, 1/2048 in the end. */
export const RARE = [
  2048, 1835, 1643, 1472, 1319, 1181, 1058, 948, 849, 761, 682, 611, 547, 490, 439, 393, 352, 316, 283, 253, 227, 203, 182, 163, 146, 131,
  117, 105, 94, 84, 75, 68, 61, 54, 49, 44, 39, 35, 31, 28, 25, 23, 20, 18, 16, 14, 13, 12, 10, 9, 8, 7, 7, 6, 5, 5, 4, 4, 3, 3, 3, 2, 2, 2,
];
/** The certainty after the rare answer came. */
export const AFTER_RARE = [
  0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 10, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 13, 13, 13, 14, 14, 14,
  14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14, 14,
];

export const Learner = { Changed: 0, Patch: 12, Difference: 13, FromBase: 15, Jump: 16, count: 17 } as const;

/** A row of the literal table, by the octet before. */
export function literalClass(last: number): number {
  if (last >= 0x80) return 0;
  if (last >= 0x20 && last <= 0x24) return 1; // local and global access: an index
  if (last === CONST || last === 0x42) return 2;
  if (last === CALL) return 3;
  if (last >= 0x28 && last <= 0x3e) return 4; // load and store: an alignment
  if (last <= 3) return 5; // an alignment, a block, a small index
  return last < 0x20 ? 6 : 7;
}

/** What learns: certainty in the upper seven bits, the likelier answer in the lowest. */
export function learners(): Uint8Array {
  const learned = new Uint8Array(Learner.count);
  learned.fill(CERTAIN << 1, Learner.Changed, Learner.Patch);
  return learned;
}

export function learn(learned: Uint8Array, index: number, rare: boolean): void {
  const certainty = learned[index] >> 1;
  const likely = learned[index] & 1;
  if (!rare) learned[index] = Math.min(certainty + 1, STEPS - 1) * 2 + likely;
  else learned[index] = AFTER_RARE[certainty] * 2 + (certainty === 0 ? likely ^ 1 : likely);
}

/** Which learner asks whether an octet of the base changed: by the octet before, and by which of the last two were patches. */
export function changedLearner(last: number, history: number): number {
  const some = history === 0 ? 0 : 1;
  if (last === CALL) return Learner.Changed + some;
  if (last === CONST) return Learner.Changed + 2 + some;
  if (last >= 0x80) return Learner.Changed + 4 + (history & 1); // inside a number: a carry
  const recent = history & 1 ? 1 : history;
  return Learner.Changed + (last <= 3 ? 6 : 9) + recent; // behind an alignment, anywhere else
}

/** Which difference is remembered: behind a call, anywhere else, inside a number. */
export const differenceRow = (last: number): number => (last >= 0x80 ? 2 : last === CALL ? 0 : 1);

/** Differences have seven bits, as the octets of a number in LEB128 have. */
export function differ(old: number, difference: number): number {
  if (old >= 0x80) return 0x80 | ((old + difference) & 0x7f);
  return (old + (difference < 0x40 ? difference : difference - 0x80)) & 0xff;
}

export const distanceRow = (length: number): number => Math.min(length - LENGTH_LEAST, DISTANCES - 1) * 32;

/** Where decisions go. */
export interface Sink {
  fixed(name: keyof Model, index: number, answer: number): void;
  learning(index: number, answer: number): void;
  half(answer: number): void;
}

/** Counts the answers of the fixed decisions. */
export class Counter implements Sink {
  readonly tables = new Map<keyof Model, [number, number][]>();

  fixed(name: keyof Model, index: number, answer: number): void {
    let counted = this.tables.get(name);
    if (!counted) {
      counted = MODEL[name].map(() => [0, 0]);
      this.tables.set(name, counted);
    }
    counted[index][answer]++;
  }
  learning(): void {}
  half(): void {}
}

/** The range coder's encoder, with the carry held back until it is settled. */
export class RangeEncoder implements Sink {
  private low = 0;
  private range = 0xffffffff;
  private cache = -1; // the first octet would always be 0, and is left out
  private pending = 0;
  private readonly learned = learners();
  private readonly out: number[] = [];

  fixed(name: keyof Model, index: number, answer: number): void {
    this.put((this.range >>> 8) * MODEL[name][index], answer);
  }

  half(answer: number): void {
    this.put((this.range >>> 8) * 128, answer);
  }

  learning(index: number, answer: number): void {
    const learned = this.learned[index];
    const rare = answer !== (learned & 1);
    this.put((this.range >>> 12) * RARE[learned >> 1], rare ? 0 : 1);
    learn(this.learned, index, rare);
  }

  end(): Buffer {
    for (let i = 0; i < 5; i++) this.shift();
    return Buffer.from(this.out);
  }

  private put(bound: number, answer: number): void {
    if (answer === 0) this.range = bound;
    else {
      this.low += bound;
      this.range -= bound;
    }
    while (this.range < RANGE_LEAST) {
      this.range *= 256;
      this.shift();
    }
  }

  private shift(): void {
    const carry = this.low >= 2 ** 32 ? 1 : 0;
    if (this.low < 0xff000000 || carry) {
      if (this.cache >= 0) this.out.push((this.cache + carry) & 0xff);
      for (; this.pending > 0; this.pending--) this.out.push((0xff + carry) & 0xff);
      this.cache = Math.floor(this.low / RANGE_LEAST) & 0xff;
    } else this.pending++;
    this.low = (this.low % RANGE_LEAST) * 256;
  }
}

/** A literal, a match with what was made before (`distance` 0 = the last one's), or octets of the base, exact or patched. */
export type Operation =
  | { kind: "literal" }
  | { kind: "match"; length: number; distance: number }
  | { kind: "base"; at: number; size: number };

/** Turns operations into decisions, keeping what the decoder will know. */
export class Writer {
  private made = 0;
  private baseAt = 0;
  private distance = 0;
  private last = 0;
  private history = 0;
  private afterMatch = 0;
  private readonly difference = [0, 0, 0];

  constructor(
    private readonly sink: Sink,
    private readonly image: Uint8Array,
    private readonly base: Uint8Array | undefined,
  ) {}

  all(operations: Iterable<Operation>): void {
    for (const operation of operations) this.one(operation);
  }

  one(operation: Operation): void {
    const flags = (this.base ? 1 : 0) + this.afterMatch;
    this.sink.fixed("match", flags, operation.kind === "literal" ? 0 : 1);
    if (operation.kind === "literal") {
      this.octet(this.image[this.made]);
      this.advance(1);
      this.afterMatch = 0;
      return;
    }
    if (this.base) this.sink.learning(Learner.FromBase, operation.kind === "base" ? 1 : 0);
    if (operation.kind === "base") this.fromBase(operation.at, operation.size);
    else this.match(operation.length, operation.distance);
  }

  private advance(count: number): void {
    this.made += count;
    this.last = this.image[this.made - 1];
  }

  private tree(name: keyof Model, row: number, depth: number, leaf: number): void {
    let node = 1;
    for (let bit = depth - 1; bit >= 0; bit--) {
      const answer = (leaf >> bit) & 1;
      this.sink.fixed(name, row + node, answer);
      node = node * 2 + answer;
    }
  }

  private octet(octet: number): void {
    this.tree("literal", literalClass(this.last) * 256, 8, octet);
  }

  private number(name: keyof Model, row: number, value: number): void {
    const bits = 31 - Math.clz32(value + 1);
    this.tree(name, row, 5, bits);
    for (let bit = bits - 1; bit >= 0; bit--) this.sink.half(((value + 1) >>> bit) & 1);
  }

  private match(length: number, distance: number): void {
    const again = distance === 0 || distance === this.distance;
    this.sink.fixed("again", this.base ? 1 : 0, again ? 1 : 0);
    this.number("length", 0, length - LENGTH_LEAST);
    if (!again) {
      this.number("distance", distanceRow(length), distance - 1);
      this.distance = distance;
    }
    this.advance(length);
    this.afterMatch = 2;
  }

  private fromBase(at: number, size: number): void {
    const base = this.base as Uint8Array;
    const jump = at - this.baseAt;
    this.sink.learning(Learner.Jump, jump === 0 ? 0 : 1);
    if (jump !== 0) {
      this.sink.half(jump < 0 ? 1 : 0);
      this.number("jump", 0, Math.abs(jump) - 1);
    }
    this.baseAt = at;
    this.history = 0;
    for (let i = 0; i < size; i++) this.baseOctet(base[this.baseAt], this.image[this.made]);
    if (this.made === this.image.length || this.baseAt === base.length) return;
    this.sink.learning(changedLearner(this.last, this.history), 1);
    this.sink.learning(Learner.Patch, 1);
  }

  private baseOctet(old: number, now: number): void {
    const changed = old !== now;
    this.sink.learning(changedLearner(this.last, this.history), changed ? 1 : 0);
    if (changed) {
      const row = differenceRow(this.last);
      const another = differ(old, this.difference[row]) === now ? 0 : 1;
      this.sink.learning(Learner.Patch, 0);
      this.sink.learning(Learner.Difference + (row >> 1), another);
      if (another) this.octet(now);
      if (another) this.difference[row] = (now - old) & 0x7f;
    }
    this.history = ((this.history << 1) | (changed ? 1 : 0)) & 3;
    this.baseAt++;
    this.advance(1);
  }
}
