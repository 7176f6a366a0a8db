// Mutations of one input: bit flips, interesting octets, truncation, growth, splices.
import type { Random } from "../../host/air/random.ts";

const INTERESTING = [0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff];
export const INPUT_SIZE_MAX = 320;

export function mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const pick = (count: number): number => random.below(count);
  let octets = Buffer.from(seeds[pick(seeds.length)]);
  for (let rounds = pick(4); rounds >= 0; rounds--) {
    const at = pick(octets.length + 1);
    switch (pick(7)) {
      case 0:
        if (at < octets.length) octets[at] ^= 1 << pick(8);
        break;
      case 1:
        if (at < octets.length) octets[at] = INTERESTING[pick(INTERESTING.length)];
        break;
      case 2:
        octets = Buffer.from(octets.subarray(0, at));
        break;
      case 3:
        octets = Buffer.concat([octets.subarray(0, at), Buffer.from([pick(256)]), octets.subarray(at)]);
        break;
      case 4: {
        const other = seeds[pick(seeds.length)];
        octets = Buffer.concat([octets.subarray(0, at), other.subarray(pick(other.length + 1))]);
        break;
      }
      case 5:
        if (at < octets.length) octets[at] = pick(256);
        break;
      default:
        octets = Buffer.concat([octets, Buffer.from(Array.from({ length: pick(24) }, () => pick(256)))]);
    }
  }
  return octets.subarray(0, INPUT_SIZE_MAX);
}
