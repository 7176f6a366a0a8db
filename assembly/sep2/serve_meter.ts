// What a meter serves: itself.
import { exchange } from "./http/server";
import { asked } from "./resource";
import { ANYONE, REGISTERED } from "./rights";
import { Thing, Value } from "./rows";
import { serveFind, serveGet, serveMethod } from "./serve";
import { registerItem, registerSelect, registerValue } from "./sets/register";
import { timeValue } from "./sets/time_values";

@unmanaged @final
class MeterModel {
  item(thing: u32, place: u32, now: i64): bool { return registerItem(thing, place); }
  isHidden(thing: u32): bool { return false; }
  isBefore(thing: u32, time: i64): bool { return false; }
  value(value: u32, now: i64): i64 { return value < <u32>Value.TimeEnd ? timeValue(value, now) : registerValue(value, now); }
}

/** Answers `exchange`: a status. */
export function meterServe(now: i64): u32 {
  let refused = serveFind(exchange.peer == 0 ? ANYONE : REGISTERED);
  if (refused != 0) return refused;
  if (asked.thing != Thing.None && !registerSelect(asked.thing)) return 404;
  refused = serveMethod();
  return refused != 0 ? refused : serveGet<MeterModel>(changetype<MeterModel>(0), now);
}
