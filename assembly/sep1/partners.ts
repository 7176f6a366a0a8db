// What a display arranges once it shares a key with the hub: who tells the price and the time, which meter reports.  SE 1.4a (07-5356)
// sections 5.4.7.3 (keys between partners) and 5.5.6 (discovery and binding).
//
//   FindHub --Matched--> FindMeter --Matched--> [FindAddress] --> AskKey --LinkKey--> Bind --Bound--> Settled
//   each step has its time; a step that fails begins again at FindMeter after a pause      Settled --a day--> FindHub
import { Record, storeRead, storeWrite } from "../core/host";
import { NEVER } from "../core/timers";
import { Progress, progressSet } from "../model/progress";
import { BROADCAST_AWAKE, NO_ADDRESS, TRUST_CENTRE_SHORT } from "../zigbee/address";
import { ApsKeyKind, apsHeard, apsKeyKind } from "../zigbee/aps/aps";
import { nwkExtendedOf, nwkShortOf } from "../zigbee/nwk/nwk";
import { joinerRequestKey, joinerTrustCentre } from "../zigbee/security/joiner";
import { StackHeard } from "../zigbee/stack";
import { SE_PROFILE, ZCL_ENDPOINT } from "../zigbee/zcl/zcl";
import {
  ZdoHeard, zdoHeard, zdoSendAddressOf, zdoSendBind, zdoSendExtendedOf, zdoSendMatch,
} from "../zigbee/zdo/zdo";
import { KEY_LOST_MS } from "./commissioning";
import { errandsBeginHub, errandsBeginMeter, errandsReset } from "./errands";
import { noteBound, noteFailed, Procedure } from "./notes";
import { CLUSTER_METERING, CLUSTER_PRICE } from "./clusters";

enum Step { Idle, FindHub, FindMeter, FindAddress, AskKey, Bind, Settled }

/** An answer of a partner over several hops, and of those who are polled for it. */
const STEP_MS: i64 = 10_000;
const PAUSE_MS: i64 = 20_000;
const PAUSE_SHIFT_MAX: u32 = 5; // 20 s, 40 s ... 10 min
/** Section 5.5.6.3: discovery is repeated within 3 to 24 hours. */
const REDISCOVER_MS: i64 = 12 * 3_600_000;

/** Record.Commissioning. */
@unmanaged @final
class Partners {
  meter: u64;
  meterEndpoint: u8;
  hubEndpoint: u8;
  /** 1 when the meter is bound to us. */
  bound: u8;
}
const partners = changetype<Partners>(memory.data(offsetof<Partners>(), 8));

@unmanaged @final
class State {
  deadline: i64;
  step: i32;
  failures: u32;
  asked: i32;
  /** The meter's short address. */
  short: u32;
  /** From then on it is believed that the meter has lost our key. */
  keyAt: i64;
  /** Settled, but it is not known yet where the meter is. */
  locating: bool;
  /** The key with the meter is perhaps not the meter's. */
  doubted: bool;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

/** The device has a link key with the hub: goes on with the partners that the record names, or finds them. */
export function partnersStart(now: i64): void {
  memory.fill(changetype<usize>(state), 0, offsetof<State>());
  errandsReset();
  let size: u32 = offsetof<Partners>();
  if (storeRead(Record.Commissioning, changetype<usize>(partners), size) != <i32>size) memory.fill(changetype<usize>(partners), 0, size);
  if (partners.hubEndpoint == 0) return findHub(now);
  errandsBeginHub(joinerTrustCentre(), partners.hubEndpoint, now);
  if (!partners.bound || apsKeyKind(partners.meter) != ApsKeyKind.Established) return findMeter(now);
  settled(now);
  locate(now);
}

/** The device is in no network: nothing is asked of anyone. */
export function partnersStop(): void {
  state.step = Step.Idle;
  state.deadline = NEVER;
  errandsReset();
}

export function partnersDeadline(): i64 { return state.step == Step.Idle ? NEVER : state.deadline; }

/** Until when an answer is expected, 0 = none. */
export function partnersExpecting(): i64 {
  return state.step > Step.Idle && state.step < Step.Settled && state.asked >= 0 ? state.deadline : 0;
}

/** A partner has lost its key with us, as anybody with the network key can say: a meter's is asked for again, once in a while. */
export function partnersKeyLost(partner: u64, now: i64): void {
  if (partner != partners.meter || state.step != Step.Settled || state.keyAt > now) return;
  state.keyAt = now + KEY_LOST_MS;
  askKey(now);
}

/** The meter does not answer: if it is there, its key is another one by now, so both get a new one. */
export function partnersUnheard(now: i64): void {
  if (state.step != Step.Settled) return;
  state.doubted = true;
  findMeter(now);
}

/** Takes what the stack found. */
export function partnersStack(heard: i32, now: i64): void {
  if (heard == StackHeard.LinkKey) {
    if (state.step == Step.AskKey && apsHeard.sourceExtended == partners.meter) bind(now);
    return;
  }
  if (heard != StackHeard.ZdoAnswer || <i32>zdoHeard.sequence != state.asked) return;
  switch (zdoHeard.kind) {
    case ZdoHeard.Matched: return matched(now);
    case ZdoHeard.Address: {
      if (state.step == Step.FindAddress && zdoHeard.status == 0 && zdoHeard.short == state.short) found(zdoHeard.extended, now);
      return;
    }
    case ZdoHeard.Bound: {
      if (state.step == Step.Bind) bound(now);
      return;
    }
    default: return;
  }
}

export function partnersTick(now: i64): void {
  if (state.step == Step.Idle || state.deadline > now) return;
  if (state.step == Step.Settled) return state.locating ? locate(now) : findHub(now);
  if (state.step == Step.FindHub || state.asked < 0) return findMeter(now); // a hub without prices: the meter matters more
  again(now);
}

function go(step: i32, asked: i32, now: i64): void {
  state.step = step;
  state.deadline = now + STEP_MS;
  state.asked = asked;
  if (step != Step.Settled) progressSet(Progress.Binding);
}

function findHub(now: i64): void {
  go(Step.FindHub, zdoSendMatch(TRUST_CENTRE_SHORT, SE_PROFILE, CLUSTER_PRICE, now), now);
}

function findMeter(now: i64): void {
  go(Step.FindMeter, zdoSendMatch(BROADCAST_AWAKE, SE_PROFILE, CLUSTER_METERING, now), now);
}

/** The first endpoint that answers is taken. */
function matched(now: i64): void {
  if (zdoHeard.status != 0 || zdoHeard.size == 0) {
    if (state.step == Step.FindHub) findMeter(now);
    return;
  }
  let endpoint = load<u8>(zdoHeard.list);
  if (state.step == Step.FindHub) {
    partners.hubEndpoint = endpoint;
    errandsBeginHub(joinerTrustCentre(), endpoint, now);
    findMeter(now);
  } else if (state.step == Step.FindMeter) {
    partners.meterEndpoint = endpoint;
    state.short = zdoHeard.source;
    let extended = nwkExtendedOf(state.short);
    if (extended != 0) found(extended, now);
    else go(Step.FindAddress, zdoSendExtendedOf(state.short, now), now);
  }
}

function found(extended: u64, now: i64): void {
  let changed = partners.meter != extended;
  partners.meter = extended;
  // The hub itself, for a meter that is elsewhere: their key is the one there is.
  if (extended != joinerTrustCentre() && (changed || state.doubted || apsKeyKind(extended) != ApsKeyKind.Established)) askKey(now);
  else bind(now);
}

function askKey(now: i64): void {
  state.doubted = false;
  go(Step.AskKey, joinerRequestKey(partners.meter, now), now);
}

function bind(now: i64): void {
  let asked = zdoSendBind(nwkShortOf(partners.meter), partners.meter, partners.meterEndpoint, CLUSTER_METERING, ZCL_ENDPOINT, true, now);
  go(Step.Bind, asked, now);
}

function bound(now: i64): void {
  if (zdoHeard.status != 0) return again(now);
  noteBound(CLUSTER_METERING, state.short);
  partners.bound = 1;
  storeWrite(Record.Commissioning, changetype<usize>(partners), offsetof<Partners>()); // refused: after a reset it is found anew
  settled(now);
}

/** Asks where the meter is until it is known: whoever comes up again may be alone for a while. */
function locate(now: i64): void {
  state.locating = nwkShortOf(partners.meter) == NO_ADDRESS;
  if (!state.locating) {
    state.failures = 0;
    state.deadline = now + REDISCOVER_MS;
    return;
  }
  zdoSendAddressOf(partners.meter, now);
  state.deadline = now + (PAUSE_MS << <i64>min<u32>(state.failures++, PAUSE_SHIFT_MAX));
}

function settled(now: i64): void {
  state.failures = 0;
  state.locating = false;
  go(Step.Settled, -1, now);
  state.deadline = now + REDISCOVER_MS;
  progressSet(Progress.Running);
  errandsBeginMeter(partners.meter, partners.meterEndpoint, now);
}

function again(now: i64): void {
  noteFailed(Procedure.Partner, -state.step);
  state.asked = -1;
  state.deadline = now + (PAUSE_MS << <i64>min<u32>(state.failures++, PAUSE_SHIFT_MAX));
}
