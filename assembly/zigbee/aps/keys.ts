// The link keys: which slot of the board's key store holds whose key, and what was heard under it.  05-3474 section 4.4.11.
//
//   slot 2 own preconfigured key   3 own established key   KEY_SLOT_PARTNERS + i application key with partner i
//   from KEY_SLOT_DEVICES on: the trust centre's devices, devices.ts
//
// Row i of the table belongs to slot KEY_SLOT_FIRST + i.  The record holds the rows up to the last one in use.
import { Err } from "../../core/err";
import { Record, keyClear, keySet, storeRead, storeWrite } from "../../core/host";
import { NO_EXTENDED } from "../address";
import { DEVICES_MAX, KEY_SLOT_DEVICES, KEY_SLOT_OWN, KEY_SLOT_PARTNERS, KEY_SLOTS_END, PARTNERS_MAX } from "../limits";
import { COUNTER_NO_KEY, Device, DeviceState, deviceAt, deviceKeySlot, deviceOf, deviceSave, devicesAny, devicesReset } from "./devices";

const KEY_SLOT_FIRST: u32 = KEY_SLOT_OWN;
const ROWS: u32 = KEY_SLOT_DEVICES - KEY_SLOT_FIRST;
export const KEY_SIZE: u32 = 16;
/** The trust centre's Record.NetworkKey: | sequence | key |; rekey.ts puts another key behind. */
export const NETWORK_KEY_SIZE: u32 = 1 + KEY_SIZE;
/** No slot: number 0 is a network key's. */
export const KEY_NONE: u32 = 0;

export enum ApsKeyKind {
  None = 0,
  Preconfigured = 1,
  Established = 2,
}

@unmanaged @final
export class KeyRow {
  /** Whose key; zero while a joiner does not know its trust centre. */
  extended: u64;
  /** The lowest frame counter still to be accepted. */
  next: u32;
  kind: u32;
}

const rows = memory.data(ROWS * offsetof<KeyRow>(), 8);
if (ROWS * offsetof<KeyRow>() > 512) ERROR("a record holds 512 octets");

/** Numbers that are heard between two writings of the record. */
export const APS_WINDOW: u32 = 4;

@unmanaged @final
class State {
  /** A bit a slot, of a device that is not the trust centre: what was heard since the record was written is not known. */
  doubts: u32;
  victim: u8;
  /** Another network is being joined: what the record says is neither used nor changed. */
  suspended: bool;
}
export const apsDoubts = memory.data(offsetof<State>(), 4);
const state = changetype<State>(apsDoubts);
if (ROWS > 32 && DEVICES_MAX == 0) ERROR("a slot has a bit");

export function apsKeyRow(slot: u32): KeyRow {
  assert(slot >= KEY_SLOT_FIRST);
  assert(slot < KEY_SLOT_DEVICES);
  return changetype<KeyRow>(rows + (slot - KEY_SLOT_FIRST) * offsetof<KeyRow>());
}

/** The kind of the key in any slot. */
export function apsSlotKind(slot: u32): u32 {
  if (DEVICES_MAX == 0) return apsKeyRow(slot).kind;
  if (slot < KEY_SLOT_DEVICES) return apsKeyRow(slot).kind;
  return (slot - KEY_SLOT_DEVICES) & 1 ? ApsKeyKind.Established : ApsKeyKind.Preconfigured;
}

/** Where the lowest frame counter still to be accepted under the key in any slot is. */
export function apsSlotNext(slot: u32): usize {
  if (DEVICES_MAX == 0) return nextOf(slot);
  if (slot < KEY_SLOT_DEVICES) return nextOf(slot);
  let number = slot - KEY_SLOT_DEVICES;
  return changetype<usize>(deviceAt(number >>> 1)) + offsetof<Device>("preconfigured") + ((number & 1) << 2);
}

/** Writes that counter. */
export function apsSlotSave(slot: u32): i32 {
  if (DEVICES_MAX == 0) return apsKeysSave();
  return slot < KEY_SLOT_DEVICES ? apsKeysSave() : deviceSave((slot - KEY_SLOT_DEVICES) >>> 1);
}

function nextOf(slot: u32): usize { return changetype<usize>(apsKeyRow(slot)) + offsetof<KeyRow>("next"); }

export function apsKeysReset(): void {
  state.suspended = false;
  memory.fill(rows, 0, ROWS * offsetof<KeyRow>());
  storeRead(Record.Keys, rows, ROWS * offsetof<KeyRow>()); // a new device has no record, and no keys
  if (DEVICES_MAX > 0) devicesReset();
  if (DEVICES_MAX == 0) state.doubts = u32.MAX_VALUE;
  else for (let slot = KEY_SLOT_FIRST; slot < KEY_SLOTS_END; slot++) {
    store<u32>(apsSlotNext(slot), apsWindow(load<u32>(apsSlotNext(slot))));
  }
}

/**
 * Where the record has to be written again: not for each frame.  After a reset all numbers up to there are spent, so that a replay is
 * refused, and with it three of a partner's frames at the most: a message and its three repetitions have one more.
 */
export function apsWindow(next: u32): u32 {
  return next > COUNTER_NO_KEY - APS_WINDOW ? next : (next + APS_WINDOW - 1) & ~(APS_WINDOW - 1);
}

/** Whether there is any link key. */
export function apsKeysAny(): bool {
  for (let slot = KEY_SLOT_FIRST; slot < KEY_SLOT_DEVICES; slot++) if (apsKeyRow(slot).kind != ApsKeyKind.None) return true;
  if (DEVICES_MAX > 0) return devicesAny();
  return false;
}

/** The slot of the best key shared with a device: an established one before a preconfigured one; `KEY_NONE` without. */
export function apsKeySlot(extended: u64): u32 {
  if (DEVICES_MAX > 0) {
    let index = deviceOf(extended);
    if (index >= 0) return deviceAt(index).state == DeviceState.Leaving ? KEY_NONE : deviceKeySlot(index);
  }
  let found = KEY_NONE;
  let end = state.suspended ? KEY_SLOT_OWN + 1 : KEY_SLOT_DEVICES;
  for (let slot = KEY_SLOT_FIRST; slot < end; slot++) {
    let row = apsKeyRow(slot);
    if (row.kind == ApsKeyKind.None) continue;
    if (row.extended != extended && row.extended != NO_EXTENDED) continue;
    if (row.kind == ApsKeyKind.Established) return slot;
    found = slot;
  }
  return found;
}

export function apsKeyKind(extended: u64): u32 {
  let slot = apsKeySlot(extended);
  return slot == KEY_NONE ? ApsKeyKind.None : apsSlotKind(slot);
}

/** Takes a new key; the slot follows from what is known of its owner.  Answers the slot or an `Err`. */
export function apsKeyInstall(extended: u64, kind: u32, at: usize): i32 {
  return apsKeyPut(slotFor(extended, kind), extended, kind, at);
}

/** Takes a new key into a slot. */
export function apsKeyPut(slot: u32, extended: u64, kind: u32, at: usize): i32 {
  let done = keySet(slot, at);
  if (done != Err.Ok) return done;
  let row = apsKeyRow(slot);
  row.extended = extended;
  row.next = 0;
  row.kind = kind;
  done = apsKeysSave();
  return done == Err.Ok ? <i32>slot : done;
}

/**
 * Another trust centre may be at the other end, or the same one that knows nothing any more: until its key is here, or `apsKeysReset` goes
 * back, only our preconfigured key counts, for anyone, from its first frame counter on.
 */
export function apsKeysSuspend(suspended: bool): void {
  state.suspended = suspended;
  if (!suspended) return;
  let own = apsKeyRow(KEY_SLOT_OWN);
  own.extended = NO_EXTENDED;
  own.next = 0;
}

export function apsKeyClear(slot: u32): void {
  keyClear(slot);
  memory.fill(changetype<usize>(apsKeyRow(slot)), 0, offsetof<KeyRow>());
  apsKeysSave();
}

/** Forgets what was established with a device, and with everyone when `extended` is 0; preconfigured keys stay. */
export function apsKeyForget(extended: u64): void {
  for (let slot = KEY_SLOT_FIRST; slot < KEY_SLOT_DEVICES; slot++) {
    let row = apsKeyRow(slot);
    if (row.kind != ApsKeyKind.Established) continue;
    if (extended == NO_EXTENDED || row.extended == extended) apsKeyClear(slot);
  }
}

/** Writes the table. */
export function apsKeysSave(): i32 {
  if (state.suspended) return Err.Ok;
  let end = KEY_SLOT_DEVICES;
  while (end > KEY_SLOT_FIRST && apsKeyRow(end - 1).kind == ApsKeyKind.None) end--;
  return storeWrite(Record.Keys, rows, (end - KEY_SLOT_FIRST) * offsetof<KeyRow>());
}

/** The place of a kind of key of this device, else the one after its preconfigured key, else one for partners. */
function slotFor(extended: u64, kind: u32): u32 {
  let free = KEY_NONE;
  for (let slot = KEY_SLOT_FIRST; slot < KEY_SLOT_DEVICES; slot++) {
    let row = apsKeyRow(slot);
    if (row.extended == extended && row.kind == kind) return slot;
    if (row.extended == extended && row.kind == ApsKeyKind.Preconfigured) return slot + 1;
    if (row.kind == ApsKeyKind.None && free == KEY_NONE && slot >= KEY_SLOT_PARTNERS) free = slot;
  }
  if (free != KEY_NONE) return free;
  return KEY_SLOT_PARTNERS + (state.victim++ % PARTNERS_MAX); // the partner before last asks the trust centre again
}
