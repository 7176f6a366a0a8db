// APS security: 05-3474 section 4.4.1.  A frame is sealed with a link key, or with a key made from it.
import { Counter, counterLoad, counterRaise, counterTake, COUNTER_NONE } from "../../core/counter";
import { Err } from "../../core/err";
import { Record } from "../../core/host";
import { NO_EXTENDED } from "../address";
import {
  APS_AUXILIARY_SIZE, APS_AUXILIARY_SIZE_SHORT, Auxiliary, auxiliaryEmit, auxiliaryParse, frameOpen, frameSeal, MIC_SIZE,
} from "../auxiliary";
import { KEY_SLOT_OWN, DEVICES_MAX } from "../limits";
import { nwkExtended } from "../nwk/nwk";
import { apsDoubts, apsKeySlot, apsKeysAny, apsSlotNext, apsSlotSave, apsWindow, APS_WINDOW, KEY_NONE } from "./keys";
import { apsHeard } from "./types";

/** What a sealed frame has more than a frame in clear, with our IEEE address and without. */
export const APS_SECURE_OVERHEAD: u32 = APS_AUXILIARY_SIZE + MIC_SIZE;
export const APS_SECURE_OVERHEAD_SHORT: u32 = APS_AUXILIARY_SIZE_SHORT + MIC_SIZE;

/** Whose numbers leap so far was probably reset: it went on behind what it had reserved. */
const LEAP: u32 = 256;

const counter = changetype<Counter>(memory.data(offsetof<Counter>(), 4));

/** After `apsKeysReset`, which says whether a key lives. */
export function apsSecurityReset(): void {
  counterLoad(counter, Record.LinkCounter, apsKeysAny());
}

/** Frame counters below `floor` may have been used before a loss of memory. */
export function apsCounterRaise(floor: u32): void { counterRaise(counter, floor); }

/**
 * Seals in place the frame at `at`: a header with its security bit, a gap for the auxiliary header, `named` with our address, a payload.
 * Answers the size of the whole, or `Err.NoKey` when the slot is empty or the frame counter is at its end.
 */
export function apsSeal(at: usize, headerSize: u32, payloadSize: u32, slot: u32, key: u32, named: bool): i32 {
  let number = counterTake(counter);
  if (number == COUNTER_NONE) return Err.NoKey;
  let auxiliary = changetype<Auxiliary>(at + headerSize);
  headerSize += auxiliaryEmit(at + headerSize, key, number, named ? nwkExtended() : NO_EXTENDED, 0);
  let sealed = frameSeal(boardKey(slot, key), at, headerSize, auxiliary, nwkExtended(), payloadSize);
  return sealed < 0 ? <i32>Err.NoKey : sealed;
}

/**
 * Opens in place the frame at `at`, whose sender is `source` unless the frame itself names it.  Describes it in `apsHeard`;
 * its counter is then spent, also for the time after a reset.  Answers 1 when its sender was probably reset.
 */
export function apsOpen(at: usize, headerSize: u32, size: u32, source: u64): i32 {
  let auxiliary = changetype<Auxiliary>(at + headerSize);
  let parsed = auxiliaryParse(at + headerSize, size - headerSize, false);
  if (parsed < 0) return parsed;
  if (auxiliary.hasSource) source = auxiliary.source;
  if (source == NO_EXTENDED) return Err.NoKey;
  let slot = apsKeySlot(source);
  if (slot == KEY_NONE) return Err.NoKey;
  let next = apsSlotNext(slot);
  let spent = load<u32>(next);
  let end = apsWindow(spent);
  let bit: u32 = DEVICES_MAX > 0 ? 0 : 1 << (slot - KEY_SLOT_OWN);
  let number = auxiliary.counter;
  let floor = load<u32>(apsDoubts) & bit ? end : spent;
  if (number < floor || number == u32.MAX_VALUE) return Err.Replay;
  headerSize += <u32>parsed;
  let opened = frameOpen(boardKey(slot, auxiliary.key), at, headerSize, auxiliary, source, size - headerSize);
  if (opened < 0) return Err.BadMic;
  store<u32>(next, number + 1);
  if (number >= end) {
    if (apsSlotSave(slot) != Err.Ok) {
      store<u32>(next, spent);
      return Err.NoBuffer; // what cannot be remembered could be replayed
    }
    store<u32>(apsDoubts, load<u32>(apsDoubts) & ~bit);
  }
  let heard = apsHeard;
  heard.sourceExtended = source;
  heard.payload = at + headerSize;
  heard.size = <u32>opened;
  heard.keySlot = slot;
  heard.keyUse = auxiliary.key;
  heard.named = auxiliary.hasSource;
  if (number - spent <= LEAP) return Err.Ok;
  counterRaise(counter, counter.next + APS_WINDOW); // it does not know which of our numbers it heard last
  return 1;
}

/** Key identifiers 2 and 3 are the board's variants 1 and 2 of the same key. */
function boardKey(slot: u32, key: u32): u32 {
  return key > 1 ? slot | ((key - 1) << 8) : slot;
}
