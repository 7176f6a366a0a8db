// The times that people's files hold: ISO 8601 with or without an offset, and counts of seconds.

export interface Moment {
  /** Milliseconds since 1970. */
  ms: number;
  /** The text named its offset from UTC, so the moment is certain. */
  certain: boolean;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?$/;

/** Null when `text` is no ISO time or names a day or an hour that does not exist. */
export function isoParse(text: string): Moment | null {
  const match = ISO.exec(text);
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  const fraction = Math.trunc(Number(`0.${match[7] ?? 0}`) * 1000);
  const offset = offsetMinutes(match[8]);
  if (offset === null) return null;
  return { ms: date.getTime() + ((hour * 60 + minute - offset) * 60 + second) * 1000 + fraction, certain: match[8] !== undefined };
}

function offsetMinutes(text: string | undefined): number | null {
  if (text === undefined || text.toUpperCase() === "Z") return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = text.length > 3 ? Number(text.slice(-2)) : 0;
  if (hours > 14 || minutes > 59) return null;
  return (hours * 60 + minutes) * (text[0] === "-" ? -1 : 1);
}
