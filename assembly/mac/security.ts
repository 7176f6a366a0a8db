// Frames that the MAC secures: IEEE 802.15.4-2006 sections 7.5.8 and 7.6.2, in the one form of ZigBee IP: encrypted, with a MIC of four
// octets, under a key that an index names.
//
//   | MAC header | control 1 | frame counter 4 | key index 1 | command 0/1 | payload, encrypted | MIC 4 |      little-endian
//
//   nonce:    | source 8 | frame counter 4 | level 1 |      big-endian;  authenticated: all before the payload, the command too
//
import { putBe32, putBe64 } from "../core/bytes";
import { Err } from "../core/err";
import { ccmOpen, ccmSeal } from "../core/host";

export const MAC_AUXILIARY_SIZE: u32 = 6;
export const MAC_MIC_SIZE: u32 = 4;

/** Level 5, key identifier mode 1: figure 65. */
const CONTROL: u32 = 0x0d;
const LEVEL: u32 = 5;
/** No frame has it: section 7.5.8.2.1. */
const COUNTER_END: u32 = 0xffff_ffff;

const nonce = memory.data(16, 8);

/** The header where it lies.  Valid only where `macAuxiliaryParse` accepted or `macAuxiliaryEmit` wrote. */
@unmanaged @final
export class MacAuxiliary {
  get counter(): u32 { return load<u32>(changetype<usize>(this), 1); }
  get keyIndex(): u32 { return load<u8>(changetype<usize>(this), 5); }
}

/** Accepts the auxiliary header with a MIC somewhere behind it; answers its size or an `Err`. */
export function macAuxiliaryParse(at: usize, have: u32): i32 {
  if (have < MAC_AUXILIARY_SIZE + MAC_MIC_SIZE) return Err.Truncated;
  if (load<u8>(at) != CONTROL) return Err.Reserved;
  let auxiliary = changetype<MacAuxiliary>(at);
  return auxiliary.keyIndex == 0 || auxiliary.counter == COUNTER_END ? Err.Reserved : <i32>MAC_AUXILIARY_SIZE;
}

export function macAuxiliaryEmit(at: usize, counter: u32, keyIndex: u32): u32 {
  store<u8>(at, CONTROL);
  store<u32>(at, counter, 1);
  store<u8>(at, keyIndex, 5);
  return MAC_AUXILIARY_SIZE;
}

/**
 * Seals in place the frame at `at`, whose payload of `size` octets lies behind `headerSize` octets in clear, with a key of the board, as
 * from `source`; answers the size of the whole or an `Err`.
 */
export function macSeal(boardKey: u32, at: usize, headerSize: u32, counter: u32, source: u64, size: u32): i32 {
  let sealed = ccmSeal(boardKey, nonceOf(counter, source), at, headerSize, at + headerSize, size);
  return sealed < 0 ? sealed : <i32>headerSize + sealed;
}

/** Opens in place what `macSeal` made, `size` octets with the MIC; answers the payload's size or an `Err`. */
export function macUnseal(boardKey: u32, at: usize, headerSize: u32, counter: u32, source: u64, size: u32): i32 {
  return ccmOpen(boardKey, nonceOf(counter, source), at, headerSize, at + headerSize, size);
}

function nonceOf(counter: u32, source: u64): usize {
  putBe64(nonce, source);
  putBe32(nonce + 8, counter);
  store<u8>(nonce, LEVEL, 12);
  return nonce;
}
