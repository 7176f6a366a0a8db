// Sealing and opening APS frames: 05-3474 sections 4.4.1.1 and 4.4.1.2.
//
//   nonce:  | source (8) | frame counter (4) | control with level 5 |         authenticated: APS header and auxiliary header
import { Counter, counterLoad, counterTake, COUNTER_NONE } from "../../core/counter";
import { Err } from "../../core/err";
import { ccmOpen, ccmSeal, Record } from "../../core/host";
import { apsKeyRow, apsKeySlot, apsKeysSave, KEY_NONE } from "../aps/keys";
import { nwkExtended } from "../nwk/nwk";
import { Auxiliary, AUXILIARY_SIZE, auxiliaryEmit, auxiliaryParse, INTEGRITY_SIZE } from "./auxiliary";

/** What a sealed frame has more than a frame in clear. */
export const SECURE_OVERHEAD: u32 = AUXILIARY_SIZE + INTEGRITY_SIZE;

/** What `secureOpen` found out. */
@unmanaged @final
export class SecureOpened {
  /** IEEE address of the sender, authentic. */
  source: u64;
  payload: usize;
  size: u32;
  slot: u32;
  /** Key identifier: which of the keys made from the link key. */
  key: u32;
}
export const secureOpened = changetype<SecureOpened>(memory.data(offsetof<SecureOpened>(), 8));

const counter = changetype<Counter>(memory.data(offsetof<Counter>(), 4));
const nonce = memory.data(16, 8);

export function secureReset(): void {
  counterLoad(counter, Record.LinkCounter);
}

/**
 * Seals in place the frame at `at`: a header with its security bit, a gap for the auxiliary header, a payload.
 * Answers the size of the whole, or `Err.NoKey` when the slot is empty or the frame counter is at its end.
 */
export function secureSeal(at: usize, headerSize: u32, payloadSize: u32, slot: u32, key: u32): i32 {
  let number = counterTake(counter);
  if (number == COUNTER_NONE) return Err.NoKey;
  let auxiliary = changetype<Auxiliary>(at + headerSize);
  headerSize += auxiliaryEmit(at + headerSize, key, number, nwkExtended());
  makeNonce(auxiliary, nwkExtended());
  let sealed = ccmSeal(slotAndVariant(slot, key), nonce, at, headerSize, at + headerSize, payloadSize);
  if (sealed < 0) return Err.NoKey;
  auxiliary.clearLevel();
  return <i32>headerSize + sealed;
}

/**
 * Opens in place the frame at `at`, whose sender is `source` unless the frame itself names it.  Describes it in `secureOpened`;
 * its counter is then spent, in the store too.
 */
export function secureOpen(at: usize, headerSize: u32, size: u32, source: u64): i32 {
  let auxiliary = changetype<Auxiliary>(at + headerSize);
  let parsed = auxiliaryParse(changetype<usize>(auxiliary), size - headerSize);
  if (parsed < 0) return parsed;
  if (auxiliary.hasSource) source = auxiliary.source;
  if (source == 0) return Err.NoKey;
  let slot = apsKeySlot(source);
  if (slot == KEY_NONE) return Err.NoKey;
  let row = apsKeyRow(slot);
  let number = auxiliary.counter;
  if (number < row.next || number == u32.MAX_VALUE) return Err.Replay;
  auxiliary.setLevel();
  makeNonce(auxiliary, source);
  headerSize += <u32>parsed;
  let opened = ccmOpen(slotAndVariant(slot, auxiliary.key), nonce, at, headerSize, at + headerSize, size - headerSize);
  if (opened < 0) return Err.BadMic;
  row.next = number + 1;
  if (apsKeysSave() != Err.Ok) return Err.NoBuffer; // what cannot be remembered could be replayed
  secureOpened.source = source;
  secureOpened.payload = at + headerSize;
  secureOpened.size = <u32>opened;
  secureOpened.slot = slot;
  secureOpened.key = auxiliary.key;
  return Err.Ok;
}

function makeNonce(auxiliary: Auxiliary, source: u64): void {
  store<u64>(nonce, source);
  store<u32>(nonce, auxiliary.counter, 8);
  store<u8>(nonce, auxiliary.control, 12);
}

/** Key identifiers 2 and 3 are the board's variants 1 and 2 of the same key. */
function slotAndVariant(slot: u32, key: u32): u32 {
  return key > 1 ? slot | ((key - 1) << 8) : slot;
}
