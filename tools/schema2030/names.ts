// Names as the tables hold them: sorted, in blocks of eight, each but a block's first without what it shares with the one before;
// what is left in codes, of which those from 128 on stand for a pair of codes.
//
//   block = { | shared | count | code ... | } x 8        pair[code - 128] = | code | code |
export const BLOCK = 8;
const FIRST_PAIR = 128;
const PAIRS_MAX = 128;
/** A pair that occurs less often than this costs more than it saves. */
const WORTH_IT = 4;

export interface CodedNames {
  octets: number[];
  /** Where each block begins. */
  blocks: number[];
  blockMax: number;
  pairs: number[];
}

function tails(names: readonly string[]): { shared: number; codes: number[] }[] {
  return names.map((name, index) => {
    let shared = 0;
    if (index % BLOCK) while (shared < name.length && name[shared] === names[index - 1][shared]) shared++;
    return { shared, codes: [...Buffer.from(name.slice(shared), "latin1")] };
  });
}

/** The pair that occurs most often; among equals the one that is met first. */
function commonest(lists: readonly number[][]): { pair: number; count: number } {
  const counts = new Map<number, number>();
  for (const codes of lists)
    for (let at = 0; at + 1 < codes.length; at++) {
      const pair = codes[at] | (codes[at + 1] << 8);
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
  let best = { pair: 0, count: 0 };
  for (const [pair, count] of counts) if (count > best.count) best = { pair, count };
  return best;
}

function replaced(codes: readonly number[], pair: number, by: number): number[] {
  const out: number[] = [];
  for (let at = 0; at < codes.length; at++) {
    if ((codes[at] | (codes[at + 1] << 8)) === pair && at + 1 < codes.length) {
      out.push(by);
      at++;
    } else out.push(codes[at]);
  }
  return out;
}

export function codedNames(names: readonly string[]): CodedNames {
  const entries = tails(names);
  const pairs: number[] = [];
  for (let number = 0; number < PAIRS_MAX; number++) {
    const { pair, count } = commonest(entries.map(({ codes }) => codes));
    if (count < WORTH_IT) break;
    pairs.push(pair & 0xff, pair >> 8);
    for (const entry of entries) entry.codes = replaced(entry.codes, pair, FIRST_PAIR + number);
  }
  const octets: number[] = [];
  const blocks: number[] = [];
  entries.forEach(({ shared, codes }, index) => {
    if (index % BLOCK === 0) blocks.push(octets.length);
    octets.push(shared, codes.length, ...codes);
  });
  const sizes = blocks.map((begin, index) => (blocks[index + 1] ?? octets.length) - begin);
  return { octets, blocks, blockMax: Math.max(...sizes), pairs };
}
