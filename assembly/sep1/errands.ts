// What a display asks its partners for, again and again: SE 1.4a sections 5.4 and annex D.
//
//   Time     hub     read the clock         each hour
//   Price    hub     all prices from now    each 5 minutes; the current one first
//   Meter    meter   read the scale         each 6 hours; when there are no reports, scale and values each minute
//   Reports  meter   configure reporting    each day, and when the reports stop
//
//   due ──sent──▶ asked ──answer──▶ due a period later
//                      ──refusal, or nothing in time──▶ due a pause later
//
// One question at a time: a sleeping device then polls for one answer and sleeps on.
import { NEVER } from "../core/timers";
import { clockUtc } from "../model/clock";
import { register } from "../model/register";
import { tariffAt } from "../model/tariff";
import { apsHeard } from "../zigbee/aps/aps";
import { ZCL_CONFIGURE, ZCL_READ } from "../zigbee/zcl/foundation";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TYPE_CLUSTER, ZCL_TYPE_PROFILE } from "../zigbee/zcl/frame";
import { nwkPollRhythm } from "../zigbee/nwk/end_device";
import { zclBegin, zclHeard, zclSend, zclSequence } from "../zigbee/zcl/zcl";
import { METERING_REPORT_MAX_S, METERING_REPORT_MIN_S, meteringAsk, meteringClientReset, meteringConfigure } from "./metering/client";
import { CLUSTER_METERING, CLUSTER_PRICE, CLUSTER_TIME } from "./clusters";
import { priceAsk, priceAskAll } from "./price/client";
import { PRICE_GET_CURRENT_PRICE, PRICE_GET_SCHEDULED_PRICES } from "./descriptors/price";
import { timeAsk } from "./time/client";

export enum Errand { Time = 0, Price = 1, Meter = 2, Reports = 3 }
const ERRANDS: u32 = 4;
const NOTHING: u32 = ERRANDS;

/** A sleeping device fetches its answer within a few polls; APS repeats within this time too. */
const ANSWER_MS: i64 = 12_000;
const PAUSE_MS: i64 = 15_000;
const PAUSE_MAX_SHIFT: u32 = 4; // 15 s, 30 s ... 4 min
/** Each has been repeated by APS; so many are no accident of the air. */
const UNANSWERED_MAX: u32 = 4;
const PRICE_MS: i64 = 5 * 60_000;
const TIME_MS: i64 = 60 * 60_000;
const METER_MS: i64 = 6 * TIME_MS;
const METER_SILENT_MS: i64 = 60_000;
const REPORTS_MS: i64 = 24 * TIME_MS;
/** Three maximum intervals without a report: something is wrong at the meter's end. */
export const ERRAND_SILENCE_MS: i64 = 3 * <i64>METERING_REPORT_MAX_S * 1000;

@unmanaged @final
class State {
  hub: u64;
  meter: u64;
  hubEndpoint: u32;
  meterEndpoint: u32;
  /** The errand under way, or NOTHING; its number and until when. */
  asked: u32;
  sequence: u32;
  until: i64;
  /** When the reports' silence is looked at next. */
  listenAt: i64;
  failures: u32;
  /** Questions to the meter without an answer, one after the other. */
  unanswered: u32;
  /** A current price has been told. */
  priced: bool;
  /** The meter reports. */
  reported: bool;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));
const due = memory.data(ERRANDS * 8, 8);

/** No partners: nothing is asked until `errandsBegin`. */
export function errandsReset(): void {
  memory.fill(changetype<usize>(state), 0, offsetof<State>());
  state.asked = NOTHING;
  state.listenAt = NEVER;
  for (let errand: u32 = 0; errand < ERRANDS; errand++) dueSet(errand, NEVER);
  meteringClientReset();
}

/** The hub's endpoint and link key are known: asks for the time and the price. */
export function errandsBeginHub(extended: u64, endpoint: u32, now: i64): void {
  state.hub = extended;
  state.hubEndpoint = endpoint;
  dueSet(Errand.Time, now);
  dueSet(Errand.Price, now);
}

/** The meter's endpoint and link key are known and the binding is made: arranges reports and reads the scale. */
export function errandsBeginMeter(extended: u64, endpoint: u32, now: i64): void {
  state.meter = extended;
  state.meterEndpoint = endpoint;
  dueSet(Errand.Reports, now);
  dueSet(Errand.Meter, now);
  state.listenAt = now + ERRAND_SILENCE_MS;
  state.reported = true; // until it is silent
}

export function errandsDeadline(): i64 {
  let earliest = state.listenAt;
  if (state.asked != NOTHING) return min<i64>(earliest, state.until);
  for (let errand: u32 = 0; errand < ERRANDS; errand++) earliest = min<i64>(earliest, dueOf(errand));
  return earliest;
}

/** Until when an answer is expected, 0 = none: a sleeping device polls quickly until then. */
export function errandsExpecting(): i64 { return state.asked == NOTHING ? 0 : state.until; }

/** Asks what is due. */
export function errandsTick(now: i64): void {
  if (state.listenAt <= now) listen(now);
  if (state.asked != NOTHING) {
    if (now < state.until) return;
    again(now);
  }
  for (let errand: u32 = 0; errand < ERRANDS; errand++) {
    if (dueOf(errand) > now) continue;
    ask(errand, now);
    return;
  }
}

/** Whether `apsHeard` comes from the partner that serves `cluster`.  Time may come without a link key, so its address is checked too. */
export function errandIsFrom(cluster: u32): bool {
  let extended = cluster == CLUSTER_METERING ? state.meter : state.hub;
  return extended != 0 && apsHeard.sourceExtended == extended;
}

/** Whether `zclHeard` has the number and the cluster of the question under way. */
export function errandIsAnswer(errand: u32): bool {
  return state.asked == errand && zclHeard.sequence == state.sequence && zclHeard.cluster == clusterOf(errand);
}

/** The question under way is answered. */
export function errandAnswered(now: i64): void {
  let errand = state.asked;
  state.asked = NOTHING;
  state.failures = 0;
  if (<i32>errand >= Errand.Meter) state.unanswered = 0;
  let period = periodOf(errand);
  if (errand == Errand.Price && !state.priced) {
    state.priced = true;
    period = 0; // the current price is known; now the ones that follow
  }
  dueSet(errand, now + period);
}

/** The clock was told: a price that was held for another time is asked for. */
export function errandsTimed(now: i64): void {
  if (state.priced && state.asked != Errand.Price && !tariffAt(clockUtc(now))) dueSet(Errand.Price, now);
}

/** A default response: perhaps a refusal of the question under way. */
export function errandRefused(now: i64): void {
  if (state.asked == NOTHING || !errandIsAnswer(state.asked) || !errandIsFrom(zclHeard.cluster)) return;
  again(now);
  state.unanswered = 0; // it hears us well
}

/** The meter leaves question after question unanswered, and does not report: perhaps it has another key.  Said once. */
export function errandsUnheard(): bool {
  if (state.unanswered < UNANSWERED_MAX) return false;
  state.unanswered = 0;
  return true;
}

function again(now: i64): void {
  if (<i32>state.asked >= Errand.Meter) state.unanswered++;
  let pause = PAUSE_MS << <i64>min<u32>(state.failures++, PAUSE_MAX_SHIFT);
  dueSet(state.asked, now + pause);
  state.asked = NOTHING;
}

function ask(errand: u32, now: i64): void {
  let hub = errand == Errand.Time || errand == Errand.Price;
  let end = question(errand);
  state.asked = errand;
  state.sequence = zclSequence();
  state.until = now + ANSWER_MS;
  let sent = zclSend(hub ? state.hub : state.meter, hub ? state.hubEndpoint : state.meterEndpoint, clusterOf(errand), end, now);
  if (sent < 0) again(now);
}

function question(errand: u32): usize {
  switch (errand) {
    case Errand.Time: return timeAsk(zclBegin(ZCL_TYPE_PROFILE | ZCL_NO_DEFAULT_RESPONSE, ZCL_READ));
    case Errand.Meter: return meteringAsk(zclBegin(ZCL_TYPE_PROFILE | ZCL_NO_DEFAULT_RESPONSE, ZCL_READ), !state.reported);
    case Errand.Reports: return meteringConfigure(zclBegin(ZCL_TYPE_PROFILE | ZCL_NO_DEFAULT_RESPONSE, ZCL_CONFIGURE));
  }
  if (state.priced) return priceAskAll(zclBegin(ZCL_TYPE_CLUSTER | ZCL_NO_DEFAULT_RESPONSE, PRICE_GET_SCHEDULED_PRICES));
  return priceAsk(zclBegin(ZCL_TYPE_CLUSTER | ZCL_NO_DEFAULT_RESPONSE, PRICE_GET_CURRENT_PRICE));
}

/** The meter reported by itself. */
export function errandsReported(): void {
  nwkPollRhythm(METERING_REPORT_MIN_S * 1000);
  state.reported = true;
  state.unanswered = 0;
}

/** Reports that stopped are arranged anew: the meter may have been reset or exchanged. */
function listen(now: i64): void {
  let silent = register.at + ERRAND_SILENCE_MS;
  state.listenAt = silent > now ? silent : now + ERRAND_SILENCE_MS;
  if (silent > now) return;
  nwkPollRhythm(0);
  state.reported = false;
  if (state.asked != Errand.Reports) dueSet(Errand.Reports, min<i64>(dueOf(Errand.Reports), now));
  if (state.asked != Errand.Meter) dueSet(Errand.Meter, min<i64>(dueOf(Errand.Meter), now));
}

function clusterOf(errand: u32): u32 {
  switch (errand) {
    case Errand.Time: return CLUSTER_TIME;
    case Errand.Price: return CLUSTER_PRICE;
  }
  return CLUSTER_METERING;
}

function periodOf(errand: u32): i64 {
  switch (errand) {
    case Errand.Time: return TIME_MS;
    case Errand.Price: return PRICE_MS;
    case Errand.Meter: return state.reported ? METER_MS : METER_SILENT_MS;
  }
  return REPORTS_MS;
}

function dueOf(errand: u32): i64 { return load<i64>(due + (errand << 3)); }
function dueSet(errand: u32, at: i64): void { store<i64>(due + (errand << 3), at); }
