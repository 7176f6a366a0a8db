// A hub: what the head-end says becomes the clock and the tariff; what it asks of the network goes up to the device.
//
//   1 clock         | utc u32 | offset i32 | summer start u32 | summer end u32 | shift i32 |
//   2 tariff        | event u32 | start u32 | minutes u16 | currency u16 | price u32 | digits | tier | label, counted |
//   3 admit         | IEEE address 8 | size | install code with CRC |
//   4 permit        | seconds |
//   5 file offer, 6 file block: fetch.ts
//   7 rollout       | image | 0 stop, 1 go | at once | failures | 0 now, 1 at the time, 2 on command | utc u32 | count | addresses, 8 each |
//   8 activate      | image |
import { Err } from "../../core/err";
import { EVENT_HEAD, EVENT_SIZE } from "../../core/host";
import { clock, clockReset, clockSet, clockUtc } from "../../model/clock";
import { LIBRARY_FILES } from "../../model/library";
import { ACTIVATE_ON_COMMAND, Plan, ROLLOUT_DEVICES, rolloutForget, rolloutRelease, rolloutReset, rolloutSet } from "../../model/rollout";
import { TARIFF_LABEL_MAX, tariffLoad, tariffNew, tariffPut, tariffSave } from "../../model/tariff";
import { fetchBlock, fetchDeadline, fetchOffer, fetchReset, fetchTell, fetchTick } from "./fetch";
import { ownChanged, ownDeadline, ownReset, ownTick, ownUplinkHeard } from "./own";
import { reportTick } from "./report";

const KIND_CLOCK: u32 = 1;
const KIND_TARIFF: u32 = 2;
const KIND_ADMIT: u32 = 3;
const KIND_PERMIT: u32 = 4;
const KIND_OFFER: u32 = 5;
const KIND_BLOCK: u32 = 6;
const KIND_ROLLOUT: u32 = 7;
const KIND_ACTIVATE: u32 = 8;

const CLOCK_SIZE: u32 = 20;
const TARIFF_LABEL: u32 = 18;
const ADMIT_CODE: u32 = 9;
const CODE_MAX: u32 = 18;
const TIER_MAX: u32 = 15;
const DAY_S: i32 = 86_400;
const ROLLOUT_LIST: u32 = 10;
const plan = changetype<Plan>(memory.data(offsetof<Plan>(), 4));

export enum HubHeard {
  None = 0,
  /** `hubAsked.extended` joins with the install code at `hubAsked.code`. */
  Admit = 1,
  /** Joining is open for `hubAsked.seconds`. */
  Permit = 2,
  /** The devices that are to have file `hubAsked.image` are to be told; 0 is the hub itself. */
  Rollout = 3,
}

@unmanaged @final
export class HubAsked {
  extended: u64;
  /** In the event; valid until the next one is taken. */
  code: usize;
  size: u32;
  seconds: u32;
  image: u32;
}
export const hubAsked = changetype<HubAsked>(memory.data(offsetof<HubAsked>(), 8));

@unmanaged @final
export class HubCounters {
  malformed: u32;
  refused: u32;
}
export const hubCounters = changetype<HubCounters>(memory.data(offsetof<HubCounters>()));

export function hubReset(now: i64): void {
  clockReset();
  tariffLoad();
  rolloutReset(now);
  fetchReset(now);
  ownReset(now);
}

/** Files and the hub's own next module, with or without a network; answers a `HubHeard`.  May not come back: then the next module runs. */
export function hubTick(joined: bool, now: i64): i32 {
  let settled = fetchTick(now);
  if (settled == 0) ownChanged();
  ownTick(joined, now);
  if (settled <= 0) return HubHeard.None;
  hubAsked.image = settled;
  return HubHeard.Rollout;
}

/** Tells the head-end one thing of a rollout that has changed; true when there may be more. */
export function hubTell(): bool { return reportTick(); }

export function hubDeadline(now: i64): i64 { return min<i64>(fetchDeadline(), ownDeadline(now)); }

/** Takes an Uplink event; answers a `HubHeard`. */
export function hubInput(event: usize, now: i64): i32 {
  ownUplinkHeard();
  let size: u32 = load<u16>(event + EVENT_SIZE);
  let at = event + EVENT_HEAD + 1;
  let taken: i32 = Err.Truncated;
  if (size > 0) {
    size--;
    let kind: u32 = load<u8>(at - 1);
    switch (kind) {
      case KIND_CLOCK: taken = takeClock(at, size, now); break;
      case KIND_TARIFF: taken = takeTariff(at, size, now); break;
      case KIND_ADMIT: taken = takeAdmit(at, size); break;
      case KIND_PERMIT: taken = takePermit(at, size); break;
      case KIND_OFFER: taken = takeOffer(at, size, now); break;
      case KIND_BLOCK: taken = fetchBlock(at, size, now); break;
      case KIND_ROLLOUT: taken = takeRollout(at, size); break;
      case KIND_ACTIVATE: taken = takeActivate(at, size); break;
      default: taken = Err.Reserved;
    }
  }
  if (taken >= 0) return taken;
  if (taken == Err.Truncated || taken == Err.BadLength) hubCounters.malformed++;
  else if (taken != Err.Duplicate) hubCounters.refused++;
  return HubHeard.None;
}

function takeClock(at: usize, size: u32, now: i64): i32 {
  if (size < CLOCK_SIZE) return Err.Truncated;
  let offset = load<i32>(at, 4);
  if (offset > DAY_S || offset < -DAY_S) return Err.Reserved;
  clock.offset = offset;
  clock.summerStart = load<u32>(at, 8);
  clock.summerEnd = load<u32>(at, 12);
  clock.summerShift = load<i32>(at, 16);
  clockSet(load<u32>(at), now);
  return HubHeard.None;
}

function takeTariff(at: usize, size: u32, now: i64): i32 {
  if (size < TARIFF_LABEL + 1) return Err.Truncated;
  let labelSize: u32 = load<u8>(at + TARIFF_LABEL);
  if (size < TARIFF_LABEL + 1 + labelSize) return Err.Truncated;
  if (labelSize > TARIFF_LABEL_MAX) return Err.BadLength;
  let tier: u32 = load<u8>(at, 17);
  if (tier > TIER_MAX) return Err.Reserved;
  let tariff = tariffNew;
  tariff.eventId = load<u32>(at);
  tariff.start = load<u32>(at, 4);
  tariff.minutes = load<u16>(at, 8);
  tariff.currency = load<u16>(at, 10);
  tariff.price = load<u32>(at, 12);
  tariff.digits = load<u8>(at, 16);
  tariff.tier = <u8>tier;
  tariff.labelSize = <u8>labelSize;
  memory.copy(tariff.label, at + TARIFF_LABEL + 1, labelSize);
  let put = tariffPut(clockUtc(now));
  if (put < 0) return put;
  return tariffSave() < 0 ? Err.NoBuffer : HubHeard.None;
}

function takeAdmit(at: usize, size: u32): i32 {
  if (size < ADMIT_CODE) return Err.Truncated;
  hubAsked.size = load<u8>(at, 8);
  if (hubAsked.size > CODE_MAX || size != ADMIT_CODE + hubAsked.size) return Err.BadLength;
  hubAsked.extended = load<u64>(at);
  hubAsked.code = at + ADMIT_CODE;
  return HubHeard.Admit;
}

function takePermit(at: usize, size: u32): i32 {
  if (size < 1) return Err.Truncated;
  hubAsked.seconds = load<u8>(at);
  return HubHeard.Permit;
}

/** Another file under the same number: nobody is to have it before a new rollout says so. */
function takeOffer(at: usize, size: u32, now: i64): i32 {
  let taken = fetchOffer(at, size, now);
  if (taken == Err.Ok) rolloutForget(load<u8>(at));
  return taken;
}

function takeRollout(at: usize, size: u32): i32 {
  if (size < ROLLOUT_LIST) return Err.Truncated;
  let count: u32 = load<u8>(at, 9);
  if (count > ROLLOUT_DEVICES || size != ROLLOUT_LIST + (count << 3)) return Err.BadLength;
  let image: u32 = load<u8>(at);
  if (image > LIBRARY_FILES || load<u8>(at, 1) > 1 || load<u8>(at, 4) > ACTIVATE_ON_COMMAND) return Err.Reserved;
  memory.fill(changetype<usize>(plan), 0, offsetof<Plan>());
  plan.go = load<u8>(at, 1);
  plan.atOnce = load<u8>(at, 2);
  plan.failuresMax = load<u8>(at, 3);
  plan.activate = load<u8>(at, 4);
  plan.time = load<u32>(at, 5);
  let set = rolloutSet(image, plan, at + ROLLOUT_LIST, count);
  if (set == Err.Ok || set == Err.Duplicate) fetchTell(image); // the head-end repeats itself until it hears that
  hubAsked.image = image;
  return set < 0 ? set : <i32>HubHeard.Rollout;
}

function takeActivate(at: usize, size: u32): i32 {
  if (size < 1) return Err.Truncated;
  hubAsked.image = load<u8>(at);
  if (hubAsked.image > LIBRARY_FILES) return Err.Reserved;
  let released = rolloutRelease(hubAsked.image);
  fetchTell(hubAsked.image);
  return released < 0 ? released : <i32>HubHeard.Rollout;
}
