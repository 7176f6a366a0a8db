// Whom a router could send through, and whom it sends through: RFC 6550 section 8.2, MRHOF with ETX of RFC 6719.
//
// The cost of a way is the rank that its first router tells and the ETX of the link to it, in one unit.  A neighbour whose rank is not
// below ours may stand behind us and is not considered; a better way must be better by a good deal.
import { PARENTS_MAX } from "../limits";
import { ETX_ONE, LinkState, neighbourFind } from "../neighbours";
import { RANK_INFINITE, dagRank, dodag } from "./dodag";

/** MAX_LINK_METRIC and PARENT_SWITCH_THRESHOLD: RFC 6719 section 5. */
const LINK_MAX: u32 = 4 * ETX_ONE;
const SWITCH: u32 = 192;
/** How much more the way through a second parent may cost. */
const SECOND: u32 = 64;

@unmanaged @final
export class Parent {
  /** 0: the row is free. */
  extended: u64;
  /** Its global address behind the network's prefix, network order. */
  identifier: u64;
  rank: u16;
  trigger: u8;
}

const ROW: u32 = offsetof<Parent>();
const rows = memory.data(PARENTS_MAX * ROW, 8);
@unmanaged @final
class Parents {
  preferred: Parent;
  /** Null when there is none. */
  second: Parent;
  /** The lowest rank that we had in this version of the graph. */
  lowest: u32;
}
export const parents = changetype<Parents>(memory.data(offsetof<Parents>(), 8));
const NONE: usize = 0;

/** In a new version, or when all ways are lost. */
export function parentsReset(): void {
  memory.fill(rows, 0, PARENTS_MAX * ROW);
  parents.preferred = parents.second = changetype<Parent>(NONE);
  parents.lowest = RANK_INFINITE;
}

export function parentOf(extended: u64): Parent {
  for (let index: u32 = 0; index < PARENTS_MAX; index++) {
    let row = rowAt(index);
    if (row.extended == extended) return row;
  }
  return changetype<Parent>(NONE);
}

/** A row for a neighbour that tells `rank`: a free one, or that of the worst way if ours is better; null when it is not. */
export function parentTake(extended: u64, rank: u32): Parent {
  let worst = changetype<Parent>(NONE);
  for (let index: u32 = 0; index < PARENTS_MAX; index++) {
    let row = rowAt(index);
    if (row.extended == 0) return name(row, extended);
    if (row != parents.preferred && row.rank > rank && (!worst || row.rank > worst.rank)) worst = row;
  }
  if (worst == parents.second) parents.second = changetype<Parent>(NONE);
  return worst ? name(worst, extended) : worst;
}

export function parentFree(row: Parent): void {
  row.extended = 0;
  if (parents.preferred == row) parents.preferred = changetype<Parent>(NONE);
  if (parents.second == row) parents.second = changetype<Parent>(NONE);
}

/** Chooses anew; answers the rank that follows, or `RANK_INFINITE` where there is no way. */
export function parentsChoose(): u32 {
  let best = changetype<Parent>(NONE);
  let least = RANK_INFINITE;
  for (let index: u32 = 0; index < PARENTS_MAX; index++) {
    let row = rowAt(index);
    let cost = costOf(row);
    if (cost >= least) continue;
    best = row;
    least = cost;
  }
  let now = parents.preferred ? costOf(parents.preferred) : RANK_INFINITE;
  if (now != RANK_INFINITE && least + SWITCH > now) {
    best = parents.preferred;
    least = now;
  }
  parents.preferred = best;
  if (best) parents.lowest = min(parents.lowest, least);
  parents.second = changetype<Parent>(NONE);
  for (let index: u32 = 0; index < PARENTS_MAX && best; index++) {
    let row = rowAt(index);
    if (row != best && costOf(row) <= least + SECOND && dagRank(row.rank) < dagRank(least)) parents.second = row;
  }
  return least;
}

function rowAt(index: u32): Parent { return changetype<Parent>(rows + index * ROW); }

function name(row: Parent, extended: u64): Parent {
  memory.fill(changetype<usize>(row), 0, ROW);
  row.extended = extended;
  return row;
}

/** `RANK_INFINITE` for what is no way. */
function costOf(row: Parent): u32 {
  if (row.extended == 0) return RANK_INFINITE;
  let link = neighbourFind(row.extended);
  if (!link || link.state != LinkState.Linked) return RANK_INFINITE;
  if (link.etx > LINK_MAX || (row != parents.preferred && row.rank >= dodag.rank)) return RANK_INFINITE;
  let cost: u32 = row.rank + max<u32>(link.etx, dodag.hopRankIncrease);
  let most = dodag.rankIncreaseMax && parents.lowest != RANK_INFINITE ? parents.lowest + dodag.rankIncreaseMax : RANK_INFINITE - 1;
  return cost > most ? RANK_INFINITE : cost;
}
