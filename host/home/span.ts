// Spans of time as a person writes them: 90s, 2h, 1h30m.
import { InputError } from "../files/input_error.ts";

const DAY_MS = 86_400_000;
const SPAN_MAX_MS = 3660 * DAY_MS;
const UNIT_MS: Record<string, number> = { d: DAY_MS, h: 3_600_000, m: 60_000, s: 1000 };

/** `what` takes the time, in an error's sentence. */
export function spanMs(what: string, word: string): number {
  const parts = /^(\d{1,9}(\.\d{1,3})?[dhms])+$/.test(word) ? [...word.matchAll(/([\d.]+)([dhms])/g)] : [];
  const ms = Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit], 0));
  if (ms <= 0) throw new InputError(`${what} takes a time such as 90s, 2h or 3d, not "${word}".`);
  if (ms > SPAN_MAX_MS) throw new InputError(`${what} takes at most ${SPAN_MAX_MS / DAY_MS}d, not "${word}".`);
  return ms;
}
