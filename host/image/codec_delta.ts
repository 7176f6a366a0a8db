// Where an image continues its base, bit by bit changed, and where it does not: the alignments a delta copies along.
import { common } from "./codec_parse.ts";

/** Octets of the image from `from` on that follow the base from `at` on. */
export interface Piece {
  from: number;
  at: number;
  size: number;
}

/** Octets that an alignment is judged by. */
const WINDOW = 32;
/** Equal ones among them for an alignment to begin, and below which it ends. */
const BEGIN = 22;
const END = 15;
/** Equal ones more that another alignment must have to be worth a jump. */
const BETTER = 7;
const CHAIN_MAX = 48;
const HASH_BITS = 16;

class Aligner {
  private readonly heads = new Int32Array(1 << HASH_BITS).fill(-1);
  private readonly next: Int32Array;

  constructor(
    private readonly base: Uint8Array,
    private readonly image: Uint8Array,
  ) {
    this.next = new Int32Array(base.length);
    for (let at = base.length - 4; at >= 0; at--) {
      const hash = Aligner.hash(base, at);
      this.next[at] = this.heads[hash];
      this.heads[hash] = at;
    }
  }

  private static hash(octets: Uint8Array, at: number): number {
    const four = octets[at] | (octets[at + 1] << 8) | (octets[at + 2] << 16) | (octets[at + 3] << 24);
    return Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS);
  }

  /** Equal octets among the next ones; what lies behind either end counts in proportion. */
  score(from: number, at: number): number {
    const most = Math.min(WINDOW, this.image.length - from, this.base.length - at);
    if (most <= 0) return 0;
    let equal = 0;
    for (let i = 0; i < most; i++) if (this.image[from + i] === this.base[at + i]) equal++;
    return most < 4 ? (equal === most ? WINDOW : 0) : (equal * WINDOW) / most;
  }

  /** The base's place that fits best to the octets from here on; of equals the one nearest to `near`. */
  best(from: number, near: number): { at: number; score: number } {
    let best = { at: -1, score: 0 };
    const consider = (at: number): void => {
      if (at < 0 || at >= this.base.length || this.base[at] !== this.image[from]) return;
      const score = this.score(from, at);
      if (score > best.score || (score === best.score && Math.abs(at - near) < Math.abs(best.at - near))) best = { at, score };
    };
    consider(near);
    if (from + 4 > this.image.length || best.score === WINDOW) return best;
    let place = this.heads[Aligner.hash(this.image, from)];
    for (let turn = 0; place >= 0 && turn < CHAIN_MAX; turn++, place = this.next[place]) consider(place);
    return best;
  }
}

/** The pieces in the image's order; what lies between them is new. */
export function alignments(base: Uint8Array, image: Uint8Array): Piece[] {
  const aligner = new Aligner(base, image);
  const pieces: Piece[] = [];
  let from = 0;
  let near = 0; // the base's place if the image went on as before
  let free = 0; // end of the last piece
  while (from < image.length) {
    const start = aligner.best(from, near);
    if (start.at < 0 || start.score < BEGIN) {
      from++;
      near++;
      continue;
    }
    // Back over octets that the piece has in common with what was passed.
    let back = 0;
    while (from - back > free && start.at - back > 0 && image[from - back - 1] === base[start.at - back - 1]) back++;
    const piece = { from: from - back, at: start.at - back, size: back };
    follow(aligner, base, image, piece);
    pieces.push(piece);
    from = piece.from + piece.size;
    free = from;
    near = piece.at + piece.size;
  }
  return pieces;
}

/** Lets a piece grow as long as its alignment is good, and takes off what is changed at its end. */
function follow(aligner: Aligner, base: Uint8Array, image: Uint8Array, piece: Piece): void {
  let size = piece.size;
  for (;;) {
    const most = Math.min(image.length - piece.from, base.length - piece.at) - size;
    size += common(image, piece.from + size, base, piece.at + size, most);
    piece.size = size; // what follows is changed, and counts only if equal octets follow
    const [from, at] = [piece.from + size, piece.at + size];
    if (from >= image.length || at >= base.length) return;
    const stay = aligner.score(from, at);
    if (stay < END || aligner.best(from, at).score > stay + BETTER || aligner.best(from + 1, at).score > stay + BETTER) return;
    size++;
    if (from + 1 === image.length || at + 1 === base.length) {
      piece.size = size;
      return;
    }
  }
}
