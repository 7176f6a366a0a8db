// What every hub of phase 1 is, whichever clusters it has: the network and its devices, prices and files.
//
//   absent --forming--> a network      what the stack found -> hubHeard; what the clusters found -> hubTold
import { Err } from "../core/err";
import { NEVER } from "../core/timers";
import { clockKnown, clockUtc } from "../model/clock";
import { BROADCAST_ROUTERS } from "../zigbee/address";
import { rolloutErase } from "../model/rollout";
import { apsHeard } from "../zigbee/aps/aps";
import { bindingsForget } from "../zigbee/aps/binding";
import { apsCounterRaise } from "../zigbee/aps/security";
import { nwkFormStart, nwkIsFull, nwkPermitJoin } from "../zigbee/nwk/coordinator";
import { nwkCounterRaise } from "../zigbee/nwk/security";
import { rekeyStart } from "../zigbee/security/rekey";
import { tcAdmit, tcKnows, tcLinkKeyEstablished, tcRemove } from "../zigbee/security/trust_centre";
import { StackHeard, stackDeadline, stackReset } from "../zigbee/stack_coordinator";
import { zdoSendPermitJoining } from "../zigbee/zdo/zdo";
import { EstablishHeard, establishDeadline, establishInput, establishTick } from "./establishment";
import { keLinkKey, keResult, keWipe } from "./key_establishment/exchange";
import { MirrorHeard } from "./mirror";
import { Procedure, noteAdmitted, noteFailed, noteFormed } from "./notes";
import { otaServerDeadline, otaServerReset, otaServerTick } from "./ota/server";
import { publishForget } from "./price/publish";
import { priceDeadline, priceReset, priceTick } from "./price/server";

export { notifySoon as faceOffer } from "./ota/notify";
export { nwkChannel as faceChannel } from "../zigbee/nwk/nwk";
export { requested as faceRequested } from "./ota/requested";

/** Channels 11 to 26; the PAN identifier is chosen. */
const CHANNELS: u32 = 0x07ff_f800;
const ANY_PAN: u32 = 0xffff;
/** In 2048 frame counters would come near their end. */
const COUNTED_UTC_MAX: u32 = 0x6000_0000;
const FORM_AGAIN_MS: i64 = 10_000;
/** SE 1.4a section 5.3.1: joining is never open for good. */
const PERMIT_SECONDS_MAX: u32 = 254;

@unmanaged @final
class State {
  /** A device that has been removed, until `faceGone` is asked. */
  gone: u64;
  /** When to form the network; the end of time when there is one. */
  formAt: i64;
  formed: bool;
  /** The frame counters have been compared with the clock. */
  counted: bool;
  /** Asked for before there was a network. */
  permitSeconds: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function hubReset(reason: u32, now: i64): void {
  priceReset();
  otaServerReset(now);
  state.formed = stackReset(now, reason);
  state.formAt = state.formed ? NEVER : now;
  if (state.formed) noteFormed();
}

/** Whether there is a network. */
export function faceJoined(): bool { return state.formed; }

/** Whether the stack has work: not before somebody has asked for the device that is gone. */
export function hubIsDue(now: i64): bool { return state.gone == 0 && stackDeadline() <= now; }

export function hubTick(now: i64): void {
  if (establishDeadline() <= now) established(establishTick(now), now);
  if (state.formAt <= now) form(now);
  if (!state.counted && clockKnown()) count(now);
  priceTick(now);
  otaServerTick(now);
}

export function hubDeadline(): i64 {
  return min<i64>(min<i64>(stackDeadline(), establishDeadline()), min<i64>(state.formAt, min<i64>(otaServerDeadline(), priceDeadline())));
}

/** A device may join with this install code; answers an `Err` when it may not. */
export function faceAdmit(extended: u64, code: usize, size: u32, now: i64): i32 {
  let admitted = tcAdmit(extended, code, size, now);
  if (admitted < 0) noteFailed(Procedure.Join, admitted);
  return admitted;
}

/** A device is to leave for good: nothing of it is kept but what it takes to tell it so. */
export function faceRemove(extended: u64, now: i64): i32 {
  let removed = tcRemove(extended, now);
  if (removed != Err.Ok) return removed;
  bindingsForget(extended);
  publishForget(extended);
  rolloutErase(extended);
  return removed;
}

/** The device that has been removed since this was asked last, or 0. */
export function faceGone(): u64 {
  let gone = state.gone;
  state.gone = 0;
  return gone;
}

/** Opens the hub and all routers, or with 0 closes them; answers `NoBuffer` when only the routers have room. */
export function facePermit(seconds: u32, now: i64): i32 {
  state.permitSeconds = min<u32>(seconds, PERMIT_SECONDS_MAX);
  if (!state.formed) return Err.Ok;
  let full = state.permitSeconds != 0 && nwkIsFull();
  nwkPermitJoin(state.permitSeconds, now);
  zdoSendPermitJoining(BROADCAST_ROUTERS, state.permitSeconds, now);
  state.permitSeconds = 0;
  return full ? <i32>Err.NoBuffer : Err.Ok;
}

/** Changes the network key; it is used so long after it was told. */
export function faceRekey(seconds: u32, now: i64): i32 {
  let begun = rekeyStart(seconds, now);
  if (begun < 0) noteFailed(Procedure.Join, begun);
  return begun;
}

/**
 * Counters from the calendar, two a second: a hub that was restored from a backup, or whose store was lost, sends no number that the
 * devices heard before.  It sends fewer in a day.
 */
function count(now: i64): void {
  let floor = min<u32>(clockUtc(now), COUNTED_UTC_MAX) << 1;
  nwkCounterRaise(floor);
  apsCounterRaise(floor);
  state.counted = true;
}

/** The clusters took a message. */
export function hubTold(what: i32, now: i64): void {
  if (what == MirrorHeard.KeyEstablishment && tcKnows(apsHeard.sourceExtended)) established(establishInput(now), now);
}

/** The stack found something else. */
export function hubHeard(what: i32, now: i64): void {
  switch (what) {
    case StackHeard.Formed: {
      state.formed = true;
      noteFormed();
      if (state.permitSeconds != 0) facePermit(state.permitSeconds, now);
      return;
    }
    case StackHeard.JoinFailed: {
      noteFailed(Procedure.Join, Err.Refused);
      state.formAt = now + FORM_AGAIN_MS;
      return;
    }
    case StackHeard.DeviceRemoved: {
      state.gone = apsHeard.sourceExtended;
      return;
    }
    case StackHeard.DeviceJoined: return noteAdmitted(apsHeard.sourceExtended, apsHeard.source);
    default: return;
  }
}

function established(what: i32, now: i64): void {
  if (what == EstablishHeard.Failed) noteFailed(Procedure.Establish, keResult.status);
  if (what != EstablishHeard.Done) return;
  let kept = tcLinkKeyEstablished(keResult.partner, keLinkKey(), now);
  keWipe();
  if (kept < 0) noteFailed(Procedure.Establish, kept);
}

function form(now: i64): void {
  state.formAt = NEVER;
  if (nwkFormStart(CHANNELS, ANY_PAN, now) < 0) state.formAt = now + FORM_AGAIN_MS;
}
