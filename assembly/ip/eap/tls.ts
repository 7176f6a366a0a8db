// A TLS handshake in pieces, what both sides do: RFC 5216 sections 2.1.5 and 3.1.
//
//   one side                                  the other
//   first piece, more, total       ------->
//                                  <-------   empty
//   further piece, more            ------->
//                                  <-------   empty
//   last piece                     ------->   (all pieces are as many octets as was said)
//                                  <-------   its own first piece, or empty
//
// The engine takes pieces as they come; what it has for the other side is gathered first, because the first piece says how much it is.
import { Err } from "../../core/err";
import { TLS_FLAGS, TLS_LFDI, TLS_STATE, tlsClose, TlsClose, tlsDrain, tlsFeed, TlsFlag, tlsOpen, tlsState } from "../../core/host";
import { EAP_TLS_HEADER_MAX, Eap, eapTlsEmit, TLS_MORE, TLS_TOTAL } from "./packet";

/** A flight with a chain of four certificates. */
export const FLIGHT_MAX: u32 = isDefined(LIMIT_FLIGHT) ? LIMIT_FLIGHT : 2560;
/** What we take of the other side, whatever it says. */
const TOTAL_MAX: u32 = 8192;
/** Of a piece that we send: five frames of 802.15.4, and with a relay's envelope well within a packet. */
const PIECE_MAX: u32 = 400;
export const EAP_PACKET_MAX: u32 = EAP_TLS_HEADER_MAX + PIECE_MAX;

/** What the engine takes in one step: no two certificates end in it, and each end is an operation on the curve. */
const STEP: u32 = 128;

const NONE: i32 = -1;

export enum EapStep {
  /** Out of order, or it lies: nothing has changed. */
  Refused,
  /** The engine has not taken all of it: `eapTlsStep` goes on. */
  Working,
  /** The next piece, or an empty one, is due. */
  Piece,
  /** The message that came is whole, and the engine has nothing more to say to it. */
  Whole,
  /** The engine has more for the other side than there is room for, or the other side made it stop where it cannot. */
  Broken,
}

/** One handshake; `FLIGHT_MAX` octets of the flight lie behind. */
@unmanaged @final
export class EapTls {
  session: i32;
  /** Of the message that comes: octets that were announced, 0 between messages, and octets that came. */
  total: u32;
  heard: u32;
  /** Of our flight: octets altogether, and those that were sent. */
  size: u32;
  sent: u32;
  /** Of the piece that came, what the engine has not taken: where it lies, and how much it is. */
  piece: usize;
  left: u32;
  get flight(): usize { return changetype<usize>(this) + offsetof<EapTls>(); }
}
export const EAP_TLS_SIZE: u32 = offsetof<EapTls>() + FLIGHT_MAX;

const told = memory.data(TLS_STATE, 4);

export function eapTlsReset(tls: EapTls): void {
  tls.session = NONE;
}

/** Begins with a `TlsProfile`; answers 0 or an `Err`.  Certificates of devices have no end, so nobody's clock is asked. */
export function eapTlsOpen(tls: EapTls, profile: u32): i32 {
  eapTlsClose(tls);
  memory.fill(changetype<usize>(tls), 0, offsetof<EapTls>());
  tls.session = tlsOpen(profile, 0);
  if (tls.session < 0) {
    let answer = tls.session;
    tls.session = NONE;
    return answer;
  }
  return gather(tls) ? Err.Ok : Err.BadState;
}

export function eapTlsClose(tls: EapTls): void {
  if (tls.session >= 0) tlsClose(tls.session, TlsClose.Free);
  tls.session = NONE;
}

/** Takes a piece of the other side. */
export function eapTlsTake(tls: EapTls, packet: Eap): EapStep {
  let flags = packet.flags;
  let size = packet.pieceSize;
  let isFirst = tls.total == 0;
  if (isFirst && tls.sent < tls.size) return size == 0 ? EapStep.Piece : EapStep.Refused; // it acknowledges the piece before
  let total = flags & TLS_TOTAL ? packet.total : isFirst && !(flags & TLS_MORE) ? size : tls.total;
  if (isFirst ? total > TOTAL_MAX || (total == 0 && size != 0) : total != tls.total) return EapStep.Refused;
  let heard = tls.heard + size;
  // No piece leaves the message, the last one ends it, and one that is not the last does not.
  if (flags & TLS_MORE ? heard >= total : heard != total) return EapStep.Refused;
  if (isFirst) tls.size = tls.sent = 0;
  let goesOn = (flags & TLS_MORE) != 0;
  tls.total = goesOn ? total : 0;
  tls.heard = goesOn ? heard : 0;
  tls.piece = packet.piece;
  tls.left = size;
  let step = eapTlsStep(tls);
  while (step == EapStep.Working && tls.left > PIECE_MAX) step = eapTlsStep(tls); // more than anyone keeps
  return step;
}

/** Goes on with a piece: each step may be an operation on the curve, and between two of them others have a turn. */
export function eapTlsStep(tls: EapTls): EapStep {
  if (tls.left > 0) {
    let size = min(tls.left, STEP);
    if (!feed(tls, tls.piece, size)) return EapStep.Broken;
    tls.piece += size;
    tls.left -= size;
    if (tls.left > 0 || tls.total == 0) return EapStep.Working;
  }
  if (tls.total > 0) return EapStep.Piece;
  if (!gather(tls)) return EapStep.Broken;
  return tls.size > 0 ? EapStep.Piece : EapStep.Whole;
}

/** Keeps what is left of the piece in `room`, where there are PIECE_MAX octets: the packet goes. */
export function eapTlsKeep(tls: EapTls, room: usize): void {
  memory.copy(room, tls.piece, tls.left);
  tls.piece = room;
}

/** Writes the piece that is due, an empty one where none is or the other side is not at its end; answers the packet's size. */
export function eapTlsPiece(tls: EapTls, at: usize, code: u32, identifier: u32): u32 {
  let left = tls.total > 0 ? 0 : tls.size - tls.sent;
  let size = min(left, PIECE_MAX);
  let flags = (tls.sent == 0 && left > size ? TLS_TOTAL : 0) | (left > size ? TLS_MORE : 0);
  let piece = tls.flight + tls.sent;
  tls.sent += size;
  return eapTlsEmit(at, code, identifier, flags, tls.size, piece, size);
}

/** Whether a `TlsFlag` of the session is set. */
export function eapTlsIs(tls: EapTls, flag: u32): bool {
  return tls.session >= 0 && tlsState(tls.session, told, TLS_STATE) == TLS_STATE && (load<u16>(told, TLS_FLAGS) >>> flag & 1) != 0;
}

/** Whom the certificate of the other side names: LFDI, 20 octets, after a handshake that ended well. */
export function eapTlsPeer(tls: EapTls): usize {
  assert(eapTlsIs(tls, TlsFlag.Established));
  return told + TLS_LFDI;
}

/** Gives the engine a piece; one that it will not have any more, because it failed, is passed over. */
function feed(tls: EapTls, at: usize, size: u32): bool {
  while (size > 0) {
    let taken = tlsFeed(tls.session, at, size);
    if (taken < 0) return eapTlsIs(tls, TlsFlag.Ended);
    if (taken == 0) {
      let before = tls.size;
      if (!gather(tls)) return false;
      if (tls.size == before) return eapTlsIs(tls, TlsFlag.Ended);
    }
    at += taken;
    size -= taken;
  }
  return true;
}

/** Puts behind the flight all that the engine has for the other side; false when there is no room for it. */
function gather(tls: EapTls): bool {
  while (true) {
    let room = FLIGHT_MAX - tls.size;
    if (room == 0) return false;
    let size = tlsDrain(tls.session, tls.flight + tls.size, room);
    if (size <= 0) return true;
    tls.size += size;
  }
}
