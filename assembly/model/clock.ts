// Time of day: UTC in seconds since 2000-01-01, and the household's own time.
//
// Nothing here is stored: a board without a battery-backed clock does not know how long it was off, so after a reset
// the time is unknown until somebody tells it again.
import { NEVER } from "../core/timers";

/** What "unknown" looks like as a number of seconds. */
export const TIME_UNKNOWN: u32 = 0xffff_ffff;
const DAY_S: u32 = 86_400;

@unmanaged @final
export class Clock {
  /** `utc` at the module's time `at`, or `TIME_UNKNOWN`. */
  utc: u32;
  /** Standard time less UTC, in seconds. */
  offset: i32;
  /** Summer time holds from `summerStart` to before `summerEnd`, both UTC, and adds `summerShift` seconds. */
  summerStart: u32;
  summerEnd: u32;
  summerShift: i32;
  at: i64;
}

export const clock = changetype<Clock>(memory.data(offsetof<Clock>(), 8));

export function clockReset(): void {
  memory.fill(changetype<usize>(clock), 0, offsetof<Clock>());
  clock.utc = TIME_UNKNOWN;
}

/** Sets the time; the zone stands in the fields and may be set before or after. */
export function clockSet(utc: u32, now: i64): void {
  clock.utc = utc;
  clock.at = now;
}

export function clockKnown(): bool { return clock.utc != TIME_UNKNOWN; }

/** UTC at the module's time `now`, or `TIME_UNKNOWN`. */
export function clockUtc(now: i64): u32 {
  return clockKnown() ? clock.utc + <u32>((now - clock.at) / 1000) : TIME_UNKNOWN;
}

/** Standard time of a moment in UTC. */
export function clockStandard(utc: u32): u32 { return utc + clock.offset; }

/** The household's time of a moment in UTC. */
export function clockLocal(utc: u32): u32 {
  let summer = utc >= clock.summerStart && utc < clock.summerEnd;
  return clockStandard(utc) + (summer ? clock.summerShift : 0);
}

/** The number of a local day. */
export function clockDay(utc: u32): u32 { return clockLocal(utc) / DAY_S; }

/** The moment, in UTC, at which the local day of `utc` began; exact on the days of 23 and 25 hours too. */
export function clockMidnight(utc: u32): u32 {
  let day = clockDay(utc);
  let began = utc - clockLocal(utc) % DAY_S;
  // The shift may have come between: then the guess is off by it, to one side or the other.
  if (clockDay(began) != day) began += offBy(began);
  else if (clockDay(began - 1) == day) began -= clockLocal(began) % DAY_S;
  return began;
}

/** When the household's time next reaches a whole minute. */
export function clockMinute(now: i64): i64 {
  if (!clockKnown()) return NEVER;
  let into = <i64>(clockLocal(clockUtc(now)) % 60) * 1000 + (now - clock.at) % 1000;
  return now + 60_000 - into;
}

function offBy(utc: u32): u32 {
  return DAY_S - clockLocal(utc) % DAY_S;
}
