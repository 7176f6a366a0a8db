// When a device activates what it has loaded: the answer to an upgrade end, asked for or told.  075123 section 11.13.9.
import { TIME_UNKNOWN, clockUtc } from "../../model/clock";
import { libraryFile, libraryIsPersonal } from "../../model/library";
import { ACTIVATE_AT, ACTIVATE_NOW, rolloutLoaded, rolloutPlan, rolloutRuns } from "../../model/rollout";
import { upgradeEndResponseEmit } from "../descriptors/ota";
import { OTA_TIME_WAIT } from "./command";

/** UTC as commands carry it: 0 when it is not known, and then other times count from now. */
export function otaTime(now: i64): u32 {
  let utc = clockUtc(now);
  return utc == TIME_UNKNOWN ? 0 : utc;
}

/** When the devices of a plan activate, or `OTA_TIME_WAIT`; `current` is `otaTime`. */
export function otaActivation(image: u32, current: u32): u32 {
  let plan = rolloutPlan(image);
  if (libraryIsPersonal(libraryFile(image))) return current;
  if (!rolloutRuns(image)) return OTA_TIME_WAIT;
  if (plan.activate == ACTIVATE_NOW || plan.released) return current;
  if (plan.activate != ACTIVATE_AT || current == 0) return OTA_TIME_WAIT;
  return max<u32>(plan.time, current); // a time before the current one is an error to the client
}

/** Writes the answer to an upgrade end, and notes what the device was told. */
export function otaEndAnswer(at: usize, image: u32, extended: u64, now: i64): u32 {
  let file = libraryFile(image);
  let current = otaTime(now);
  let time = otaActivation(image, current);
  let activates = time != OTA_TIME_WAIT;
  if (!libraryIsPersonal(file)) rolloutLoaded(image, extended, activates, activates ? now + <i64>(time - current) * 1000 : now);
  return upgradeEndResponseEmit(at, file.manufacturer, file.type, file.version, current, time);
}
