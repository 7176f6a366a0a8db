// A communications hub in phase 1: ZigBee coordinator and trust centre, Smart Energy 1.x energy service interface (0x0500).
//
//   next -> radio: stackInput -> mirror, establishment        uplink: hubInput -> clock, tariff, whom to admit
//           -> fetch: files for devices, and the next module
//   due  -> stack, one slice of key establishment, prices to tell, pages and notifications of files, the next block
import { fetchDeadline, fetchTick } from "../application/hub/fetch";
import { HubHeard, hubAsked, hubInput, hubReset } from "../application/hub/hub";
import { ownChanged, ownDeadline, ownReset, ownTick, ownUplinkHeard } from "../application/hub/own";
import { reportTick } from "../application/hub/report";
import { Err } from "../core/err";
import { ABI_VERSION, EVENT_HEAD, EVENT_KIND, EventKind, next } from "../core/host";
import { establishDeadline, establishInput, establishTick, EstablishHeard } from "../sep1/establishment";
import { keLinkKey, keResult, keWipe } from "../sep1/key_establishment/exchange";
import { MirrorHeard } from "../sep1/mirror";
import { hubMirrorInput } from "../sep1/mirror_hub";
import { notifySoon } from "../sep1/ota/notify";
import { otaServerDeadline, otaServerReset, otaServerTick } from "../sep1/ota/server";
import { noteAdmitted, noteFailed, noteFormed, noteStarted, Procedure } from "../sep1/notes";
import { priceReset, priceTick } from "../sep1/price/server";
import { BROADCAST_ROUTERS } from "../zigbee/address";
import { apsHeard } from "../zigbee/aps/aps";
import { nwkFormStart, nwkPermitJoin } from "../zigbee/nwk/coordinator";
import { tcAdmit, tcLinkKeyEstablished } from "../zigbee/security/trust_centre";
import { StackHeard, stackDeadline, stackInput, stackReset, stackTick } from "../zigbee/stack_coordinator";
import { zdoDescribe, zdoSendPermitJoining } from "../zigbee/zdo/zdo";

const EVENTS_PER_POLL: u32 = 8;
const TURNS_PER_POLL: u32 = 8;
/** An Uplink record is the longest event. */
const EVENT_CAPACITY: u32 = EVENT_HEAD + 264;
const event = memory.data(16 + 264, 8);

/** Channels 11 to 26; the PAN identifier is chosen. */
const CHANNELS: u32 = 0x07ff_f800;
const ANY_PAN: u32 = 0xffff;
const FORM_AGAIN_MS: i64 = 10_000;
/** SE 1.4a section 5.3.1: joining is never open for good. */
const PERMIT_SECONDS_MAX: u32 = 254;

const description = memory.data<u8>([
  // node: coordinator, 2.4 GHz, mains and always listening, largest frame 82, largest message 256, revision 21, trust centre
  0x00, 0x40, 0x8f, 0x00, 0x00, 82, 0x00, 0x01, 0x01, 0x2a, 0x00, 0x01, 0x00,
  1,
  // endpoint 1: Basic, Time, OTA Upgrade, Price, Key Establishment; client of Key Establishment
  20, 1, 0x09, 0x01, 0x00, 0x05, 0, 5, 0x00, 0x00, 0x0a, 0x00, 0x19, 0x00, 0x00, 0x07, 0x00, 0x08, 1, 0x00, 0x08,
]);

@unmanaged @final
class State {
  /** When to form the network; the end of time when there is one. */
  formAt: i64;
  formed: bool;
  /** Asked for before there was a network. */
  permitSeconds: u32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function abi(): u32 { return ABI_VERSION; }

export function start(now: i64, reason: u32): void {
  noteStarted(reason);
  zdoDescribe(description);
  hubReset(now);
  priceReset();
  otaServerReset(now);
  ownReset(now);
  state.formed = stackReset(now, reason);
  state.formAt = state.formed ? i64.MAX_VALUE : now;
  if (state.formed) noteFormed();
}

export function poll(now: i64): i64 {
  let budget = EVENTS_PER_POLL;
  for (; budget > 0; budget--) {
    let size = next(event, EVENT_CAPACITY);
    if (size == 0) break;
    if (size > 0) take(now);
  }
  for (let turns = TURNS_PER_POLL; turns > 0 && stackDeadline() <= now; turns--) heard(stackTick(now), now);
  if (establishDeadline() <= now) established(establishTick(now));
  if (state.formAt <= now) form(now);
  priceTick(now);
  let settled = fetchTick(now);
  if (settled > 0) notifySoon(settled, now);
  else if (settled == 0) ownChanged();
  otaServerTick(now);
  ownTick(state.formed, now);
  return budget > 0 && !reportTick() ? deadline(now) : now;
}

function take(now: i64): void {
  switch (<i32>load<u8>(event + EVENT_KIND)) {
    case EventKind.RadioReceived:
    case EventKind.RadioSent: return heard(stackInput(event, now), now);
    case EventKind.Uplink: {
      ownUplinkHeard();
      return asked(hubInput(event, now), now);
    }
    default: return;
  }
}

function heard(what: i32, now: i64): void {
  switch (what) {
    case StackHeard.Message: {
      if (hubMirrorInput(now) == MirrorHeard.KeyEstablishment) established(establishInput(now));
      return;
    }
    case StackHeard.Formed: {
      state.formed = true;
      noteFormed();
      if (state.permitSeconds != 0) permit(state.permitSeconds, now);
      return;
    }
    case StackHeard.JoinFailed: {
      noteFailed(Procedure.Join, Err.Refused);
      state.formAt = now + FORM_AGAIN_MS;
      return;
    }
    case StackHeard.DeviceJoined: return noteAdmitted(apsHeard.sourceExtended, apsHeard.source);
    default: return;
  }
}

function asked(what: i32, now: i64): void {
  switch (what) {
    case HubHeard.Admit: {
      let admitted = tcAdmit(hubAsked.extended, hubAsked.code, hubAsked.size);
      if (admitted < 0) noteFailed(Procedure.Join, admitted);
      return;
    }
    case HubHeard.Permit: return permit(hubAsked.seconds, now);
    case HubHeard.Rollout: return notifySoon(hubAsked.image, now);
    default: return;
  }
}

/** Opens the hub and all routers, or with 0 closes them. */
function permit(seconds: u32, now: i64): void {
  state.permitSeconds = min<u32>(seconds, PERMIT_SECONDS_MAX);
  if (!state.formed) return;
  nwkPermitJoin(state.permitSeconds, now);
  zdoSendPermitJoining(BROADCAST_ROUTERS, state.permitSeconds, now);
  state.permitSeconds = 0;
}

function established(what: i32): void {
  if (what == EstablishHeard.Failed) noteFailed(Procedure.Establish, keResult.status);
  if (what != EstablishHeard.Done) return;
  let kept = tcLinkKeyEstablished(keResult.partner, keLinkKey());
  keWipe();
  if (kept < 0) noteFailed(Procedure.Establish, kept);
}

function form(now: i64): void {
  state.formAt = i64.MAX_VALUE;
  if (nwkFormStart(CHANNELS, ANY_PAN, now) < 0) state.formAt = now + FORM_AGAIN_MS;
}

function deadline(now: i64): i64 {
  let earliest = min<i64>(min<i64>(stackDeadline(), establishDeadline()), state.formAt);
  return min<i64>(earliest, min<i64>(otaServerDeadline(), min<i64>(fetchDeadline(), ownDeadline(now))));
}
