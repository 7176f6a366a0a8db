// MLE messages: draft-kelsey-intarea-mesh-link-establishment-06 sections 4 to 7.  Numbers are big-endian but for the auxiliary header's.
//
//   secured:   | 0 | control 1 | counter 4 little-endian | key index 1 | command 1 | elements ... | MIC 4 |
//                                                                      |------- encrypted -------|
//   clear:     | 255 | command 1 | elements ... |
//
//   element:   | type 1 | size 1 | value |
import { Err } from "../../core/err";

export const MLE_PORT: u32 = 19788;

// Security suites
export const MLE_SECURED: u32 = 0;
export const MLE_CLEAR: u32 = 255;

// Commands
export const MLE_REQUEST: u32 = 0;
export const MLE_ACCEPT: u32 = 1;
export const MLE_ACCEPT_AND_REQUEST: u32 = 2;
export const MLE_REJECT: u32 = 3;
export const MLE_ADVERTISEMENT: u32 = 4;

// Elements
export const TLV_SOURCE: u32 = 0;
export const TLV_MODE: u32 = 1;
export const TLV_TIMEOUT: u32 = 2;
export const TLV_CHALLENGE: u32 = 3;
export const TLV_RESPONSE: u32 = 4;
export const TLV_COUNTER: u32 = 5;
export const TLV_QUALITY: u32 = 6;

/** As we make them; others have up to 32 octets. */
export const CHALLENGE_SIZE: u32 = 8;
const CHALLENGE_MIN: u32 = 4;
const CHALLENGE_MAX: u32 = 32;

/** ENC-MIC-32 under a key named by its index: IEEE 802.15.4-2006 section 7.6.2. */
const CONTROL: u32 = 0x0d;
/** From the octet of control on: what is authenticated with both addresses. */
export const MLE_AUXILIARY_SIZE: u32 = 6;
/** The suite and the auxiliary header. */
export const MLE_HEADER_SIZE: u32 = 7;
export const MLE_MIC_SIZE: u32 = 4;
const TLV_HEAD: u32 = 2;

// Link quality: its first octet, and the flags of an entry.
export const QUALITY_COMPLETE: u32 = 0x80;
const QUALITY_RESERVED: u32 = 0x70;
const QUALITY_SIZE: u32 = 0x0f;
export const QUALITY_INCOMING: u32 = 0x80;
export const QUALITY_OUTGOING: u32 = 0x40;
export const QUALITY_PRIORITY: u32 = 0x20;

/** A secured message where it lies.  Valid only where `mleParse` accepted or `mleHeaderEmit` wrote. */
@unmanaged @final
export class Mle {
  get suite(): u32 { return load<u8>(changetype<usize>(this)); }
  get counter(): u32 { return load<u32>(changetype<usize>(this), 2); }
  get keyIndex(): u32 { return load<u8>(changetype<usize>(this), 6); }
}

/** An element where it lies. */
@unmanaged @final
export class Tlv {
  get type(): u32 { return load<u8>(changetype<usize>(this)); }
  get size(): u32 { return load<u8>(changetype<usize>(this), 1); }
  get value(): usize { return changetype<usize>(this) + TLV_HEAD; }
}

/** Accepts what can be seen of a message before it is opened; answers the octets before the command, or an `Err`. */
export function mleParse(at: usize, have: u32): i32 {
  if (have == 0) return Err.Truncated;
  let suite = changetype<Mle>(at).suite;
  if (suite == MLE_CLEAR) return have < 2 ? Err.Truncated : 1;
  if (suite != MLE_SECURED) return Err.Reserved;
  if (have < MLE_HEADER_SIZE + 1 + MLE_MIC_SIZE) return Err.Truncated;
  if (load<u8>(at, 1) != CONTROL) return Err.Reserved;
  return MLE_HEADER_SIZE;
}

/** Accepts a command and its elements, opened; answers the octets or an `Err`. */
export function mleCommandParse(at: usize, have: u32): i32 {
  if (have == 0) return Err.Truncated;
  let end = at + have;
  at++;
  while (at < end) {
    let left = <u32>(end - at);
    if (left < TLV_HEAD) return Err.Truncated;
    let element = changetype<Tlv>(at);
    if (TLV_HEAD + element.size > left) return Err.Truncated;
    if (!sizeFits(element)) return Err.BadLength;
    at += TLV_HEAD + element.size;
  }
  return <i32>have;
}

/** The first element of a type in a command of `size` octets that was accepted; 0 is none. */
export function mleFind(at: usize, size: u32, type: u32): Tlv {
  let end = at + size;
  at++;
  while (at < end && load<u8>(at) != type) at += TLV_HEAD + changetype<Tlv>(at).size;
  return changetype<Tlv>(at < end ? at : 0);
}

/** Writes what stands before the command of a secured message; answers its size. */
export function mleHeaderEmit(at: usize, counter: u32, keyIndex: u32): u32 {
  store<u8>(at, MLE_SECURED);
  store<u8>(at, CONTROL, 1);
  store<u32>(at, counter, 2);
  store<u8>(at, keyIndex, 6);
  return MLE_HEADER_SIZE;
}

/** Writes the head of an element; answers where its value goes. */
export function tlvEmit(at: usize, type: u32, size: u32): usize {
  store<u8>(at, type);
  store<u8>(at, size, 1);
  return at + TLV_HEAD;
}

/** Octets of the addresses in a link quality element, and of an entry. */
export function qualityAddressSize(element: Tlv): u32 {
  return (load<u8>(element.value) & QUALITY_SIZE) + 1;
}

function sizeFits(element: Tlv): bool {
  let size = element.size;
  switch (element.type) {
    case TLV_SOURCE: return size == 2;
    case TLV_MODE: return size == 1;
    case TLV_TIMEOUT:
    case TLV_COUNTER: return size == 4;
    case TLV_CHALLENGE:
    case TLV_RESPONSE: return size >= CHALLENGE_MIN && size <= CHALLENGE_MAX;
    case TLV_QUALITY: return size > 0 && qualityFits(element);
    default: return true;
  }
}

/** Whole entries, of short or of extended addresses. */
function qualityFits(element: Tlv): bool {
  let addressSize = qualityAddressSize(element);
  if (load<u8>(element.value) & QUALITY_RESERVED) return false;
  return (addressSize == 2 || addressSize == 8) && (element.size - 1) % (2 + addressSize) == 0;
}
