// The MAC sublayer above a radio that acknowledges, backs off and retries by itself: IEEE 802.15.4-2006 section 7.
//
// One frame is in flight.  Who wants to send waits until `macIdle`, writes a frame into `macAir` and calls `macTransmit`
// with a purpose; `macInput` hands the purpose back when the radio is done.
import { Err } from "../core/err";
import {
  EVENT_HANDLE, EVENT_HEAD, EVENT_KIND, EVENT_LQI, EVENT_PENDING, EVENT_SIZE, EVENT_STATUS, EventKind, RadioParameter, Record,
  entropy, radioSend, radioSet, storeRead,
} from "../core/host";
import { NEVER } from "../core/timers";
import { macBeaconParse } from "./beacon";
import { MAC_DATA_REQUEST, macCommandParse, macRequestEmit } from "./command";
import {
  MAC_BEACON, MAC_BROADCAST, MAC_COMMAND, MAC_EXTENDED, MAC_FRAME_MAX, MAC_NO_ADDRESS, MAC_NO_SHORT, MAC_NONE, MAC_SHORT, MacFrame,
  macControl, macEmit, macParse, macSourceMode,
} from "./frame";

export enum MacHeard { None = 0, Data = 1, Command = 2, Beacon = 3, Sent = 4 }

/** What a frame in flight is for.  `Refused`: the radio did not take one, and is left alone for a while. */
export enum MacPurpose { None = 0, Refused, BeaconRequest, AssociationRequest, DataRequest, Beacon, AssociationResponse, Data }

@unmanaged @final
export class MacIndication {
  /** Received: the frame and what follows its header. */
  frame: MacFrame;
  payload: usize;
  size: u32;
  /** Its sender's short address, `MAC_NO_ADDRESS` when the frame has none, and PAN. */
  source: u32;
  panId: u32;
  /** Where a beacon's own fields begin; its payload is the upper layer's. */
  beacon: usize;
  lqi: u32;
  /** Sent: the frame's purpose and how it ended; pending: the acknowledgement announced a frame. */
  purpose: i32;
  status: i32;
  pending: u32;
}

@unmanaged @final
export class MacState {
  extended: u64;
  /** When a frame in flight counts as lost. */
  guard: i64;
  panId: u32;
  short: u32;
  sequence: u32;
  purpose: i32;
  handle: u32;
  malformed: u32;
}

export const mac = changetype<MacState>(memory.data(offsetof<MacState>(), 8));
export const macHeard = changetype<MacIndication>(memory.data(offsetof<MacIndication>(), 4));
/** The one frame in flight; the radio has copied it once `macTransmit` returns. */
export const macAir = memory.data(128);

if (MAC_FRAME_MAX > 128) ERROR("a frame does not fit the air");

/** The interface of the contract that this MAC lives on; where there are two in turn, interfaces.ts says which. */
export let macInterface: u32 = 0;
/** Before it: the whole of CSMA-CA, the frame and three retries take 0.2 s at most. */
const GUARD_MS: i64 = 2000;
const REFUSED_MS: i64 = 10;

export function macTurn(number: u32): void { macInterface = number; }

/** Starts with the radio off; the device's address comes from its record. */
export function macReset(): void {
  mac.purpose = MacPurpose.None;
  mac.guard = NEVER;
  let extended = changetype<usize>(mac) + offsetof<MacState>("extended");
  assert(storeRead(Record.Address, extended, 8) == 8); // written at manufacture
  let sequence = changetype<usize>(mac) + offsetof<MacState>("sequence");
  entropy(sequence, 1);
  macSet(RadioParameter.ExtendedAddress, <i64>mac.extended);
  macSet(RadioParameter.PendingNone, 0);
  macOpen(0, MAC_BROADCAST, MAC_NO_ADDRESS);
}

/** Tunes to a channel and takes an address there; channel 0 turns the radio off. */
export function macOpen(channel: u32, panId: u32, short: u32): void {
  mac.panId = panId;
  mac.short = short;
  macSet(RadioParameter.Channel, channel);
  macSet(RadioParameter.PanId, panId);
  macSet(RadioParameter.ShortAddress, short);
}

/** Sets a parameter that cannot be refused. */
export function macSet(parameter: u32, value: i64): void {
  let answer = radioSet(macInterface, parameter, value);
  assert(answer == Err.Ok);
}

export function macReceive(on: bool): void {
  macSet(RadioParameter.Receive, on);
}

/** Whether a frame may be sent.  A frame whose end was never told stops counting after a while. */
export function macIdle(now: i64): bool {
  if (mac.guard <= now) macDone();
  return mac.purpose == MacPurpose.None;
}

/** When something that is due at a time can have the air: then, or when the frame in flight is done at the latest. */
export function macWhen(due: i64): i64 {
  return mac.purpose == MacPurpose.None ? due : max(due, mac.guard);
}

export function macNextSequence(): u32 {
  mac.sequence = (mac.sequence + 1) & 0xff;
  return mac.sequence;
}

/** Begins a frame to a device of the PAN in `macAir`; answers where its payload goes.  Without an address: 7.3.1.1. */
export function macBegin(control: u32, sequence: u32, target: u64): usize {
  let source = macSourceMode(control) == MAC_SHORT ? <u64>mac.short : mac.extended;
  return macAir + macEmit(macAir, control, sequence, mac.panId, target, mac.short == MAC_NO_ADDRESS ? MAC_BROADCAST : mac.panId, source);
}

/** Sends the frame in `macAir`, which ends at `end`. */
export function macTransmit(end: usize, purpose: i32, now: i64): i32 {
  assert(mac.purpose == MacPurpose.None);
  mac.handle = (mac.handle + 1) & 0xff;
  let answer = radioSend(macInterface, macAir, <u32>(end - macAir), mac.handle);
  mac.purpose = answer < 0 ? MacPurpose.Refused : purpose;
  mac.guard = now + (answer < 0 ? REFUSED_MS : GUARD_MS);
  return answer;
}

/** Asks a coordinator for the frame it holds for us. */
export function macDataRequest(coordinator: u32, now: i64): i32 {
  let control = macControl(MAC_COMMAND, MAC_SHORT, mac.short < MAC_NO_SHORT ? MAC_SHORT : MAC_EXTENDED, true, true);
  let at = macBegin(control, macNextSequence(), coordinator);
  return macTransmit(at + macRequestEmit(at, MAC_DATA_REQUEST), MacPurpose.DataRequest, now);
}

/** Looks at an event of the radio; a frame that is not for us, or not well formed, is `None`. */
export function macInput(event: usize): i32 {
  switch (<i32>load<u8>(event + EVENT_KIND)) {
    case EventKind.RadioSent: return macSent(event);
    case EventKind.RadioReceived: {
      let heard = macReceived(event + EVENT_HEAD, load<u16>(event + EVENT_SIZE));
      macHeard.lqi = load<u8>(event + EVENT_LQI);
      if (heard < 0) { mac.malformed++; return MacHeard.None; }
      return heard;
    }
    default: return MacHeard.None;
  }
}

/** Looks at the end of a frame in flight. */
export function macSent(event: usize): i32 {
  if (mac.purpose <= MacPurpose.Refused || load<u8>(event + EVENT_HANDLE) != mac.handle) return MacHeard.None;
  macHeard.purpose = mac.purpose;
  macHeard.status = load<i8>(event + EVENT_STATUS);
  macHeard.pending = load<u8>(event + EVENT_PENDING);
  macDone();
  return MacHeard.Sent;
}

function macDone(): void {
  mac.purpose = MacPurpose.None;
  mac.guard = NEVER;
}

function macReceived(at: usize, size: u32): i32 {
  let header = macParse(at, size, false);
  if (header < 0) return header;
  let frame = changetype<MacFrame>(at);
  macHeard.frame = frame;
  macHeard.payload = at + header;
  macHeard.size = size - header;
  if (!macIsForUs(frame)) return MacHeard.None;
  let type = frame.type;
  macHeard.source = frame.sourceMode == MAC_SHORT ? frame.sourceShort : MAC_NO_ADDRESS;
  macHeard.panId = frame.sourceMode == MAC_NONE ? MAC_BROADCAST : frame.sourcePan;
  if (type == MAC_BEACON) {
    let head = macBeaconParse(macHeard.payload, macHeard.size);
    if (head < 0 || macHeard.source == MAC_NO_ADDRESS) return Err.Reserved;
    macHeard.beacon = macHeard.payload;
    macHeard.payload += head;
    macHeard.size -= head;
    return MacHeard.Beacon;
  }
  if (type != MAC_COMMAND) return macHeard.source != MAC_NO_ADDRESS && macHeard.panId == mac.panId ? MacHeard.Data : MacHeard.None;
  let parsed = macCommandParse(macHeard.payload, macHeard.size);
  return parsed < 0 ? parsed : MacHeard.Command;
}

/** The filter of section 7.5.6.2, for radios that hear everything. */
export function macIsForUs(frame: MacFrame): bool {
  let mode = frame.targetMode;
  if (mode == MAC_NONE) return frame.type == MAC_BEACON;
  if (frame.targetPan != mac.panId && frame.targetPan != MAC_BROADCAST) return false;
  if (mode == MAC_EXTENDED) return frame.targetExtended == mac.extended;
  return frame.targetShort == mac.short || frame.targetShort == MAC_BROADCAST;
}
