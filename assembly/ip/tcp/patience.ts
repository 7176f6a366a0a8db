// Whose connection makes room for another's.  Each has a time that its owner gives it for what it is to do next, and is not taken before;
// who let such a time pass is behind all others for a while, and then not even its next connection has one.
//
//   no free socket -> waits, first come first served, idlers behind the others -> one whose time is over ends -> it is free
import { ADDRESS_SIZE, addressCopy, addressEqual } from "../address";
import { PATIENCE_MAX, SOCKETS_MAX } from "../limits";
import { Socket, TcpState, socketAt } from "./socket";

const IDLE_MS: i64 = 60_000;
/** Who waits says again what it said: RFC 6298, after a second or two. */
const WAIT_MS: i64 = 4_000;

@unmanaged @final
class Row {
  remote0: u64;
  remote1: u64;
  /** It let a time pass. */
  idleUntil: i64;
  /** It waits for a socket. */
  waitUntil: i64;
  since: i64;
}
const ROW: u32 = offsetof<Row>();
const rows = memory.data(PATIENCE_MAX * ROW, 8);

export function patienceReset(): void { memory.fill(rows, 0, PATIENCE_MAX * ROW); }

/** Its time has passed: if nothing good came of it, its peer is an idler. */
export function idleNote(socket: Socket, now: i64): void {
  if (socket.passive && !socket.proven) rowTake(socket.remote).idleUntil = now + IDLE_MS;
}

export function isIdler(remote: usize, now: i64): bool {
  let row = rowOf(remote);
  return !!row && row.idleUntil > now;
}

/** How many wait who are to be served before `remote`. */
export function patienceRank(remote: usize, now: i64): u32 {
  let own = rowOf(remote);
  let isIdle = !!own && own.idleUntil > now;
  let since = !!own && own.waitUntil > now ? own.since : now;
  let count: u32 = 0;
  for (let index: u32 = 0; index < PATIENCE_MAX; index++) {
    let row = rowAt(index);
    if (row == own || row.waitUntil <= now) continue;
    let otherIsIdle = row.idleUntil > now;
    if (otherIsIdle == isIdle ? row.since <= since : isIdle) count++;
  }
  return count;
}

export function patienceWaits(remote: usize, now: i64): void {
  let row = rowTake(remote);
  if (row.waitUntil <= now) row.since = now;
  row.waitUntil = now + WAIT_MS;
}

export function patienceServed(remote: usize): void {
  let row = rowOf(remote);
  if (row) row.waitUntil = 0;
}

/** The connection, of those with a bit in `among`, that makes room for one from `remote`; null when each has its time. */
export function patienceEnds(among: u32, remote: usize, now: i64): Socket {
  let best = changetype<Socket>(0);
  let wanted = !isIdler(remote, now);
  for (let index: u32 = 0; index < SOCKETS_MAX; index++) {
    let socket = socketAt(index);
    if (!(among >>> index & 1) || !socket.passive || socket.state == TcpState.Closed) continue;
    let isIdle = isIdler(socket.remote, now);
    if (!(socket.keepUntil <= now ? wanted || isIdle || socket.proven : wanted && isIdle)) continue;
    if (!best || socket.keepUntil < best.keepUntil) best = socket;
  }
  return best;
}

function rowAt(index: u32): Row { return changetype<Row>(rows + index * ROW); }

function rowOf(remote: usize): Row {
  for (let index: u32 = 0; index < PATIENCE_MAX; index++) {
    if (addressEqual(changetype<usize>(rowAt(index)), remote)) return rowAt(index);
  }
  return changetype<Row>(0);
}

/** Its row, or that of whom least is known. */
function rowTake(remote: usize): Row {
  let row = rowOf(remote);
  if (row) return row;
  row = rowAt(0);
  for (let index: u32 = 1; index < PATIENCE_MAX; index++) {
    let other = rowAt(index);
    if (max(other.idleUntil, other.waitUntil) < max(row.idleUntil, row.waitUntil)) row = other;
  }
  memory.fill(changetype<usize>(row), 0, ROW);
  addressCopy(changetype<usize>(row), remote);
  return row;
}

if (SOCKETS_MAX > 32) ERROR("a bit for each");
if (offsetof<Row>("idleUntil") != ADDRESS_SIZE) ERROR("an address first");
