// Times on the wall of the British Isles, which name no offset: `26-10-2025 01:30` is two moments in the night the clocks go back.
//
// Both are in a file of half hours, one after the other; so the first is summer's, and what follows it is winter's.
import { type InputError, shown } from "../files/input_error.ts";
import { isoParse } from "./time.ts";

const HOUR_MS = 3_600_000;
const SUNDAY = 0;
const MARCH = 2;
const OCTOBER = 9;
const FORM = /^(\d{2})[-/](\d{2})[-/](\d{4}) (\d{2}:\d{2})(?::00)?$/;

/** Directive 2000/84/EC: 01:00 UTC on the last Sunday of the month. */
function change(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0, 1));
  return last.getTime() - ((last.getUTCDay() - SUNDAY) % 7) * 24 * HOUR_MS;
}

export class LocalClock {
  private beforeMs = Number.NEGATIVE_INFINITY;

  /** What the wall shows, as if it were UTC; null when `text` is no such time. */
  static wall(text: string): number | null {
    const match = FORM.exec(text);
    return match ? (isoParse(`${match[3]}-${match[2]}-${match[1]}T${match[4]}Z`)?.ms ?? null) : null;
  }

  /** The moment of the next row of a file, oldest first: milliseconds since 1970. */
  next(text: string, wrong: (what: string) => InputError): number {
    const wall = LocalClock.wall(text);
    if (wall === null) throw wrong(`"${shown(text)}" is not a time; write it like 31-03-2024 00:30`);
    const year = new Date(wall).getUTCFullYear();
    const [forward, back] = [change(year, MARCH), change(year, OCTOBER)];
    const summer = wall - HOUR_MS;
    const isSummer = summer >= forward && summer < back;
    const isWinter = wall < forward || wall >= back;
    if (!isSummer && !isWinter) throw wrong(`there is no ${text.slice(11)} in the night the clocks go forward; mend the time`);
    const ms = isSummer && !(isWinter && summer <= this.beforeMs) ? summer : wall;
    this.beforeMs = ms;
    return ms;
  }
}
