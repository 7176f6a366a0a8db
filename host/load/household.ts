// Makes default-household.csv: an invented household's electricity over one week, from the model in README.md beside this file.
import { fileURLToPath } from "node:url";

const HALF_HOURS = 7 * 48;
/** Monday 24 March 2025, 16:00 in London; the clocks go forward on the Sunday, inside the week. */
const START = Date.UTC(2025, 2, 24, 16, 0);
const CLOCKS_FORWARD = Date.UTC(2025, 2, 30, 1, 0);
const HALF_HOUR_MS = 1_800_000;
const SEED = 2025;

/** Lehmer's generator modulo 2^31 - 1 with factor 48271: integers only, the same on every machine. */
function lehmer(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 48271) % 0x7fffffff;
    return state % limit;
  };
}

/** The hour of an appliance's habit and how often, in a hundred, it is followed. */
interface Habit {
  name: string;
  /** Local half hours 0..47 in which it may begin. */
  from: number;
  to: number;
  /** Monday is bit 0. */
  days: number;
  percent: number;
  /** Watt-hours in each half hour that it runs. */
  wattHours: number[];
}

const WORK_DAYS = 0b0011111;
const WEEKEND = 0b1100000;
const ALL_DAYS = WORK_DAYS | WEEKEND;

const HABITS: Habit[] = [
  { name: "kettle and toaster", from: 13, to: 15, days: WORK_DAYS, percent: 90, wattHours: [190, 60] },
  { name: "shower", from: 13, to: 15, days: ALL_DAYS, percent: 85, wattHours: [720] },
  { name: "late breakfast", from: 17, to: 20, days: WEEKEND, percent: 95, wattHours: [310, 180] },
  { name: "washing machine", from: 19, to: 26, days: WEEKEND | 0b0000100, percent: 80, wattHours: [640, 210, 120] },
  { name: "lunch", from: 24, to: 26, days: WEEKEND, percent: 90, wattHours: [420, 90] },
  { name: "kettle", from: 33, to: 35, days: ALL_DAYS, percent: 80, wattHours: [110] },
  { name: "oven and hob", from: 35, to: 37, days: ALL_DAYS, percent: 95, wattHours: [980, 760, 240] },
  { name: "dishwasher", from: 40, to: 42, days: ALL_DAYS, percent: 70, wattHours: [560, 90, 430] },
];

/** What a household that is at home and awake adds: light after dark, screens, chargers. */
function presence(slot: number, weekend: boolean): number {
  const awake = slot >= (weekend ? 16 : 13) && slot < 46;
  const home = awake && (weekend || slot < 17 || slot >= 34);
  const dark = slot < 13 || slot >= 38;
  return (home ? 85 : 0) + (home && dark ? 60 : 0);
}

/** Watt-hours of each half hour of the week. */
export function household(): number[] {
  const random = lehmer(SEED);
  const wattHours: number[] = new Array(HALF_HOURS).fill(0);
  for (let index = 0; index < HALF_HOURS; index++) {
    const { slot, day } = local(index);
    // A refrigerator in turns, a router and what is on standby.
    wattHours[index] += 48 + (index % 3 === 0 ? 42 : 9) + random(17) + presence(slot, day >= 5);
    for (const habit of HABITS) {
      if (slot !== habit.from || ((habit.days >> day) & 1) === 0 || random(100) >= habit.percent) continue;
      const begin = index + random(habit.to - habit.from + 1);
      habit.wattHours.forEach((amount, turn) => {
        if (begin + turn < HALF_HOURS) wattHours[begin + turn] += amount - random(40);
      });
    }
  }
  return wattHours;
}

/** The local half hour of the day, 0..47, and the day of the week, Monday 0. */
function local(index: number): { slot: number; day: number } {
  const utc = START + index * HALF_HOUR_MS;
  const time = new Date(utc + (utc >= CLOCKS_FORWARD ? 3_600_000 : 0));
  return { slot: time.getUTCHours() * 2 + (time.getUTCMinutes() >= 30 ? 1 : 0), day: (time.getUTCDay() + 6) % 7 };
}

function iso(utc: number): string {
  const summer = utc >= CLOCKS_FORWARD;
  return new Date(utc + (summer ? 3_600_000 : 0)).toISOString().slice(0, 19) + (summer ? "+01:00" : "+00:00");
}

export function householdCsv(): string {
  const rows = household().map((wattHours, index) => {
    const start = START + index * HALF_HOUR_MS;
    return `${(wattHours / 1000).toFixed(3)}, ${iso(start)}, ${iso(start + HALF_HOUR_MS)}\n`;
  });
  return `Consumption (kWh), Start, End\n${rows.join("")}`;
}

export const DEFAULT_HOUSEHOLD = fileURLToPath(new URL("default-household.csv", import.meta.url));
