// The coordinator's side of beacons, association and indirect transmission: IEEE 802.15.4-2006 sections 7.5.2, 7.5.3.1 and 7.5.5.
import { Err } from "../core/err";
import { RadioParameter, entropy, radioSet } from "../core/host";
import { NEVER } from "../core/timers";
import { macAssociationResponseEmit } from "./command";
import { macBeaconEmit } from "./beacon";
import { MAC_BEACON, MAC_COMMAND, MAC_EXTENDED, MAC_NONE, MAC_SHORT, macControl } from "./frame";
import { macInterface, MacPurpose, macBegin, macHeard, macIdle, macNextSequence, macTransmit, macWhen } from "./mac";

/** Responses that wait for their device to ask; more associations at a time are turned away in silence. */
export const RESPONSES_MAX: u32 = 3;
/** macTransactionPersistenceTime of ZigBee: 500 * 960 symbols of 16 us, 05-3474 annex D. */
export const MAC_PERSISTENCE_MS: i64 = 7680;

@unmanaged @final
export class MacResponse {
  /** 0: the row is free. */
  extended: u64;
  expiry: i64;
  short: u16;
  status: u8;
  /** 1 once the device has asked for it. */
  asked: u8;
}

const responses = memory.data(RESPONSES_MAX * offsetof<MacResponse>(), 8);

/** All who hear a request answer it: a beacon takes a millisecond, and who scans listens for 139. */
const BEACON_JITTER_MS: u32 = 96;

@unmanaged @final
class Serve {
  /** When a beacon is due; `NEVER`: nobody scans. */
  beaconAt: i64;
  /** The response in flight. */
  flying: usize;
  beaconSequence: u8;
  noise: u16;
}

const serve = changetype<Serve>(memory.data(offsetof<Serve>(), 8));

function responseAt(index: u32): MacResponse {
  return changetype<MacResponse>(responses + index * offsetof<MacResponse>());
}

export function serveReset(): void {
  memory.fill(responses, 0, RESPONSES_MAX * offsetof<MacResponse>());
  serve.beaconAt = NEVER;
  serve.flying = 0;
}

/** Somebody scans.  Many requests before the beacon is out make one beacon. */
export function serveBeacon(now: i64): void {
  if (serve.beaconAt != NEVER) return;
  entropy(changetype<usize>(serve) + offsetof<Serve>("noise"), 2);
  serve.beaconAt = now + serve.noise % BEACON_JITTER_MS;
}

/** Holds a response for a device that asked to associate; a second request of the same device replaces the first. */
export function serveRespond(extended: u64, short: u32, status: u32, now: i64): i32 {
  let row = responseOf(extended);
  if (!row) row = responseOf(0);
  if (!row || extended == 0) return Err.NoBuffer;
  let answer = radioSet(macInterface, RadioParameter.PendingExtended, <i64>extended);
  if (answer < 0) return answer;
  row.extended = extended;
  row.expiry = now + MAC_PERSISTENCE_MS;
  row.short = <u16>short;
  row.status = <u8>status;
  row.asked = 0;
  return Err.Ok;
}

/** A device without a short address asks for its frame. */
export function serveRequested(extended: u64): void {
  let row = responseOf(extended);
  if (row && extended != 0) row.asked = 1;
}

export function serveDeadline(): i64 {
  let earliest = serve.beaconAt == NEVER ? NEVER : macWhen(serve.beaconAt);
  for (let index: u32 = 0; index < RESPONSES_MAX; index++) {
    let row = responseAt(index);
    if (row.extended) earliest = min(earliest, row.asked ? macWhen(0) : row.expiry);
  }
  return earliest;
}

/** Sends what is wanted; the upper layer's beacon payload lies at `payload`. */
export function serveTick(now: i64, coordinator: bool, permits: bool, payload: usize, payloadSize: u32): void {
  for (let index: u32 = 0; index < RESPONSES_MAX; index++) {
    let row = responseAt(index);
    if (!row.extended) continue;
    if (row.asked && macIdle(now)) sendResponse(row, now);
    else if (row.expiry <= now) release(row);
  }
  if (serve.beaconAt <= now && macIdle(now)) sendBeacon(now, coordinator, permits, payload, payloadSize);
}

/** A response has left; answers its row, valid until the next call, when the device has it. */
export function serveSent(): MacResponse {
  let row = changetype<MacResponse>(serve.flying);
  serve.flying = 0;
  if (!row) return row;
  row.asked = 0;
  if (macHeard.status != Err.Ok) return changetype<MacResponse>(0); // it may ask again until the response expires
  let answer = radioSet(macInterface, RadioParameter.NotPendingExtended, <i64>row.extended);
  assert(answer == Err.Ok || answer == Err.NotFound);
  return row;
}

/** Frees a row that `serveSent` answered, or whose time has come. */
export function release(row: MacResponse): void {
  radioSet(macInterface, RadioParameter.NotPendingExtended, <i64>row.extended);
  row.extended = 0;
}

function responseOf(extended: u64): MacResponse {
  for (let index: u32 = 0; index < RESPONSES_MAX; index++) {
    if (responseAt(index).extended == extended) return responseAt(index);
  }
  return changetype<MacResponse>(0);
}

function sendResponse(row: MacResponse, now: i64): void {
  let at = macBegin(macControl(MAC_COMMAND, MAC_EXTENDED, MAC_EXTENDED, true, true), macNextSequence(), row.extended);
  let end = at + macAssociationResponseEmit(at, row.short, row.status);
  if (macTransmit(end, MacPurpose.AssociationResponse, now) == Err.Ok) serve.flying = changetype<usize>(row);
}

function sendBeacon(now: i64, coordinator: bool, permits: bool, payload: usize, payloadSize: u32): void {
  let at = macBegin(macControl(MAC_BEACON, MAC_NONE, MAC_SHORT, false, false), serve.beaconSequence++, 0);
  at += macBeaconEmit(at, coordinator, permits);
  memory.copy(at, payload, payloadSize);
  if (macTransmit(at + payloadSize, MacPurpose.Beacon, now) == Err.Ok) serve.beaconAt = NEVER;
}
