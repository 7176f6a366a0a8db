import { clock, clockDay, clockKnown, clockLocal, clockMidnight, clockMinute, clockReset, clockSet, clockUtc, TIME_UNKNOWN } from "../../assembly/model/clock";
import { dateDay, dateMonth, dateOf, dateYear } from "../../assembly/application/ihd/date";

// Seconds since 2000-01-01 of moments in 2026, computed with `date -u -d ... +%s` less 946684800.
const JUNE_1_NOON: u32 = 833630400;
const SPRING: u32 = 828061200; // 2026-03-29 01:00 UTC: British summer time begins
const AUTUMN: u32 = 846205200; // 2026-10-25 01:00 UTC: it ends
const HOUR: u32 = 3600;

function british(): void {
  clockReset();
  clock.summerStart = SPRING;
  clock.summerEnd = AUTUMN;
  clock.summerShift = 3600;
}

describe("the clock", () => {
  it("does not know the time until it is told", () => {
    clockReset();
    expect(clockKnown()).toBe(false);
    expect(clockUtc(123456)).toBe(TIME_UNKNOWN);
  });

  it("goes on from what it was told, in whole seconds", () => {
    british();
    clockSet(JUNE_1_NOON, 5000);
    expect(clockUtc(5999)).toBe(JUNE_1_NOON);
    expect(clockUtc(6000)).toBe(JUNE_1_NOON + 1);
    expect(clockUtc(4000)).toBe(JUNE_1_NOON - 1);
  });

  it("adds the summer shift from its first second to the one before its end", () => {
    british();
    expect(clockLocal(SPRING - 1)).toBe(SPRING - 1);
    expect(clockLocal(SPRING)).toBe(SPRING + HOUR);
    expect(clockLocal(AUTUMN - 1)).toBe(AUTUMN - 1 + HOUR);
    expect(clockLocal(AUTUMN)).toBe(AUTUMN);
  });

  it("finds midnight on a day of 23 hours", () => {
    british();
    let midnight = SPRING - HOUR; // 00:00 UTC is 00:00 local before the change
    expect(clockMidnight(SPRING - 1)).toBe(midnight);
    expect(clockMidnight(SPRING)).toBe(midnight);
    expect(clockMidnight(SPRING + HOUR * 21)).toBe(midnight);
    expect(clockMidnight(SPRING + HOUR * 22)).toBe(midnight + 23 * HOUR);
  });

  it("finds midnight on a day of 25 hours", () => {
    british();
    let midnight = AUTUMN - 2 * HOUR; // 23:00 UTC the day before is 00:00 local
    expect(clockMidnight(AUTUMN - 1)).toBe(midnight);
    expect(clockMidnight(AUTUMN)).toBe(midnight);
    expect(clockMidnight(AUTUMN + 23 * HOUR - 1)).toBe(midnight);
    expect(clockMidnight(AUTUMN + 23 * HOUR)).toBe(midnight + 25 * HOUR);
  });

  it("finds midnight where the shift falls on midnight itself", () => {
    british();
    clock.summerStart = SPRING - HOUR; // at 00:00 local the clock jumps to 01:00
    expect(clockMidnight(SPRING)).toBe(SPRING - HOUR);
    expect(clockDay(SPRING - HOUR - 1)).toBe(clockDay(SPRING - HOUR) - 1);
  });

  it("counts days by local time, west of Greenwich too", () => {
    clockReset();
    clock.offset = -5 * 3600;
    let midnight: u32 = 833587200 + 5 * HOUR; // 2026-06-01 05:00 UTC
    expect(clockDay(midnight - 1)).toBe(clockDay(midnight) - 1);
    expect(clockMidnight(midnight + 12345)).toBe(midnight);
  });

  it("names the next whole minute", () => {
    british();
    clockSet(JUNE_1_NOON + 59, 1000);
    expect(clockMinute(1000)).toBe(2000);
    expect(clockMinute(1999)).toBe(2000);
    expect(clockMinute(2000)).toBe(62000);
  });
});

describe("the date", () => {
  it("begins with 2000-01-01", () => {
    dateOf(0);
    expect(dateYear()).toBe(2000);
    expect(dateMonth()).toBe(1);
    expect(dateDay()).toBe(1);
  });

  it("has a leap day in 2000 and 2024, none in 2100", () => {
    dateOf(59);
    expect(dateMonth() * 100 + dateDay()).toBe(229);
    dateOf(60);
    expect(dateMonth() * 100 + dateDay()).toBe(301);
    dateOf(8825); // 2024-02-29
    expect(dateYear() * 10000 + dateMonth() * 100 + dateDay()).toBe(20240229);
    dateOf(36583); // 2100-02-28
    expect(dateYear() * 10000 + dateMonth() * 100 + dateDay()).toBe(21000228);
    dateOf(36584);
    expect(dateYear() * 10000 + dateMonth() * 100 + dateDay()).toBe(21000301);
  });

  it("ends years at their last day", () => {
    dateOf(365);
    expect(dateYear() * 10000 + dateMonth() * 100 + dateDay()).toBe(20001231);
    dateOf(366);
    expect(dateYear() * 10000 + dateMonth() * 100 + dateDay()).toBe(20010101);
  });
});
