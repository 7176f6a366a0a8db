// The radio as a link of IPv6: 802.15.4 below 6LoWPAN, for host, router and border router.
//
//   event -> Sent: what it was for            -> Received: receive.ts -> Packet, Beacon, Poll, Unlinked
//
// The air is had in this order: beacons that were asked for, what a child waits for, our own poll, packets in their order.
import { COUNTER_NONE } from "../../core/counter";
import { Err } from "../../core/err";
import { EVENT_KIND, EventKind, RadioParameter, entropy } from "../../core/host";
import { NEVER } from "../../core/timers";
import { macBeaconEmit } from "../../mac/beacon";
import { MAC_DATA_REQUEST, macRequestEmit } from "../../mac/command";
import {
  MAC_BEACON, MAC_COMMAND, MAC_EXTENDED, MAC_NONE, MAC_NO_SHORT, MAC_SECURED, MAC_SHORT, macControl,
} from "../../mac/frame";
import {
  MacHeard, MacPurpose, mac, macAir, macBegin, macHeard, macIdle, macNextSequence, macOpen, macReceive, macReset, macSent, macSet,
  macTransmit, macWhen,
} from "../../mac/mac";
import { scanDeadline, scanStart, scanTick } from "../../mac/scan";
import { MAC_AUXILIARY_SIZE, macAuxiliaryEmit, macSeal } from "../../mac/security";
import { NO_SHORT } from "../address";
import { keysIndex, keysMacCounter, keysMacSlot } from "../keys";
import { reassemblyDeadline, reassemblyReset, reassemblyTick } from "../lowpan/reassembly";
import { Neighbour } from "../neighbours";
import { Packet, packetsReset } from "../packet";
import { ipBeaconEmit } from "./beacon";
import { LinkHeard, linkHeard } from "./heard";
import { receive, receivedFrom } from "./receive";
import { sendAsked, sendDeadline, sendReset, sendSent, sendTake, sendTick } from "./send";

export { LinkHeard, linkHeard } from "./heard";
export { sendForget as radioForget } from "./send";

/** All who hear a request answer it: a beacon takes two milliseconds, and who scans listens for 139 and more. */
const BEACON_JITTER_MS: u32 = 96;

@unmanaged @final
class Link {
  /** When a beacon is due. */
  beaconAt: i64;
  /** The parent that is to be asked, 0 for none. */
  parent: u64;
  /** What our beacons say; without one we send none. */
  beacon: usize;
  parentShort: u16;
  flags: u8;
  isCoordinator: u8;
  sequence: u8;
  noise: u8;
}

const link = changetype<Link>(memory.data(offsetof<Link>(), 8));

/** Starts with the radio off, no neighbours asked for anything, and all packets free. */
export function radioReset(): void {
  macReset();
  packetsReset();
  sendReset();
  reassemblyReset();
  link.beaconAt = NEVER;
  link.parent = 0;
  link.beacon = 0;
}

/** Tunes in to a network, without a short address (`NO_SHORT`) or with one.  A host that sleeps turns its receiver off. */
export function radioOpen(channel: u32, panId: u32, short: u32, isAwake: bool): void {
  macOpen(channel, panId, short == NO_SHORT ? MAC_NO_SHORT : short);
  macReceive(isAwake);
}

/** Takes another short address in the same network. */
export function radioName(short: u32): void {
  mac.short = short == NO_SHORT ? MAC_NO_SHORT : short;
  macSet(RadioParameter.ShortAddress, mac.short);
}

/** From now on who scans is told of our network, whose identifier of 16 octets stays at `networkId`; 0: no more. */
export function radioServe(networkId: usize, flags: u32, isCoordinator: bool): void {
  link.beacon = networkId;
  link.flags = <u8>flags;
  link.isCoordinator = u8(isCoordinator);
}

/** Looks for networks; `radioOpen` follows. */
export function radioScan(channels: u32, now: i64): void { scanStart(channels, now); }

/** Takes a packet, see `sendTake`. */
export function radioSend(packet: Packet, now: i64): i32 { return sendTake(packet, now); }

/** Asks a parent for what it holds for us; `Polled` follows. */
export function radioPoll(parent: Neighbour): void {
  link.parent = parent.extended;
  link.parentShort = parent.short;
}

export function radioInput(event: usize, now: i64): i32 {
  switch (<i32>load<u8>(event + EVENT_KIND)) {
    case EventKind.RadioReceived: return received(receive(event, now), now);
    case EventKind.RadioSent: return macSent(event) == MacHeard.Sent ? sent(now) : LinkHeard.None;
    default: return LinkHeard.None;
  }
}

export function radioDeadline(): i64 {
  let earliest = min(min(scanDeadline(), sendDeadline()), reassemblyDeadline());
  if (link.beaconAt != NEVER) earliest = min(earliest, macWhen(link.beaconAt));
  return link.parent ? min(earliest, macWhen(0)) : earliest;
}

/** Does one thing that is due. */
export function radioTick(now: i64): i32 {
  reassemblyTick(now);
  if (scanTick(now)) return LinkHeard.ScanDone;
  if (link.beaconAt <= now && macIdle(now)) beacon(now);
  if (link.parent && macIdle(now)) return poll(now);
  return sendTick(now);
}

function received(heard: i32, now: i64): i32 {
  if (heard == LinkHeard.Beacon && linkHeard.payload == 0) {
    if (link.beacon && link.beaconAt == NEVER) {
      entropy(changetype<usize>(link) + offsetof<Link>("noise"), 1);
      link.beaconAt = now + link.noise % BEACON_JITTER_MS;
    }
    return LinkHeard.None;
  }
  if (heard == LinkHeard.Poll) sendAsked(receivedFrom());
  return heard;
}

function sent(now: i64): i32 {
  switch (macHeard.purpose) {
    case MacPurpose.Data: return sendSent(now);
    case MacPurpose.DataRequest: {
      linkHeard.status = macHeard.status;
      linkHeard.pending = macHeard.pending;
      return LinkHeard.Polled;
    }
    default: return LinkHeard.None;
  }
}

function beacon(now: i64): void {
  let source = mac.short < MAC_NO_SHORT ? MAC_SHORT : MAC_EXTENDED;
  let at = macBegin(macControl(MAC_BEACON, MAC_NONE, source, false, false), link.sequence++, 0);
  at += macBeaconEmit(at, link.isCoordinator != 0, (link.flags & 1) != 0);
  at += ipBeaconEmit(at, link.flags, link.beacon);
  if (macTransmit(at, MacPurpose.Beacon, now) == Err.Ok) link.beaconAt = NEVER;
}

/** A data request is secured, but its command can be read: a radio looks for it. */
function poll(now: i64): i32 {
  let hasShort = link.parentShort < MAC_NO_SHORT;
  let control = macControl(MAC_COMMAND, hasShort ? MAC_SHORT : MAC_EXTENDED, MAC_EXTENDED, true, true) | MAC_SECURED;
  let at = macBegin(control, macNextSequence(), hasShort ? <u64>link.parentShort : link.parent);
  let header = <u32>(at - macAir) + MAC_AUXILIARY_SIZE;
  let counter = keysMacCounter();
  let slot = keysMacSlot(keysIndex());
  linkHeard.status = Err.NoKey;
  linkHeard.pending = 0;
  link.parent = 0;
  if (slot < 0 || counter == COUNTER_NONE) return LinkHeard.Polled;
  macAuxiliaryEmit(at, counter, keysIndex());
  header += macRequestEmit(macAir + header, MAC_DATA_REQUEST);
  let sealed = macSeal(slot, macAir, header, counter, mac.extended, 0);
  if (sealed >= 0 && macTransmit(macAir + sealed, MacPurpose.DataRequest, now) == Err.Ok) return LinkHeard.None;
  linkHeard.status = Err.Busy;
  return LinkHeard.Polled;
}
