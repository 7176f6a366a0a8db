// Secured frames of the NWK and APS layers, what they have in common: 05-3474 section 4.5.
//
//   | header | control 1 | frame counter 4 | source IEEE 0/8 | NWK: key sequence 1 | payload, encrypted | MIC 4 |      little-endian
//
//   control:  level 0..2, key identifier 3..4, extended nonce 5
//   nonce:    | source 8 | frame counter 4 | control 1 |                    authenticated: all before the payload
//
// The level travels as zero; nonce and authenticated octets hold the real one, which is 5 in every network of ours: section 4.3.1.1.
import { Err } from "../core/err";
import { ccmOpen, ccmSeal } from "../core/host";

const SIZE_MIN: u32 = 5;
const SIZE_WITH_SOURCE: u32 = 13;
export const MIC_SIZE: u32 = 4;
/** What the layers' own frames grow by: with our IEEE address, and an APS frame to a partner that knows it, without. */
export const APS_AUXILIARY_SIZE: u32 = SIZE_WITH_SOURCE;
export const APS_AUXILIARY_SIZE_SHORT: u32 = SIZE_MIN;
export const NWK_AUXILIARY_SIZE: u32 = SIZE_WITH_SOURCE + 1;

// Key identifier, table 4.31
export const KEY_DATA: u32 = 0;
export const KEY_NETWORK: u32 = 1;
export const KEY_TRANSPORT: u32 = 2;
export const KEY_LOAD: u32 = 3;
const KEY_SHIFT: u32 = 3;

const LEVEL: u32 = 5;
const LEVEL_MASK: u32 = 0x07;
const EXTENDED_NONCE: u32 = 0x20;
const RESERVED: u32 = 0xc0;

const nonce = memory.data(16, 8);

/** The header where it lies.  Valid only where `auxiliaryParse` accepted or `auxiliaryEmit` wrote. */
@unmanaged @final
export class Auxiliary {
  get control(): u32 { return load<u8>(changetype<usize>(this)); }
  get key(): u32 { return keyOf(this.control); }
  get counter(): u32 { return load<u32>(changetype<usize>(this), 1); }
  get hasSource(): bool { return (this.control & EXTENDED_NONCE) != 0; }
  /** Only where there is one: in every header of the NWK layer. */
  get source(): u64 { return load<u64>(changetype<usize>(this), 5); }
  /** Only in a header of the NWK layer. */
  get keySequence(): u32 { return load<u8>(changetype<usize>(this), SIZE_WITH_SOURCE); }
  setLevel(level: u32): void { store<u8>(changetype<usize>(this), (this.control & ~LEVEL_MASK) | level); }
}

/**
 * Accepts the auxiliary header of a NWK frame or of an APS frame, with a MIC somewhere behind; answers its size or an `Err`.
 * The network key secures the NWK layer and nothing else, and its sender is always named: section 4.3.1.1.
 */
export function auxiliaryParse(at: usize, have: u32, isNwk: bool): i32 {
  if (have < SIZE_MIN) return Err.Truncated;
  let control: u32 = load<u8>(at);
  if (control & RESERVED) return Err.Reserved;
  if ((keyOf(control) == KEY_NETWORK) != isNwk) return Err.Reserved;
  let size = SIZE_WITH_SOURCE + u32(isNwk);
  if (!(control & EXTENDED_NONCE)) {
    if (isNwk) return Err.Reserved;
    size = SIZE_MIN;
  }
  return have < size + MIC_SIZE ? Err.Truncated : <i32>size;
}

/**
 * Writes a header as it travels, without the sender's address where `source` is 0; `keySequence` goes with the network key only.
 * Answers its size.
 */
export function auxiliaryEmit(at: usize, key: u32, counter: u32, source: u64, keySequence: u32): u32 {
  store<u8>(at, (source != 0 ? EXTENDED_NONCE : 0) | (key << KEY_SHIFT));
  store<u32>(at, counter, 1);
  if (source == 0) return SIZE_MIN;
  store<u64>(at, source, 5);
  if (key != KEY_NETWORK) return APS_AUXILIARY_SIZE;
  store<u8>(at, keySequence, SIZE_WITH_SOURCE);
  return NWK_AUXILIARY_SIZE;
}

/**
 * Seals in place the frame at `at`, whose payload lies behind a header of `headerSize` octets, the auxiliary header `auxiliary` included,
 * with a key of the board, as from `source`; answers the size of the whole or an `Err`.
 */
export function frameSeal(boardKey: u32, at: usize, headerSize: u32, auxiliary: Auxiliary, source: u64, size: u32): i32 {
  auxiliary.setLevel(LEVEL);
  let sealed = ccmSeal(boardKey, nonceOf(auxiliary, source), at, headerSize, at + headerSize, size);
  auxiliary.setLevel(0);
  return sealed < 0 ? sealed : <i32>headerSize + sealed;
}

/** Opens in place what `frameSeal` made, `size` octets with the MIC behind the headers; answers the payload's size or an `Err`. */
export function frameOpen(boardKey: u32, at: usize, headerSize: u32, auxiliary: Auxiliary, source: u64, size: u32): i32 {
  auxiliary.setLevel(LEVEL);
  return ccmOpen(boardKey, nonceOf(auxiliary, source), at, headerSize, at + headerSize, size);
}

function nonceOf(auxiliary: Auxiliary, source: u64): usize {
  store<u64>(nonce, source);
  store<u32>(nonce, auxiliary.counter, 8);
  store<u8>(nonce, auxiliary.control, 12);
  return nonce;
}

function keyOf(control: u32): u32 {
  return (control >>> KEY_SHIFT) & 3;
}
