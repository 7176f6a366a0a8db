// What a segment does to its connection: RFC 9293 section 3.10.7, RFC 5961 against blind resets.
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { TCP_RECEIVE_SIZE } from "../limits";
import { finSent, sendAck, sendOldest, sendWhatFits, timeNoted } from "./send";
import { Segment, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "./segment";
import { Socket, TcpState, before, receiveKeep, sendDone } from "./socket";

/** An acknowledgement may wait so long for data to go with, RFC 9293 section 3.8.6.3. */
const DELAY_MS: i64 = 100;
/** Equal acknowledgements that say that a segment was lost; fewer where fewer are under way, RFC 5827. */
const DUPLICATES: u32 = 3;

export enum TcpSegment {
  /** The connection lives. */
  Kept = 0,
  /** It has ended: `socket.status`. */
  Ended,
  /** It has ended well, and its name must rest. */
  TimeWait,
}

/** A segment of a connection that is open, `size` octets of data behind its header. */
export function segmentInput(socket: Socket, segment: Segment, size: u32, now: i64): i32 {
  let flags = segment.flags;
  let sequence = segment.sequence;
  if (!acceptable(socket, sequence, size + u32((flags & TCP_FIN) != 0))) {
    // A SYN that comes again lost our answer; anything else is told where we are.
    if (!(flags & TCP_RST)) challenge(socket, now);
    return TcpSegment.Kept;
  }
  if (flags & TCP_RST) {
    if (sequence == socket.receiveNext) return ended(socket, Err.Refused);
    challenge(socket, now);
    return TcpSegment.Kept;
  }
  if (flags & TCP_SYN) { challenge(socket, now); return TcpSegment.Kept; }
  if (!(flags & TCP_ACK)) return TcpSegment.Kept;
  socket.heardAt = now;
  let acknowledged = acknowledgement(socket, segment, size, now);
  if (acknowledged != TcpSegment.Kept) return acknowledged;
  data(socket, segment, size, now);
  if (flags & TCP_FIN) fin(socket, sequence + size, now);
  if (socket.finReceived) return finished(socket, now);
  sendWhatFits(socket, now);
  return TcpSegment.Kept;
}

/** Section 3.10.7.4, first: some octet of it lies in our window. */
function acceptable(socket: Socket, sequence: u32, length: u32): bool {
  let window = socket.room;
  let ahead = sequence - socket.receiveNext;
  if (length == 0) return window == 0 ? ahead == 0 : ahead < window || sequence == socket.receiveNext;
  if (window == 0) return false;
  return ahead < window || sequence + length - 1 - socket.receiveNext < window;
}

/** A bare acknowledgement, at most one in a while: RFC 5961 section 7. */
function challenge(socket: Socket, now: i64): void {
  if (socket.ackAt == NEVER) socket.ackAt = now + 1;
}

/** What the peer has and how much it takes; ends the connection's closing. */
function acknowledgement(socket: Socket, segment: Segment, size: u32, now: i64): i32 {
  let acknowledged = segment.acknowledged;
  if (before(socket.top, acknowledged)) { challenge(socket, now); return TcpSegment.Kept; }
  let fresh = acknowledged - socket.una;
  let isNew = before(socket.una, acknowledged);
  if (isNew) taken(socket, acknowledged, fresh, now);
  else if (acknowledged == socket.una) duplicate(socket, segment, size, now);
  windowNoted(socket, segment);
  if (!isNew || socket.una != socket.top || !socket.finGone) return TcpSegment.Kept;
  switch (socket.state) { // our FIN is acknowledged
    case TcpState.FinWait1: { socket.state = TcpState.FinWait2; return TcpSegment.Kept; }
    case TcpState.Closing: return TcpSegment.TimeWait;
    case TcpState.LastAck: return ended(socket, Err.Ok);
    default: return TcpSegment.Kept;
  }
}

/** The state behind a handshake: the peer's window, and nothing under way. */
export function opened(socket: Socket, segment: Segment): void {
  socket.window = segment.window;
  socket.windowSequence = segment.sequence;
  socket.windowAck = segment.acknowledged;
  socket.retransmitAt = NEVER;
  socket.tries = 0;
}

function taken(socket: Socket, acknowledged: u32, fresh: u32, now: i64): void {
  if (socket.timing && before(socket.timedSequence, acknowledged)) {
    socket.timing = 0;
    timeNoted(socket, <u32>(now - socket.timedAt));
  }
  sendDone(socket, min(fresh, socket.sendSize));
  socket.una = acknowledged;
  if (before(socket.next, acknowledged)) socket.next = acknowledged;
  let isSlow = socket.congestion < socket.threshold;
  socket.congestion += isSlow ? min(fresh, socket.mss) : max<u32>(socket.mss * socket.mss / socket.congestion, 1);
  socket.congestion = min<u32>(socket.congestion, 0xffff);
  socket.duplicateAcks = 0;
  socket.tries = 0;
  socket.probing = 0;
  socket.sinceAt = now;
  socket.retransmitAt = socket.una == socket.top ? NEVER : now + socket.rtoMs;
  socket.changed = 1;
}

/** RFC 5681 section 2 says what a duplicate is. */
function duplicate(socket: Socket, segment: Segment, size: u32, now: i64): void {
  let flight = socket.next - socket.una;
  if (size > 0 || flight == 0 || segment.flags & TCP_FIN || segment.window != socket.window) return;
  let count = <u32>socket.duplicateAcks + 1;
  socket.duplicateAcks = <u8>min<u32>(count, 255);
  let segments = (flight + socket.mss - 1) / socket.mss;
  if (count == max<u32>(min(DUPLICATES, segments - 1), 1)) sendOldest(socket, now);
}

function windowNoted(socket: Socket, segment: Segment): void {
  let sequence = segment.sequence;
  let isNewer = before(socket.windowSequence, sequence)
    || (socket.windowSequence == sequence && !before(segment.acknowledged, socket.windowAck));
  if (!isNewer) return;
  socket.window = segment.window;
  socket.windowSequence = sequence;
  socket.windowAck = segment.acknowledged;
  if (socket.window > 0 && socket.probing) { socket.probing = 0; socket.retransmitAt = NEVER; }
}

function data(socket: Socket, segment: Segment, size: u32, now: i64): void {
  if (size == 0 || socket.finReceived || socket.state > TcpState.FinWait2) return;
  let at = changetype<usize>(segment) + segment.headerSize;
  let old = socket.receiveNext - segment.sequence;
  if (<i32>old > 0) { // its beginning is here already
    if (old >= size) { sendAck(socket, now); return; }
    at += old;
    size -= old;
  }
  let ahead: u32 = <i32>old > 0 ? 0 : segment.sequence - socket.receiveNext;
  if (ahead + size > socket.room) size = socket.room - ahead;
  if (size == 0) { sendAck(socket, now); return; }
  let kept = receiveKeep(socket, ahead, at, size);
  if (ahead > 0 || !kept) { sendAck(socket, now); return; }
  socket.changed = 1;
  socket.unacknowledged++;
  if (socket.unacknowledged > 1) sendAck(socket, now);
  else socket.ackAt = min(socket.ackAt, now + DELAY_MS);
}

/** The peer has no more; it counts once everything before it is here. */
function fin(socket: Socket, sequence: u32, now: i64): void {
  if (sequence != socket.receiveNext || socket.finReceived) { sendAck(socket, now); return; }
  socket.receiveNext++;
  socket.finReceived = 1;
  socket.changed = 1;
  sendAck(socket, now);
}

function finished(socket: Socket, now: i64): i32 {
  switch (socket.state) {
    case TcpState.Established: { socket.state = TcpState.CloseWait; break; }
    case TcpState.FinWait1: { socket.state = TcpState.Closing; break; }
    case TcpState.FinWait2: return TcpSegment.TimeWait;
    default: break;
  }
  sendWhatFits(socket, now);
  return TcpSegment.Kept;
}

function ended(socket: Socket, status: i32): i32 {
  socket.status = <i8>status;
  return TcpSegment.Ended;
}

/** A closing connection's own FIN has gone, or may go. */
export function closing(socket: Socket, now: i64): void {
  socket.finQueued = 1;
  socket.state = socket.state == TcpState.CloseWait ? TcpState.LastAck : TcpState.FinWait1;
  if (!finSent(socket)) sendWhatFits(socket, now);
}

if (TCP_RECEIVE_SIZE > 0xffff) ERROR("a window has sixteen bits");
