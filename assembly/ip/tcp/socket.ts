// A connection's state and its two rings of octets: RFC 9293 section 3.3.
//
//   send       | una ...... next | not yet sent |            receive   | to be read | next ..[ out of order ].. window |
//              ^ sendHead                                               ^ receiveHead
import { ADDRESS_SIZE, addressEqual } from "../address";
import { SOCKETS_MAX, TCP_RECEIVE_SIZE, TCP_SEND_SIZE } from "../limits";

export enum TcpState { Closed = 0, SynSent, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck }

/** Pieces that came before what belongs in front of them. */
export const GAPS_MAX: u32 = 3;

@unmanaged @final
export class Socket {
  remote0: u64;
  remote1: u64;
  local0: u64;
  local1: u64;
  /** Until then it is not given up for another; proven: something good came of it. */
  keepUntil: i64;
  heardAt: i64;
  /** Timers: of retransmission and of probes, of the delayed acknowledgement; when the oldest octet under way was sent first. */
  retransmitAt: i64;
  ackAt: i64;
  sinceAt: i64;
  timedAt: i64;
  state: i32;
  remotePort: u16;
  localPort: u16;
  passive: u8;
  proven: u8;
  /** Something for its owner to look at. */
  changed: u8;
  /** Why it ended: an `Err`. */
  status: i8;
  finQueued: u8;
  /** Our FIN has been sent, at least once. */
  finGone: u8;
  finReceived: u8;
  duplicateAcks: u8;
  tries: u8;
  unacknowledged: u8;
  timing: u8;
  probing: u8;
  mss: u32;
  // Send
  una: u32;
  next: u32;
  /** The highest that was ever sent. */
  top: u32;
  window: u32;
  windowSequence: u32;
  windowAck: u32;
  sendHead: u32;
  sendSize: u32;
  congestion: u32;
  threshold: u32;
  timedSequence: u32;
  rttMs: u32;
  rttVariation: u32;
  rtoMs: u32;
  // Receive
  receiveNext: u32;
  receiveHead: u32;
  receiveSize: u32;
  /** The right edge that the peer was told. */
  edge: u32;
  gap0From: u32; gap0To: u32;
  gap1From: u32; gap1To: u32;
  gap2From: u32; gap2To: u32;

  get remote(): usize { return changetype<usize>(this); }
  get local(): usize { return changetype<usize>(this) + ADDRESS_SIZE; }
  /** Our place for what comes. */
  get room(): u32 { return TCP_RECEIVE_SIZE - this.receiveSize; }
}

const ROW: u32 = (offsetof<Socket>() + 7) & ~7;
const STRIDE: u32 = (ROW + TCP_SEND_SIZE + TCP_RECEIVE_SIZE + 7) & ~7;
const GAPS: usize = offsetof<Socket>("gap0From");

const sockets = memory.data(SOCKETS_MAX * STRIDE, 8);

export function socketsReset(): void { memory.fill(sockets, 0, SOCKETS_MAX * STRIDE); }

export function socketAt(index: u32): Socket { return changetype<Socket>(sockets + index * STRIDE); }

export function socketIndex(socket: Socket): i32 { return <i32>((changetype<usize>(socket) - sockets) / STRIDE); }

/** The connection of two ends, or null. */
export function socketFind(remote: usize, local: usize, remotePort: u32, localPort: u32): Socket {
  for (let index: u32 = 0; index < SOCKETS_MAX; index++) {
    let socket = socketAt(index);
    if (socket.state == TcpState.Closed || socket.remotePort != remotePort || socket.localPort != localPort) continue;
    if (addressEqual(socket.remote, remote) && addressEqual(socket.local, local)) return socket;
  }
  return changetype<Socket>(0);
}

/** Before: signed distances wrap as numbers do. */
export function before(a: u32, b: u32): bool { return <i32>(a - b) < 0; }

// Rings

function sendRing(socket: Socket): usize { return changetype<usize>(socket) + ROW; }
function receiveRing(socket: Socket): usize { return changetype<usize>(socket) + ROW + TCP_SEND_SIZE; }

/** Copies `size` octets into a ring of `capacity`, from `place` on. */
function ringPut(ring: usize, capacity: u32, place: u32, at: usize, size: u32): void {
  place %= capacity;
  let first = min(size, capacity - place);
  memory.copy(ring + place, at, first);
  memory.copy(ring, at + first, size - first);
}

function ringGet(ring: usize, capacity: u32, place: u32, at: usize, size: u32): void {
  place %= capacity;
  let first = min(size, capacity - place);
  memory.copy(at, ring + place, first);
  memory.copy(at + first, ring, size - first);
}

/** Keeps what the owner sends; answers how much there was room for. */
export function sendKeep(socket: Socket, at: usize, size: u32): u32 {
  size = min(size, TCP_SEND_SIZE - socket.sendSize);
  ringPut(sendRing(socket), TCP_SEND_SIZE, socket.sendHead + socket.sendSize, at, size);
  socket.sendSize += size;
  return size;
}

/** Octets from `offset` behind the oldest one that is not acknowledged. */
export function sendCopy(socket: Socket, offset: u32, at: usize, size: u32): void {
  ringGet(sendRing(socket), TCP_SEND_SIZE, socket.sendHead + offset, at, size);
}

export function sendDone(socket: Socket, size: u32): void {
  socket.sendHead = (socket.sendHead + size) % TCP_SEND_SIZE;
  socket.sendSize -= size;
}

/** What is in order, up to the end of the ring. */
export function receiveAt(socket: Socket): usize { return receiveRing(socket) + socket.receiveHead; }
export function receivePiece(socket: Socket): u32 { return min(socket.receiveSize, TCP_RECEIVE_SIZE - socket.receiveHead); }

export function receiveDone(socket: Socket, size: u32): void {
  socket.receiveHead = (socket.receiveHead + size) % TCP_RECEIVE_SIZE;
  socket.receiveSize -= size;
}

/** Keeps `size` octets that begin `ahead` of the next one and fit; false when they came too early and cannot be noted. */
export function receiveKeep(socket: Socket, ahead: u32, at: usize, size: u32): bool {
  let from = socket.receiveNext + ahead;
  if (ahead > 0 && !gapNote(socket, from, from + size)) return false;
  ringPut(receiveRing(socket), TCP_RECEIVE_SIZE, socket.receiveHead + socket.receiveSize + ahead, at, size);
  if (ahead > 0) return true;
  advance(socket, size);
  for (let again = true; again;) {
    again = false;
    for (let index: u32 = 0; index < GAPS_MAX; index++) {
      let gap = gapAt(socket, index);
      let to = load<u32>(gap, 4);
      if (load<u32>(gap) == to || before(socket.receiveNext, load<u32>(gap))) continue;
      if (before(socket.receiveNext, to)) { advance(socket, to - socket.receiveNext); again = true; }
      store<u64>(gap, 0);
    }
  }
  return true;
}

function advance(socket: Socket, size: u32): void {
  socket.receiveNext += size;
  socket.receiveSize += size;
}

function gapAt(socket: Socket, index: u32): usize { return changetype<usize>(socket) + GAPS + (index << 3); }

/** Notes a piece, joined with those that it touches; false when there is no place. */
function gapNote(socket: Socket, from: u32, to: u32): bool {
  let free: usize = 0;
  for (let index: u32 = 0; index < GAPS_MAX; index++) {
    let gap = gapAt(socket, index);
    let gapFrom = load<u32>(gap);
    let gapTo = load<u32>(gap, 4);
    if (gapFrom == gapTo) { free = gap; continue; }
    if (before(to, gapFrom) || before(gapTo, from)) continue;
    if (before(gapFrom, from)) from = gapFrom;
    if (before(to, gapTo)) to = gapTo;
    free = gap;
    store<u64>(gap, 0);
  }
  if (!free) return false;
  store<u32>(free, from);
  store<u32>(free, to, 4);
  return true;
}
