// TCP for small nodes: RFC 9293, bounded in sockets, buffers and names that rest.
//
//   tcpListen, tcpConnect -> tcpChanged, tcpCan: look -> tcpSend, tcpReceive -> tcpClose, then the socket is free
import { Err } from "../../core/err";
import { dropped } from "../../core/drops";
import { entropy, Drop, Layer } from "../../core/host";
import { NEVER } from "../../core/timers";
import { addressCopy, addressEqual, addressIsMulticast } from "../address";
import { ipv6Heard } from "../ipv6/receive";
import { Ipv6 } from "../ipv6/header";
import { LISTENERS_MAX, SOCKETS_MAX, TCP_RECEIVE_SIZE, TCP_SEND_SIZE } from "../limits";
import { ownSource } from "../own";
import { Packet } from "../packet";
import { cookieMake, cookieMss, cookieReset } from "./cookie";
import {
  idleNote, isIdler, patienceEnds, patienceRank, patienceReset, patienceServed, patienceWaits,
} from "./patience";
import { restNote, restOf, restsReset } from "./rests";
import { TcpSegment, closing, opened, segmentInput } from "./receive";
import { MSS, segmentSend, segmentTake, sendAck, sendAgain, sendReset, sendSyn, sendWhatFits, timeFirst } from "./send";
import { Segment, TCP_ACK, TCP_FIN, TCP_MSS_DEFAULT, TCP_MSS_SIZE, TCP_RST, TCP_SYN, tcpMss, tcpParse } from "./segment";
import {
  Socket, TcpState, before, receiveAt, receiveDone, receivePiece, sendKeep, socketAt, socketFind, socketIndex, socketsReset,
} from "./socket";

/** What a socket is good for at this moment: `tcpCan`. */
export const TCP_OPEN: u32 = 1;
export const TCP_READ: u32 = 2;
export const TCP_WRITE: u32 = 4;
/** The peer says no more. */
export const TCP_PEER_CLOSED: u32 = 8;
/** It is over; the owner lets go of it by `tcpClose`. */
export const TCP_ENDED: u32 = 16;

/** Who connects speaks first and soon, over five hops of 802.15.4 and after a loss; its owner says how long it may take from then on. */
const FIRST_MS: i64 = 3_000;
/** What is left, our FIN and the peer's must have gone so long after our owner let go: section 3.6. */
const LINGER_MS: i64 = 60_000;
/** Resets to strangers: one each. */
const RESET_MS: i64 = 100;
/** Ports of connections that we open: RFC 6335. */
const PORT_FIRST: u32 = 49_152;

const listeners = memory.data((LISTENERS_MAX + 1) * 2, 2);
@unmanaged @final
class State {
  resetAt: i64;
  random: u32;
  port: u16;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function tcpReset(): void {
  socketsReset();
  patienceReset();
  cookieReset();
  restsReset();
  memory.fill(listeners, 0, LISTENERS_MAX * 2);
  state.resetAt = 0;
  state.port = <u16>(random() & 0x3fff);
}

/** Takes connections to a port from now on. */
export function tcpListen(port: u32): i32 {
  for (let index: u32 = 0; index < LISTENERS_MAX; index++) {
    if (load<u16>(listeners + (index << 1)) != 0) continue;
    store<u16>(listeners + (index << 1), port);
    return Err.Ok;
  }
  return Err.NoBuffer;
}

/** Opens a connection; answers its number. */
export function tcpConnect(remote: usize, port: u32, now: i64): i32 {
  let local = ownSource(remote);
  if (!local) return Err.BadState;
  let socket = free(remote, now);
  if (!socket) return Err.NoBuffer;
  state.port = (state.port + 1) & 0x3fff;
  begin(socket, remote, local, port, PORT_FIRST + state.port, now);
  socket.state = TcpState.SynSent;
  sendSyn(socket, now);
  return socketIndex(socket);
}

/** The next socket that its owner should look at, or -1; a new one of a listening port among them. */
export function tcpChanged(): i32 {
  for (let index: u32 = 0; index < SOCKETS_MAX; index++) {
    let socket = socketAt(index);
    if (!socket.changed) continue;
    socket.changed = 0;
    return index;
  }
  return -1;
}

export function tcpCan(number: u32): u32 {
  let socket = socketAt(number);
  let state = socket.state;
  if (state == TcpState.Closed) return TCP_ENDED | (socket.receiveSize > 0 ? TCP_READ : 0);
  if (state < TcpState.Established) return 0;
  let can = TCP_OPEN | (socket.receiveSize > 0 ? TCP_READ : 0) | (socket.finReceived ? TCP_PEER_CLOSED : 0);
  return state == TcpState.Established || state == TcpState.CloseWait ? can | TCP_WRITE : can;
}

/** Octets that `tcpSend` has room for. */
export function tcpRoom(number: u32): u32 { return tcpCan(number) & TCP_WRITE ? TCP_SEND_SIZE - socketAt(number).sendSize : 0; }
export function tcpPort(number: u32): u32 { return socketAt(number).localPort; }
export function tcpPassive(number: u32): bool { return socketAt(number).passive != 0; }

/** Whether something good came of what its peer began last; else the peer is an idler if its time passes. */
export function tcpProven(number: u32, isGood: bool): void { socketAt(number).proven = u8(isGood); }
/** It is not given up for another for so long. */
export function tcpKeep(number: u32, ms: i64, now: i64): void { socketAt(number).keepUntil = now + ms; }
/** Whether its peer let a time pass. */
export function tcpIdler(number: u32, now: i64): bool { return isIdler(socketAt(number).remote, now); }
/** The number, of those with a bit in `among`, that makes room for this one; -1 when each has its time. */
export function tcpYields(among: u32, number: u32, now: i64): i32 {
  let socket = patienceEnds(among, socketAt(number).remote, now);
  return socket ? socketIndex(socket) : -1;
}

/** Takes octets to send; answers how many there was room for. */
export function tcpSend(number: u32, at: usize, size: u32, now: i64): u32 {
  let socket = socketAt(number);
  if (!(tcpCan(number) & TCP_WRITE)) return 0;
  size = sendKeep(socket, at, size);
  sendWhatFits(socket, now);
  return size;
}

/** What is there in one piece; answers its size, and where it lies in `tcpPiece`. */
export function tcpPeek(number: u32): u32 { return receivePiece(socketAt(number)); }
export function tcpPiece(number: u32): usize { return receiveAt(socketAt(number)); }

/** Lets go of the first `size` octets. */
export function tcpTake(number: u32, size: u32, now: i64): void {
  let socket = socketAt(number);
  receiveDone(socket, size);
  if (socket.state == TcpState.Closed) return;
  // The window opened by two segments, or by half of it: the peer should know, section 3.8.6.2.2.
  let grown = socket.receiveNext + socket.room - socket.edge;
  if (<i32>grown > 0 && grown >= min<u32>(2 * MSS, TCP_RECEIVE_SIZE / 2)) sendAck(socket, now);
}

/** Sends what is left and then says so; a socket that has ended is free at once. */
export function tcpClose(number: u32, now: i64): void {
  let socket = socketAt(number);
  socket.changed = 0;
  switch (socket.state) {
    case TcpState.Closed: break;
    case TcpState.SynSent: { drop(socket, Err.Ok); break; }
    case TcpState.Established:
    case TcpState.CloseWait: { closing(socket, now); socket.keepUntil = now; break; }
    default: return; // closing already
  }
  socket.receiveSize = 0;
  socket.localPort = socket.state == TcpState.Closed ? 0 : socket.localPort;
}

export function tcpAbort(number: u32, now: i64): void {
  let socket = socketAt(number);
  giveUp(socket, Err.Ok, now);
  socket.changed = 0;
  socket.localPort = 0;
}

/** Its peer let its time pass: the connection is over, and its owner finds it so. */
export function tcpGiveUp(number: u32, now: i64): void { giveUp(socketAt(number), Err.Timeout, now); }

function giveUp(socket: Socket, status: i32, now: i64): void {
  if (socket.state > TcpState.SynSent) {
    sendReset(socket, now);
    idleNote(socket, now);
  }
  drop(socket, status);
}

/** A packet for TCP; the packet stays the caller's. */
export function tcpInput(packet: Packet, now: i64): void {
  let header = changetype<Ipv6>(packet.at);
  let at = ipv6Heard.payload;
  let size = tcpParse(at, ipv6Heard.size, header.source);
  if (size < 0 || addressIsMulticast(header.target)) { dropped(Layer.Transport, Drop.Malformed); return; }
  let segment = changetype<Segment>(at);
  let octets = ipv6Heard.size - <u32>size;
  let socket = socketFind(header.source, header.target, segment.source, segment.target);
  if (!socket) { stranger(header, segment, octets, now); return; }
  if (socket.state == TcpState.SynSent) { answered(socket, segment, now); return; }
  take(socket, segment, octets, now);
}

/** Does what is due of one socket after another. */
export function tcpTick(now: i64): void {
  for (let index: u32 = 0; index < SOCKETS_MAX; index++) {
    let socket = socketAt(index);
    if (socket.state == TcpState.Closed) continue;
    if (socket.retransmitAt <= now && sendAgain(socket, now)) { sendReset(socket, now); drop(socket, Err.Timeout); continue; }
    if (socket.ackAt <= now) sendWhatFits(socket, now);
    if (socket.ackAt <= now) sendAck(socket, now);
    if (lingers(socket) && now - socket.keepUntil > LINGER_MS) { sendReset(socket, now); drop(socket, Err.Timeout); }
  }
}

export function tcpDeadline(): i64 {
  let deadline = NEVER;
  for (let index: u32 = 0; index < SOCKETS_MAX; index++) {
    let socket = socketAt(index);
    if (socket.state == TcpState.Closed) continue;
    deadline = min(deadline, min(socket.retransmitAt, socket.ackAt));
    if (lingers(socket)) deadline = min(deadline, socket.keepUntil + LINGER_MS + 1);
  }
  return deadline;
}

/** Its owner has let go of it: it ends by itself. */
function lingers(socket: Socket): bool { return socket.state >= TcpState.FinWait1 && socket.state != TcpState.CloseWait; }

/** The answer to our SYN, section 3.10.7.3. */
function answered(socket: Socket, segment: Segment, now: i64): void {
  let flags = segment.flags;
  let isOurs = flags & TCP_ACK && segment.acknowledged == socket.next;
  if (!isOurs) { if (!(flags & TCP_RST)) refuse(socket.remote, socket.local, segment, 0, now); return; }
  if (flags & TCP_RST) { drop(socket, Err.Refused); return; }
  if (!(flags & TCP_SYN)) return;
  socket.una = segment.acknowledged;
  socket.heardAt = now;
  let mss = tcpMss(changetype<usize>(segment));
  establish(socket, segment, segment.sequence + 1, min(MSS, max<u32>(mss ? mss : TCP_MSS_DEFAULT, 64)));
  sendAck(socket, now);
}

/** A segment of no connection: a name that rests, a new connection, or nothing that we know. */
function stranger(header: Ipv6, segment: Segment, octets: u32, now: i64): void {
  let flags = segment.flags;
  let resting = restOf(header.source, segment.source, segment.target, now);
  if (resting) {
    if (!before(resting.receiveNext, segment.sequence)) { // of the connection that was
      if (flags & TCP_FIN) bare(header, segment, resting.next, resting.receiveNext, TCP_ACK, 0, now);
      return;
    }
  }
  if (flags & TCP_RST) return;
  let opens = flags & (TCP_SYN | TCP_ACK);
  if (LISTENERS_MAX > 0 && opens != (TCP_SYN | TCP_ACK) && listens(segment.target)) {
    if (opens == TCP_SYN) {
      bare(header, segment, cookieMake(header, segment, now), segment.sequence + 1, TCP_SYN | TCP_ACK, MSS, now);
      return;
    }
    let mss = opens ? cookieMss(header, segment, now) : 0;
    if (mss) {
      if (resting) resting.until = 0;
      accept(header, segment, octets, mss, now);
      return;
    }
  }
  refuse(header.source, header.target, segment, octets, now);
}

/** The peer hears us.  Without room it comes again with what it sends. */
function accept(header: Ipv6, segment: Segment, octets: u32, mss: u32, now: i64): void {
  let socket = free(header.source, now);
  if (!socket) { dropped(Layer.Transport, Drop.NoBuffer); return; }
  begin(socket, header.source, header.target, segment.source, segment.target, now);
  socket.passive = 1;
  socket.una = socket.next = socket.top = segment.acknowledged;
  socket.keepUntil = now + FIRST_MS;
  establish(socket, segment, segment.sequence, mss);
  take(socket, segment, octets, now);
}

/** Both sides have said where they begin. */
function establish(socket: Socket, segment: Segment, receiveNext: u32, mss: u32): void {
  socket.receiveNext = receiveNext;
  socket.edge = receiveNext + TCP_RECEIVE_SIZE;
  socket.mss = mss;
  socket.congestion = 3 * mss; // RFC 5681 section 3.1
  socket.threshold = 0xffff;
  socket.state = TcpState.Established;
  socket.changed = 1;
  opened(socket, segment);
}

function take(socket: Socket, segment: Segment, octets: u32, now: i64): void {
  switch (segmentInput(socket, segment, octets, now)) {
    case TcpSegment.Ended: { drop(socket, socket.status); break; }
    case TcpSegment.TimeWait: { rest(socket, now); break; }
    default: break;
  }
}

function begin(socket: Socket, remote: usize, local: usize, remotePort: u32, localPort: u32, now: i64): void {
  memory.fill(changetype<usize>(socket), 0, offsetof<Socket>());
  addressCopy(socket.remote, remote);
  addressCopy(socket.local, local);
  socket.remotePort = <u16>remotePort;
  socket.localPort = <u16>localPort;
  socket.heardAt = now;
  socket.ackAt = NEVER;
  socket.retransmitAt = 0;
  socket.mss = MSS;
  socket.una = socket.next = socket.top = random();
  timeFirst(socket);
}

/** The connection is over; its owner is told, and reads what is left. */
function drop(socket: Socket, status: i32): void {
  let wasOwned = !lingers(socket) && socket.state >= TcpState.Established;
  let wasOpening = socket.state == TcpState.SynSent;
  socket.state = TcpState.Closed;
  socket.status = <i8>status;
  socket.changed = u8(wasOwned || wasOpening);
  if (!socket.changed) socket.localPort = 0;
}

/** A free socket for a connection with `remote`; else that of one whose time is over. */
function free(remote: usize, now: i64): Socket {
  let none = changetype<Socket>(0);
  let socket = none;
  let count: u32 = 0;
  let ending: u32 = 0;
  for (let index: u32 = 0; index < SOCKETS_MAX; index++) {
    let each = socketAt(index);
    if (each.state != TcpState.Closed) continue;
    if (each.localPort != 0) { ending++; continue; }
    socket = each;
    count++;
  }
  if (LISTENERS_MAX == 0) return socket; // nobody but us opens one
  let rank = patienceRank(remote, now);
  if (count > rank) { patienceServed(remote); return socket; }
  patienceWaits(remote, now);
  if (count + ending > rank) return none; // there soon will be one
  socket = patienceEnds(u32.MAX_VALUE, remote, now);
  if (!socket) return none;
  idleNote(socket, now);
  sendReset(socket, now);
  drop(socket, Err.NoBuffer); // its owner lets go of it, and the client tries again
  if (socket.changed || rank > 0) return none;
  patienceServed(remote);
  return socket;
}

function listens(port: u32): bool {
  for (let index: u32 = 0; index < LISTENERS_MAX; index++) {
    if (load<u16>(listeners + (index << 1)) == port) return true;
  }
  return false;
}

/** The name rests, the socket is free. */
function rest(socket: Socket, now: i64): void {
  restNote(socket, now);
  sendAck(socket, now);
  drop(socket, Err.Ok);
}

/** A reset for what belongs nowhere, section 3.10.7.1. */
function refuse(remote: usize, local: usize, segment: Segment, octets: u32, now: i64): void {
  if (segment.flags & TCP_RST || now < state.resetAt) return;
  state.resetAt = now + RESET_MS;
  let packet = segmentTake(0, false);
  if (!packet) return;
  let hasAck = (segment.flags & TCP_ACK) != 0;
  let length = octets + u32((segment.flags & TCP_SYN) != 0) + u32((segment.flags & TCP_FIN) != 0);
  segmentSend(packet, local, remote, segment.target, segment.source, hasAck ? segment.acknowledged : 0,
    hasAck ? 0 : segment.sequence + length, hasAck ? TCP_RST : TCP_RST | TCP_ACK, 0, 0, 0, now);
}

function bare(header: Ipv6, segment: Segment, sequence: u32, acknowledged: u32, flags: u32, mss: u32, now: i64): void {
  let packet = segmentTake(mss ? TCP_MSS_SIZE : 0, false);
  if (!packet) return;
  segmentSend(packet, header.target, header.source, segment.target, segment.source, sequence, acknowledged, flags,
    flags & TCP_SYN ? TCP_RECEIVE_SIZE : 0, mss, 0, now);
}

function random(): u32 {
  entropy(changetype<usize>(state) + offsetof<State>("random"), 4);
  return state.random;
}

if (SOCKETS_MAX == 0) ERROR("each device has some");
