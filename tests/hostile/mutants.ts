// A module with a few octets changed, moved, cut or taken from another one.
import type { Random } from "../../host/air/random.ts";

const MUTATIONS_MAX = 4;

export function mutant(parent: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let octets = Buffer.from(parent);
  for (let count = random.chance(0.7) ? 1 : 1 + random.below(MUTATIONS_MAX); count > 0; count--) {
    const at = 8 + random.below(Math.max(1, octets.length - 8));
    switch (random.below(6)) {
      case 0:
        octets[at] ^= 1 << random.below(8);
        break;
      case 1:
        octets[at] = random.below(256);
        break;
      case 2:
        octets[at] = (octets[at] + (random.chance(0.5) ? 1 : 255)) & 0xff;
        break;
      case 3: {
        const from = 8 + random.below(octets.length - 8);
        octets.copyWithin(at, from, from + 1 + random.below(12));
        break;
      }
      case 4: {
        const from = random.below(other.length);
        octets.set(other.subarray(from, Math.min(from + 1 + random.below(24), other.length, from + octets.length - at)), at);
        break;
      }
      default:
        octets = Buffer.from(octets.subarray(0, at));
    }
    if (octets.length <= 8) break;
  }
  return octets;
}
