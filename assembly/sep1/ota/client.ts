// OTA Upgrade cluster, client: 095264 and 075123 chapter 11.  The server is the hub; everything but a broadcast notification comes
// and goes under the link key with it.
//
//   Off ─▶ Find ─▶ Revision ─▶ Query ─no file─▶ Rest ─due, or notified─▶ Query
//                                └──────a file─────┴─▶ Load ─▶ Verify ─▶ End ─▶ Plan: asked again within the hour
//   no file, and no certificate on the board: Specific ─a file─▶ Load ─▶ Verify ─▶ Ask (how it ended) ─▶ Rest
//                                                └──none──▶ Ask, piece by piece ─▶ Rest          certificate.ts
//   whatever fails: Rest, later each time       refused by the board: an upgrade end with the reason, and the same file no more for a day
// When the file is activated is the model's and upgrade/activation.ts's matter.  Without the server's word it is not.
import { Err } from "../../core/err";
import { FileStatus, ImageNumber, ImageReason, entropy, imageFinish } from "../../core/host";
import { NEVER } from "../../core/timers";
import { clockKnown, clockSet } from "../../model/clock";
import {
  UPDATE_IMAGE, update, updateActivateIn, updateActivateWhenTold, updateFailed, updatePossible, updateRefresh,
} from "../../model/update";
import { TRUST_CENTRE_SHORT } from "../../zigbee/address";
import { ApsKeyKind, apsHeard } from "../../zigbee/aps/aps";
import { joinerTrustCentre } from "../../zigbee/security/joiner";
import { ZCL_NO_CLUSTER_COMMAND, ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { SE_PROFILE, zclDefault, zclHeard, zclTake } from "../../zigbee/zcl/zcl";
import { ZdoHeard, zdoHeard, zdoSendMatch } from "../../zigbee/zdo/zdo";
import { CLUSTER_OTA } from "../clusters";
import {
  ImageNotify, OTA_IMAGE_BLOCK_RESPONSE, OTA_IMAGE_NOTIFY, OTA_QUERY_NEXT_IMAGE_RESPONSE, OTA_QUERY_SPECIFIC_FILE_RESPONSE,
  OTA_UPGRADE_END_RESPONSE, QueryNextImageResponse, UpgradeEndResponse,
} from "../descriptors/ota";
import { certificateAsk, certificateEnd, certificateGoesOn, certificateIsWanted, certificateSay } from "./certificate";
import {
  OTA_ABORT, OTA_ANY_MANUFACTURER, OTA_ANY_TYPE, OTA_CERTIFICATE, OTA_INVALID_IMAGE, OTA_NOTIFY_MANUFACTURER, OTA_NOTIFY_TYPE,
  OTA_NOTIFY_VERSION, OTA_NO_IMAGE, OTA_REQUIRE_MORE_IMAGE, OTA_SUCCESS, OTA_TIME_WAIT,
} from "./command";
import {
  OTA_REVISION, OtaServer, otaAskQuery, otaAskRevision, otaAskSpecific, otaMeansOffered, otaOffer, otaSayEnd, otaServer, otaSpeakOf,
} from "./requests";
import {
  Transfer, transferAnswer, transferBegin, transferDeadline, transferExpecting, transferInSeconds, transferRefused, transferReset,
  transferStop, transferTick,
} from "./transfer";

enum Step { Off, Find, Revision, Rest, Query, Specific, Ask, Load, Verify, End, Plan }

const MINUTE_MS: u32 = 60_000;
const HOUR_MS: i64 = 3_600_000;
/** Not all at once after a power cut. */
const START_JITTER_MS: u32 = 3000;
/** A sleeping device fetches its answer within a few polls; APS repeats within this time too. */
const ANSWER_MS: i64 = 12_000;
const PERIOD_MS: i64 = 6 * HOUR_MS;
const PERIOD_JITTER_MS: u32 = 10 * MINUTE_MS;
const BACK_OFF_MS: u32 = MINUTE_MS;
const BACK_OFF_SHIFT_MAX: u32 = 5; // 1 min, 2 min ... 32 min
const NOTIFIED_JITTER_MS: u32 = 2000;
const QUERY_GAP_MS: i64 = 5000; // however often notifications come
const CHANGED_MS: i64 = 5000;
/** 095264 section 6.10.9: no longer than an hour without asking. */
const PLAN_MS: i64 = HOUR_MS - 60_000;
const PLAN_JITTER_MS: u32 = 5 * MINUTE_MS;
const TRIAL_MS: i64 = 30_000;
/** What the board refused, or gave up after a trial, is not tried again for so long. */
const HOLD_MS: i64 = 24 * HOUR_MS;
/** So often a certificate is asked for in vain, later each time; then the next day has another quarter. */
const CERTIFICATE_TRIES: u32 = 6;
/** Ends without an answer, after which the server is asked for files again: it may have forgotten the one that waits here. */
const END_ROUND: u32 = 4;
/** Revision of the cluster that has its block period in seconds. */
const REVISION_SECONDS: u32 = 2;

@unmanaged @final
class State {
  deadline: i64;
  queriedAt: i64;
  heldUntil: i64;
  heldVersion: u32;
  heldSize: u32;
  step: u32;
  asked: i32;
  failures: u32;
  noise: u32;
  /** The server has answered since the start. */
  reached: bool;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

/** After a reset; `updateReset` has read what the board holds. */
export function otaClientReset(now: i64): void {
  memory.fill(changetype<usize>(state), 0, offsetof<State>());
  memory.fill(changetype<usize>(otaServer), 0, offsetof<OtaServer>());
  if (update.status == FileStatus.ActivationFailed || update.reason == ImageReason.Stopped) hold(now);
  otaClientStop();
}

/** The device shares a key with the hub. */
export function otaClientStart(now: i64): void {
  if (state.step != Step.Off || !updatePossible()) return;
  otaServer.extended = joinerTrustCentre();
  otaServer.endpoint = 0;
  state.failures = 0;
  transferReset();
  offerHeld();
  rest(now + random(START_JITTER_MS));
}

/** The device is in no network. */
export function otaClientStop(): void {
  state.step = Step.Off;
  state.deadline = NEVER;
  transferStop();
}

export function otaClientDeadline(): i64 { return state.step == Step.Load ? transferDeadline() : state.deadline; }

/** Until when something is expected, 0 = nothing. */
export function otaClientExpecting(): i64 {
  switch (<i32>state.step) {
    case Step.Find: case Step.Revision: case Step.Query: case Step.Specific: case Step.Ask: case Step.End: return state.deadline;
    case Step.Load: return transferExpecting();
  }
  return 0;
}

export function otaClientLoads(): bool { return state.step == Step.Load; }

/** Whether the hub has answered under the link key since the start. */
export function otaClientReached(): bool { return state.reached; }

export function otaClientTick(now: i64): void {
  if (state.step == Step.Load) return loaded(transferTick(now), now);
  if (state.deadline > now) return;
  switch (<i32>state.step) {
    case Step.Rest: return act(now);
    case Step.Revision: return query(now); // a server that says nothing of its revision counts in milliseconds
    case Step.Verify: return verify(now);
    case Step.Plan: return end(now);
    case Step.Find: case Step.Query: return unanswered(now);
    default: again(now);
  }
}

/** One answer that was lost, perhaps while we changed our parent, is no reason for a long pause; a second is. */
function unanswered(now: i64): void {
  if (state.failures) return again(now);
  state.failures++;
  rest(now + CHANGED_MS);
}

/** An answer of ZDO: perhaps the server's endpoint. */
export function otaClientZdo(now: i64): void {
  if (state.step != Step.Find || zdoHeard.kind != ZdoHeard.Matched) return;
  if (<i32>zdoHeard.sequence != state.asked || zdoHeard.source != TRUST_CENTRE_SHORT) return;
  if (zdoHeard.status != 0 || zdoHeard.size == 0) return rest(now + PERIOD_MS - random(PERIOD_JITTER_MS));
  otaServer.endpoint = load<u8>(zdoHeard.list);
  expect(Step.Revision, otaAskRevision(now), now);
}

/** The command to a client in `zclHeard`. */
export function otaClientInput(now: i64): void {
  if (zclHeard.command == OTA_IMAGE_NOTIFY) return notified(now);
  if (!isFromServer()) return;
  state.reached = true;
  switch (zclHeard.command) {
    case OTA_QUERY_NEXT_IMAGE_RESPONSE: case OTA_QUERY_SPECIFIC_FILE_RESPONSE: return answered(now);
    case OTA_IMAGE_BLOCK_RESPONSE: {
      if (state.step == Step.Load) loaded(transferAnswer(now), now);
      return;
    }
    case OTA_UPGRADE_END_RESPONSE: return ended(now);
  }
  zclDefault(ZCL_NO_CLUSTER_COMMAND, now);
}

/** A read answer of the cluster, in `zclHeard`. */
export function otaClientRead(now: i64): void {
  if (state.step != Step.Revision || !isAnswer()) return;
  state.reached = true;
  let at = zclHeard.payload;
  // The value of a u16 follows identifier, status and type.
  if (zclHeard.size >= 6 && load<u16>(at) == OTA_REVISION && load<u8>(at, 2) == ZCL_SUCCESS) {
    if (load<u16>(at, 4) == REVISION_SECONDS) transferInSeconds();
  }
  query(now);
}

/** A default response of the cluster, in `zclHeard`. */
export function otaClientRefused(now: i64): void {
  if (!isFromServer()) return;
  let taken = load<u8>(zclHeard.payload, 1) == ZCL_SUCCESS;
  if (taken && state.step != Step.Ask) return;
  state.reached = true;
  if (zclHeard.sequence != otaServer.sequence) return;
  switch (<i32>state.step) {
    case Step.Ask: {
      if (!taken) return idle(now); // a hub that does not know the command, or has heard enough
      if (certificateGoesOn()) return expect(Step.Ask, certificateSay(now), now);
      return again(now);
    }
    case Step.Revision: return query(now);
    case Step.Load: return loaded(transferRefused(load<u8>(zclHeard.payload), now), now);
    case Step.End: {
      updateActivateWhenTold(); // whatever was planned: the server does not stand by it
      return again(now);
    }
    case Step.Query: case Step.Specific: return again(now);
  }
}

function isFromServer(): bool {
  return otaServer.extended != 0 && apsHeard.sourceExtended == otaServer.extended && apsHeard.keyKind == ApsKeyKind.Established;
}

function isAnswer(): bool { return isFromServer() && zclHeard.sequence == otaServer.sequence; }

function rest(at: i64): void {
  state.step = Step.Rest;
  state.deadline = at;
}

/** There is nothing for us.  A board without a certificate asks for that then. */
function idle(now: i64): void {
  if (state.step == Step.Specific) return expect(Step.Ask, certificateAsk(now), now);
  if (state.step == Step.Query && state.failures < CERTIFICATE_TRIES && certificateIsWanted()) {
    return expect(Step.Specific, otaAskSpecific(now), now);
  }
  state.failures = 0;
  rest(now + PERIOD_MS - random(PERIOD_JITTER_MS));
}

/** It failed: once more, later each time. */
function again(now: i64): void {
  let delay = BACK_OFF_MS << min<u32>(state.failures++, BACK_OFF_SHIFT_MAX);
  rest(now + delay + random(delay >> 1));
}

function expect(step: u32, sent: i32, now: i64): void {
  if (sent < 0) return again(now);
  state.step = step;
  state.asked = sent;
  state.deadline = now + ANSWER_MS;
}

function act(now: i64): void {
  if (otaServer.endpoint == 0) {
    return expect(Step.Find, zdoSendMatch(TRUST_CENTRE_SHORT, SE_PROFILE, CLUSTER_OTA, now), now);
  }
  query(now);
}

/** Asks for the next file; with one that waits for its activation, for that. */
function query(now: i64): void {
  if (update.status == FileStatus.Waiting && state.failures % END_ROUND != END_ROUND - 1) return end(now);
  state.queriedAt = now;
  expect(Step.Query, otaAskQuery(now), now);
}

function answered(now: i64): void {
  if ((state.step != Step.Query && state.step != Step.Specific) || zclHeard.sequence != otaServer.sequence) return;
  if (!zclTake(now)) return;
  let answer = changetype<QueryNextImageResponse>(zclHeard.payload);
  if (answer.status == OTA_SUCCESS) return offered(answer, now);
  idle(now);
}

function offered(answer: QueryNextImageResponse, now: i64): void {
  let version = answer.fileVersion;
  let size = answer.size;
  let own = state.step == Step.Specific;
  let type: u32 = own ? OTA_CERTIFICATE : update.type;
  if (answer.manufacturer != update.manufacturer || answer.imageType != type || size == 0) return idle(now);
  if (!own && (version == update.running || isHeld(version, size, now))) return idle(now);
  if (update.onTrial) return rest(now + TRIAL_MS);
  otaSpeakOf(own ? ImageNumber.Certificate : UPDATE_IMAGE, version, size);
  if (!own && update.status == FileStatus.Waiting && update.version == version && update.size == size) return end(now);
  let begun = transferBegin(now);
  if (begun == Err.Busy) return again(now);
  if (begun < 0) return own ? concluded(begun, now) : refuse(now);
  state.step = Step.Load;
}

/** How the transfer stands. */
function loaded(how: i32, now: i64): void {
  if (how == Transfer.UnderWay) return;
  transferStop();
  if (otaOffer.image != UPDATE_IMAGE && how != Transfer.Complete) {
    return how == Transfer.Refused ? concluded(Err.Refused, now) : again(now);
  }
  switch (how) {
    case Transfer.Complete: {
      state.step = Step.Verify;
      state.deadline = now; // in a turn of its own
      updateRefresh();
      return;
    }
    case Transfer.Refused: return refuse(now);
    case Transfer.Aborted: {
      updateFailed(ImageReason.Aborted);
      return again(now);
    }
    case Transfer.Changed: {
      updateFailed(ImageReason.Changed);
      state.failures++;
      return rest(now + CHANGED_MS * state.failures);
    }
    default: {
      otaServer.endpoint = 0; // perhaps there is another server by now
      again(now);
    }
  }
}

function verify(now: i64): void {
  let verified = imageFinish(otaOffer.image);
  if (otaOffer.image != UPDATE_IMAGE) return concluded(verified, now);
  updateRefresh();
  if (verified < 0) return refuse(now);
  state.failures = 0;
  end(now);
}

/** The board has the certificate, or does not want it. */
function concluded(result: i32, now: i64): void {
  expect(Step.Ask, certificateEnd(result, now), now);
}

/** The board does not want the file: the server is told, and the file is left alone for a while. */
function refuse(now: i64): void {
  transferStop();
  updateRefresh();
  let status = OTA_INVALID_IMAGE;
  switch (<i32>update.reason) {
    case ImageReason.Base: {
      status = OTA_REQUIRE_MORE_IMAGE; // a whole one would do
      break;
    }
    case ImageReason.None: case ImageReason.Size: case ImageReason.Flash: {
      status = OTA_ABORT;
      break;
    }
  }
  state.heldVersion = otaOffer.version;
  state.heldSize = otaOffer.size;
  state.heldUntil = update.reason == ImageReason.Flash ? now : now + HOLD_MS;
  otaSayEnd(status, now); // nobody answers that
  again(now);
}

function hold(now: i64): void {
  state.heldVersion = update.version;
  state.heldSize = update.size;
  state.heldUntil = now + HOLD_MS;
}

function isHeld(version: u32, size: u32, now: i64): bool {
  return version == state.heldVersion && size == state.heldSize && state.heldUntil > now;
}

/** A file that waits here since before the reset is the one that is spoken of. */
function offerHeld(): void {
  if (update.status == FileStatus.Waiting) otaSpeakOf(UPDATE_IMAGE, update.version, update.size);
}

function end(now: i64): void {
  offerHeld();
  expect(Step.End, otaSayEnd(OTA_SUCCESS, now), now);
}

/** The server's word on the file that waits here, asked for or not. */
function ended(now: i64): void {
  if (!zclTake(now)) return;
  let answer = changetype<UpgradeEndResponse>(zclHeard.payload);
  if (update.status != FileStatus.Waiting || !otaMeansOffered(answer.manufacturer, answer.imageType, answer.fileVersion)) return;
  let current = answer.currentTime;
  let time = answer.upgradeTime;
  if (!clockKnown() && current != 0 && current != OTA_TIME_WAIT) clockSet(current, now);
  // A time before the current one is an error: nothing is planned, and asked again in an hour.
  if (time == OTA_TIME_WAIT) updateActivateWhenTold();
  else if (time >= current) updateActivateIn(time - current, current == 0 ? 0 : time, now);
  state.failures = 0;
  state.step = Step.Plan;
  state.deadline = now + PLAN_MS - random(PLAN_JITTER_MS);
}

/** 075123 section 11.13.3: of a broadcast every so many-th device makes use. */
function notified(now: i64): void {
  if (!zclTake(now)) return;
  if (state.step != Step.Rest || (apsHeard.broadcast ? apsHeard.source != TRUST_CENTRE_SHORT : !isFromServer())) return;
  let notice = changetype<ImageNotify>(zclHeard.payload);
  let has = notice.payloadType; // what it lacks means any
  if (has >= OTA_NOTIFY_MANUFACTURER && notice.manufacturer != update.manufacturer && notice.manufacturer != OTA_ANY_MANUFACTURER) return;
  if (has >= OTA_NOTIFY_TYPE && notice.imageType != update.type && notice.imageType != OTA_ANY_TYPE) return;
  if (has >= OTA_NOTIFY_VERSION && notice.fileVersion == update.running) return;
  if (apsHeard.broadcast && random(100) >= notice.jitter) return;
  let at = max<i64>(now + (apsHeard.broadcast ? <i64>random(NOTIFIED_JITTER_MS) : 0), state.queriedAt + QUERY_GAP_MS);
  state.deadline = min<i64>(state.deadline, at);
}

/** Below `limit`, which is far below 2^32: the bias is of no interest here. */
function random(limit: u32): u32 {
  entropy(changetype<usize>(state) + offsetof<State>("noise"), 4);
  return state.noise % limit;
}
