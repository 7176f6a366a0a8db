// What a hub serves: the time, prices, and each device what concerns it.
import { ownExtended } from "../ip/own";
import { exchange } from "./http/server";
import { asked } from "./resource";
import { ANYONE, PROVEN, REGISTERED } from "./rights";
import { Thing, Value } from "./rows";
import { serveFind, serveGet, serveIsOwned, serveMethod } from "./serve";
import { deviceValue, memberIs, memberOf, selfValue } from "./sets/devices";
import { tariffIsBefore, tariffItem, tariffSelect, tariffValue } from "./sets/tariffs";
import { timeValue } from "./sets/time_values";

/** The member that asks; -1: it is none. */
let asker: i32 = -1;

@unmanaged @final
class HubModel {
  item(thing: u32, place: u32, now: i64): bool {
    switch (thing) {
      case Thing.Device: {
        asked.id0 = asker; // of the list of devices each sees itself
        return place == 0 && asker >= 0;
      }
      default: return tariffItem(thing, place, now);
    }
  }
  isBefore(thing: u32, time: i64): bool { return thing == Thing.Interval && tariffIsBefore(time); }
  value(value: u32, now: i64): i64 {
    if (value < <u32>Value.TimeEnd) return timeValue(value, now);
    if (value < <u32>Value.SelfEnd) return selfValue(ownExtended(), value);
    if (value < <u32>Value.DeviceEnd) return deviceValue(asked.id0, value);
    return tariffValue(value, now);
  }
}

/** Answers `exchange`: a status. */
export function hubServe(now: i64): u32 {
  asker = exchange.peer == 0 ? -1 : memberOf(exchange.peer);
  let refused = serveFind(exchange.peer == 0 ? ANYONE : asker < 0 ? PROVEN : REGISTERED);
  if (refused != 0) return refused;
  if (!select(now)) return 404;
  if (serveIsOwned() && asked.id0 != asker) return 403;
  refused = serveMethod();
  return refused != 0 ? refused : serveGet<HubModel>(changetype<HubModel>(0), now);
}

function select(now: i64): bool {
  switch (asked.thing) {
    case Thing.None: return true;
    case Thing.Device: return memberIs(asked.id0);
    default: return tariffSelect(asked.thing, now);
  }
}
