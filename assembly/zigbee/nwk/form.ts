// Forming a network: 05-3474 section 3.6.1.1.
//
//   Idle -> Scanning -> Idle (Formed)
//
// The coordinator is also the network manager: it takes another PAN identifier when there is a conflict, section 3.6.1.13.2.
import { Err } from "../../core/err";
import { macHeard, macOpen } from "../../mac/mac";
import { MAC_CHANNELS, scanChannel, scanDeadline, scanStart, scanTick } from "../../mac/scan";
import { BROADCAST_ALL, NO_ADDRESS } from "../address";
import { nwkUpdateEmit } from "./command";
import { panMove } from "./pan";
import { randomShort } from "./random";
import { RADIUS, commandOut, sendCommand } from "./send";
import { NwkHeard, network, networkClear, nwkState, nwkTell } from "./state";

const CHANNEL_FIRST: u32 = 11;
const CHANNELS: u32 = 16;
/** PAN identifiers remembered from beacons, so that ours is another. */
const HEARD_MAX: u32 = 16;
/** PAN identifiers above are not for use, section 3.6.1.1. */
const PAN_END: u32 = 0x3fff;

/** Anybody can send a beacon: so often at most the network takes another identifier. */
const RENEW_MS: i64 = 60 * 60_000;

@unmanaged @final
class Form {
  /** From then on it may. */
  renewAt: i64;
  mask: u32;
  panId: u32;
  heard: u32;
}

const form = changetype<Form>(memory.data(offsetof<Form>(), 8));
/** Beacons per channel. */
const crowd = memory.data(CHANNELS, 1);
const pans = memory.data(HEARD_MAX * 2, 2);

/** Looks for the emptiest channel of the mask and forms a network there; `panId` 0xffff: a random one that was not heard. */
export function nwkFormStart(channelMask: u32, panId: u32, now: i64): i32 {
  if (scanChannel() != 0 || network.address != NO_ADDRESS || (channelMask & MAC_CHANNELS) == 0) return Err.BadState;
  form.mask = channelMask & MAC_CHANNELS;
  form.panId = panId;
  form.heard = 0;
  memory.fill(crowd, 0, CHANNELS);
  scanStart(channelMask, now);
  return Err.Ok;
}

export function formReset(now: i64): void { form.renewAt = now; }

/** Another network has our PAN identifier: all are told of a new one. */
export function formRenew(now: i64): void {
  if (form.renewAt > now) return;
  let panId = randomPan();
  let updateId = (network.updateId + 1) & 0xff;
  if (!sendCommand(BROADCAST_ALL, RADIUS, true, nwkUpdateEmit(commandOut, network.extendedPanId, updateId, panId))) return;
  form.renewAt = now + RENEW_MS;
  panMove(panId, updateId, now);
}

export function formDeadline(): i64 { return scanDeadline(); }

/** Notes a beacon's PAN. */
export function formBeacon(): void {
  let channel = scanChannel();
  if (channel == 0) return;
  let count = crowd + (channel - CHANNEL_FIRST);
  store<u8>(count, min<u32>(load<u8>(count) + 1, 0xff));
  if (form.heard < HEARD_MAX) store<u16>(pans + (form.heard++ << 1), macHeard.panId);
}

export function formTick(now: i64): i32 {
  if (!scanTick(now)) return NwkHeard.None;
  networkClear();
  network.channel = <u8>emptiest();
  network.panId = <u16>(form.panId < NO_ADDRESS ? form.panId : randomPan());
  network.address = 0;
  network.parent = <u16>NO_ADDRESS;
  // nwkExtendedPANId is the coordinator's own address unless the application says otherwise, section 3.2.2.3.3.
  network.extendedPanId = nwkState.extended;
  macOpen(network.channel, network.panId, 0);
  return nwkTell(NwkHeard.Formed, 0, nwkState.extended, 0, 0);
}

function emptiest(): u32 {
  let best: u32 = ctz(form.mask);
  for (let channel = best + 1; channel < CHANNEL_FIRST + CHANNELS; channel++) {
    if ((form.mask & (1 << channel)) == 0) continue;
    if (load<u8>(crowd + (channel - CHANNEL_FIRST)) < load<u8>(crowd + (best - CHANNEL_FIRST))) best = channel;
  }
  return best;
}

function randomPan(): u32 {
  let panId: u32;
  do panId = 1 + randomShort() % (PAN_END - 1); while (panId == network.panId || wasHeard(panId));
  return panId;
}

function wasHeard(panId: u32): bool {
  for (let index: u32 = 0; index < form.heard; index++) {
    if (load<u16>(pans + (index << 1)) == panId) return true;
  }
  return false;
}
