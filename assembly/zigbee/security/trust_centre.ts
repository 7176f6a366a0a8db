// The trust centre: who may join, and with which key.  05-3474 section 4.6.3, 07-5356 section 5.4.
//
//   Free --admit--> Admitted --announced--> Joined --key establishment--> Established
//                       ^                      |                              |
//                       \-- no key established within 60 minutes    removed: Leaving --gone, or told often enough--> Free
//
//   An arrival (association or rejoin, at us or told by Update Device) is answered with a Transport Key and noted; only the
//   announcement from the address it was given shows that the device could read it, and changes what we hold of the device.
//   Who leaves is refused everything, and a new network key is not told to it.
import { wipe } from "../../core/bytes";
import { Err } from "../../core/err";
import { entropy, keyClear, keySet, Record, storeRead, storeWrite } from "../../core/host";
import { NEVER } from "../../core/timers";
import { NO_EXTENDED } from "../address";
import { KEY_DATA, KEY_LOAD, KEY_TRANSPORT } from "../auxiliary";
import { DEVICES_MAX } from "../limits";
import {
  APS_COMMAND_SIZE_MAX, apsCommandParse, ApsCommand, apsRemoveDeviceEmit, apsTransportApplicationKeyEmit, apsTransportNetworkKeyEmit,
  apsTunnelEmit, REQUEST_APPLICATION, APS_REQUEST_KEY, APS_UPDATE_DEVICE,
} from "../aps/command";
import {
  COUNTER_NO_KEY, Device, deviceAt, deviceErase, deviceFree, deviceKeySlot, deviceOf, deviceSave, deviceSlot, DeviceState,
} from "../aps/devices";
import { emitTunnelled } from "../aps/emit";
import { ApsKeyKind, apsKeyKind, KEY_NONE, KEY_SIZE, NETWORK_KEY_SIZE } from "../aps/keys";
import { apsCommandOut, apsCommandSend, apsCommandSendLinked } from "../aps/send_command";
import { APS_CLEAR, apsSleeps, transmitCounter } from "../aps/transmit";
import { APS_ACK, ApsHeard, apsHeard, apsRefuse } from "../aps/types";
import { Arrival, nwkAddress, nwkExtended, nwkExtendedOf, nwkKeyInstall, nwkKeySwitch, nwkLearn } from "../nwk/nwk";
import { nwkRemoveChild } from "../nwk/parent";
import { installCodeKey, installCodeParse } from "./install_code";
import { rekeyDeadline, rekeyJoined, rekeyReset, rekeyTick } from "./rekey";

/** Minutes: a device that has not established a key is sent away after an hour, 07-5356 section 5.5.5. */
const ESTABLISH_WITHIN: u32 = 60;
const MINUTE_MS: i64 = 60_000;
/** One that is removed is told after 0, 1, 2, 4 ... 32 minutes, and twice by its parent, then it is forgotten. */
const TOLD_MAX: u32 = 8;
/** From then on by its parent; one that sleeps hears nobody else. */
const TOLD_BY_PARENT: u32 = TOLD_MAX - 2;

@unmanaged @final
class State {
  /** When to look at the waits, and when they are a minute less. */
  due: i64;
  minuteAt: i64;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
/** Minutes that a device still has, less than one more: 1 is over, 0 is none. */
const waits = memory.data(DEVICES_MAX);
const command = memory.data(APS_COMMAND_SIZE_MAX, 4);
const KEYS_SIZE_MAX: u32 = 40;
const secret = memory.data(KEYS_SIZE_MAX, 8);
if (NETWORK_KEY_SIZE + KEY_SIZE > KEYS_SIZE_MAX) ERROR("the keys do not fit their place");
if (ESTABLISH_WITHIN + 1 > 255 || 1 << TOLD_BY_PARENT > 255) ERROR("a wait is an octet");

/** After `apsReset`, which reads the devices. */
export function tcReset(now: i64): void {
  state.due = NEVER;
  for (let index: u32 = 0; index < DEVICES_MAX; index++) {
    let row = deviceAt(index);
    if (tcMember(index)) nwkLearn(row.short, row.extended); // where it was; a reset forgets who is no neighbour
    watch(index, now);
  }
  rekeyReset(now);
}

/** The IEEE address of the device in a row that has our network key, else 0. */
export function tcMember(index: u32): u64 {
  let row = deviceAt(index);
  return <u32>row.state < <u32>DeviceState.Joined ? 0 : row.extended;
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
export function tcAdmit(extended: u64, at: usize, size: u32, now: i64): i32 {
  let parsed = installCodeParse(at, size);
  if (parsed < 0) return parsed;
  if (extended == NO_EXTENDED || extended == nwkExtended()) return Err.Reserved;
  let index = deviceOf(extended);
  if (index < 0) index = deviceFree();
  if (index < 0) return Err.NoBuffer;
  installCodeKey(at, size, secret);
  let put = keySet(deviceSlot(index), secret);
  wipe(secret, KEY_SIZE);
  if (put < 0) return put;
  let row = deviceAt(index);
  if (row.extended != extended) { // what was heard of a known one stays heard
    memory.fill(changetype<usize>(row), 0, offsetof<Device>());
    row.extended = extended;
  }
  if (<u32>row.state < <u32>DeviceState.Admitted) {
    row.arrival = 0;
    row.established = COUNTER_NO_KEY;
    keyClear(deviceSlot(index) + 1);
    row.state = <u8>DeviceState.Admitted;
    watch(index, now);
  }
  let saved = deviceSave(index);
  return saved < 0 ? saved : index;
}

/** Sends a device away, and forgets it when it has gone, or does not hear of it.  It comes back when it is admitted anew. */
export function tcRemove(extended: u64, now: i64): i32 {
  let index = deviceOf(extended);
  if (index < 0) return index;
  let row = deviceAt(index);
  if (row.state == DeviceState.Leaving) return Err.Duplicate;
  let told = TOLD_MAX; // where nobody was given our key
  if (row.arrival != 0) row.short = row.arrivedShort;
  if (row.arrival != 0 || <u32>row.state >= <u32>DeviceState.Joined) told = apsSleeps(row.short) ? TOLD_BY_PARENT : 0;
  row.arrival = <u8>told;
  return setState(index, DeviceState.Leaving, now);
}

/** Takes the link key that key establishment made with a device. */
export function tcLinkKeyEstablished(extended: u64, key: usize, now: i64): i32 {
  let index = deviceOf(extended);
  if (index < 0) return index;
  let row = deviceAt(index);
  if (row.state == DeviceState.Leaving) return Err.Refused;
  let put = keySet(deviceSlot(index) + 1, key);
  if (put < 0) return put;
  row.established = 0;
  // Its announcement may have been lost and be repeated later: that one must not undo what the device has proved meanwhile.
  if (row.arrival != 0) row.arrival = <u8>(Arrival.SecuredRejoin + 1);
  return setState(index, DeviceState.Established, now);
}

/** Whether a device is one of ours: who was removed, or never admitted, agrees on no key with us. */
export function tcKnows(extended: u64): bool {
  let index = deviceOf(extended);
  return index >= 0 && deviceAt(index).state != DeviceState.Leaving;
}

export function tcDeadline(): i64 { return min<i64>(rekeyDeadline(), state.due); }

/** Looks at one device whose time is over. */
export function tcTick(now: i64): i32 {
  if (rekeyDeadline() <= now) rekeyTick(now);
  if (state.due > now) return ApsHeard.None;
  let passed = state.minuteAt <= now;
  if (passed) state.minuteAt = now + MINUTE_MS;
  let over: i32 = -1;
  state.due = NEVER;
  for (let index: u32 = 0; index < DEVICES_MAX; index++) {
    let wait: u32 = load<u8>(waits + index);
    if (wait == 0) continue;
    if (passed && wait > 1) store<u8>(waits + index, --wait);
    if (wait > 1) state.due = min<i64>(state.due, state.minuteAt);
    else if (over < 0) over = index;
    else state.due = now;
  }
  return over < 0 ? <i32>ApsHeard.None : late(over, now);
}

/** It did not establish a key in time, or is to be told again that it was removed. */
function late(index: u32, now: i64): i32 {
  let row = deviceAt(index);
  if (row.state == DeviceState.Leaving) {
    let told: u32 = row.arrival++;
    if (told >= TOLD_MAX) return forget(index);
    dismiss(row, told >= TOLD_BY_PARENT, now);
    waitFor(index, told >= TOLD_BY_PARENT ? 2 : (1 << told) + 1, now);
    return ApsHeard.None;
  }
  dismiss(row, apsSleeps(row.short), now);
  setState(index, DeviceState.Admitted, now);
  return tell(ApsHeard.DeviceLeft, row);
}

/** A device that was removed is no more. */
function forget(index: u32): i32 {
  tell(ApsHeard.None, deviceAt(index));
  store<u8>(waits + index, 0);
  deviceErase(index);
  return ApsHeard.DeviceRemoved;
}

/**
 * A device is at `parent`'s door, ours or a router's; `status` as in Update Device.
 * Association is answered under the preconfigured key, a rejoin in clear only under an established one.
 */
export function tcArrived(extended: u64, short: u32, parent: u32, status: u32, now: i64): i32 {
  let index = deviceOf(extended);
  if (index < 0) return turnAway(extended, parent, now);
  let slot = deviceSlot(index);
  let row = deviceAt(index);
  if (row.state == DeviceState.Leaving) row.parent = <u16>parent;
  let least = status == Arrival.SecuredRejoin ? DeviceState.Joined : DeviceState.Admitted;
  if (<u32>row.state < <u32>least) return turnAway(extended, parent, now);
  if (status == Arrival.ClearRejoin && slot++ == deviceKeySlot(index)) return turnAway(extended, parent, now);
  row.arrivedShort = <u16>short;
  row.arrival = <u8>(status + 1);
  row.parent = <u16>parent;
  nwkLearn(short, extended);
  if (status != Arrival.SecuredRejoin) sendNetworkKey(row, slot, now); // what is not sent now it will ask for by joining again
  return ApsHeard.None;
}

/** A device has announced an address, or shown otherwise that it can read our key; answers DeviceJoined when it arrived with that. */
export function tcAnnounced(extended: u64, short: u32, now: i64): i32 {
  let index = deviceOf(extended);
  if (index < 0) return ApsHeard.None;
  let row = deviceAt(index);
  if (row.state == DeviceState.Leaving) return ApsHeard.None;
  // Who has our key and was not seen to arrive came before our reset.
  if (row.arrival == 0 ? row.state != DeviceState.Admitted : row.arrivedShort != <u16>short) return ApsHeard.None;
  if (row.arrival == Arrival.Join + 1 || row.state == DeviceState.Admitted) {
    keyClear(deviceSlot(index) + 1); // a joiner has forgotten what it had established
    row.established = COUNTER_NO_KEY;
    row.state = <u8>DeviceState.Joined;
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

/** A device left its parent; it stays admitted, with its keys, unless it was removed. */
export function tcGone(extended: u64, parent: u32): i32 {
  let index = deviceOf(extended);
  if (index < 0) return ApsHeard.None;
  let row = deviceAt(index);
  if (row.state == DeviceState.Leaving) return forget(index);
  // A parent may notice late: the device moved on, or we sent it away ourselves.
  if (row.parent != parent || <u32>row.state < <u32>DeviceState.Joined) return ApsHeard.None;
  return tell(ApsHeard.DeviceLeft, row);
}

/** An application link key for two devices, each of which has established its own key with us. */
function giveKey(initiator: u64, partner: u64, now: i64): i32 {
  if (apsHeard.keyKind != ApsKeyKind.Established || initiator == partner) return apsRefuse();
  if (deviceOf(partner) < 0 || apsKeyKind(partner) != ApsKeyKind.Established) return apsRefuse();
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
function sendNetworkKey(row: Device, slot: u32, now: i64): i32 {
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
  expel(extended, parent, 0, now);
  return apsRefuse();
}

/** Sends a member away.  Who is awake follows nobody but us, 07-5356 section 5.4; who sleeps follows its parent. */
function dismiss(row: Device, byParent: bool, now: i64): void {
  if (byParent) expel(row.extended, row.parent, APS_ACK, now);
  else {
    let slot = deviceKeySlot(deviceOf(row.extended));
    apsCommandSend(row.short, apsRemoveDeviceEmit(apsCommandOut, row.extended), slot, KEY_DATA, APS_ACK, now);
  }
}

/** Has the parent send a device away. */
function expel(extended: u64, parent: u32, options: u32, now: i64): void {
  if (parent == nwkAddress()) nwkRemoveChild(extended, now);
  else {
    let size = apsRemoveDeviceEmit(apsCommandOut, extended);
    apsCommandSendLinked(nwkExtendedOf(parent), ApsKeyKind.Preconfigured, size, KEY_DATA, options, now);
  }
}

function tell(kind: i32, row: Device): i32 {
  apsHeard.sourceExtended = row.extended;
  apsHeard.source = row.short;
  return kind;
}

function setState(index: u32, value: u32, now: i64): i32 {
  deviceAt(index).state = <u8>value;
  watch(index, now);
  return deviceSave(index);
}

/** A device that has joined has its time to establish a key; it begins again after our reset.  One that leaves is told at once. */
function watch(index: u32, now: i64): void {
  let value: u32 = deviceAt(index).state;
  waitFor(index, value == DeviceState.Joined ? ESTABLISH_WITHIN + 1 : u32(value == DeviceState.Leaving), now);
}

function waitFor(index: u32, minutes: u32, now: i64): void {
  store<u8>(waits + index, minutes);
  if (minutes == 0) return;
  if (state.due == NEVER) state.minuteAt = now + MINUTE_MS;
  state.due = min<i64>(state.due, minutes > 1 ? state.minuteAt : now);
}
