// The trust centre's devices: all that it keeps of each, the frame counters of its two link keys among it.
//
//   slot KEY_SLOT_DEVICES + 2 i   preconfigured key of device i      the one behind it   the key established with it
//
// Eight rows are a record, up to the last in use: a frame that is heard writes those eight, not all.
import { Err } from "../../core/err";
import { Record, keyClear, storeRead, storeWrite } from "../../core/host";
import { NO_EXTENDED } from "../address";
import { DEVICES_MAX, KEY_SLOT_DEVICES } from "../limits";

/** Removed: it is still to hear of that, and hears nothing else. */
export enum DeviceState { Free = 0, Leaving = 1, Admitted = 2, Joined = 3, Established = 4 }

/** In the place of the lowest counter: there is no such key.  No frame has this number. */
export const COUNTER_NO_KEY: u32 = u32.MAX_VALUE;

@unmanaged @final
export class Device {
  /** 0: the row is free. */
  extended: u64;
  /** The lowest frame counters still to be accepted, under the preconfigured key and under the established one. */
  preconfigured: u32;
  established: u32;
  short: u16;
  parent: u16;
  /** What it arrived with, until it announces itself: the new short address, and the status of Update Device plus 1. */
  arrivedShort: u16;
  /** Leaving: how often it was told. */
  arrival: u8;
  state: u8;
}

const ROW: u32 = offsetof<Device>();
const ROWS_A_RECORD: u32 = 8;
const RECORDS: u32 = DEVICES_MAX / ROWS_A_RECORD;
const rows = memory.data(DEVICES_MAX > 0 ? DEVICES_MAX * ROW : 8, 8); // where there are none, nobody asks
if (ROWS_A_RECORD * ROW > 512) ERROR("a record holds 512 octets");
if (DEVICES_MAX % ROWS_A_RECORD != 0 || RECORDS > 4) ERROR("the rows are up to four whole records: docs/abi.md");

export function devicesReset(): void {
  memory.fill(rows, 0, DEVICES_MAX * ROW);
  for (let record: u32 = 0; record < RECORDS; record++) {
    storeRead(Record.TrustCentre + record, rows + record * ROWS_A_RECORD * ROW, ROWS_A_RECORD * ROW);
  }
}

export function deviceAt(index: u32): Device {
  assert(index < DEVICES_MAX);
  return changetype<Device>(rows + index * ROW);
}

/** The row of a device, or `Err.NotFound`. */
export function deviceOf(extended: u64): i32 { return extended == NO_EXTENDED ? <i32>Err.NotFound : find(extended); }

/** A row for another device: a free one, or of one that was removed and did not hear of it. */
export function deviceFree(): i32 {
  let index = find(NO_EXTENDED);
  for (let row: u32 = 0; index < 0 && row < DEVICES_MAX; row++) if (deviceAt(row).state == DeviceState.Leaving) index = row;
  return index;
}

/** Writes the record that has the row. */
export function deviceSave(index: u32): i32 {
  let record = index / ROWS_A_RECORD;
  let at = rows + record * ROWS_A_RECORD * ROW;
  let count = ROWS_A_RECORD;
  while (count > 0 && changetype<Device>(at + (count - 1) * ROW).extended == NO_EXTENDED) count--;
  return storeWrite(Record.TrustCentre + record, at, count * ROW);
}

/** Forgets a device and its keys. */
export function deviceErase(index: u32): i32 {
  keyClear(deviceSlot(index));
  keyClear(deviceSlot(index) + 1);
  memory.fill(changetype<usize>(deviceAt(index)), 0, ROW);
  return deviceSave(index);
}

/** The slot of its preconfigured key. */
export function deviceSlot(index: u32): u32 { return KEY_SLOT_DEVICES + 2 * index; }

/** The slot of its best key. */
export function deviceKeySlot(index: u32): u32 {
  return deviceSlot(index) + u32(deviceAt(index).established != COUNTER_NO_KEY);
}

/** Whether there is a device. */
export function devicesAny(): bool {
  for (let index: u32 = 0; index < DEVICES_MAX; index++) if (deviceAt(index).extended != NO_EXTENDED) return true;
  return false;
}

function find(extended: u64): i32 {
  for (let index: u32 = 0; index < DEVICES_MAX; index++) if (deviceAt(index).extended == extended) return index;
  return Err.NotFound;
}
