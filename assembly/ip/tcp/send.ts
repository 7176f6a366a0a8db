// What a connection sends, and when again: RFC 9293 section 3.8, RFC 6298, RFC 5681.
import { NEVER } from "../../core/timers";
import { addressCopy } from "../address";
import { HOPS_DEFAULT, IPV6_HEADER_SIZE, Ipv6, NEXT_TCP, ipv6Emit } from "../ipv6/header";
import { TCP_SEND_SIZE } from "../limits";
import { Packet, packetTake, packetsLarge } from "../packet";
import { routeSend } from "../route";
import { TCP_ACK, TCP_FIN, TCP_HEADER_SIZE, TCP_MSS_SIZE, TCP_PSH, TCP_RST, TCP_SYN, tcpEmit } from "./segment";
import { Socket, TcpState, before, sendCopy } from "./socket";

/** Octets of data in a segment: five frames of 802.15.4, where header overhead and the loss of a whole segment balance. */
export const MSS: u32 = 448;
const RTO_FIRST_MS: u32 = 1000; // RFC 6298 section 2
const RTO_MIN_MS: u32 = 1000;
const RTO_MAX_MS: u32 = 60_000;
/** A connection whose octets are not acknowledged for so long has ended, RFC 9293 section 3.8.3: R2. */
const GIVE_UP_MS: i64 = 100_000;
const GIVE_UP_SYN_MS: i64 = 180_000;
/** A packet or the air was not to be had. */
const AGAIN_MS: i64 = 20;

/** Sends all that window and pool let go. */
export function sendWhatFits(socket: Socket, now: i64): void {
  if (socket.state < TcpState.Established) return;
  for (;;) {
    let flight = socket.next - socket.una;
    let left = socket.sendSize - min(flight, socket.sendSize);
    let window = min(socket.window, socket.congestion);
    let size = min(left, socket.mss);
    let fin: bool = socket.finQueued != 0 && size == left && !finSent(socket);
    if (size == 0 && !fin) break;
    // A piece below the whole size goes only as the last one: no silly windows, section 3.8.6.2.1.
    if (flight + size > window) {
      if (socket.window == 0 && flight == 0) startProbing(socket, now);
      break;
    }
    if (!sendData(socket, socket.next, size, fin, now)) { again(socket, now); break; }
    if (!socket.timing && !before(socket.next, socket.top)) { socket.timing = 1; socket.timedSequence = socket.next; socket.timedAt = now; }
    if (flight == 0) socket.sinceAt = now;
    socket.next += size + u32(fin);
    if (fin) socket.finGone = 1;
    if (before(socket.top, socket.next)) socket.top = socket.next;
    if (socket.retransmitAt == NEVER) socket.retransmitAt = now + socket.rtoMs;
    socket.probing = 0;
  }
}

/** Whether our FIN has a number below `next`. */
export function finSent(socket: Socket): bool { return socket.next - socket.una > socket.sendSize; }

/** The first segment of a connection of ours. */
export function sendSyn(socket: Socket, now: i64): void {
  if (!socket.retransmitAt) socket.sinceAt = now;
  emit(socket, socket.una, TCP_SYN, 0, 0, MSS, now);
  socket.next = socket.top = socket.una + 1;
  socket.retransmitAt = now + socket.rtoMs;
}

export function sendAck(socket: Socket, now: i64): void {
  if (!emit(socket, socket.next, TCP_ACK, 0, 0, 0, now)) { socket.ackAt = now + AGAIN_MS; return; }
  socket.ackAt = NEVER;
  socket.unacknowledged = 0;
}

export function sendReset(socket: Socket, now: i64): void {
  emit(socket, socket.next, TCP_RST | TCP_ACK, 0, 0, 0, now);
}

/** What an oldest segment that waits too long makes: true when the connection has ended. */
export function sendAgain(socket: Socket, now: i64): bool {
  let opening = socket.state < TcpState.Established;
  if (!socket.probing && now - socket.sinceAt > (opening ? GIVE_UP_SYN_MS : GIVE_UP_MS)) return true;
  socket.timing = 0; // Karn
  if (socket.probing) return probe(socket, now);
  socket.rtoMs = min(socket.rtoMs * 2, RTO_MAX_MS);
  if (opening) { sendSyn(socket, now); return false; }
  let flight = socket.next - socket.una;
  if (socket.tries == 0) socket.threshold = max(flight / 2, 2 * socket.mss);
  socket.tries = <u8>min<u32>(socket.tries + 1, 255);
  socket.congestion = socket.mss;
  socket.duplicateAcks = 0;
  socket.next = socket.una; // everything goes again as the window opens
  socket.retransmitAt = now + socket.rtoMs;
  sendWhatFits(socket, now);
  return false;
}

/** The oldest segment once more, at once: fast retransmit. */
export function sendOldest(socket: Socket, now: i64): void {
  let flight = socket.next - socket.una;
  let size = min(socket.sendSize, socket.mss);
  socket.threshold = max(flight / 2, 2 * socket.mss);
  socket.congestion = socket.threshold;
  socket.timing = 0;
  sendData(socket, socket.una, size, finSent(socket) && size == socket.sendSize, now);
  socket.retransmitAt = now + socket.rtoMs;
}

/** A measured round trip, RFC 6298 section 2. */
export function timeNoted(socket: Socket, ms: u32): void {
  if (socket.rttMs == 0) {
    socket.rttMs = max<u32>(ms, 1);
    socket.rttVariation = ms / 2;
  } else {
    let difference = ms > socket.rttMs ? ms - socket.rttMs : socket.rttMs - ms;
    socket.rttVariation = (3 * socket.rttVariation + difference) / 4;
    socket.rttMs = max<u32>((7 * socket.rttMs + ms) / 8, 1);
  }
  socket.rtoMs = min(max(socket.rttMs + max<u32>(4 * socket.rttVariation, 1), RTO_MIN_MS), RTO_MAX_MS);
}

/** The first timeout, before anything was measured. */
export function timeFirst(socket: Socket): void {
  socket.rttMs = 0;
  socket.rttVariation = 0;
  socket.rtoMs = RTO_FIRST_MS;
}

function startProbing(socket: Socket, now: i64): void {
  if (socket.probing) return;
  socket.probing = 1;
  socket.sinceAt = now;
  socket.retransmitAt = now + socket.rtoMs;
}

/** One octet beyond a closed window, so that its opening is not missed: section 3.8.6.1.  A peer that answers keeps the connection. */
function probe(socket: Socket, now: i64): bool {
  if (now - socket.heardAt > GIVE_UP_MS && now - socket.sinceAt > GIVE_UP_MS) return true;
  socket.rtoMs = min(socket.rtoMs * 2, RTO_MAX_MS);
  socket.retransmitAt = now + socket.rtoMs;
  if (socket.sendSize > 0) sendData(socket, socket.una, 1, false, now);
  else { sendData(socket, socket.una, 0, true, now); socket.finGone = 1; }
  let end = socket.una + 1;
  if (before(socket.top, end)) socket.top = end;
  return false;
}

function again(socket: Socket, now: i64): void {
  if (socket.retransmitAt == NEVER) {
    socket.sinceAt = now;
    socket.retransmitAt = now + socket.rtoMs;
  }
  socket.ackAt = min(socket.ackAt, now + AGAIN_MS);
}

function sendData(socket: Socket, sequence: u32, size: u32, fin: bool, now: i64): bool {
  let last = sequence - socket.una + size == socket.sendSize;
  let flags = TCP_ACK | (fin ? TCP_FIN : 0) | (size > 0 && last ? TCP_PSH : 0);
  if (!emit(socket, sequence, flags, sequence - socket.una, size, 0, now)) return false;
  socket.ackAt = NEVER;
  socket.unacknowledged = 0;
  return true;
}

function emit(socket: Socket, sequence: u32, flags: u32, offset: u32, size: u32, mss: u32, now: i64): bool {
  let packet = segmentTake(size + (mss ? TCP_MSS_SIZE : 0), size > 0);
  if (!packet) return false;
  let at = packet.at + IPV6_HEADER_SIZE;
  sendCopy(socket, offset, at + TCP_HEADER_SIZE, size);
  socket.edge = socket.receiveNext + socket.room;
  let acknowledged = flags & TCP_ACK ? socket.receiveNext : 0;
  segmentSend(
    packet, socket.local, socket.remote, socket.localPort, socket.remotePort, sequence, acknowledged, flags, socket.room, mss, size, now,
  );
  return true;
}

/** A packet for a segment; data leaves the last large one to what keeps the network alive. */
export function segmentTake(size: u32, isData: bool): Packet {
  if (isData && packetsLarge() < 2) return changetype<Packet>(0);
  return packetTake(IPV6_HEADER_SIZE + TCP_HEADER_SIZE + size);
}

/** Fills in the headers around the `size` octets of data that lie in the packet, and sends it. */
export function segmentSend(
  packet: Packet, source: usize, target: usize, sourcePort: u32, targetPort: u32,
  sequence: u32, acknowledged: u32, flags: u32, window: u32, mss: u32, size: u32, now: i64,
): i32 {
  let header = changetype<Ipv6>(packet.at);
  addressCopy(header.source, source);
  addressCopy(header.target, target);
  let whole = tcpEmit(header.payload, sourcePort, targetPort, sequence, acknowledged, flags, window, mss, size, header.source);
  packet.size = ipv6Emit(packet.at, whole, NEXT_TCP, HOPS_DEFAULT) + whole;
  return routeSend(packet, now);
}

if (TCP_SEND_SIZE < 2 * MSS) ERROR("two segments are under way at the same time, or acknowledgements are awaited in vain");
