// Random numbers for the network layer: jitter, addresses, identifiers.
import { entropy } from "../../core/host";

const random = memory.data(4, 4);

export function randomBelow(limit: u32): u32 {
  entropy(random, 4);
  return load<u32>(random) % limit;
}

/** Two octets. */
export function randomShort(): u32 {
  entropy(random, 2);
  return load<u16>(random);
}
