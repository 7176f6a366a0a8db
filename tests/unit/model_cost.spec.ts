import { Err } from "../../assembly/core/err";
import { clock, clockReset, clockSet, clockUtc, TIME_UNKNOWN } from "../../assembly/model/clock";
import { costPerHour, costReset, costToday, costTodayKnown, costUpdate, Household, household } from "../../assembly/model/cost";
import { register, registerReset } from "../../assembly/model/register";
import { Tariff, tariffAt, tariffClock, tariffNew, tariffNext, tariffPut, tariffReset, tariffRow, tariffRows, TARIFFS_MAX, TARIFF_OPEN_MINUTES } from "../../assembly/model/tariff";

const NOON: u32 = 833630400; // 2026-06-01 12:00 UTC
const DAY: u32 = 86400;
const POUND: u16 = 826;

function begin(): void {
  clockReset();
  registerReset();
  tariffReset();
  costReset(0);
  memory.fill(changetype<usize>(household), 0, offsetof<Household>());
  clockSet(NOON, 0);
}

function put(event: u32, start: u32, minutes: u16, price: u32, digits: u8 = 4): i32 {
  let tariff = tariffNew;
  tariff.eventId = event;
  tariff.start = start;
  tariff.minutes = minutes;
  tariff.price = price;
  tariff.currency = POUND;
  tariff.digits = digits;
  tariff.tier = 1;
  tariff.labelSize = 0;
  return tariffPut(clockUtc(0));
}

function read(wh: i64, watts: i32, now: i64): void {
  register.importWh = wh;
  register.powerW = watts;
  register.importKnown = true;
  register.powerKnown = true;
  register.at = now;
  costUpdate(now);
}

function price(utc: u32): u32 {
  let tariff = tariffAt(utc);
  return tariff ? tariff.price : 0;
}

describe("the tariff", () => {
  it("holds from its start to before its end", () => {
    begin();
    expect(put(1, NOON + 60, 30, 5)).toBe(Err.Ok);
    expect(price(NOON + 59)).toBe(0);
    expect(price(NOON + 60)).toBe(5);
    expect(price(NOON + 60 + 1799)).toBe(5);
    expect(price(NOON + 60 + 1800)).toBe(0);
  });

  it("starts now when no start is given", () => {
    begin();
    put(1, 0, TARIFF_OPEN_MINUTES as u16, 7);
    expect(price(NOON - 1)).toBe(0);
    expect(price(NOON)).toBe(7);
    expect(price(NOON + 10 * DAY)).toBe(7);
  });

  it("yields to a later issue, and does not come back after it", () => {
    begin();
    put(1, 0, TARIFF_OPEN_MINUTES as u16, 7);
    put(2, NOON + 3600, 60, 9);
    expect(price(NOON + 3599)).toBe(7);
    expect(price(NOON + 3600)).toBe(9);
    expect(price(NOON + 7200)).toBe(0);
  });

  it("refuses an earlier issue that overlaps a later one in any way", () => {
    begin();
    put(5, NOON + 3600, 60, 7);
    expect(put(4, NOON + 3540, 2, 3)).toBe(Err.Refused);
    expect(put(4, NOON + 3540, 1, 3)).toBe(Err.Ok);
    expect(put(3, NOON + 7199, 60, 3)).toBe(Err.Refused);
    expect(put(3, NOON + 7200, 60, 3)).toBe(Err.Ok);
    expect(put(2, NOON + 3700, 1, 3)).toBe(Err.Refused);
    expect(put(1, NOON, TARIFF_OPEN_MINUTES as u16, 3)).toBe(Err.Refused);
    expect(price(NOON + 3600)).toBe(7);
  });

  it("removes every earlier issue that a later one overlaps, but for the one of now", () => {
    begin();
    put(1, NOON, 60, 1);
    put(2, NOON + 3600, 60, 2);
    put(3, NOON + 7200, 60, 3);
    put(4, NOON + 10_800, 60, 4);
    expect(put(9, NOON + 1800, 120, 9)).toBe(Err.Ok);
    expect(price(NOON + 1799)).toBe(1);
    expect(price(NOON + 1800)).toBe(9);
    expect(price(NOON + 8999)).toBe(9);
    expect(price(NOON + 9000)).toBe(0); // the rest of 3 does not come back
    expect(price(NOON + 10_800)).toBe(4);
  });

  it("knows again a price that a later issue has shortened", () => {
    begin();
    put(1, NOON, 120, 1);
    put(2, NOON + 3600, 60, 2);
    expect(put(1, NOON, 120, 1)).toBe(Err.Duplicate);
    expect(put(1, NOON, 60, 1)).toBe(Err.Duplicate);
    expect(put(1, NOON, 30, 1)).toBe(Err.Ok);
    expect(price(NOON + 1800)).toBe(0);
  });

  it("of an open start goes on when the clock is set back, one of a given start waits for it", () => {
    begin();
    clockSet(NOON + DAY, 0);
    put(1, 0, TARIFF_OPEN_MINUTES as u16, 7);
    tariffClock(NOON + DAY, NOON);
    clockSet(NOON, 0);
    expect(price(NOON)).toBe(7);
    expect(put(1, 0, TARIFF_OPEN_MINUTES as u16, 7)).toBe(Err.Duplicate);
    put(2, NOON + 60, TARIFF_OPEN_MINUTES as u16, 8);
    tariffClock(NOON + 60, NOON - 60);
    expect(price(NOON - 60)).toBe(0);
    expect(price(NOON + 60)).toBe(8);
  });

  it("counts issues around the end of their numbers", () => {
    begin();
    put(0xffffffff, 0, TARIFF_OPEN_MINUTES as u16, 7);
    put(1, 0, TARIFF_OPEN_MINUTES as u16, 8);
    expect(price(NOON)).toBe(8);
  });

  it("says when an issue is known, and takes a correction", () => {
    begin();
    put(1, 0, TARIFF_OPEN_MINUTES as u16, 7);
    expect(put(1, 0, TARIFF_OPEN_MINUTES as u16, 7)).toBe(Err.Duplicate);
    expect(put(1, 0, TARIFF_OPEN_MINUTES as u16, 6)).toBe(Err.Ok);
    expect(price(NOON)).toBe(6);
  });

  it("refuses ten decimals, a price of all ones, and what is over", () => {
    begin();
    expect(put(1, 0, 60, 7, 9)).toBe(Err.Ok);
    expect(put(2, 0, 60, 7, 10)).toBe(Err.Reserved);
    expect(put(3, 0, 60, 0xffffffff)).toBe(Err.Reserved);
    expect(put(4, NOON - 3600, 60, 7)).toBe(Err.Timeout);
    expect(put(5, NOON - 3599, 60, 7)).toBe(Err.Ok);
  });

  it("has room for a limited number of prices and keeps the one that counts", () => {
    begin();
    put(1, 0, TARIFF_OPEN_MINUTES as u16, 7);
    for (let n: u32 = 1; n < TARIFFS_MAX; n++) expect(put(1 + n, NOON + n * 1800, 30, 10 + n)).toBe(Err.Ok);
    expect(put(99, NOON + 9 * 1800, 30, 99)).toBe(Err.NoBuffer);
    expect(price(NOON)).toBe(7);
  });

  it("lists prices in order of their start, and names the next change", () => {
    begin();
    put(2, NOON + 3600, 30, 9);
    put(1, NOON, 60, 7);
    expect(tariffRow(ctz(tariffRows(NOON, 1))).price).toBe(7);
    expect(tariffRows(NOON, 0)).toBe(tariffRows(NOON, 2));
    expect(popcnt(tariffRows(NOON, 0))).toBe(2);
    expect(tariffRow(ctz(tariffRows(NOON + 3600, 0))).price).toBe(9);
    expect(tariffRows(NOON + 5400, 0)).toBe(0);
    expect(tariffNext(NOON)).toBe(NOON + 3600);
  });
});

describe("the cost", () => {
  it("is unknown before a price", () => {
    begin();
    read(1000, 500, 0);
    expect(costTodayKnown()).toBe(false);
  });

  it("counts energy from the first reading on, also what came before the price", () => {
    begin();
    read(1000, 500, 0);
    read(1100, 500, 10000);
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 2500);
    read(2000, 500, 20000);
    expect(costToday(4)).toBe(2500); // one kWh at 0.2500
    expect(costToday(2)).toBe(25);
  });

  it("per hour rounds to the nearest unit and never pays for exports", () => {
    begin();
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 2455);
    register.powerW = 1;
    expect(costPerHour(tariffAt(NOON) as Tariff)).toBe(2);
    register.powerW = 1000;
    expect(costPerHour(tariffAt(NOON) as Tariff)).toBe(2455);
    register.powerW = -500;
    expect(costPerHour(tariffAt(NOON) as Tariff)).toBe(0);
  });

  it("begins again at midnight without a reading", () => {
    begin();
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 1000);
    read(0, 0, 0);
    read(5000, 0, 600_000);
    expect(costToday(4)).toBe(5000);
    costUpdate(12 * 3600 * 1000);
    expect(costToday(4)).toBe(0);
  });

  it("charges today only for the share of a step after midnight", () => {
    begin();
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 1000);
    read(0, 0, 0);
    costUpdate(6 * 3600 * 1000); // no reading: the minute's work in between changes nothing
    costUpdate(13 * 3600 * 1000);
    read(24000, 0, 24 * 3600 * 1000); // 24 kWh in 24 hours, half of them today
    expect(costToday(4)).toBe(12000);
  });

  it("shows no spike for another meter, and goes on with it once it has lasted", () => {
    begin();
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 1000);
    read(5000, 0, 0);
    read(3000, 0, 10_000);
    read(3100, 0, 100_000);
    expect(costToday(4)).toBe(0);
    read(3200, 0, 190_000); // what it has counted meanwhile is charged
    expect(costToday(4)).toBe(200);
    read(9_000_000_000, 0, 200_000);
    expect(costToday(4)).toBe(200);
    read(3300, 0, 210_000);
    expect(costToday(4)).toBe(300);
  });

  it("does not move for one wrong total, whichever it is", () => {
    for (let wrong: i64 = 0; wrong <= 13_000_000; wrong += 999_983) {
      begin();
      put(1, NOON, TARIFF_OPEN_MINUTES as u16, 2703);
      read(12_345_678, 0, 0);
      read(12_345_700, 0, 60_000);
      read(wrong, 0, 120_000);
      read(12_345_720, 0, 130_000);
      expect(costToday(4)).toBe(114); // 42 Wh at 0.2703 a kWh
    }
  });

  it("believes a long silence as far as a household can draw", () => {
    begin();
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 1000);
    read(0, 0, 0);
    read(500_000, 0, 5 * 3600 * 1000);
    expect(costToday(4)).toBe(500_000);
    read(1_501_000, 0, 15 * 3600 * 1000); // 1,001 kWh in ten hours, still 36 s of slack
    expect(household.wh).toBe(1_501_000);
    read(2_503_000, 0, 25 * 3600 * 1000);
    expect(household.wh).toBe(1_501_000);
  });

  it("goes on after a reset with what was used meanwhile", () => {
    begin();
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 1000);
    read(0, 0, 0);
    read(1000, 0, 16 * 60 * 1000); // written: more than a quarter of an hour since the last time
    read(1500, 0, 17 * 60 * 1000); // not written
    costReset(0);
    clockSet(NOON + 18 * 60, 0);
    read(2000, 0, 0);
    expect(costToday(4)).toBe(2000);
  });

  it("follows a change of decimals and begins again with another currency", () => {
    begin();
    put(1, NOON, TARIFF_OPEN_MINUTES as u16, 1000, 4);
    read(0, 0, 0);
    read(1000, 0, 1000);
    put(2, NOON + 1, TARIFF_OPEN_MINUTES as u16, 10, 2);
    read(2000, 0, 2000);
    expect(household.digits).toBe(2);
    expect(costToday(2)).toBe(20);
    tariffNew.currency = 978;
    tariffNew.eventId = 3;
    tariffNew.start = NOON + 2;
    tariffPut(NOON + 2);
    read(2000, 0, 3000);
    read(3000, 0, 4000);
    expect(costToday(2)).toBe(10);
  });

  it("does without a clock by saying nothing", () => {
    begin();
    clock.utc = TIME_UNKNOWN;
    read(1000, 0, 0);
    expect(costTodayKnown()).toBe(false);
  });
});
