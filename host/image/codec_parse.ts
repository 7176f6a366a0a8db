// Which literals and matches make an image: the cheapest way by the model's prices, among the matches that hash chains find.
import { distanceRow, LENGTH_LEAST, literalClass, type Operation } from "./codec_coder.ts";
import { MODEL } from "./codec_model.ts";

const CHAIN_MAX = 96;
/** A match of this length is taken at once. */
const LENGTH_ENOUGH = 160;
const HASH_BITS = 16;

const PRICE = Array.from({ length: 257 }, (_, share) => -Math.log2(share / 256));

/** Octets that an earlier place and this one have in common, up to `most`. */
export function common(a: Uint8Array, at: number, b: Uint8Array, other: number, most: number): number {
  let size = 0;
  while (size < most && a[at + size] === b[other + size]) size++;
  return size;
}

/** Earlier places by their first three octets, newest first; and the newest by its first two. */
export class MatchFinder {
  private readonly heads = new Int32Array(1 << HASH_BITS).fill(-1);
  private readonly pairs = new Int32Array(1 << 16).fill(-1);
  private readonly next: Int32Array;
  private added = 0;

  constructor(private readonly image: Uint8Array) {
    this.next = new Int32Array(image.length);
  }

  /** Pairs of length and distance, both rising, for matches of `most` octets or less that begin at `at`. */
  find(at: number, most: number): number[] {
    this.addUpTo(at);
    const { image } = this;
    const found: number[] = [];
    if (most < LENGTH_LEAST) return found;
    let longest = LENGTH_LEAST - 1;
    const pair = this.pairs[image[at] | (image[at + 1] << 8)];
    if (pair >= 0) {
      longest = common(image, pair, image, at, most);
      found.push(longest, at - pair);
    }
    if (most < 3) return found;
    let place = this.heads[this.hash(at)];
    for (let turn = 0; place >= 0 && turn < CHAIN_MAX && longest < most; turn++, place = this.next[place]) {
      if (image[place + longest] !== image[at + longest]) continue;
      const length = common(image, place, image, at, most);
      if (length <= longest) continue;
      longest = length;
      found.push(length, at - place);
      if (length >= LENGTH_ENOUGH) break;
    }
    return found;
  }

  private hash(at: number): number {
    const three = this.image[at] | (this.image[at + 1] << 8) | (this.image[at + 2] << 16);
    return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
  }

  private addUpTo(at: number): void {
    for (; this.added < at; this.added++) {
      const place = this.added;
      if (place + 1 < this.image.length) this.pairs[this.image[place] | (this.image[place + 1] << 8)] = place;
      if (place + 2 >= this.image.length) continue;
      const hash = this.hash(place);
      this.next[place] = this.heads[hash];
      this.heads[hash] = place;
    }
  }
}

function treePrice(model: number[], row: number, depth: number, leaf: number): number {
  let price = 0;
  let node = 1;
  for (let bit = depth - 1; bit >= 0; bit--) {
    const answer = (leaf >> bit) & 1;
    price += PRICE[answer ? 256 - model[row + node] : model[row + node]];
    node = node * 2 + answer;
  }
  return price;
}

/** Prices of all classes of numbers and of all octets, worked out once for a run. */
class Prices {
  private readonly length = Array.from({ length: 32 }, (_, bits) => treePrice(MODEL.length, 0, 5, bits) + bits);
  private readonly distance = Array.from({ length: 4 }, (_, row) =>
    Array.from({ length: 32 }, (_, bits) => treePrice(MODEL.distance, row * 32, 5, bits) + bits),
  );
  private readonly literal = Array.from({ length: 8 }, (_, row) =>
    Float64Array.from({ length: 256 }, (_, octet) => treePrice(MODEL.literal, row * 256, 8, octet)),
  );
  private readonly kind: number[][];
  private readonly again: number[];

  constructor(delta: boolean) {
    const flags = delta ? 1 : 0;
    this.kind = [0, 2].map((after) => [PRICE[MODEL.match[flags + after]], PRICE[256 - MODEL.match[flags + after]]]);
    this.again = [PRICE[MODEL.again[flags]], PRICE[256 - MODEL.again[flags]]];
  }

  literalOf(last: number, octet: number, afterMatch: boolean): number {
    return this.kind[afterMatch ? 1 : 0][0] + this.literal[literalClass(last)][octet];
  }

  /** Distance 0 is the last one again. */
  matchOf(length: number, distance: number, afterMatch: boolean): number {
    const price = this.kind[afterMatch ? 1 : 0][1] + this.length[31 - Math.clz32(length - LENGTH_LEAST + 1)];
    if (distance === 0) return price + this.again[1];
    return price + this.again[0] + this.distance[distanceRow(length) >> 5][31 - Math.clz32(distance)];
  }
}

/** The cheapest way from one place to another, forwards; each place remembers the last step of its best way. */
export class Parser {
  private readonly prices: Prices;
  private readonly cost: Float64Array;
  private readonly step: Int32Array;
  private readonly stepDistance: Int32Array;
  private readonly lastDistance: Int32Array;

  constructor(
    private readonly image: Uint8Array,
    private readonly finder: MatchFinder,
    delta: boolean,
  ) {
    this.prices = new Prices(delta);
    this.cost = new Float64Array(image.length + 1);
    this.step = new Int32Array(image.length + 1);
    this.stepDistance = new Int32Array(image.length + 1);
    this.lastDistance = new Int32Array(image.length + 1);
  }

  /** Operations for the octets `from` up to `to`; `distance` is the last match's before. */
  parse(from: number, to: number, distance: number): { operations: Operation[]; distance: number } {
    this.cost.fill(Infinity, from, to + 1);
    this.cost[from] = 0;
    this.step[from] = 1;
    this.lastDistance[from] = distance;
    let at = from;
    while (at < to) at = this.extend(at, to);
    return { operations: this.way(from, to), distance: this.lastDistance[to] };
  }

  /** Tries every step from a place; answers where to go on. */
  private extend(at: number, to: number): number {
    const { image, prices } = this;
    const afterMatch = this.step[at] > 1;
    const last = at > 0 ? image[at - 1] : 0;
    this.relax(at, 1, 0, prices.literalOf(last, image[at], afterMatch));
    const again = this.lastDistance[at];
    const most = to - at;
    let longest = 0;
    if (again > 0) {
      const length = common(image, at - again, image, at, Math.min(most, LENGTH_ENOUGH * 4));
      longest = Math.max(longest, length);
      for (let n = length; n >= LENGTH_LEAST && n > length - LENGTH_ENOUGH; n--) this.relax(at, n, 0, prices.matchOf(n, 0, afterMatch));
    }
    let shorter = LENGTH_LEAST - 1;
    const found = this.finder.find(at, most);
    for (let i = 0; i < found.length; i += 2) {
      const length = found[i];
      for (let n = length; n > shorter && n > length - LENGTH_ENOUGH; n--)
        this.relax(at, n, found[i + 1], prices.matchOf(n, found[i + 1], afterMatch));
      shorter = Math.max(shorter, length);
    }
    longest = Math.max(longest, shorter);
    return longest >= LENGTH_ENOUGH ? at + longest : at + 1;
  }

  private relax(at: number, length: number, distance: number, price: number): void {
    const cost = this.cost[at] + price;
    if (cost >= this.cost[at + length]) return;
    this.cost[at + length] = cost;
    this.step[at + length] = length;
    this.stepDistance[at + length] = distance;
    this.lastDistance[at + length] = distance || this.lastDistance[at];
  }

  private way(from: number, to: number): Operation[] {
    const operations: Operation[] = [];
    for (let at = to; at > from; at -= this.step[at]) {
      const length = this.step[at];
      operations.push(
        length === 1 ? { kind: "literal" } : { kind: "match", length, distance: this.stepDistance[at] || this.lastDistance[at] },
      );
    }
    return operations.reverse();
  }
}
