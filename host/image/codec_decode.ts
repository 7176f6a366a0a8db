// The decoder in TypeScript: the same stream read as nested calls, where boards/common/codec.c must be able to stop at every octet.
import { ImageReason } from "../abi.ts";
import {
  changedLearner,
  differ,
  differenceRow,
  distanceRow,
  LENGTH_LEAST,
  Learner,
  learn,
  learners,
  literalClass,
  RARE,
} from "./codec_coder.ts";
import { MODEL } from "./codec_model.ts";
import { ImageError } from "./image_error.ts";

export class Decoder {
  private at = 0;
  private range = 0xffffffff;
  private code = 0;
  private readonly learned = learners();
  private readonly out: number[] = [];
  private baseAt = 0;
  private distance = 0;
  private afterMatch = 0;
  private readonly difference = [0, 0, 0];

  /** With a base, be it empty, the stream is a delta. */
  constructor(
    private readonly payload: Uint8Array,
    private readonly imageSize: number,
    private readonly base: Uint8Array | undefined,
  ) {}

  run(): Buffer {
    if (this.imageSize === 0) this.refuse("an image without octets is not encoded");
    for (let i = 0; i < 4; i++) this.code = this.code * 256 + this.take();
    if (this.code === this.range) this.refuse("the stream begins with four octets 0xff");
    while (this.out.length < this.imageSize) this.operation();
    this.refill();
    if (this.at < this.payload.length) this.refuse("the stream goes on when the image is complete", ImageReason.Overflow);
    if (this.code !== 0) this.refuse("the stream does not end as its encoder ends");
    return Buffer.from(this.out);
  }

  private refuse(rule: string, reason: number = ImageReason.Encoding): never {
    throw new ImageError(this.at, rule, reason);
  }

  private take(): number {
    if (this.at >= this.payload.length) this.refuse("the stream ends before the image is complete");
    return this.payload[this.at++];
  }

  private refill(): void {
    while (this.range < 1 << 24) {
      this.range *= 256;
      this.code = this.code * 256 + this.take();
    }
  }

  private below(bound: number): number {
    const answer = this.code < bound ? 0 : 1;
    if (answer) this.code -= bound;
    this.range = answer ? this.range - bound : bound;
    return answer;
  }

  private fixed(zero: number): number {
    this.refill();
    return this.below((this.range >>> 8) * zero);
  }

  private learning(index: number): number {
    this.refill();
    const learned = this.learned[index];
    const rare = this.below((this.range >>> 12) * RARE[learned >> 1]) === 0;
    learn(this.learned, index, rare);
    return (learned & 1) ^ (rare ? 1 : 0);
  }

  private tree(model: number[], row: number, depth: number): number {
    let node = 1;
    for (let i = 0; i < depth; i++) node = node * 2 + this.fixed(model[row + node]);
    return node - 2 ** depth;
  }

  private number(model: number[], row: number): number {
    let value = 1;
    for (let bits = this.tree(model, row, 5); bits > 0; bits--) value = value * 2 + this.fixed(128);
    return value - 1;
  }

  private get last(): number {
    return this.out.length > 0 ? this.out[this.out.length - 1] : 0;
  }

  private octet(): number {
    return this.tree(MODEL.literal, literalClass(this.last) * 256, 8);
  }

  private operation(): void {
    const flags = this.base ? 1 : 0;
    if (this.fixed(MODEL.match[flags + this.afterMatch]) === 0) {
      this.out.push(this.octet());
      this.afterMatch = 0;
    } else if (this.base && this.learning(Learner.FromBase) === 1) this.fromBase(this.base);
    else this.match(flags);
  }

  private match(flags: number): void {
    const again = this.fixed(MODEL.again[flags]) === 1;
    if (again && this.distance === 0) this.refuse("a match repeats the distance of none");
    this.afterMatch = 2;
    const length = this.number(MODEL.length, 0) + LENGTH_LEAST;
    if (length > this.imageSize - this.out.length) this.refuse("a match goes beyond the end of the image", ImageReason.Overflow);
    if (!again) this.distance = this.number(MODEL.distance, distanceRow(length)) + 1;
    if (this.distance > this.out.length) this.refuse("a match refers to before the image");
    for (let i = 0; i < length; i++) this.out.push(this.out[this.out.length - this.distance]);
  }

  private fromBase(base: Uint8Array): void {
    if (this.learning(Learner.Jump) === 1) {
      const backward = this.fixed(128) === 1;
      const size = this.number(MODEL.jump, 0) + 1;
      if (size > (backward ? this.baseAt : base.length - this.baseAt)) this.refuse("a jump leaves the base");
      this.baseAt += backward ? -size : size;
    }
    let history = 0;
    while (this.out.length < this.imageSize && this.baseAt < base.length) {
      const changed = this.learning(changedLearner(this.last, history));
      if (changed && this.learning(Learner.Patch) === 1) return;
      this.out.push(changed ? this.patch(base[this.baseAt]) : base[this.baseAt]);
      this.baseAt++;
      history = ((history << 1) | changed) & 3;
    }
  }

  private patch(old: number): number {
    const row = differenceRow(this.last);
    if (this.learning(Learner.Difference + (row >> 1)) === 0) return differ(old, this.difference[row]);
    const now = this.octet();
    this.difference[row] = (now - old) & 0x7f;
    return now;
  }
}
