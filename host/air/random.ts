// Chance in the simulation: xoshiro128** 1.1 (Blackman and Vigna), one stream a consumer, all from one seed.
//
// The four words of a stream's state are splitmix32 outputs over FNV-1a hashes of the seed's text and the stream's name, so a new
// consumer changes nobody else's numbers.

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const GOLDEN = 0x9e3779b9;

function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME);
  }
  return hash >>> 0;
}

function splitmix32(state: number): number {
  let word = (state + GOLDEN) | 0;
  word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
  return (word ^ (word >>> 15)) >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

export type Seed = number | bigint | string;

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(seed: Seed, stream: string) {
    const root = fnv1a(String(seed), FNV_START);
    const name = fnv1a(stream, root);
    this.a = splitmix32(root ^ rotate(name, 16));
    this.b = splitmix32(name + this.a);
    this.c = splitmix32(root + this.b);
    this.d = splitmix32(name ^ this.c);
    if ((this.a | this.b | this.c | this.d) === 0) this.a = GOLDEN;
  }

  /** 32 bits. */
  next(): number {
    const answer = Math.imul(rotate(Math.imul(this.b, 5), 7), 9) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = rotate(this.d, 11);
    return answer;
  }

  /** An integer from 0 to `limit` - 1, each equally often: what would make some more frequent is drawn again. */
  below(limit: number): number {
    if (!(limit >= 1 && limit <= 0x1_0000_0000)) throw new RangeError(`A limit from 1 to 2^32 is needed, not ${limit}.`);
    const fair = 0x1_0000_0000 - (0x1_0000_0000 % limit);
    for (;;) {
      const word = this.next();
      if (word < fair) return word % limit;
    }
  }

  /** True with the given probability; 0 and 1 are exact and draw nothing. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    if (probability >= 1) return true;
    return this.next() < probability * 0x1_0000_0000;
  }

  /** Fills with random octets. */
  fill(octets: Uint8Array): void {
    for (let index = 0; index < octets.length; index++) octets[index] = this.next() >>> 24;
  }
}
