// Numbers and times as a person reads them.

export function kilowattHours(wh: number | null | undefined): string {
  return wh === null || wh === undefined ? "unknown" : `${(wh / 1000).toFixed(3)} kWh`;
}

export function watts(w: number | null | undefined): string {
  return w === null || w === undefined ? "unknown" : `${w} W`;
}

export function money(amount: number | null | undefined, currency: string, digits = 2): string {
  if (amount === null || amount === undefined) return "unknown";
  return new Intl.NumberFormat("en-GB", {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount);
}

const LONDON = "Europe/London";

const WHEN = new Intl.DateTimeFormat("en-GB", {
  timeZone: LONDON,
  weekday: "short",
  day: "2-digit",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat("en-CA", { timeZone: LONDON, year: "numeric", month: "2-digit", day: "2-digit" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeZone: LONDON, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const when = (date: string): string => WHEN.format(new Date(date));
/** A day of London's, to be compared. */
export const dayOf = (date: string): string => DAY.format(new Date(date));
export const clockOf = (date: string): string => CLOCK.format(new Date(date));

/** How long ago, in the home's time. */
export function ago(thenMs: number | null, nowMs: number): string {
  if (thenMs === null) return "never";
  const seconds = Math.max(0, Math.round((nowMs - thenMs) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min ago` : `${Math.round(minutes / 60)} h ago`;
}

export function elapsed(ms: number): string {
  const seconds = ms / 1000;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${hours}:${String(minutes).padStart(2, "0")}:${(seconds % 60).toFixed(3).padStart(6, "0")}`;
}
