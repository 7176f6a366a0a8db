// A display: shows the model, and notes each reading.
import { Log, log } from "../../core/host";
import { LOG_READING_SIZE, LogReading } from "../../core/log";
import { clock, clockMinute, clockReset, clockUtc } from "../../model/clock";
import { costKeep, costPerHour, costReset, costToday, costTodayKnown, costUpdate, household } from "../../model/cost";
import { progress } from "../../model/progress";
import { register, registerReset } from "../../model/register";
import { Tariff, tariffAt, tariffReset, tariffVersion } from "../../model/tariff";
import { updateMark } from "../../model/update";
import { activationIsDue } from "../../upgrade/activation";
import { screenDraw, screenReset } from "./screen";

/** Three times the longest interval at which a meter reports to us: what is older is marked. */
export const IHD_STALE_MS: i64 = 180_000;

// Flags of Log.Reading
const STALE: u32 = 1;
const NO_PRICE: u32 = 2;
const NO_READING: u32 = 4;
const NO_COST: u32 = 8;

const reading = changetype<LogReading>(memory.data(LOG_READING_SIZE, 8));
const logged = changetype<LogReading>(memory.data(LOG_READING_SIZE, 8));

/** What the last drawing was made of. */
@unmanaged @final
class Drawn {
  registerAt: i64;
  clockAt: i64;
  next: i64;
  version: u32;
  progress: i32;
  update: u32;
}
const drawn = changetype<Drawn>(memory.data(offsetof<Drawn>(), 8));

export function ihdReset(now: i64): void {
  clockReset();
  registerReset();
  tariffReset();
  costReset(now);
  screenReset();
  memory.fill(changetype<usize>(logged), 0, LOG_READING_SIZE);
  logged.flags = NO_READING;
  memory.fill(changetype<usize>(drawn), 0, offsetof<Drawn>());
  drawn.next = now;
}

export function ihdDeadline(): i64 { return drawn.next; }

/** Shows what has changed; cheap when nothing has. */
export function ihdTick(now: i64): void {
  if (activationIsDue()) costKeep(now);
  if (!changed(now)) return;
  let told = drawn.registerAt != register.at;
  drawn.registerAt = register.at;
  drawn.clockAt = clock.at;
  drawn.version = tariffVersion();
  drawn.progress = progress();
  drawn.update = updateMark();
  drawn.next = clockMinute(now);
  costUpdate(now);
  let stale = register.importKnown && now - register.at >= IHD_STALE_MS;
  if (register.importKnown && !stale) drawn.next = min<i64>(drawn.next, register.at + IHD_STALE_MS);
  let tariff = tariffAt(clockUtc(now));
  note(tariff, stale, told);
  screenDraw(tariff, stale, now);
}

function changed(now: i64): bool {
  return drawn.next <= now || drawn.registerAt != register.at || drawn.clockAt != clock.at || drawn.version != tariffVersion()
    || drawn.progress != progress() || drawn.update != updateMark();
}

/** Every report is noted, and between reports what else has changed. */
function note(tariff: Tariff | null, stale: bool, told: bool): void {
  let flags = (stale ? STALE : 0) | (register.importKnown ? 0 : NO_READING);
  reading.importWh = register.importWh;
  reading.powerW = register.powerKnown ? register.powerW : 0;
  reading.currency = household.currency;
  reading.digits = household.digits;
  reading.price = 0;
  reading.costPerHour = 0;
  if (tariff) {
    reading.currency = tariff.currency;
    reading.digits = tariff.digits;
    reading.price = tariff.price;
    if (register.powerKnown) reading.costPerHour = costPerHour(tariff);
  } else flags |= NO_PRICE;
  reading.costToday = 0;
  if (costTodayKnown()) reading.costToday = costToday(reading.digits);
  else flags |= NO_COST;
  reading.flags = flags;
  if (flags & logged.flags & NO_READING) return; // there never was one
  if (!told && memory.compare(changetype<usize>(reading), changetype<usize>(logged), LOG_READING_SIZE) == 0) return;
  memory.copy(changetype<usize>(logged), changetype<usize>(reading), LOG_READING_SIZE);
  log(Log.Reading, changetype<usize>(reading), LOG_READING_SIZE);
}
