// The partners' last ephemeral keys, of which none may come twice: SE profile annex C.4.2.2, after SEC 1 section 3.2.
// Eight octets of a key tell it apart.

const ENTRIES: u32 = 8;
const ENTRY: u32 = 8;

const entries = memory.data(ENTRIES * ENTRY, 8);
const position = memory.data(4, 4); // where the next one goes

/** Whether the compressed key of `size` octets has been seen. */
export function historyHas(key: usize, size: u32): bool {
  let tail = load<u64>(key + size - ENTRY);
  for (let index: u32 = 0; index < ENTRIES; index++) {
    if (load<u64>(entries + index * ENTRY) == tail) return true;
  }
  return false;
}

/** Remembers a key in the place of the oldest. */
export function historyPut(key: usize, size: u32): void {
  let index = load<u32>(position);
  store<u64>(entries + index * ENTRY, load<u64>(key + size - ENTRY));
  store<u32>(position, (index + 1) % ENTRIES);
}
