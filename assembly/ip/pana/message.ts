// PANA messages and their attributes: RFC 5191 sections 6 and 8; relayed ones: RFC 6345; encrypted ones: RFC 6786.
//
//   0          2      4       6      8            12         16
//   | reserved | size | flags | type | session id | sequence | attributes ...                                        big-endian
//
//   attribute:  | code 2 | flags 2 | size of the value 2 | reserved 2 | vendor 0/4 | value | up to a multiple of four |
//
// What is reserved and what fills up is not looked at.  AUTH stands last, and nothing stands behind it.
import { be16, be32, putBe16, putBe32 } from "../../core/bytes";
import { Err } from "../../core/err";

/** Of both sides. */
export const PANA_PORT: u32 = 716;
export const PANA_HEADER_SIZE: u32 = 16;

// Types, section 6.2; the flag R tells a request from its answer.
export const PANA_INITIATION: u32 = 1;
export const PANA_AUTHENTICATION: u32 = 2;
export const PANA_TERMINATION: u32 = 3;
export const PANA_NOTIFICATION: u32 = 4;
export const PANA_RELAY: u32 = 5;

// Flags, section 6.2.  Others have no meaning here and are not looked at.
export const PANA_REQUEST: u32 = 0x8000;
export const PANA_START: u32 = 0x4000;
export const PANA_COMPLETE: u32 = 0x2000;
export const PANA_PING: u32 = 0x0800;
export const PANA_FLAGS: u32 = 0xf800;

// Attributes, section 8; RFC 6345 section 3.2; RFC 6786 sections 3 and 4.
export const AVP_AUTH: u32 = 1;
export const AVP_EAP: u32 = 2;
export const AVP_INTEGRITY: u32 = 3;
export const AVP_KEY_ID: u32 = 4;
export const AVP_NONCE: u32 = 5;
export const AVP_PRF: u32 = 6;
export const AVP_RESULT: u32 = 7;
export const AVP_LIFETIME: u32 = 8;
export const AVP_CAUSE: u32 = 9;
export const AVP_CLIENT: u32 = 10;
export const AVP_RELAYED: u32 = 11;
export const AVP_ENCRYPTION: u32 = 12;
export const AVP_ENCRYPTED: u32 = 13;
/** Attributes of ZigBee: its enterprise number in the high half would not fit, so they are told apart by this bit. */
export const AVP_ZIGBEE: u32 = 0x10000;
export const AVP_NETWORK_KEY: u32 = AVP_ZIGBEE | 1;
export const AVP_KEY_REQUEST: u32 = AVP_ZIGBEE | 2;

export const AUTH_SIZE: u32 = 16;
export const AVP_SIZE: u32 = 8;
export const AUTH_AVP_SIZE: u32 = AVP_SIZE + AUTH_SIZE;
/** PaC-Information with an IPv6 address, RFC 6345 section 3.2.1. */
export const CLIENT_SIZE: u32 = 18;
/** | key 16 | index 1 | authentication counter 1 | */
export const NETWORK_KEY_AVP_SIZE: u32 = 18;
/** | flags 1 | index that is held 1 | */
export const KEY_REQUEST_SIZE: u32 = 2;
/** What we take; RFC 5191 section 8.5 has up to 256. */
export const NONCE_MAX: u32 = 32;
const NONCE_MIN: u32 = 8;

const ZIGBEE: u32 = 37244;
const VENDOR: u32 = 0x8000;
const VENDOR_SIZE: u32 = 4;

const SIZE: usize = 2;
const FLAGS: usize = 4;
const TYPE: usize = 6;
const SESSION: usize = 8;
const SEQUENCE: usize = 12;
const AVP_VALUE_SIZE: usize = 4;

/** The message where it lies.  Valid only where `panaParse` accepted or `panaBegin` wrote. */
@unmanaged @final
export class Pana {
  get size(): u32 { return be16(changetype<usize>(this) + SIZE); }
  get flags(): u32 { return be16(changetype<usize>(this) + FLAGS) & PANA_FLAGS; }
  get type(): u32 { return be16(changetype<usize>(this) + TYPE); }
  get session(): u32 { return be32(changetype<usize>(this) + SESSION); }
  get sequence(): u32 { return be32(changetype<usize>(this) + SEQUENCE); }
}

/** An attribute where it lies. */
@unmanaged @final
export class Avp {
  get size(): u32 { return be16(changetype<usize>(this) + AVP_VALUE_SIZE); }
  get value(): usize { return changetype<usize>(this) + headSize(changetype<usize>(this)); }
  /** Of those that hold one number. */
  get number(): u32 { return be32(this.value); }
}

/** Accepts the `have` octets at `at` as a message and its attributes; answers its size or an `Err`. */
export function panaParse(at: usize, have: u32): i32 {
  if (have < PANA_HEADER_SIZE) return Err.Truncated;
  let size = be16(at + SIZE);
  if (size > have) return Err.Truncated;
  if (size != have) return Err.BadLength;
  let type = be16(at + TYPE);
  if (type == 0 || type > PANA_RELAY) return Err.Reserved;
  let walked = avpsParse(at + PANA_HEADER_SIZE, have - PANA_HEADER_SIZE);
  return walked < 0 ? walked : <i32>size;
}

/** Accepts `have` octets of attributes; answers `have` or an `Err`. */
export function avpsParse(at: usize, have: u32): i32 {
  let end = at + have;
  while (at < end) {
    let left = <u32>(end - at);
    if (left < AVP_SIZE) return Err.Truncated;
    let whole = headSize(at) + filled(be16(at + AVP_VALUE_SIZE));
    if (whole > left) return Err.Truncated;
    let code = codeOf(at);
    if (!sizeFits(code, be16(at + AVP_VALUE_SIZE))) return Err.BadLength;
    if (code == AVP_AUTH && whole != left) return Err.Reserved;
    at += whole;
  }
  return <i32>have;
}

/** The first attribute of `code` among `size` octets that `avpsParse` accepted; 0 is none. */
export function avpFind(at: usize, size: u32, code: u32): Avp {
  let end = at + size;
  while (at < end && codeOf(at) != code) at += headSize(at) + filled(be16(at + AVP_VALUE_SIZE));
  return changetype<Avp>(at < end ? at : 0);
}

/** The first attribute of `code` in a message; 0 is none. */
export function panaFind(message: Pana, code: u32): Avp {
  return avpFind(changetype<usize>(message) + PANA_HEADER_SIZE, message.size - PANA_HEADER_SIZE, code);
}

/** Writes a message without attributes. */
export function panaBegin(at: usize, type: u32, flags: u32, session: u32, sequence: u32): Pana {
  putBe16(at, 0);
  putBe16(at + SIZE, PANA_HEADER_SIZE);
  putBe16(at + FLAGS, flags);
  putBe16(at + TYPE, type);
  putBe32(at + SESSION, session);
  putBe32(at + SEQUENCE, sequence);
  return changetype<Pana>(at);
}

/** Adds an attribute behind the others, with `value` or, where that is 0, zeros; answers where the value lies. */
export function panaAppend(message: Pana, code: u32, value: usize, size: u32): usize {
  let at = changetype<usize>(message);
  let to = at + message.size;
  let written = avpEmit(to, code, value, size);
  putBe16(at + SIZE, message.size + written);
  return changetype<Avp>(to).value;
}

export function panaAppendNumber(message: Pana, code: u32, value: u32): void {
  putBe32(panaAppend(message, code, 0, 4), value);
}

/** Writes an attribute; answers its size with what fills up. */
export function avpEmit(at: usize, code: u32, value: usize, size: u32): u32 {
  let isOfVendor = (code & AVP_ZIGBEE) != 0;
  putBe16(at, code);
  putBe16(at + 2, isOfVendor ? VENDOR : 0);
  putBe16(at + AVP_VALUE_SIZE, size);
  putBe16(at + 6, 0);
  if (isOfVendor) putBe32(at + AVP_SIZE, ZIGBEE);
  let to = at + headSize(at);
  memory.fill(to, 0, filled(size));
  if (value) memory.copy(to, value, size);
  return headSize(at) + filled(size);
}

function headSize(at: usize): u32 {
  return be16(at + 2) & VENDOR ? AVP_SIZE + VENDOR_SIZE : AVP_SIZE;
}

function filled(size: u32): u32 {
  return (size + 3) & ~3;
}

/** As this page names them; those of other vendors are nobody's. */
function codeOf(at: usize): u32 {
  if (headSize(at) == AVP_SIZE) return be16(at);
  return be32(at + AVP_SIZE) == ZIGBEE ? AVP_ZIGBEE | be16(at) : 0;
}

/** Whether a value may have so many octets. */
function sizeFits(code: u32, size: u32): bool {
  switch (code) {
    case AVP_AUTH: return size == AUTH_SIZE;
    case AVP_EAP: return size >= 4;
    case AVP_NONCE: return size >= NONCE_MIN && size <= NONCE_MAX;
    case AVP_CLIENT: return size == CLIENT_SIZE;
    case AVP_NETWORK_KEY: return size == NETWORK_KEY_AVP_SIZE;
    case AVP_KEY_REQUEST: return size == KEY_REQUEST_SIZE;
    case AVP_INTEGRITY:
    case AVP_KEY_ID:
    case AVP_PRF:
    case AVP_RESULT:
    case AVP_LIFETIME:
    case AVP_CAUSE:
    case AVP_ENCRYPTION: return size == 4;
    default: return true;
  }
}
