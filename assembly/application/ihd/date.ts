// Days since 2000-01-01 as a date of the Gregorian calendar.

@unmanaged @final
class Date3 {
  year: u32;
  month: u32;
  day: u32;
}
const date = changetype<Date3>(memory.data(offsetof<Date3>()));

const DAYS_4_YEARS: u32 = 1461;
/** Days of four centuries; 2000 begins one. */
const DAYS_400_YEARS: u32 = 146_097;
/** From 2000-01-01 to 2000-03-01: years that begin in March have their leap day at the end. */
const TO_MARCH: u32 = 60;
const DAYS_100_YEARS: u32 = 36_524;

export function dateYear(): u32 { return date.year; }
export function dateMonth(): u32 { return date.month; }
export function dateDay(): u32 { return date.day; }

export function dateOf(days: u32): void {
  let shifted = days + DAYS_400_YEARS - TO_MARCH; // from 1600-03-01, so that nothing is negative
  let era = shifted / DAYS_400_YEARS;
  let inEra = shifted % DAYS_400_YEARS;
  let inYears = inEra - inEra / (DAYS_4_YEARS - 1) + inEra / DAYS_100_YEARS - inEra / (DAYS_400_YEARS - 1);
  let year = inYears / 365;
  let inYear = inEra - (year * 365 + year / 4 - year / 100);
  let month = (5 * inYear + 2) / 153; // from March: 31 30 31 30 31, 31 30 31 30 31, 31 28
  date.day = inYear - (153 * month + 2) / 5 + 1;
  date.month = month < 10 ? month + 3 : month - 9;
  date.year = 1600 + era * 400 + year + (date.month <= 2 ? 1 : 0);
}
