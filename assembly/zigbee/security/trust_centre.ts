// The trust centre: who may join, and with which key.  05-3474 section 4.6.3, 07-5356 section 5.4.
//
//   Free --admit--> Admitted --announced--> Joined --key establishment--> Established
//                       ^                      |
//                       \-- no key established within 60 minutes
//
//   An arrival (association or rejoin, at us or told by Update Device) is answered with a Transport Key and noted; only the
//   announcement from the address it was given shows that the device could read it, and changes what we hold of the device.
import { wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { entropy, Record, storeRead, storeWrite } from "../../core/host";
import { NEVER } from "../../core/timers";
import { NO_EXTENDED } from "../address";
import { KEY_DATA, KEY_LOAD, KEY_TRANSPORT } from "../auxiliary";
import { DEVICES_MAX, KEY_SLOT_DEVICES } from "../limits";
import {
  APS_COMMAND_SIZE_MAX, apsCommandParse, ApsCommand, apsRemoveDeviceEmit, apsTransportApplicationKeyEmit, apsTransportNetworkKeyEmit,
  apsTunnelEmit, REQUEST_APPLICATION, APS_REQUEST_KEY, APS_UPDATE_DEVICE,
} from "../aps/command";
import { emitTunnelled } from "../aps/emit";
import {
  ApsKeyKind, apsKeyClear, apsKeyInstall, apsKeyKind, apsKeyPut, apsKeyRow, KEY_NONE, KEY_SIZE, NETWORK_KEY_SIZE,
} from "../aps/keys";
import { apsCommandOut, apsCommandSend, apsCommandSendLinked } from "../aps/send_command";
import { APS_CLEAR, apsSleeps, transmitCounter } from "../aps/transmit";
import { APS_ACK, ApsHeard, apsHeard, apsRefuse } from "../aps/types";
import { Arrival, nwkAddress, nwkExtended, nwkExtendedOf, nwkKeyInstall, nwkKeySwitch, nwkLearn } from "../nwk/nwk";
import { nwkRemoveChild } from "../nwk/parent";
import { installCodeKey, installCodeParse } from "./install_code";
import { rekeyDeadline, rekeyJoined, rekeyReset, rekeyTick } from "./rekey";

/** A device that has not established a key is sent away after it, 07-5356 section 5.5.5. */
const ESTABLISH_WITHIN_MS: i64 = 60 * 60_000;

export enum TcState { Free = 0, Admitted = 1, Joined = 2, Established = 3 }

@unmanaged @final
export class TcDevice {
  extended: u64;
  short: u16;
  parent: u16;
  /** What it arrived with, until it announces itself: the new short address, and the status of Update Device plus 1. */
  arrivedShort: u16;
  arrival: u8;
  state: u8;
}

const SIZE: u32 = DEVICES_MAX * offsetof<TcDevice>();
const rows = memory.data(SIZE, 8);
const deadlines = memory.data(DEVICES_MAX * 8, 8);
const command = memory.data(APS_COMMAND_SIZE_MAX, 4);
const KEYS_SIZE_MAX: u32 = 40;
const secret = memory.data(KEYS_SIZE_MAX, 8);
if (NETWORK_KEY_SIZE + KEY_SIZE > KEYS_SIZE_MAX) ERROR("the keys do not fit their place");
if (SIZE > 512) ERROR("a record holds 512 octets");

export function tcReset(now: i64): void {
  memory.fill(rows, 0, SIZE);
  storeRead(Record.TrustCentre, rows, SIZE);
  for (let index: u32 = 0; index < DEVICES_MAX; index++) {
    let row = rowAt(index);
    if (tcMember(index)) nwkLearn(row.short, row.extended); // where it was; a reset forgets who is no neighbour
    watch(index, now);
  }
  rekeyReset(now);
}

/** The IEEE address of the device in a row that has our network key, else 0. */
export function tcMember(index: u32): u64 {
  let row = rowAt(index);
  return <u32>row.state < <u32>TcState.Joined ? 0 : row.extended;
}

/** The coordinator has formed its network: it needs a key.  Answers 0 or an `Err`. */
export function tcFormed(): i32 {
  if (!loadKey()) {
    store<u8>(secret, 0);
    entropy(secret + 1, KEY_SIZE);
    let kept = storeWrite(Record.NetworkKey, secret, NETWORK_KEY_SIZE);
    if (kept != Err.Ok) return kept;
  }
  let sequence: u32 = load<u8>(secret);
  let done = nwkKeyInstall(sequence, secret + 1);
  wipe(secret, KEYS_SIZE_MAX);
  return done < 0 ? done : nwkKeySwitch(sequence);
}

/** Lets a device join with its install code; again for a known device is no harm.  Answers its index or an `Err`. */
export function tcAdmit(extended: u64, at: usize, size: u32): i32 {
  let parsed = installCodeParse(at, size);
  if (parsed < 0) return parsed;
  if (extended == NO_EXTENDED || extended == nwkExtended()) return Err.Reserved;
  let index = find(extended);
  if (index < 0) index = find(0);
  if (index < 0) return Err.NoBuffer;
  let slot = KEY_SLOT_DEVICES + 2 * <u32>index;
  let next = apsKeyRow(slot).extended == extended ? apsKeyRow(slot).next : 0; // what was heard stays heard
  installCodeKey(at, size, secret);
  let put = apsKeyPut(slot, extended, ApsKeyKind.Preconfigured, secret, next);
  wipe(secret, KEY_SIZE);
  if (put < 0) return put;
  let row = rowAt(index);
  row.extended = extended;
  if (row.state == TcState.Free) row.state = <u8>TcState.Admitted;
  let saved = save();
  return saved < 0 ? saved : index;
}

/** Sends a device away and forgets its keys. */
export function tcRemove(extended: u64, now: i64): i32 {
  let index = find(extended);
  if (index < 0 || extended == NO_EXTENDED) return Err.NotFound;
  let row = rowAt(index);
  if (<u32>row.state >= <u32>TcState.Joined) dismiss(row, now);
  apsKeyClear(KEY_SLOT_DEVICES + 2 * index);
  apsKeyClear(KEY_SLOT_DEVICES + 2 * index + 1);
  memory.fill(changetype<usize>(row), 0, offsetof<TcDevice>());
  watch(index, now);
  return save();
}

/** Takes the link key that key establishment made with a device. */
export function tcLinkKeyEstablished(extended: u64, key: usize): i32 {
  let index = find(extended);
  if (index < 0 || extended == NO_EXTENDED) return Err.NotFound;
  let put = apsKeyInstall(extended, ApsKeyKind.Established, key);
  if (put < 0) return put;
  // Its announcement may have been lost and be repeated later: that one must not undo what the device has proved meanwhile.
  let row = rowAt(index);
  if (row.arrival != 0) row.arrival = <u8>(Arrival.SecuredRejoin + 1);
  return setState(index, TcState.Established, 0);
}

export function tcDeadline(): i64 {
  let earliest = rekeyDeadline();
  for (let index: u32 = 0; index < DEVICES_MAX; index++) earliest = min<i64>(earliest, load<i64>(deadlines + (index << 3)));
  return earliest;
}

/** Sends away one device that did not establish a key in time. */
export function tcTick(now: i64): i32 {
  if (rekeyDeadline() <= now) rekeyTick(now);
  for (let index: u32 = 0; index < DEVICES_MAX; index++) {
    if (load<i64>(deadlines + (index << 3)) > now) continue;
    let row = rowAt(index);
    dismiss(row, now);
    setState(index, TcState.Admitted, now);
    return tell(ApsHeard.DeviceLeft, row);
  }
  return ApsHeard.None;
}

/**
 * A device is at `parent`'s door, ours or a router's; `status` as in Update Device.
 * Association is answered under the preconfigured key, a rejoin in clear only under an established one.
 */
export function tcArrived(extended: u64, short: u32, parent: u32, status: u32, now: i64): i32 {
  let index = find(extended);
  if (index < 0 || extended == NO_EXTENDED) return turnAway(extended, parent, now);
  let slot = KEY_SLOT_DEVICES + 2 * <u32>index;
  let row = rowAt(index);
  if (status == Arrival.SecuredRejoin) {
    if (<u32>row.state < <u32>TcState.Joined) return turnAway(extended, parent, now);
  } else {
    if (status != Arrival.Join) slot++;
    if (apsKeyRow(slot).kind == ApsKeyKind.None) return turnAway(extended, parent, now);
  }
  row.arrivedShort = <u16>short;
  row.arrival = <u8>(status + 1);
  row.parent = <u16>parent;
  nwkLearn(short, extended);
  if (status != Arrival.SecuredRejoin) sendNetworkKey(row, slot, now); // what is not sent now it will ask for by joining again
  save();
  return ApsHeard.None;
}

/** A device has announced an address, or shown otherwise that it can read our key; answers DeviceJoined when it arrived with that. */
export function tcAnnounced(extended: u64, short: u32, now: i64): i32 {
  let index = find(extended);
  if (index < 0 || extended == NO_EXTENDED) return ApsHeard.None;
  let row = rowAt(index);
  if (row.arrival == 0 || row.arrivedShort != <u16>short) return ApsHeard.None;
  if (row.arrival == Arrival.Join + 1) {
    apsKeyClear(KEY_SLOT_DEVICES + 2 * index + 1); // a joiner has forgotten what it had established
    row.state = <u8>TcState.Joined;
  }
  row.short = <u16>short;
  row.arrival = 0;
  setState(index, row.state, now);
  rekeyJoined(index, now);
  return tell(ApsHeard.DeviceJoined, row);
}

/** Follows the command in `apsHeard`. */
export function tcCommand(now: i64): i32 {
  let command = changetype<ApsCommand>(apsHeard.payload);
  if (apsCommandParse(apsHeard.payload, apsHeard.size) < 0 || !apsHeard.networkSecured) return apsRefuse();
  if (apsHeard.keyKind == ApsKeyKind.None || apsHeard.keyUse != KEY_DATA) return apsRefuse();
  switch (command.id) {
    case APS_UPDATE_DEVICE: {
      if (command.status != Arrival.Left) return tcArrived(command.device, command.short, apsHeard.source, command.status, now);
      return tcGone(command.device, apsHeard.source);
    }
    case APS_REQUEST_KEY: return command.type == REQUEST_APPLICATION ? giveKey(apsHeard.sourceExtended, command.wanted, now) : apsRefuse();
    default: return apsRefuse();
  }
}

/** A device left its parent; it stays admitted, with its keys. */
export function tcGone(extended: u64, parent: u32): i32 {
  let index = find(extended);
  if (index < 0 || extended == NO_EXTENDED) return ApsHeard.None;
  let row = rowAt(index);
  // A parent may notice late: the device moved on, or we sent it away ourselves.
  if (row.parent != parent || <u32>row.state < <u32>TcState.Joined) return ApsHeard.None;
  return tell(ApsHeard.DeviceLeft, row);
}

/** An application link key for two devices, each of which has established its own key with us. */
function giveKey(initiator: u64, partner: u64, now: i64): i32 {
  if (apsHeard.keyKind != ApsKeyKind.Established || initiator == partner) return apsRefuse();
  if (find(partner) < 0 || apsKeyKind(partner) != ApsKeyKind.Established) return apsRefuse();
  entropy(secret, KEY_SIZE);
  let sent = sendApplicationKey(partner, initiator, 0, now);
  if (sent >= 0) sent = sendApplicationKey(initiator, partner, 1, now);
  wipe(secret, KEY_SIZE);
  wipe(apsCommandOut, APS_COMMAND_SIZE_MAX);
  return sent < 0 ? apsRefuse() : <i32>ApsHeard.KeyRequested;
}

function sendApplicationKey(to: u64, partner: u64, isInitiator: u32, now: i64): i32 {
  let size = apsTransportApplicationKeyEmit(apsCommandOut, secret, partner, isInitiator);
  return apsCommandSendLinked(to, ApsKeyKind.Established, size, KEY_LOAD, APS_ACK, now);
}

/** Transport Key, to our own child in clear above the NWK layer, to another's through a tunnel. */
function sendNetworkKey(row: TcDevice, slot: u32, now: i64): i32 {
  if (!loadKey()) return Err.NoKey;
  let isChild = row.parent == <u16>nwkAddress();
  let at = isChild ? apsCommandOut : command;
  let size = apsTransportNetworkKeyEmit(at, secret + 1, load<u8>(secret), row.extended, nwkExtended());
  wipe(secret, KEYS_SIZE_MAX);
  let sent: i32;
  if (isChild) sent = apsCommandSend(row.arrivedShort, size, slot, KEY_TRANSPORT, APS_CLEAR, now);
  else {
    let head = apsTunnelEmit(apsCommandOut, row.extended);
    sent = emitTunnelled(apsCommandOut + head, transmitCounter(), command, size, slot, KEY_TRANSPORT);
    if (sent >= 0) sent = apsCommandSend(row.parent, head + sent, KEY_NONE, KEY_DATA, 0, now);
  }
  wipe(at, size);
  return sent;
}

/** Takes the network key out of its record; behind it lies the next one, while that is told. */
function loadKey(): bool {
  return storeRead(Record.NetworkKey, secret, KEYS_SIZE_MAX) >= <i32>NETWORK_KEY_SIZE;
}

function turnAway(extended: u64, parent: u32, now: i64): i32 {
  expel(extended, parent, now);
  return apsRefuse();
}

/** Sends a member away.  Who is awake follows nobody but us, 07-5356 section 5.4; who sleeps follows its parent. */
function dismiss(row: TcDevice, now: i64): void {
  let size = apsRemoveDeviceEmit(apsCommandOut, row.extended);
  if (apsSleeps(row.short)) expel(row.extended, row.parent, now);
  else apsCommandSendLinked(row.extended, ApsKeyKind.Preconfigured, size, KEY_DATA, APS_ACK, now);
}

/** Has the parent send a device away. */
function expel(extended: u64, parent: u32, now: i64): void {
  if (parent == nwkAddress()) nwkRemoveChild(extended, now);
  else
    apsCommandSendLinked(nwkExtendedOf(parent), ApsKeyKind.Preconfigured, apsRemoveDeviceEmit(apsCommandOut, extended), KEY_DATA, 0, now);
}

function tell(kind: i32, row: TcDevice): i32 {
  apsHeard.sourceExtended = row.extended;
  apsHeard.source = row.short;
  return kind;
}

function rowAt(index: u32): TcDevice {
  return changetype<TcDevice>(rows + index * offsetof<TcDevice>());
}

/** The row of a device, or with 0 a free one; `Err.NotFound` without. */
function find(extended: u64): i32 {
  for (let index: u32 = 0; index < DEVICES_MAX; index++) if (rowAt(index).extended == extended) return index;
  return Err.NotFound;
}

function setState(index: u32, value: u32, now: i64): i32 {
  rowAt(index).state = <u8>value;
  watch(index, now);
  return save();
}

/** A device that has joined has its time to establish a key; it begins again after our reset. */
function watch(index: u32, now: i64): void {
  store<i64>(deadlines + (index << 3), rowAt(index).state == TcState.Joined ? now + ESTABLISH_WITHIN_MS : NEVER);
}

function save(): i32 {
  return storeWrite(Record.TrustCentre, rows, SIZE);
}
