// The network keys as the agent has them, for it alone gives them away, and when one follows another.
//
//   Steady --agentRotate--> Tell: each member whose address is known, one at a time --> Guard: others ask --over, or used--> Steady
//
//   record:  | version 1 | index 1 | index of the next, 0 none 1 | 0 | key 16 | next key 16 |
import { wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { entropy, Record, storeRead, storeWrite } from "../../core/host";
import { NEVER } from "../../core/timers";
import { KeyRank, keysIndex, keysNext, keysSwitch, keysTake } from "../keys";
import { Avp } from "./message";
import { NETWORK_KEY_SIZE } from "./network_key";

const VERSION: u32 = 1;
const INDEX_MAX: u32 = 255;
/** Members that are not told ask; after a reset nobody can be told, so all must. */
const GUARD_MS: i64 = 120_000;
const GUARD_RESET_MS: i64 = 900_000;
/** Flags of a key request: another than the one that is held. */
const OTHER: u32 = 1;

@unmanaged @final
class Keys {
  version: u8;
  index: u8;
  next: u8;
  reserved: u8;
}
const SIZE: u32 = offsetof<Keys>() + 2 * NETWORK_KEY_SIZE;
const keys = changetype<Keys>(memory.data(SIZE, 8));
const KEY: usize = offsetof<Keys>();
const NEXT: usize = KEY + NETWORK_KEY_SIZE;

@unmanaged @final
class State {
  /** When the next key is used. */
  due: i64;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

/** Takes up what the store has, after `keysReset`, and makes the first key where there is none; answers 0 or an `Err`. */
export function agentKeysReset(now: i64): i32 {
  state.due = NEVER;
  if (storeRead(Record.AgentKeys, changetype<usize>(keys), SIZE) != SIZE || keys.version != VERSION || keys.index == 0) return form();
  if (keys.next) state.due = now + GUARD_RESET_MS;
  // A power cut may have come between this record and the key that it tells of.
  if (keysIndex() != keys.index && keysSwitch(keys.index) < 0) {
    let taken = keysTake(keys.index, changetype<usize>(keys) + KEY, KeyRank.Current);
    if (taken < 0) return taken;
  }
  return keys.next && keysNext() != keys.next ? keysTake(keys.next, changetype<usize>(keys) + NEXT, KeyRank.Next) : Err.Ok;
}

function form(): i32 {
  memory.fill(changetype<usize>(keys), 0, SIZE);
  keys.version = <u8>VERSION;
  keys.index = 1;
  entropy(changetype<usize>(keys) + KEY, NETWORK_KEY_SIZE);
  let saved = save();
  return saved < 0 ? saved : keysTake(1, changetype<usize>(keys) + KEY, KeyRank.Current);
}

function save(): i32 { return storeWrite(Record.AgentKeys, changetype<usize>(keys), SIZE); }

/** Index of the key that is in use, and of the one to come, 0 for none. */
export function agentKeyIndex(): u32 { return keys.index; }
export function agentKeyNext(): u32 { return keys.next; }

/** The key of an index that is one of these two. */
export function agentKey(index: u32): usize { return changetype<usize>(keys) + (index == keys.index ? KEY : NEXT); }

/** Which key answers a member that asks, with or without a key request; 0 for none. */
export function agentKeyFor(asked: Avp): u32 {
  if (!asked) return keys.index;
  let held: u32 = load<u8>(asked.value, 1);
  if (load<u8>(asked.value) & OTHER) return held == keys.index ? keys.next : keys.index;
  return held == keys.index ? held : 0;
}

/** Makes the next key; `Busy` while there is one. */
export function agentKeyMake(): i32 {
  if (keys.next) return Err.Busy;
  entropy(changetype<usize>(keys) + NEXT, NETWORK_KEY_SIZE);
  keys.next = <u8>(keys.index == INDEX_MAX ? 1 : keys.index + 1);
  let answer = save();
  if (answer >= 0) answer = keysTake(keys.next, changetype<usize>(keys) + NEXT, KeyRank.Next);
  if (answer < 0) keys.next = 0;
  return answer;
}

/** All have been told that can be. */
export function agentKeyGuard(now: i64): void { state.due = now + GUARD_MS; }
export function agentKeyDeadline(): i64 { return state.due; }

/** Uses the next key when its time has come, or somebody has used it; true when there is none to come any more. */
export function agentKeyTick(now: i64): bool {
  if (keys.next == 0) return true;
  if (now < state.due && keysIndex() != keys.next) return false;
  state.due = NEVER;
  let former: u32 = keys.index;
  memory.copy(changetype<usize>(keys) + KEY, changetype<usize>(keys) + NEXT, NETWORK_KEY_SIZE);
  wipe(changetype<usize>(keys) + NEXT, NETWORK_KEY_SIZE);
  keys.index = keys.next;
  keys.next = 0;
  save();
  if (keysIndex() == former) keysSwitch(keys.index);
  return true;
}
