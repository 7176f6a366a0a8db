// A total that is told again and again, by wire or by air: one wrong value of it moves nothing.
//
// A total only grows, and by no more than can be drawn in the time since it was told last.  What falls or leaps is in doubt:
// forgotten with the next value that goes on from the old ones, believed when it has gone on by itself for a while.

/** The most that a household draws in an hour, Wh: more than three phases of 100 A. */
export const DRAW_WH: i64 = 100_000;
/** How long another total must go on before it is believed. */
export const TOTAL_LASTS_MS: i64 = 180_000;
/** The time of a value that was kept over a reset of unknown length, before `now`. */
export const TOTAL_UNKNOWN_MS: i64 = 7 * 24 * 3600 * 1000;
const HOUR_MS: i64 = 3_600_000;
/** Beside the time told: clocks and intervals are not exact, and a small total may have small steps of its own. */
const SLACK_MS: i64 = 36_000;

@unmanaged @final
export class Total {
  /** The last value that was believed, and when it was told, ms. */
  value: i64;
  at: i64;
  /** The first and the last value in doubt. */
  first: i64;
  firstAt: i64;
  last: i64;
  lastAt: i64;
  known: bool;
  doubted: bool;
}

/**
 * Takes what was told at `now`.  Answers what was drawn since the value that was believed before, in the total's unit, or -1
 * while the new one is in doubt.  After a change to another total it is what that one has grown.  `hour`: the most that can be
 * drawn in an hour; `step`: the total's smallest step.
 */
export function totalTake(total: Total, value: i64, now: i64, hour: i64, step: i64): i64 {
  let drawn: i64 = 0;
  if (total.known) {
    drawn = value - total.value;
    if (!possible(drawn, now - total.at, hour, step)) {
      drawn = value - total.first;
      let begins = !total.doubted || !possible(value - total.last, now - total.lastAt, hour, step);
      if (begins) {
        total.doubted = true;
        total.first = value;
        total.firstAt = now;
      }
      total.last = value;
      total.lastAt = now;
      if (begins || now - total.firstAt < TOTAL_LASTS_MS) return -1;
    }
  }
  total.known = true;
  total.doubted = false;
  total.value = value;
  total.at = now;
  return drawn;
}

function possible(drawn: i64, elapsed: i64, hour: i64, step: i64): bool {
  let most = (min<i64>(max<i64>(elapsed, 0), TOTAL_UNKNOWN_MS) + SLACK_MS) * hour / HOUR_MS;
  return drawn >= 0 && drawn <= most + step;
}
