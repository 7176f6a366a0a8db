// Sending with acknowledgement, retry and fragments: 05-3474 sections 2.2.8.3.2 to 2.2.8.4.5.
//
//   Free --start--> Waiting --acknowledged, last block--> Free + Confirm 0
//                     |  ^ \--acknowledged, more blocks--> Gap --50 ms--> Waiting
//                     |  |--no answer in time, RETRIES_MAX times at most
//                     \--no answer--> Free + Confirm NoAck
import { NEVER } from "../../core/timers";
import { Err } from "../../core/err";
import { entropy } from "../../core/host";
import { NO_ADDRESS, UNICAST_END } from "../address";
import { SLEEPERS_MAX, TRANSMISSIONS_MAX } from "../limits";
import { NWK_DISCOVER, nwkIsSleepyChild, NWK_SECURE } from "../nwk/nwk";
import { EMIT_ROOM, EMIT_ROOM_FRAGMENT, emitTransmission, Transmission } from "./emit";
import { APS_ACK_REQUEST, APS_BROADCAST, APS_COMMAND, APS_DATA, APS_SECURITY, ApsFrame } from "./frame";
import { KEY_NONE } from "./keys";
import { APS_SECURE_OVERHEAD, APS_SECURE_OVERHEAD_SHORT } from "./security";
import {
  APS_ACK, APS_FRAGMENT, APS_MESSAGE_MAX, APS_SLEEPY, APS_TO_ALL, apsCounters, ApsHeard, apsHeard, ApsMessage, ApsRequest, apsRequest,
} from "./types";

/** apscMaxFrameRetries and apscAckWaitDuration, table 2.26. */
const RETRIES_MAX: u32 = 3;
const ACK_WAIT_MS: i64 = 1600;
/** A sleepy child fetches within macTransactionPersistenceTime or not at all. */
const ACK_WAIT_SLEEPY_MS: i64 = 7680 + ACK_WAIT_MS;
/** apsInterframeDelay, table 5-8 of 07-5356. */
const FRAGMENT_GAP_MS: i64 = 50;
/** A command to a device that has no network key yet; internal, next to the APS_ options of a request. */
export const APS_CLEAR: u32 = 0x100;

enum Sending { Free = 0, Waiting = 1, Gap = 2 }

const transmissions = memory.data(TRANSMISSIONS_MAX * offsetof<Transmission>(), 8);
const payloads = memory.data(TRANSMISSIONS_MAX * EMIT_ROOM, 4);
/** The one message in fragments under way has a place of its own. */
const large = memory.data(APS_MESSAGE_MAX, 4);
const once = changetype<Transmission>(memory.data(offsetof<Transmission>(), 8));
const sleepers = memory.data(SLEEPERS_MAX * 2, 2);

@unmanaged @final class State { counter: u32; sleeper: u32; }
const state = changetype<State>(memory.data(offsetof<State>(), 4));

export function transmitReset(): void {
  memory.fill(transmissions, 0, TRANSMISSIONS_MAX * offsetof<Transmission>());
  memory.fill(sleepers, 0xff, SLEEPERS_MAX * 2);
  // A restart at a number that was used before would be taken for a duplicate.
  entropy(changetype<usize>(state), 4);
}

/** Number of the next frame: also the handle of its confirmation. */
export function transmitCounter(): u32 {
  return state.counter++ & 0xff;
}

export function transmitDeadline(): i64 {
  let earliest = NEVER;
  for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) {
    let row = rowAt(index);
    if (row.state != Sending.Free) earliest = min<i64>(earliest, row.deadline);
  }
  return earliest;
}

/** The latest time at which an acknowledgement may still come, 0 when none is awaited. */
export function transmitExpecting(): i64 {
  let latest: i64 = 0;
  for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) {
    let row = rowAt(index);
    if (row.state != Sending.Free) latest = max<i64>(latest, row.deadline);
  }
  return latest;
}

/** Sends what `apsRequest` describes, sealed with the key in `slot`; answers its handle or an `Err`. */
export function transmitStart(type: u32, slot: u32, key: u32, now: i64): i32 {
  let request = apsRequest;
  if (request.target >= UNICAST_END && (slot != KEY_NONE || request.options & APS_CLEAR)) return Err.NotFound;
  if (request.target == NO_ADDRESS && !(request.options & APS_TO_ALL)) return Err.NotFound;
  let wantsAck = (request.options & APS_ACK) != 0 && request.target < UNICAST_END;
  let row = once;
  let whole = request.size <= EMIT_ROOM - (slot != KEY_NONE ? APS_SECURE_OVERHEAD_SHORT : 0);
  if (!whole) {
    if (!wantsAck || !(request.options & APS_FRAGMENT) || request.size > APS_MESSAGE_MAX) return Err.BadLength;
    if (largeInUse()) return Err.Busy;
  }
  if (wantsAck) {
    row = rowFree();
    if (changetype<usize>(row) == 0) return Err.NoBuffer;
    row.payload = whole ? payloadOf(row) : large;
    memory.copy(row.payload, request.payload, request.size);
  } else row.payload = request.payload;
  describe(row, request, type, slot, key, wantsAck);
  if (!whole) {
    row.blockSize = <u8>(EMIT_ROOM_FRAGMENT - (slot != KEY_NONE ? APS_SECURE_OVERHEAD : 0));
    row.blocks = <u8>((request.size + row.blockSize - 1) / row.blockSize);
  }
  let sent = emitTransmission(row);
  if (!wantsAck) return sent < 0 ? sent : <i32>row.counter;
  if (sent == Err.NoKey) return sent; // no repetition will find one
  expectAck(row, now);
  return row.counter;
}

/** Repeats, goes on or gives up; answers ApsHeard.Confirm for what was given up. */
export function transmitTick(now: i64): i32 {
  for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) {
    let row = rowAt(index);
    if (row.state == Sending.Free || row.deadline > now) continue;
    if (row.state == Sending.Waiting && row.tries++ >= RETRIES_MAX) {
      apsCounters.unacknowledged++;
      return confirm(row, Err.NoAck);
    }
    emitTransmission(row); // when there is no room now, the next repetition finds some
    expectAck(row, now);
  }
  return ApsHeard.None;
}

/** An acknowledgement arrived; answers ApsHeard.Confirm when it ends a transmission. */
export function transmitAcknowledged(frame: ApsFrame, heard: ApsMessage, now: i64): i32 {
  for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) {
    let row = rowAt(index);
    if (!isAcknowledgedBy(row, frame, heard)) continue;
    if (row.blocks == 0 || ++row.block == row.blocks) return confirm(row, Err.Ok);
    row.state = <u8>Sending.Gap;
    row.tries = 0;
    row.deadline = now + FRAGMENT_GAP_MS;
    return ApsHeard.None;
  }
  apsCounters.strayAcks++;
  return ApsHeard.None;
}

/** Who shares the key in `slot` was reset, and has perhaps refused what is under way: it is repeated at once. */
export function transmitAgain(slot: u32): void {
  for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) if (rowAt(index).slot == slot) rowAt(index).deadline = 0;
}

/** Notes whether a device sleeps, as its announcement says. */
export function apsSleepyNote(short: u32, sleepy: bool): void {
  for (let index: u32 = 0; index < SLEEPERS_MAX; index++) {
    let at = sleepers + (index << 1);
    if (load<u16>(at) == short) store<u16>(at, NO_ADDRESS);
  }
  if (sleepy) store<u16>(sleepers + ((state.sleeper++ % SLEEPERS_MAX) << 1), short);
}

/** Whether a device is known to sleep. */
export function apsSleeps(short: u32): bool {
  if (nwkIsSleepyChild(short)) return true;
  for (let index: u32 = 0; index < SLEEPERS_MAX; index++) if (load<u16>(sleepers + (index << 1)) == short) return true;
  return false;
}

function describe(row: Transmission, request: ApsRequest, type: u32, slot: u32, key: u32, wantsAck: bool): void {
  let control = type;
  if (request.target >= UNICAST_END) control |= APS_BROADCAST;
  if (wantsAck) control |= APS_ACK_REQUEST;
  if (slot != KEY_NONE) control |= APS_SECURITY;
  row.size = <u16>request.size;
  row.target = <u16>request.target;
  row.cluster = <u16>request.cluster;
  row.profile = <u16>request.profile;
  row.sourceEndpoint = <u8>request.sourceEndpoint;
  row.targetEndpoint = <u8>request.targetEndpoint;
  row.control = <u8>control;
  row.counter = <u8>transmitCounter();
  row.slot = <u8>slot;
  row.key = <u8>key;
  row.blocks = 0;
  row.block = 0;
  row.tries = 0;
  row.nwkOptions = <u8>(request.options & APS_CLEAR ? 0 : NWK_SECURE | NWK_DISCOVER);
  row.sleepy = request.options & APS_SLEEPY || apsSleeps(request.target) ? 1 : 0;
}

function isAcknowledgedBy(row: Transmission, frame: ApsFrame, heard: ApsMessage): bool {
  if (row.state != Sending.Waiting || row.counter != frame.counter || row.target != heard.source) return false;
  if (row.slot != heard.keySlot) return false; // who does not have the key cannot have understood
  if (frame.isAddressed != ((row.control & APS_COMMAND) == 0)) return false;
  if (row.control & APS_COMMAND) return true;
  if (row.cluster != frame.cluster || row.profile != frame.profile) return false;
  if (row.sourceEndpoint != frame.targetEndpoint) return false;
  if (row.blocks == 0) return frame.fragmentation == 0;
  return frame.fragmentation != 0 && frame.block == row.block && (frame.bits & 1) != 0;
}

function expectAck(row: Transmission, now: i64): void {
  row.state = <u8>Sending.Waiting;
  row.deadline = now + (row.sleepy ? ACK_WAIT_SLEEPY_MS : ACK_WAIT_MS);
}

function confirm(row: Transmission, status: i32): i32 {
  row.state = <u8>Sending.Free;
  apsHeard.source = row.target;
  apsHeard.cluster = row.cluster;
  apsHeard.sourceEndpoint = row.targetEndpoint;
  apsHeard.targetEndpoint = row.sourceEndpoint;
  apsHeard.handle = row.counter;
  apsHeard.status = status;
  return ApsHeard.Confirm;
}

function rowAt(index: u32): Transmission {
  return changetype<Transmission>(transmissions + index * offsetof<Transmission>());
}

function rowFree(): Transmission {
  for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) if (rowAt(index).state == Sending.Free) return rowAt(index);
  return changetype<Transmission>(0);
}

function payloadOf(row: Transmission): usize {
  return payloads + ((changetype<usize>(row) - transmissions) / offsetof<Transmission>()) * EMIT_ROOM;
}

function largeInUse(): bool {
  for (let index: u32 = 0; index < TRANSMISSIONS_MAX; index++) {
    let row = rowAt(index);
    if (row.state != Sending.Free && row.blocks != 0) return true;
  }
  return false;
}
