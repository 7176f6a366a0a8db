// Octets between two programs, with TLS around them or in the clear: a socket of TCP and a session of the board, named by the socket.
//
//   tcp -> tls_feed | tls_read -> streamRead              streamWrite -> tls_write | tls_drain -> tcp
//
// A number is its owner's from when it is told of it until it lets go, whatever becomes of the connection meanwhile.  What takes
// too long is given up, and so is a stream whose owner let go of it and whose peer takes nothing.  Who connects has a session when it
// begins to speak; there are few, and who let its time pass makes room.
import { Err } from "../../core/err";
import {
  TLS_FLAGS, TLS_LFDI, TLS_STATE, TlsClose, TlsFlag, TlsProfile, tlsClose, tlsDrain, tlsFeed, tlsOpen, tlsRead, tlsState, tlsWrite,
} from "../../core/host";
import { NEVER } from "../../core/timers";
import { LISTENERS_MAX, SECURE_PORTS_MAX, SERVED_MAX, SOCKETS_MAX, TCP_SEND_SIZE } from "../limits";
import {
  TCP_ENDED, TCP_OPEN, TCP_PEER_CLOSED, TCP_READ, tcpAbort, tcpCan, tcpChanged, tcpClose, tcpConnect, tcpGiveUp, tcpIdler, tcpKeep,
  tcpListen, tcpPassive, tcpPeek, tcpPiece, tcpPort, tcpProven, tcpRoom, tcpSend, tcpTake, tcpYields,
} from "./tcp";

export const STREAM_OPEN: u32 = 1;
export const STREAM_READ: u32 = 2;
export const STREAM_WRITE: u32 = 4;
/** Nothing more will come: what was read is all. */
export const STREAM_ENDED: u32 = 8;
/** And nothing can be said any more. */
export const STREAM_DEAD: u32 = 16;

/** Both sides of a handshake over five hops of 802.15.4, with the time that curves take on a small processor. */
const HANDSHAKE_MS: i64 = 20_000;
/** What has begun is not disturbed for so long, a handshake as long as it goes on: twice that. */
export const STREAM_KEEP_MS: i64 = 4_000;
/** Without a session a stream looks for one so often. */
const WAIT_MS: i64 = 250;
/** Octets that are moved at a time. */
const PIECE: u32 = 256;
/** Moves of one poll: a session that goes on and on is met again in the next. */
const MOVES_MAX: u32 = 12;
/** Of a handshake, what the engine takes in one poll: no two certificates end in it, and each end is an operation on the curve. */
const STEP: u32 = 128;

enum Kind {
  Free = 0,
  /** The connection has ended, and its owner has not let go of the number. */
  Over,
  Clear,
  Opening,
  Secure,
}
const NONE: i32 = -1;

@unmanaged @final
class Stream {
  until: i64;
  /** When to look again: for a session, or for the next step of a handshake. */
  waitUntil: i64;
  kind: i32;
  session: i32;
  /** The peer has begun to speak. */
  heard: u8;
  /** The owner has let go of it. */
  released: u8;
  changed: u8;
}
const ROW: u32 = offsetof<Stream>();
const streams = memory.data(SOCKETS_MAX * ROW, 8);
const ports = memory.data(SECURE_PORTS_MAX * 2, 2);
const piece = memory.data(PIECE);
const tls = memory.data(TLS_STATE, 4);

export function streamsReset(): void {
  for (let number: u32 = 0; number < SOCKETS_MAX; number++) reset(at(number));
  memory.fill(ports, 0, SECURE_PORTS_MAX * 2);
}

/** Takes connections to a port, with TLS or in the clear. */
export function streamServe(port: u32, secure: bool): void {
  let answer = tcpListen(port);
  assert(answer == Err.Ok);
  if (!secure) return;
  let index: u32 = 0;
  while (load<u16>(ports + (index << 1)) != 0) index++;
  assert(index < SECURE_PORTS_MAX);
  store<u16>(ports + (index << 1), port);
}

/** Opens a stream to `remote`; answers its number.  `utc`: seconds since 1970, 0 unknown. */
export function streamConnect(remote: usize, port: u32, secure: bool, utc: i64, now: i64): i32 {
  let session: i32 = secure ? tlsOpen(TlsProfile.Client, utc) : NONE;
  if (secure && session < 0) return session;
  let number = tcpConnect(remote, port, now);
  if (number < 0) {
    if (secure) free(session);
    return number;
  }
  begin(<u32>number, secure, session, now);
  return number;
}

/** The next stream that its owner should look at, after all that can be moved was moved; -1 when there is none. */
export function streamChanged(utc: i64, now: i64): i32 {
  for (let number = tcpChanged(); number >= 0; number = tcpChanged()) accept(<u32>number, now);
  for (let number: u32 = 0; number < SOCKETS_MAX; number++) {
    let stream = at(number);
    if (stream.kind == Kind.Free || !stream.changed) continue;
    stream.changed = 0;
    begun(number, stream, utc, now);
    move(number, stream, now);
    if (stream.kind != Kind.Free && !stream.released) return number;
  }
  return -1;
}

export function streamCan(number: u32): u32 {
  let stream = at(number);
  let can = tcpCan(number);
  let ended = can & TCP_ENDED ? STREAM_ENDED | STREAM_DEAD : can & TCP_PEER_CLOSED && !(can & TCP_READ) ? STREAM_ENDED : 0;
  switch (stream.kind) {
    case Kind.Free:
    case Kind.Over: return STREAM_ENDED | STREAM_DEAD;
    case Kind.Clear: return (can & TCP_OPEN ? STREAM_OPEN : 0) | (can & TCP_READ ? STREAM_READ : 0) | (tcpRoom(number) ? STREAM_WRITE : 0)
      | ended;
    case Kind.Opening: return ended;
    default: {
      let flags = flagsOf(stream);
      return STREAM_OPEN | (has(flags, TlsFlag.Read) ? STREAM_READ : 0) | (has(flags, TlsFlag.Write) ? STREAM_WRITE : 0)
        | (has(flags, TlsFlag.Read) ? 0 : has(flags, TlsFlag.Ended) ? ended | STREAM_ENDED : ended);
    }
  }
}

/** Whether TLS is around it. */
export function streamSecure(number: u32): bool { return at(number).kind > Kind.Clear; }

/** Who speaks, an LFDI, until the next call: 0 in the clear, and as long as it is not proven. */
export function streamPeer(number: u32): usize {
  let stream = at(number);
  return stream.kind == Kind.Secure && has(flagsOf(stream), TlsFlag.Established) ? tls + TLS_LFDI : 0;
}

export function streamRead(number: u32, to: usize, capacity: u32, now: i64): u32 {
  let stream = at(number);
  stream.changed = 1;
  if (stream.kind == Kind.Clear) {
    let size = min(capacity, tcpPeek(number));
    memory.copy(to, tcpPiece(number), size);
    tcpTake(number, size, now);
    return size;
  }
  if (stream.kind != Kind.Secure) return 0;
  let size = tlsRead(stream.session, to, capacity);
  return <u32>max(size, 0);
}

/** Takes octets to send; answers how many. */
export function streamWrite(number: u32, from: usize, size: u32, now: i64): u32 {
  let stream = at(number);
  stream.changed = 1;
  if (stream.kind == Kind.Clear) return tcpSend(number, from, size, now);
  if (stream.kind != Kind.Secure) return 0;
  let taken = tlsWrite(stream.session, from, size);
  return <u32>max(taken, 0);
}

/** Whether the peer has all that was written. */
export function streamDrained(number: u32): bool {
  let stream = at(number);
  return tcpRoom(number) == TCP_SEND_SIZE && !(stream.kind > Kind.Clear && has(flagsOf(stream), TlsFlag.Drain));
}

/** Whether something good came of what it began last. */
export function streamProven(number: u32, isGood: bool): void { tcpProven(number, isGood); }
/** It is not given up for another for so long. */
export function streamKeep(number: u32, ms: i64, now: i64): void { tcpKeep(number, ms, now); }

/** Sends what is left, says so, and frees it. */
export function streamClose(number: u32, now: i64): void {
  let stream = at(number);
  if (stream.kind == Kind.Free) return;
  stream.released = 1;
  stream.changed = 1;
  stream.until = now + HANDSHAKE_MS;
  tcpKeep(number, 0, now);
  if (stream.kind == Kind.Secure) tlsClose(stream.session, TlsClose.Begin);
  move(number, stream, now);
}

export function streamAbort(number: u32, now: i64): void {
  end(at(number));
  tcpAbort(number, now);
}

/** Gives up what takes too long; its owner finds it ended. */
export function streamTick(now: i64): void {
  for (let number: u32 = 0; number < SOCKETS_MAX; number++) {
    let stream = at(number);
    if (stream.kind == Kind.Free) continue;
    if (stream.changed && stream.released) move(number, stream, now);
    if (stream.waitUntil <= now) { stream.waitUntil = NEVER; stream.changed = 1; }
    if (stream.until <= now) giveUp(number, stream, now);
  }
}

export function streamDeadline(): i64 {
  let deadline = NEVER;
  for (let number: u32 = 0; number < SOCKETS_MAX; number++) {
    let stream = at(number);
    if (stream.kind == Kind.Free) continue;
    if (stream.changed) return 0;
    deadline = min(deadline, min(stream.until, stream.waitUntil));
  }
  return deadline;
}

/** Its peer let its time pass: the owner finds it ended, unless it has let go of it. */
function giveUp(number: u32, stream: Stream, now: i64): void {
  if (stream.released) { streamAbort(number, now); return; }
  tcpGiveUp(number, now);
  over(stream);
}

/** Something happened to a socket: a new one of a port of ours becomes a stream. */
function accept(number: u32, now: i64): void {
  let stream = at(number);
  stream.changed = 1;
  if (stream.kind != Kind.Free) return;
  if (!tcpPassive(number) || tcpCan(number) & TCP_ENDED) { tcpClose(number, now); return; }
  begin(number, isSecure(tcpPort(number)), NONE, now);
}

/** Who connected to us speaks first: from then on it has its time, and a session where it needs one. */
function begun(number: u32, stream: Stream, utc: i64, now: i64): void {
  if (LISTENERS_MAX == 0) return;
  if (!tcpPassive(number) || stream.kind < Kind.Clear || tcpPeek(number) == 0) return;
  if (!stream.heard) tcpKeep(number, STREAM_KEEP_MS, now);
  stream.heard = 1;
  if (stream.kind != Kind.Opening || stream.session >= 0) return;
  stream.session = isNext(number, stream, now) ? tlsOpen(TlsProfile.Server, utc) : NONE;
  if (stream.session < 0) { stream.waitUntil = now + WAIT_MS; return; }
  stream.until = now + HANDSHAKE_MS;
  tcpKeep(number, STREAM_KEEP_MS, now);
}

/** Whether there is a session for it.  Of those who wait the last one is the first: who waits long for one is mostly not there for it. */
function isNext(number: u32, stream: Stream, now: i64): bool {
  let isIdle = tcpIdler(number, now);
  let served: u32 = 0;
  for (let index: u32 = 0; index < SOCKETS_MAX; index++) {
    let other = at(index);
    if (other.kind < Kind.Opening || !tcpPassive(index)) continue;
    if (other.session >= 0) { served |= 1 << index; continue; }
    if (other == stream || !other.heard || tcpCan(index) & TCP_ENDED) continue;
    let otherIsIdle = tcpIdler(index, now);
    if (isIdle == otherIsIdle ? other.until > stream.until : isIdle) return false;
  }
  if (popcnt(served) < SERVED_MAX) return true;
  let ends = tcpYields(served, number, now);
  if (ends < 0) return false;
  giveUp(ends, at(ends), now);
  return true;
}

function begin(number: u32, secure: bool, session: i32, now: i64): void {
  let stream = at(number);
  stream.kind = secure ? Kind.Opening : Kind.Clear;
  stream.session = session;
  stream.heard = stream.released = 0;
  stream.changed = 1;
  stream.until = secure ? now + HANDSHAKE_MS : NEVER;
  stream.waitUntil = NEVER;
}

/** Moves octets both ways as far as they go, within bounds. */
function move(number: u32, stream: Stream, now: i64): void {
  if (stream.session >= 0) secured(number, stream, now);
  if (!stream.released) return;
  // Let go of: what comes is not read any more, and the end is told once all has gone.
  let size = tcpPeek(number);
  if (stream.kind == Kind.Clear && size > 0) tcpTake(number, size, now);
  if (stream.session >= 0 && has(flagsOf(stream), TlsFlag.Drain) && !(tcpCan(number) & TCP_ENDED)) return;
  end(stream);
  tcpClose(number, now);
}

function secured(number: u32, stream: Stream, now: i64): void {
  for (let moves: u32 = stream.kind == Kind.Opening ? MOVES_MAX - 1 : 0; moves < MOVES_MAX; moves++) {
    let sent = drain(number, stream, now);
    let size = tcpPeek(number);
    if (stream.kind == Kind.Opening) size = sent > 0 ? 0 : min(size, STEP);
    let taken = size > 0 ? tlsFeed(stream.session, tcpPiece(number), size) : 0;
    if (taken > 0) {
      tcpTake(number, <u32>taken, now);
      if (stream.kind == Kind.Opening) tcpKeep(number, min(STREAM_KEEP_MS, stream.until - HANDSHAKE_MS + 2 * STREAM_KEEP_MS - now), now);
    }
    if (taken < 0) tcpTake(number, size, now); // it has ended: nothing more is of interest
    let flags = flagsOf(stream);
    if (stream.kind == Kind.Opening && has(flags, TlsFlag.Established)) {
      stream.kind = Kind.Secure;
      stream.until = NEVER;
      tcpProven(number, true);
      tcpKeep(number, STREAM_KEEP_MS, now);
    }
    if (has(flags, TlsFlag.Failed) && !has(flags, TlsFlag.Drain)) { over(stream); return; }
    if (sent == 0 && taken <= 0) return;
  }
  // There may be more; after a step of a handshake whoever else waits has a turn before.
  if (stream.kind == Kind.Opening) stream.waitUntil = now + 1;
  else stream.changed = 1;
}

function drain(number: u32, stream: Stream, now: i64): u32 {
  let room = min(tcpRoom(number), PIECE);
  if (room == 0) return 0;
  let size = tlsDrain(stream.session, piece, room);
  if (size <= 0) return 0;
  return tcpSend(number, piece, <u32>size, now);
}

/** There is nothing to move any more. */
function over(stream: Stream): void {
  if (stream.session >= 0) free(stream.session);
  stream.session = NONE;
  stream.kind = Kind.Over;
  stream.until = stream.waitUntil = NEVER;
  stream.changed = 1;
}

function end(stream: Stream): void {
  if (stream.session >= 0) free(stream.session);
  reset(stream);
}

function reset(stream: Stream): void {
  memory.fill(changetype<usize>(stream), 0, ROW);
  stream.session = NONE;
}

function free(session: u32): void { tlsClose(session, TlsClose.Free); }

function at(number: u32): Stream { return changetype<Stream>(streams + number * ROW); }

function flagsOf(stream: Stream): u32 {
  let size = tlsState(stream.session, tls, TLS_STATE);
  return size == TLS_STATE ? load<u16>(tls, TLS_FLAGS) : 1 << TlsFlag.Failed;
}

function has(flags: u32, flag: u32): bool { return ((flags >>> flag) & 1) != 0; }

function isSecure(port: u32): bool {
  for (let index: u32 = 0; index < SECURE_PORTS_MAX; index++) {
    if (load<u16>(ports + (index << 1)) == port) return true;
  }
  return false;
}
