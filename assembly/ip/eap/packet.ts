// EAP: RFC 3748 section 4; EAP-TLS: RFC 5216 section 3.
//
//   | code 1 | identifier 1 | size 2 | type 1 | flags 1 | total 0/4 | piece of TLS ... |                            big-endian
//                                    | request and response  | EAP-TLS, `total` where the flag L says so |
//
// What lies behind `size` is the medium's and not looked at.
import { Err } from "../../core/err";
import { be16, be32, putBe16, putBe32 } from "../../core/bytes";

export const EAP_REQUEST: u32 = 1;
export const EAP_RESPONSE: u32 = 2;
export const EAP_SUCCESS: u32 = 3;
export const EAP_FAILURE: u32 = 4;

// Types, section 5
export const EAP_IDENTITY: u32 = 1;
export const EAP_NAK: u32 = 3;
export const EAP_TLS: u32 = 13;

// Flags of EAP-TLS; the others must not be looked at.
export const TLS_TOTAL: u32 = 0x80;
export const TLS_MORE: u32 = 0x40;
export const TLS_START: u32 = 0x20;

export const EAP_HEADER_SIZE: u32 = 4;
/** With the type. */
export const EAP_TYPED_SIZE: u32 = 5;
/** Of EAP-TLS, without the total. */
export const EAP_TLS_HEADER_SIZE: u32 = 6;
const TOTAL_SIZE: u32 = 4;
/** Of EAP-TLS, with it. */
export const EAP_TLS_HEADER_MAX: u32 = EAP_TLS_HEADER_SIZE + TOTAL_SIZE;

const SIZE: usize = 2;
const TYPE: usize = 4;
const TLS_FLAGS: usize = 5;

/** The packet where it lies.  Valid only where `eapParse` accepted or an emitter wrote. */
@unmanaged @final
export class Eap {
  get code(): u32 { return load<u8>(changetype<usize>(this)); }
  get identifier(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get size(): u32 { return be16(changetype<usize>(this) + SIZE); }
  /** Of a request or response: what lies behind the type, and how much it is. */
  get type(): u32 { return load<u8>(changetype<usize>(this), TYPE); }
  // Of EAP-TLS
  get flags(): u32 { return load<u8>(changetype<usize>(this), TLS_FLAGS); }
  /** Only where the flag says so. */
  get total(): u32 { return be32(changetype<usize>(this) + EAP_TLS_HEADER_SIZE); }
  get piece(): usize { return changetype<usize>(this) + pieceOffset(this.flags); }
  get pieceSize(): u32 { return this.size - pieceOffset(this.flags); }
}

/** Accepts the `have` octets at `at`; answers the packet's size or an `Err`. */
export function eapParse(at: usize, have: u32): i32 {
  if (have < EAP_HEADER_SIZE) return Err.Truncated;
  let packet = changetype<Eap>(at);
  let size = packet.size;
  if (size > have) return Err.Truncated;
  let code = packet.code;
  if (code == EAP_SUCCESS || code == EAP_FAILURE) return size == EAP_HEADER_SIZE ? <i32>size : Err.BadLength;
  if (code != EAP_REQUEST && code != EAP_RESPONSE) return Err.Reserved;
  if (size < EAP_TYPED_SIZE) return Err.BadLength;
  if (packet.type != EAP_TLS) return <i32>size;
  if (size < EAP_TLS_HEADER_SIZE || size < pieceOffset(packet.flags)) return Err.BadLength;
  // A piece of more octets than there are altogether, or a beginning without octets that says it is to be gone on with.
  if (packet.flags & TLS_TOTAL && packet.total < packet.pieceSize) return Err.BadLength;
  if (packet.flags & TLS_MORE && packet.pieceSize == 0) return Err.BadLength;
  return <i32>size;
}

/** Success or failure; answers its size. */
export function eapEndEmit(at: usize, code: u32, identifier: u32): u32 {
  store<u8>(at, code);
  store<u8>(at, identifier, 1);
  putBe16(at + SIZE, EAP_HEADER_SIZE);
  return EAP_HEADER_SIZE;
}

/** A request or response with `size` octets behind its type, which are in their place or nowhere; answers its size. */
export function eapEmit(at: usize, code: u32, identifier: u32, type: u32, size: u32): u32 {
  eapEndEmit(at, code, identifier);
  putBe16(at + SIZE, EAP_TYPED_SIZE + size);
  store<u8>(at, type, TYPE);
  return EAP_TYPED_SIZE + size;
}

/** A packet of EAP-TLS with `size` octets from `piece`; `total` travels where `flags` say so.  Answers its size. */
export function eapTlsEmit(at: usize, code: u32, identifier: u32, flags: u32, total: u32, piece: usize, size: u32): u32 {
  let offset = pieceOffset(flags);
  store<u8>(at, flags, TLS_FLAGS);
  if (flags & TLS_TOTAL) putBe32(at + EAP_TLS_HEADER_SIZE, total);
  memory.copy(at + offset, piece, size);
  return eapEmit(at, code, identifier, EAP_TLS, offset - EAP_TYPED_SIZE + size);
}

function pieceOffset(flags: u32): u32 {
  return flags & TLS_TOTAL ? EAP_TLS_HEADER_MAX : EAP_TLS_HEADER_SIZE;
}
