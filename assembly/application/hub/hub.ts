// A hub: what the head-end says becomes the clock and the tariff; what it asks of the network goes up to the device.
// Records: docs/uplink.md.
import { Err } from "../../core/err";
import { EVENT_HEAD, EVENT_SIZE } from "../../core/host";
import { clockReset } from "../../model/clock";
import { LIBRARY_FILES } from "../../model/library";
import { ACTIVATE_ON_COMMAND, Plan, ROLLOUT_DEVICES, rolloutForget, rolloutRelease, rolloutReset, rolloutSet } from "../../model/rollout";
import { tariffLoad } from "../../model/tariff";
import { fetchBlock, fetchDeadline, fetchOffer, fetchReset, fetchTell, fetchTick } from "./fetch";
import { hubRefused } from "./refusal";
import { ownChanged, ownDeadline, ownReset, ownTick, ownUplinkHeard } from "./own";
import { reportTick } from "./report";
import { takeClock, takeTariff } from "./take";
import {
  ACTIVATE_SIZE, ActivateRecord, ADMIT_SIZE, AdmitRecord, DOWN_ACTIVATE, DOWN_ADMIT, DOWN_BLOCK, DOWN_CLOCK,
  DOWN_OFFER, DOWN_PERMIT, DOWN_REKEY, DOWN_REMOVE, DOWN_ROLLOUT, DOWN_TARIFF, OfferRecord, PERMIT_SIZE, PermitRecord, REKEY_SIZE,
  RekeyRecord, REMOVE_SIZE, RemoveRecord, ROLLOUT_SIZE, RolloutRecord,
} from "./uplink";

const CODE_MAX: u32 = 18;
const plan = changetype<Plan>(memory.data(offsetof<Plan>(), 4));

export enum HubHeard {
  None = 0,
  /** `hubAsked.extended` joins with the install code at `hubAsked.code`. */
  Admit = 1,
  /** Joining is open for `hubAsked.seconds`. */
  Permit = 2,
  /** The devices that are to have file `hubAsked.image` are to be told; 0 is the hub itself. */
  Rollout = 3,
  /** The network gets another key, `hubAsked.seconds` after it was told. */
  Rekey = 4,
  /** `hubAsked.extended` is to leave. */
  Remove = 5,
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
  let taken = size > 0 ? take(event + EVENT_HEAD + 1, size - 1, now) : <i32>Err.Truncated;
  if (taken >= 0) return taken;
  if (taken == Err.Truncated || taken == Err.BadLength) hubCounters.malformed++;
  else if (taken != Err.Duplicate) hubCounters.refused++;
  hubRefused(event, taken);
  return HubHeard.None;
}

/** Takes the record of `size` octets whose kind is in front of `at`. */
function take(at: usize, size: u32, now: i64): i32 {
  switch (<u32>load<u8>(at - 1)) {
    case DOWN_CLOCK: return takeClock(at, size, now);
    case DOWN_TARIFF: return takeTariff(at, size, now);
    case DOWN_ADMIT: return takeAdmit(at, size);
    case DOWN_PERMIT: return takePermit(at, size);
    case DOWN_OFFER: return takeOffer(at, size, now);
    case DOWN_BLOCK: return fetchBlock(at, size, now);
    case DOWN_ROLLOUT: return takeRollout(at, size);
    case DOWN_ACTIVATE: return takeActivate(at, size);
    case DOWN_REKEY: return takeRekey(at, size);
    case DOWN_REMOVE: return takeRemove(at, size);
    default: return Err.Reserved;
  }
}

function takeAdmit(at: usize, size: u32): i32 {
  if (size < ADMIT_SIZE) return Err.Truncated;
  let record = changetype<AdmitRecord>(at);
  hubAsked.size = record.codeSize;
  if (hubAsked.size > CODE_MAX || size != ADMIT_SIZE + hubAsked.size) return Err.BadLength;
  hubAsked.extended = record.extended;
  hubAsked.code = record.code;
  return HubHeard.Admit;
}

function takeRekey(at: usize, size: u32): i32 {
  if (size < REKEY_SIZE) return Err.Truncated;
  hubAsked.seconds = changetype<RekeyRecord>(at).seconds;
  return HubHeard.Rekey;
}

function takeRemove(at: usize, size: u32): i32 {
  if (size < REMOVE_SIZE) return Err.Truncated;
  hubAsked.extended = changetype<RemoveRecord>(at).extended;
  return HubHeard.Remove;
}

function takePermit(at: usize, size: u32): i32 {
  if (size < PERMIT_SIZE) return Err.Truncated;
  hubAsked.seconds = changetype<PermitRecord>(at).seconds;
  return HubHeard.Permit;
}

/** Another file under the same number: nobody is to have it before a new rollout says so. */
function takeOffer(at: usize, size: u32, now: i64): i32 {
  let taken = fetchOffer(at, size, now);
  if (taken == Err.Ok) rolloutForget(changetype<OfferRecord>(at).image);
  return taken;
}

function takeRollout(at: usize, size: u32): i32 {
  if (size < ROLLOUT_SIZE) return Err.Truncated;
  let record = changetype<RolloutRecord>(at);
  let count = record.count;
  if (count > ROLLOUT_DEVICES || size != ROLLOUT_SIZE + (count << 3)) return Err.BadLength;
  let image = record.image;
  if (image > LIBRARY_FILES || record.go > 1 || record.activate > ACTIVATE_ON_COMMAND) return Err.Reserved;
  memory.fill(changetype<usize>(plan), 0, offsetof<Plan>());
  plan.go = <u8>record.go;
  plan.atOnce = <u8>record.atOnce;
  plan.failuresMax = <u8>record.failures;
  plan.activate = <u8>record.activate;
  plan.time = record.time;
  let set = rolloutSet(image, plan, record.devices, count);
  if (set == Err.Ok || set == Err.Duplicate) fetchTell(image); // the head-end repeats itself until it hears that
  hubAsked.image = image;
  return set < 0 ? set : <i32>HubHeard.Rollout;
}

function takeActivate(at: usize, size: u32): i32 {
  if (size < ACTIVATE_SIZE) return Err.Truncated;
  hubAsked.image = changetype<ActivateRecord>(at).image;
  if (hubAsked.image > LIBRARY_FILES) return Err.Reserved;
  let released = rolloutRelease(hubAsked.image);
  fetchTell(hubAsked.image);
  return released < 0 ? released : <i32>HubHeard.Rollout;
}
