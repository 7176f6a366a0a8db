// The trickle timer: RFC 6206 section 4.2.
//
//   | silent half | point t of the second half: speak unless k others did | end: the interval doubles
//
import { NEVER } from "../../core/timers";
import { randomBelow } from "../random";

@unmanaged @final
export class Trickle {
  /** When this interval ends, and its point t; `NEVER` when it is past or the timer rests. */
  end: i64;
  point: i64;
  /** Milliseconds: of this interval, the shortest and the longest. */
  interval: u32;
  least: u32;
  most: u32;
  /** Consistent messages heard, and how many make us silent. */
  heard: u16;
  redundancy: u16;
}

/** Begins with the shortest interval. */
export function trickleStart(timer: Trickle, least: u32, doublings: u32, redundancy: u32, now: i64): void {
  timer.least = least;
  timer.most = least << doublings;
  timer.redundancy = <u16>redundancy;
  timer.interval = least;
  begin(timer, now);
}

export function trickleStop(timer: Trickle): void {
  timer.interval = 0;
  timer.end = timer.point = NEVER;
}

/** What was heard was inconsistent. */
export function trickleReset(timer: Trickle, now: i64): void {
  if (timer.interval <= timer.least) return;
  timer.interval = timer.least;
  begin(timer, now);
}

export function trickleHeard(timer: Trickle): void { timer.heard++; }

export function trickleDeadline(timer: Trickle): i64 { return timer.interval ? min(timer.point, timer.end) : NEVER; }

/** Whether it is time to speak. */
export function trickleTick(timer: Trickle, now: i64): bool {
  if (!timer.interval) return false;
  if (timer.point <= now) {
    timer.point = NEVER;
    return timer.heard < timer.redundancy;
  }
  if (timer.end > now) return false;
  timer.interval = min(timer.interval * 2, timer.most);
  begin(timer, now);
  return false;
}

function begin(timer: Trickle, now: i64): void {
  let half = timer.interval / 2;
  timer.heard = 0;
  timer.point = now + half + randomBelow(timer.interval - half);
  timer.end = now + timer.interval;
}
