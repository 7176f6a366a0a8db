// What a display asks of the hub for its screen: prices and the reading of the first usage point there, from link to link.
//
//   Capability -> Profile -> Rate -> Interval <-> Price (each) -> Usage -> MeterReading <-> Type (each) -> Energy -> Power -,
//                    ^------------- each five minutes --------------------------------------- each half minute <-----------'
import { constantString, constantText } from "../core/constants";
import { NEVER } from "../core/timers";
import { TIME_UNKNOWN, clockUtc } from "../model/clock";
import { Progress, progressSet } from "../model/progress";
import { register } from "../model/register";
import { TARIFFS_MAX, TARIFF_DIGITS_MAX, TARIFF_LABEL_MAX, TARIFF_OPEN_MINUTES, tariffNew, tariffPut } from "../model/tariff";
import { toldEnergy, toldReset } from "../model/told";
import { MISSING, answerLink, answerNumber, answerNumberOf, answerText } from "./answers";
import { clientsAsk } from "./client";
import { ClientHeard, reply } from "./http/client";
import { Method } from "./http/request";
import { PATH_MAX } from "./limits";
import { Name } from "./schema/names";
import { EPOCH } from "./time";
import { write, writeNumber, writeOctets, writerAt, writerBegin } from "./writer";

enum Step { Capability = 0, Profile, Rate, Interval, Price, Usage, MeterReading, Type, Energy, Power }

const DCAP = constantText("/dcap");
const FROM = constantText("?s=");
const START_MS: i64 = 2_000;
const AGAIN_MS: i64 = 30_000;
const PRICES_MS: i64 = 300_000;
const WATTS: i64 = 38;
const WATT_HOURS: i64 = 72;
const FORWARD: i64 = 1;
/** Readings of a usage point that are looked at. */
const READINGS_MAX: u32 = 4;
/** The powers of ten that a value may be told in. */
const POWER_MAX: i64 = 6;

/** A path, | size | octets |. */
const PATH: u32 = 4 + PATH_MAX;
enum Path { Next = 0, Profiles, Usages, Items, Reading, Energy, Power }
const PATHS: u32 = 7;
const paths = memory.data(PATHS * PATH, 4);
const query = memory.data(PATH_MAX);

@unmanaged @final
class State {
  due: i64;
  pricesAt: i64;
  step: i32;
  /** The item of the list that is asked for. */
  index: u32;
  /** Powers of ten of energy and power. */
  energyTen: i32;
  powerTen: i32;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function shownReset(): void {
  memory.fill(paths, 0, PATHS * PATH);
  state.due = NEVER;
  toldReset();
}

/** We are in. */
export function shownStart(now: i64): void {
  state.step = Step.Capability;
  state.due = now + START_MS;
  state.pricesAt = now;
}

export function shownDeadline(): i64 { return state.due; }

/** Asks what is due; true when a question has gone out. */
export function shownTick(now: i64): bool {
  if (state.due > now || !ask(now)) return false;
  state.due = now + AGAIN_MS; // until an answer says otherwise
  return true;
}

function ask(now: i64): bool {
  switch (state.step) {
    case Step.Capability: return clientsAsk(Method.Get, query + 1, constantString(DCAP, query, PATH_MAX) - 1, 0, now);
    case Step.Profile: return follow(Path.Profiles, now);
    case Step.Usage: return follow(Path.Usages, now);
    case Step.Energy: return follow(Path.Energy, now);
    case Step.Power: return follow(Path.Power, now);
    case Step.Interval: case Step.MeterReading: {
      writerBegin(query, PATH_MAX);
      writeOctets(pathOf(Path.Items), sizeOf(Path.Items));
      write(FROM);
      writeNumber(state.index);
      return clientsAsk(Method.Get, query, <u32>(writerAt() - query), 0, now);
    }
    default: return follow(Path.Next, now);
  }
}

function follow(path: u32, now: i64): bool { return clientsAsk(Method.Get, pathOf(path), sizeOf(path), 0, now); }

/** An answer came, or none will come. */
export function shownHeard(heard: i32, now: i64): void {
  if (heard == ClientHeard.Stale) { state.due = now; return; }
  if (heard != ClientHeard.Got) return; // again, as it is
  if (reply.status != 200) {
    if (state.step >= Step.Usage) store<u32>(pathOf(Path.Energy) - 4, 0); // it may be somewhere else
    state.step = Step.Capability;
    return;
  }
  state.due = now;
  taken(now);
}

function taken(now: i64): void {
  switch (state.step) {
    case Step.Capability: {
      take(Name.TariffProfileListLink, Path.Profiles);
      take(Name.UsagePointListLink, Path.Usages);
      return next(now, now);
    }
    case Step.Profile: {
      profile();
      return go(take(Name.RateComponentListLink, Path.Next), Step.Rate, now);
    }
    case Step.Rate: {
      state.index = 0;
      return go(take(Name.TimeTariffIntervalListLink, Path.Items), Step.Interval, now);
    }
    case Step.Interval: return go(interval(), Step.Price, now);
    case Step.Price: {
      price(now);
      return go(++state.index < TARIFFS_MAX, Step.Interval, now);
    }
    case Step.Usage: {
      state.index = 0;
      if (!take(Name.MeterReadingListLink, Path.Items)) return pause(now);
      return go(true, Step.MeterReading, now);
    }
    case Step.MeterReading: {
      take(Name.ReadingLink, Path.Reading);
      if (!take(Name.ReadingTypeLink, Path.Next)) return sizeOf(Path.Energy) > 0 ? next(now, now) : pause(now);
      return go(true, Step.Type, now);
    }
    case Step.Type: {
      type();
      return go(++state.index < READINGS_MAX, Step.MeterReading, now);
    }
    case Step.Energy: {
      energy(now);
      if (sizeOf(Path.Power) > 0) return go(true, Step.Power, now);
      break;
    }
    default: power();
  }
  next(now + AGAIN_MS, now);
}

/** On to a step, or where there is nothing for it to what comes after all of its kind. */
function go(isThere: bool, step: i32, now: i64): void {
  if (isThere) state.step = step;
  else next(now, now);
}

/** What comes at `due`: prices, the reading where we know it, or the way to it. */
function next(due: i64, now: i64): void {
  state.due = due;
  if (state.pricesAt <= due && sizeOf(Path.Profiles) > 0) {
    state.pricesAt = due + PRICES_MS;
    state.step = Step.Profile;
  } else if (sizeOf(Path.Energy) > 0) state.step = Step.Energy;
  else if (sizeOf(Path.Usages) > 0) state.step = Step.Usage;
  else pause(now);
}

/** Nobody is mirrored yet: all from the beginning, after a while. */
function pause(now: i64): void {
  state.step = Step.Capability;
  state.due = now + AGAIN_MS;
}

function profile(): void {
  let tariff = tariffNew;
  tariff.currency = <u16>max<i64>(answerNumber(Name.currency), 0);
  tariff.digits = <u8>min<i64>(max<i64>(-answerNumber(Name.pricePowerOfTenMultiplier), 0), TARIFF_DIGITS_MAX);
  let size = answerText(Name.rateCode, query, 2 * TARIFF_LABEL_MAX);
  tariff.labelSize = 0;
  // What is ISO 8859-1 of UTF-8; the rest is not written on our screen.
  for (let at = query; at < query + size && tariff.labelSize < TARIFF_LABEL_MAX; at++) {
    let octet: u32 = load<u8>(at);
    if (octet >= 0xc0) octet = (octet & 3) << 6 | load<u8>(++at) & 0x3f;
    store<u8>(tariff.label + tariff.labelSize++, octet);
  }
}

function interval(): bool {
  let tariff = tariffNew;
  let start = answerNumberOf(Name.interval, Name.start) - EPOCH;
  let duration = answerNumberOf(Name.interval, Name.duration);
  if (duration < 0 || start < 0 || start >= <i64>TIME_UNKNOWN || !take(Name.ConsumptionTariffIntervalListLink, Path.Next)) return false;
  tariff.eventId = <u32>(answerNumber(Name.creationTime) - EPOCH);
  tariff.start = <u32>start;
  tariff.minutes = <u16>min<i64>((duration + 59) / 60, TARIFF_OPEN_MINUTES);
  tariff.tier = <u8>max<i64>(answerNumber(Name.touTier), 0);
  return true;
}

function price(now: i64): void {
  let value = answerNumber(Name.price);
  if (value < 0) return;
  tariffNew.price = <u32>value;
  tariffPut(clockUtc(now)); // one that is over or known, or that a later one has taken the place of, is none for us
}

/** What a reading is of: energy that is delivered, or power. */
function type(): void {
  let unit = answerNumber(Name.uom), ten = answerNumber(Name.powerOfTenMultiplier);
  if (ten == MISSING) ten = 0;
  if (ten > POWER_MAX || ten < -POWER_MAX || answerNumber(Name.flowDirection) > FORWARD) return;
  if (unit == WATT_HOURS) {
    memory.copy(pathOf(Path.Energy) - 4, pathOf(Path.Reading) - 4, PATH);
    state.energyTen = <i32>ten;
  } else if (unit == WATTS) {
    memory.copy(pathOf(Path.Power) - 4, pathOf(Path.Reading) - 4, PATH);
    state.powerTen = <i32>ten;
  }
}

/** When it was read counts: a mirror goes on telling what its meter told last. */
function energy(now: i64): void {
  progressSet(Progress.Running);
  let value = answerNumber(Name.value), start = answerNumberOf(Name.timePeriod, Name.start), utc = clockUtc(now);
  register.importKnown = value >= 0;
  if (value < 0) return;
  toldEnergy(scaled(value, state.energyTen), max<i64>(scaled(1, state.energyTen), 1), now);
  let age = start <= EPOCH || utc == TIME_UNKNOWN ? 0 : max<i64>(EPOCH + utc - start, 0);
  register.at = now - age * 1000;
}

function power(): void {
  let value = answerNumber(Name.value);
  register.powerKnown = value != MISSING;
  if (register.powerKnown) register.powerW = <i32>scaled(value, state.powerTen);
}

function scaled(value: i64, ten: i32): i64 {
  for (; ten > 0; ten--) value *= 10;
  for (; ten < 0; ten++) value /= 10;
  return value;
}

/** Where a link of the answer leads; false when there is none. */
function take(link: u32, path: u32): bool {
  let size = answerLink(link, pathOf(path));
  store<u32>(pathOf(path) - 4, size);
  return size > 0;
}

function pathOf(path: u32): usize { return paths + path * PATH + 4; }
function sizeOf(path: u32): u32 { return load<u32>(pathOf(path) - 4); }
