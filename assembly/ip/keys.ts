// Network keys as this device holds them: the one before, the one in use, the one to come, each as a MAC key and an MLE key that the board
// keeps; and the counters of the frames that they seal.
//
//   Next --(a frame under it was heard, or sent)--> Current --> Previous --> gone
//
// Which key is which is written down before it is used.  Counters go on through every change of key, so that no pair of key and counter
// comes twice, even where a key that was held before is handed out again.
import { COUNTER_NONE, Counter, counterLoad, counterTake } from "../core/counter";
import { Err } from "../core/err";
import { Record, KeyName, keyClear, keyDerive, keySet, storeRead, storeWrite } from "../core/host";
import { KEY_SLOT_MAC, KEY_SLOT_MLE, KEY_SLOT_NETWORK, NETWORK_KEYS } from "./limits";

export enum KeyRank { None = 0, Previous, Current, Next }

/** "ZigBeeIP", as loaded. */
const LABEL: u64 = 0x5049_6565_4267_695a;
const VERSION: u32 = 2;

@unmanaged @final
class Keys {
  version: u8;
  index0: u8;
  index1: u8;
  index2: u8;
  rank0: u8;
  rank1: u8;
  rank2: u8;
  reserved: u8;
}

const SIZE: u32 = 8;
if (offsetof<Keys>() != SIZE || NETWORK_KEYS != 3) ERROR("a row for each key");

const keys = changetype<Keys>(memory.data(SIZE, 8));
const label = memory.data(8, 8);
const macCounter = changetype<Counter>(memory.data(offsetof<Counter>(), 4));
const mleCounter = changetype<Counter>(memory.data(offsetof<Counter>(), 4));

function indexOf(row: u32): u32 { return load<u8>(changetype<usize>(keys) + row, offsetof<Keys>("index0")); }
function rankOf(row: u32): u32 { return load<u8>(changetype<usize>(keys) + row, offsetof<Keys>("rank0")); }
function setIndex(row: u32, index: u32): void { store<u8>(changetype<usize>(keys) + row, index, offsetof<Keys>("index0")); }
function setRank(row: u32, rank: u32): void { store<u8>(changetype<usize>(keys) + row, rank, offsetof<Keys>("rank0")); }

/** Takes up what the store has. */
export function keysReset(): void {
  if (storeRead(Record.IpKeys, changetype<usize>(keys), SIZE) != SIZE || keys.version != VERSION) forget();
  let lives = keysIndex() != 0;
  counterLoad(macCounter, Record.IpMacCounter, lives);
  counterLoad(mleCounter, Record.IpMleCounter, lives);
}

/** Index of the key in use, 0 when there is none. */
export function keysIndex(): u32 { return indexOfRank(KeyRank.Current); }
/** Index of the key to come, 0 when there is none. */
export function keysNext(): u32 { return indexOfRank(KeyRank.Next); }

/** What the key with this index is to us. */
export function keysRank(index: u32): u32 {
  let row = rowOfIndex(index);
  return row < NETWORK_KEYS ? rankOf(row) : KeyRank.None;
}

/** The board's slot of a key, or `NoKey`. */
export function keysMacSlot(index: u32): i32 {
  let slot = keysMleSlot(index);
  return slot < 0 ? slot : slot + (KEY_SLOT_MAC - KEY_SLOT_MLE);
}

export function keysMleSlot(index: u32): i32 {
  let row = rowOfIndex(index);
  return row < NETWORK_KEYS ? <i32>(KEY_SLOT_MLE + 2 * row) : Err.NoKey;
}

/** The counter of the next frame that the MAC, or MLE, seals; `COUNTER_NONE` when there is none left. */
export function keysMacCounter(): u32 { return counterTake(macCounter); }
export function keysMleCounter(): u32 { return counterTake(mleCounter); }
/** As told to a neighbour: no frame that it has yet to hear has a lower one. */
export function keysMacCounterNext(): u32 { return macCounter.next; }

/** Takes a network key of 16 octets, of which the board derives both, as `keysInstall` does. */
export function keysTake(index: u32, key: usize, rank: u32): i32 {
  if (keySet(KEY_SLOT_NETWORK, key) < 0) return Err.NoBuffer;
  let answer = keysInstall(index, 0, rank);
  keyClear(KEY_SLOT_NETWORK);
  return answer;
}

/** | MLE key 16 | MAC key 16 | = HMAC-SHA-256(network key, "ZigBeeIP"), into the two slots of a row. */
function derive(row: u32): i32 {
  store<u64>(label, LABEL);
  return keyDerive(KEY_SLOT_NETWORK, label, 8, KeyName.Pair + KEY_SLOT_MLE + 2 * row);
}

/**
 * Takes a key, given as its MLE key and its MAC key of 16 octets each, or as 0 in `KEY_SLOT_NETWORK`, as `Current` or `Next`.  Whatever
 * had its index or its rank goes; a current key with another index becomes the previous one.
 */
export function keysInstall(index: u32, pair: usize, rank: u32): i32 {
  if (index == 0 || index > 255) return Err.Reserved;
  if (index == keysIndex()) rank = KeyRank.Current; // told again
  let row = rowFor(index, rank);
  if (rankOf(row) != KeyRank.None) {
    setRank(row, KeyRank.None);
    let erased = save();
    if (erased < 0) return erased; // the record and the slots would tell of different keys after a power cut
  }
  if (pair == 0) {
    let derived = derive(row);
    if (derived < 0) return derived;
  } else if (keySet(KEY_SLOT_MLE + 2 * row, pair) < 0 || keySet(KEY_SLOT_MAC + 2 * row, pair + 16) < 0) return Err.NoBuffer;
  let before = load<u64>(changetype<usize>(keys));
  if (rank == KeyRank.Current && keysIndex() != 0) retire();
  setIndex(row, index);
  setRank(row, rank);
  return saveOr(before);
}

/** The key to come is the one in use from now on; `NotFound` when there is none of it, `NoBuffer` when it cannot be written down. */
export function keysSwitch(index: u32): i32 {
  let row = rowOfIndex(index);
  if (row == NETWORK_KEYS || rankOf(row) != KeyRank.Next) return Err.NotFound;
  let before = load<u64>(changetype<usize>(keys));
  retire();
  setRank(row, KeyRank.Current);
  return saveOr(before);
}

/** Forgets all keys for good, never the counters. */
export function keysErase(): i32 {
  forget();
  let answer = save(); // first: a record names no key that is gone
  for (let slot = KEY_SLOT_MLE; slot < KEY_SLOT_NETWORK; slot++) keyClear(slot);
  return answer;
}

/** The previous key goes, the current one takes its place. */
function retire(): void {
  for (let row: u32 = 0; row < NETWORK_KEYS; row++) {
    let rank = rankOf(row);
    if (rank == KeyRank.Previous || rank == KeyRank.Current) setRank(row, rank - 1);
  }
}

/** Where a key goes: the row of its index, of its rank if it is to come, one that is free, the previous one's, or the next one's. */
function rowFor(index: u32, rank: u32): u32 {
  let row = rowOfIndex(index);
  if (row == NETWORK_KEYS && rank == KeyRank.Next) row = rowOfRank(rank);
  if (row == NETWORK_KEYS) row = rowOfRank(KeyRank.None);
  if (row == NETWORK_KEYS) row = rowOfRank(KeyRank.Previous);
  return row == NETWORK_KEYS ? rowOfRank(KeyRank.Next) : row;
}

function rowOfRank(rank: u32): u32 {
  let row: u32 = 0;
  while (row < NETWORK_KEYS && rankOf(row) != rank) row++;
  return row;
}

/** `NETWORK_KEYS` when there is none. */
function rowOfIndex(index: u32): u32 {
  let row: u32 = 0;
  while (row < NETWORK_KEYS && (rankOf(row) == KeyRank.None || indexOf(row) != index)) row++;
  return row;
}

function indexOfRank(rank: u32): u32 {
  let row = rowOfRank(rank);
  return row < NETWORK_KEYS ? indexOf(row) : 0;
}

function forget(): void {
  memory.fill(changetype<usize>(keys), 0, SIZE);
  keys.version = <u8>VERSION;
}

/** Nothing has changed where the store does not take it. */
function saveOr(before: u64): i32 {
  let answer = save();
  if (answer < 0) store<u64>(changetype<usize>(keys), before);
  return answer;
}

function save(): i32 {
  return storeWrite(Record.IpKeys, changetype<usize>(keys), SIZE);
}
