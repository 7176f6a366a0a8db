// Octets between two programs, with TLS around them or in the clear: a socket of TCP and a session of the board, named by the socket.
//
//   tcp -> tls_feed | tls_read -> streamRead              streamWrite -> tls_write | tls_drain -> tcp
//
// A handshake that takes too long is given up, and so is a stream whose owner let go of it and whose peer takes nothing.
import { Err } from "../../core/err";
import {
  TLS_FLAGS, TLS_STATE, TlsClose, TlsFlag, TlsProfile, tlsClose, tlsDrain, tlsFeed, tlsOpen, tlsRead, tlsState, tlsWrite,
} from "../../core/host";
import { NEVER } from "../../core/timers";
import { SECURE_PORTS_MAX, SOCKETS_MAX } from "../limits";
import {
  TCP_ENDED, TCP_OPEN, TCP_PEER_CLOSED, TCP_READ, tcpAbort, tcpCan, tcpChanged, tcpClose, tcpConnect, tcpListen, tcpPassive, tcpPeek,
  tcpPiece, tcpPort, tcpProven, tcpRoom, tcpSend, tcpTake,
} from "./tcp";

export const STREAM_OPEN: u32 = 1;
export const STREAM_READ: u32 = 2;
export const STREAM_WRITE: u32 = 4;
/** Nothing more will come: what was read is all. */
export const STREAM_ENDED: u32 = 8;

/** Both sides of a handshake over five hops of 802.15.4, with the time that curves take on a small processor. */
const HANDSHAKE_MS: i64 = 20_000;
/** Octets that are moved at a time. */
const PIECE: u32 = 256;
/** Moves of one poll: a session that goes on and on is met again in the next. */
const MOVES_MAX: u32 = 12;

enum Kind { Free = 0, Clear, Opening, Secure }

@unmanaged @final
class Stream {
  until: i64;
  kind: i32;
  session: u8;
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
  memory.fill(streams, 0, SOCKETS_MAX * ROW);
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
  let session = secure ? tlsOpen(TlsProfile.Client, utc) : 0;
  if (session < 0) return session;
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
  for (let number = tcpChanged(); number >= 0; number = tcpChanged()) accept(<u32>number, utc, now);
  for (let number: u32 = 0; number < SOCKETS_MAX; number++) {
    let stream = at(number);
    if (stream.kind == Kind.Free || !stream.changed) continue;
    stream.changed = 0;
    move(number, stream, now);
    if (stream.kind != Kind.Free && !stream.released) return number;
  }
  return -1;
}

export function streamCan(number: u32): u32 {
  let stream = at(number);
  let can = tcpCan(number);
  let ended = can & (TCP_ENDED | TCP_PEER_CLOSED) && !(can & TCP_READ);
  switch (stream.kind) {
    case Kind.Free: return STREAM_ENDED;
    case Kind.Clear: return (can & TCP_OPEN ? STREAM_OPEN : 0) | (can & TCP_READ ? STREAM_READ : 0) | (tcpRoom(number) ? STREAM_WRITE : 0)
      | (ended ? STREAM_ENDED : 0);
    case Kind.Opening: return ended || can & TCP_ENDED ? STREAM_ENDED : 0;
    default: {
      let flags = flagsOf(stream);
      return STREAM_OPEN | (has(flags, TlsFlag.Read) ? STREAM_READ : 0) | (has(flags, TlsFlag.Write) ? STREAM_WRITE : 0)
        | (!has(flags, TlsFlag.Read) && (ended || has(flags, TlsFlag.Ended)) ? STREAM_ENDED : 0);
    }
  }
}

/** Whether TLS is around it. */
export function streamSecure(number: u32): bool { return at(number).kind > Kind.Clear; }

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

/** The peer has shown that it is one. */
export function streamProven(number: u32): void { tcpProven(number); }

/** Sends what is left, says so, and frees it. */
export function streamClose(number: u32, now: i64): void {
  let stream = at(number);
  if (stream.kind == Kind.Free) return;
  stream.released = 1;
  stream.changed = 1;
  stream.until = now + HANDSHAKE_MS;
  if (stream.kind == Kind.Secure) tlsClose(stream.session, TlsClose.Begin);
  move(number, stream, now);
}

export function streamAbort(number: u32, now: i64): void {
  end(number, at(number));
  tcpAbort(number, now);
}

/** Gives up what takes too long; its owner finds it ended. */
export function streamTick(now: i64): void {
  for (let number: u32 = 0; number < SOCKETS_MAX; number++) {
    let stream = at(number);
    if (stream.kind == Kind.Free) continue;
    if (stream.changed && stream.released) move(number, stream, now);
    if (stream.until > now) continue;
    let released = stream.released;
    streamAbort(number, now);
    if (!released) stream.changed = 0;
  }
}

export function streamDeadline(): i64 {
  let deadline = NEVER;
  for (let number: u32 = 0; number < SOCKETS_MAX; number++) {
    let stream = at(number);
    if (stream.kind == Kind.Free) continue;
    if (stream.changed) return 0;
    deadline = min(deadline, stream.until);
  }
  return deadline;
}

/** Something happened to a socket: a new one of a port of ours becomes a stream. */
function accept(number: u32, utc: i64, now: i64): void {
  let stream = at(number);
  stream.changed = 1;
  if (stream.kind != Kind.Free) return;
  if (!tcpPassive(number) || tcpCan(number) & TCP_ENDED) { tcpClose(number, now); return; }
  let secure = isSecure(tcpPort(number));
  let session = secure ? tlsOpen(TlsProfile.Server, utc) : 0;
  if (session < 0) { tcpAbort(number, now); return; }
  begin(number, secure, session, now);
}

function begin(number: u32, secure: bool, session: i32, now: i64): void {
  let stream = at(number);
  stream.kind = secure ? Kind.Opening : Kind.Clear;
  stream.session = <u8>session;
  stream.released = 0;
  stream.changed = 1;
  stream.until = secure ? now + HANDSHAKE_MS : NEVER;
}

/** Moves octets both ways as far as they go, within bounds. */
function move(number: u32, stream: Stream, now: i64): void {
  if (stream.kind > Kind.Clear) secured(number, stream, now);
  if (!stream.released) return;
  // Let go of: what comes is not read any more, and the end is told once all has gone.
  let size = tcpPeek(number);
  if (stream.kind == Kind.Clear && size > 0) tcpTake(number, size, now);
  if (stream.kind > Kind.Clear && has(flagsOf(stream), TlsFlag.Drain) && !(tcpCan(number) & TCP_ENDED)) return;
  end(number, stream);
  tcpClose(number, now);
}

function secured(number: u32, stream: Stream, now: i64): void {
  for (let moves: u32 = 0; moves < MOVES_MAX; moves++) {
    let sent = drain(number, stream, now);
    let size = tcpPeek(number);
    let taken = size > 0 ? tlsFeed(stream.session, tcpPiece(number), size) : 0;
    if (taken > 0) tcpTake(number, <u32>taken, now);
    if (taken < 0) tcpTake(number, size, now); // it has ended: nothing more is of interest
    let flags = flagsOf(stream);
    if (stream.kind == Kind.Opening && has(flags, TlsFlag.Established)) {
      stream.kind = Kind.Secure;
      stream.until = NEVER;
      tcpProven(number);
    }
    if (has(flags, TlsFlag.Failed) && !has(flags, TlsFlag.Drain)) { stream.released = 1; return; }
    if (sent == 0 && taken <= 0) return;
  }
  stream.changed = 1; // there may be more
}

function drain(number: u32, stream: Stream, now: i64): u32 {
  let room = min(tcpRoom(number), PIECE);
  if (room == 0) return 0;
  let size = tlsDrain(stream.session, piece, room);
  if (size <= 0) return 0;
  return tcpSend(number, piece, <u32>size, now);
}

function end(number: u32, stream: Stream): void {
  if (stream.kind > Kind.Clear) free(stream.session);
  memory.fill(changetype<usize>(stream), 0, ROW);
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
