// Random numbers for the IP stack: delays and jitter.
import { entropy } from "../core/host";

const random = memory.data(4, 4);

export function randomBelow(limit: u32): u32 {
  entropy(random, 4);
  return load<u32>(random) % limit;
}
