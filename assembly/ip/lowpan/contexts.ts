// Prefixes that addresses are compressed against: RFC 6282 section 3.1.2, told by routers as RFC 6775 section 5.4.2 says.
import { addressCopy } from "../address";
import { CONTEXTS_MAX } from "../limits";

@unmanaged @final
export class Context {
  /** The prefix, zeros behind it. */
  prefix: u64;
  rest: u64;
  id: u8;
  /** Bits of the prefix; 0: the row is free. */
  bits: u8;
  /** 1: may be used to compress, not only to decompress. */
  isUsed: u8;
}

const rows = memory.data(CONTEXTS_MAX * offsetof<Context>(), 8);
const NONE: usize = 0;

export function contextsReset(): void { memory.fill(rows, 0, CONTEXTS_MAX * offsetof<Context>()); }

/** Takes a prefix of 1 to 128 bits, in place of what the identifier stood for before; false when the table is full. */
export function contextSet(id: u32, prefix: usize, bits: u32, isUsed: bool): bool {
  let row = contextOf(id);
  if (!row) row = free();
  if (!row) return false;
  addressCopy(changetype<usize>(row), prefix);
  row.prefix &= maskOf(min<u32>(bits, 64));
  row.rest &= maskOf(bits > 64 ? bits - 64 : 0);
  row.id = <u8>id;
  row.bits = <u8>bits;
  row.isUsed = u8(isUsed);
  return true;
}

export function contextRemove(id: u32): void {
  let row = contextOf(id);
  if (row) row.bits = 0;
}

/** The context of an identifier, null when there is none. */
export function contextOf(id: u32): Context {
  for (let index: u32 = 0; index < CONTEXTS_MAX; index++) {
    let row = contextAt(index);
    if (row.bits && row.id == id) return row;
  }
  return changetype<Context>(NONE);
}

/** A row by its number below CONTEXTS_MAX; free where it has no bits. */
export function contextAt(index: u32): Context { return changetype<Context>(rows + index * offsetof<Context>()); }

/** The bits of the rest that a context covers, as they lie. */
export function contextMask(context: Context): u64 { return maskOf(context.bits > 64 ? <u32>context.bits - 64 : 0); }

function free(): Context {
  for (let index: u32 = 0; index < CONTEXTS_MAX; index++) if (!contextAt(index).bits) return contextAt(index);
  return changetype<Context>(NONE);
}

/** The first `bits` of eight octets, as they lie. */
function maskOf(bits: u32): u64 {
  return bits == 0 ? 0 : bswap<u64>(<u64>-1 << (64 - bits));
}
