// The binding table: which of our clusters reports to whom.  05-3474 section 2.2.8.2.
import { Err } from "../../core/err";
import { Record, storeRead, storeWrite } from "../../core/host";
import { BINDINGS_MAX } from "../limits";

/** The partner hears only when it asks its parent. */
export const BINDING_SLEEPY: u32 = 1 << 16;
/** Asked for under the network key only: by the partner, or by anyone in the network who gave himself out for it. */
const CLAIMED: u32 = 1 << 17;
/** Rows that claims may take. */
const CLAIMS_MAX: u32 = BINDINGS_MAX / 4;

@unmanaged @final
export class Binding {
  extended: u64;
  cluster: u16;
  /** 0: the row is free. */
  sourceEndpoint: u8;
  targetEndpoint: u8;
  /** Where the partner was found last: its short address, and BINDING_SLEEPY; low half 0: not known.  And CLAIMED. */
  where: u32;
}

const SIZE: u32 = BINDINGS_MAX * offsetof<Binding>();
const rows = memory.data(SIZE, 8);

export function bindingsReset(): void {
  memory.fill(rows, 0, SIZE);
  storeRead(Record.Bindings, rows, SIZE);
}

export function bindingAt(index: u32): Binding {
  assert(index < BINDINGS_MAX);
  return changetype<Binding>(rows + index * offsetof<Binding>());
}

/** The first binding of a cluster from row `index` on; answers its row or `Err.NotFound`. */
export function bindingNext(index: u32, sourceEndpoint: u32, cluster: u32): i32 {
  for (; index < BINDINGS_MAX; index++) {
    let row = bindingAt(index);
    if (row.sourceEndpoint == sourceEndpoint && row.cluster == cluster) return index;
  }
  return Err.NotFound;
}

/** Adds a binding unless it is there; a proven one takes the place of a claim where there is no other. */
export function bindingAdd(sourceEndpoint: u32, cluster: u32, extended: u64, targetEndpoint: u32, claimed: bool): i32 {
  let index = find(sourceEndpoint, cluster, extended, targetEndpoint);
  if (index >= 0 && (claimed || !isClaim(index))) return Err.Ok;
  if (index < 0) index = place(claimed);
  if (index < 0) return Err.NoBuffer;
  let row = bindingAt(index);
  row.extended = extended;
  row.cluster = <u16>cluster;
  row.sourceEndpoint = <u8>sourceEndpoint;
  row.targetEndpoint = <u8>targetEndpoint;
  row.where = claimed ? CLAIMED : 0;
  return storeWrite(Record.Bindings, rows, SIZE);
}

/** Removes a binding; who only claims to be the partner removes claims. */
export function bindingRemove(sourceEndpoint: u32, cluster: u32, extended: u64, targetEndpoint: u32, claimed: bool): i32 {
  let index = find(sourceEndpoint, cluster, extended, targetEndpoint);
  if (index < 0) return index;
  if (claimed && !isClaim(index)) return Err.Refused;
  memory.fill(changetype<usize>(bindingAt(index)), 0, offsetof<Binding>());
  return storeWrite(Record.Bindings, rows, SIZE);
}

function isClaim(index: u32): bool {
  return (bindingAt(index).where & CLAIMED) != 0;
}

function place(claimed: bool): i32 {
  let last = -1;
  let claims: u32 = 0;
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    if (!isClaim(index)) continue;
    last = index;
    claims++;
  }
  if (claimed && claims >= CLAIMS_MAX) return Err.NoBuffer;
  let free = bindingNext(0, 0, 0);
  return free >= 0 || claimed ? free : last;
}

/**
 * Notes where a partner was heard under its link key.  It is kept: who was reset could only ask all, which a sleepy partner misses.
 * A refused write costs no more than the knowledge.
 */
export function bindingFound(extended: u64, where: u32): void {
  let moved = false;
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    let row = bindingAt(index);
    let now = where | (row.where & CLAIMED);
    if (row.sourceEndpoint == 0 || row.extended != extended || row.where == now) continue;
    row.where = now;
    moved = true;
  }
  if (moved) storeWrite(Record.Bindings, rows, SIZE);
}

/** Forgets the bindings with a device that is no partner any more. */
export function bindingsForget(extended: u64): void {
  let found = false;
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    if (bindingAt(index).sourceEndpoint == 0 || bindingAt(index).extended != extended) continue;
    memory.fill(changetype<usize>(bindingAt(index)), 0, offsetof<Binding>());
    found = true;
  }
  if (found) storeWrite(Record.Bindings, rows, SIZE);
}

/** Forgets all bindings: the device left its network. */
export function bindingsErase(): void {
  memory.fill(rows, 0, SIZE);
  storeWrite(Record.Bindings, rows, 0);
}

function find(sourceEndpoint: u32, cluster: u32, extended: u64, targetEndpoint: u32): i32 {
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) {
    let row = bindingAt(index);
    if (row.sourceEndpoint != sourceEndpoint || row.cluster != cluster) continue;
    if (row.extended == extended && row.targetEndpoint == targetEndpoint) return index;
  }
  return Err.NotFound;
}
