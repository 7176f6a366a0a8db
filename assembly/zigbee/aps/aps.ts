// The application support sub-layer: 05-3474 section 2.2, with the security of section 4.4.1.
//
//   apsSend -> transmit.ts (acknowledgement, retry, fragments) -> emit.ts (header, seal) -> nwkSend
//   nwkInput -> apsInput: parse, open, acknowledge, drop duplicates, reassemble -> apsHeard
//
// Commands come up as ApsHeard.Command, opened and checked for replay; zigbee/security decides what they mean.
import { dropped } from "../../core/drops";
import { Drop, Layer } from "../../core/host";
import { Err } from "../../core/err";
import { NO_ADDRESS, NO_EXTENDED, UNICAST_END } from "../address";
import { KEY_DATA } from "../auxiliary";
import { BINDINGS_MAX } from "../limits";
import { nwkExtendedOf, nwkHeard, nwkLearn, nwkShortOf } from "../nwk/nwk";
import { BINDING_SLEEPY, bindingAt, bindingFound, bindingsReset } from "./binding";
import { duplicateNote, duplicateSeen, duplicatesReset } from "./duplicates";
import { emitAcknowledgement } from "./emit";
import { APS_ACKNOWLEDGEMENT, APS_COMMAND, APS_DATA, ApsFrame, apsParse } from "./frame";
import { ApsKeyKind, apsKeyKind, apsKeysReset, apsKeySlot, apsSlotKind, KEY_NONE } from "./keys";
import { reassemble, reassemblyPayload, reassemblyReset } from "./reassembly";
import { apsOpen, apsSecurityReset } from "./security";
import {
  apsSleepyNote, apsSleeps, transmitAcknowledged, transmitAgain, transmitDeadline, transmitExpecting, transmitReset, transmitStart,
  transmitTick,
} from "./transmit";
import { APS_LINK_KEY, apsCounters, ApsHeard, apsHeard, ApsMessage, apsRequest } from "./types";

export * from "./types";
export { ApsKeyKind, apsKeyForget, apsKeyInstall, apsKeyKind } from "./keys";
export { apsSleepyNote } from "./transmit";

/** Starts the layer above NWK, which was started; keys, counters and bindings are those of the store. */
export function apsReset(now: i64): void {
  apsKeysReset();
  apsSecurityReset();
  bindingsReset();
  duplicatesReset();
  reassemblyReset();
  transmitReset();
  for (let index: u32 = 0; index < BINDINGS_MAX; index++) bound(bindingAt(index).extended, bindingAt(index).where);
}

/** A partner is looked for where it was; one that moved meanwhile asks when it misses our reports, and is then known again. */
function bound(extended: u64, where: u32): void {
  if ((where & 0xffff) == 0 || nwkShortOf(extended) != NO_ADDRESS) return;
  nwkLearn(where & 0xffff, extended);
  apsSleepyNote(where & 0xffff, (where & BINDING_SLEEPY) != 0);
}

/** When `apsTick` has work next. */
export function apsDeadline(): i64 {
  return transmitDeadline();
}

/** Until when something is expected to arrive: a sleepy device asks its parent more often until then. */
export function apsExpecting(): i64 {
  return transmitExpecting();
}

/** Repeats or gives up what is due; answers ApsHeard.Confirm for what ended. */
export function apsTick(now: i64): i32 {
  return transmitTick(now);
}

/**
 * Sends what `apsRequest` describes; the payload is copied.  Answers a handle that ApsHeard.Confirm repeats where APS_ACK was
 * asked for, or `Err.NoKey` (no established key with the partner), `Err.NotFound` (no address), `Err.BadLength`, `Err.NoBuffer`.
 */
export function apsSend(now: i64): i32 {
  let request = apsRequest;
  if (request.target >= NO_ADDRESS && request.targetExtended != NO_EXTENDED) request.target = nwkShortOf(request.targetExtended);
  if (request.targetExtended != NO_EXTENDED && request.target == NO_ADDRESS) return Err.NotFound;
  let slot = KEY_NONE;
  if (request.options & APS_LINK_KEY) {
    if (request.targetExtended == NO_EXTENDED) request.targetExtended = nwkExtendedOf(request.target);
    if (apsKeyKind(request.targetExtended) != ApsKeyKind.Established) return Err.NoKey;
    slot = apsKeySlot(request.targetExtended);
  }
  return transmitStart(APS_DATA, slot, KEY_DATA, now);
}

/** Looks at the NWK payload that `nwkHeard` describes. */
export function apsInput(now: i64): i32 {
  let at = nwkHeard.payload;
  let size = nwkHeard.size;
  let heard = apsHeard;
  let parsed = apsParse(at, size);
  if (parsed < 0) return drop(parsed);
  let frame = changetype<ApsFrame>(at);
  describe(heard, frame);
  heard.payload = at + parsed;
  heard.size = size - <u32>parsed;
  if (!nwkHeard.secured && (frame.type != APS_COMMAND || !frame.isSecured)) return drop(Err.NoKey);
  if (frame.isSecured) {
    let opened = apsOpen(at, parsed, size, nwkHeard.extended);
    if (opened < 0) return drop(opened);
    if (opened) transmitAgain(heard.keySlot);
    // What a parent passes on in clear is the trust centre's, but the address is the parent's.
    if (nwkHeard.secured && nwkHeard.extended != heard.sourceExtended) nwkLearn(heard.source, heard.sourceExtended);
    heard.keyKind = apsSlotKind(heard.keySlot);
    if (heard.keyKind == ApsKeyKind.Established) found(heard.sourceExtended, heard.source);
  }
  switch (frame.type) {
    case APS_DATA: return data(heard, frame, now);
    case APS_COMMAND: return command(heard, frame, now);
    case APS_ACKNOWLEDGEMENT: return transmitAcknowledged(frame, heard, now);
    default: return ApsHeard.None;
  }
}

/** The partner's own word: what only the network key secures could come from anyone in the network. */
function found(extended: u64, short: u32): void {
  bindingFound(extended, apsSleeps(short) ? short | BINDING_SLEEPY : short);
}

function describe(heard: ApsMessage, frame: ApsFrame): void {
  heard.source = nwkHeard.source;
  heard.sourceExtended = nwkHeard.extended;
  heard.broadcast = nwkHeard.target >= UNICAST_END ? 1 : 0;
  heard.lqi = nwkHeard.lqi;
  heard.keyKind = ApsKeyKind.None;
  heard.keySlot = KEY_NONE;
  heard.keyUse = KEY_DATA;
  heard.networkSecured = nwkHeard.secured;
  heard.handle = frame.counter;
  heard.status = Err.Ok;
  if (!frame.isAddressed) return;
  heard.sourceEndpoint = frame.sourceEndpoint;
  heard.targetEndpoint = frame.targetEndpoint;
  heard.profile = frame.profile;
  heard.cluster = frame.cluster;
}

function data(heard: ApsMessage, frame: ApsFrame, now: i64): i32 {
  // Smart Energy: what the preconfigured key secured is dropped without an acknowledgement, 07-5356 section 5.4.
  if (frame.isSecured && (heard.keyKind != ApsKeyKind.Established || heard.keyUse != KEY_DATA)) return drop(Err.NoKey);
  if (heard.broadcast && frame.wantsAck) return drop(Err.Reserved);
  if (duplicateSeen(heard.source, frame.counter, heard.keySlot, now)) {
    apsCounters.duplicates++;
    acknowledge(frame, heard);
    return ApsHeard.None;
  }
  if (frame.fragmentation != 0) {
    let whole = reassemble(frame, heard, now);
    if (whole < 0) return drop(whole);
    acknowledge(frame, heard);
    if (whole == 0) return ApsHeard.None;
    heard.payload = reassemblyPayload();
    heard.size = whole;
  } else acknowledge(frame, heard);
  duplicateNote(heard.source, frame.counter, heard.keySlot, now);
  return ApsHeard.Message;
}

function command(heard: ApsMessage, frame: ApsFrame, now: i64): i32 {
  if (heard.size == 0) return drop(Err.Truncated);
  if (!nwkHeard.secured) return ApsHeard.Command; // a joiner cannot be heard yet, so it acknowledges nothing
  acknowledge(frame, heard);
  if (duplicateSeen(heard.source, frame.counter, heard.keySlot, now)) {
    apsCounters.duplicates++;
    return ApsHeard.None;
  }
  duplicateNote(heard.source, frame.counter, heard.keySlot, now);
  return ApsHeard.Command;
}

function acknowledge(frame: ApsFrame, heard: ApsMessage): void {
  if (frame.wantsAck) emitAcknowledgement(frame, heard);
}

function drop(reason: i32): i32 {
  dropped(Layer.Aps, reasonOf(reason));
  return ApsHeard.None;
}

function reasonOf(error: i32): u32 {
  switch (error) {
    case Err.NoKey: return Drop.NoKey;
    case Err.BadMic: return Drop.BadMic;
    case Err.Replay: return Drop.Replayed;
    case Err.NoBuffer: return Drop.NoBuffer;
    case Err.Refused: return Drop.Foreign;
  }
  return Drop.Malformed;
}
