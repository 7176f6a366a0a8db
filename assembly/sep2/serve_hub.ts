// What a hub serves: the time, prices, each device what concerns it, and what devices told of what they measure.
import { ownExtended } from "../ip/own";
import { Format } from "./document/format";
import { ACCEPT_EXI, Method } from "./http/request";
import { exchange } from "./http/server";
import { asked, resourcePath, resourcePathAt } from "./resource";
import { ANYONE, PROVEN, REGISTERED } from "./rights";
import { Row, Thing, Value } from "./rows";
import { serveFind, serveGet, serveIsOwned, serveMethod } from "./serve";
import { deviceValue, memberIs, memberOf, selfValue } from "./sets/devices";
import {
  mirrorForget, mirrorHasRoom, mirrorItem, mirrorModel, mirrorOwner, mirrorPut, mirrorPutReadings, mirrorSelect, mirrorValue,
} from "./sets/mirrors";
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
      case Thing.Usage: case Thing.MeterReading: case Thing.Mirror: return mirrorItem(thing, place, asker);
      default: return tariffItem(thing, place, now);
    }
  }
  isBefore(thing: u32, time: i64): bool { return thing == Thing.Interval && tariffIsBefore(time); }
  /** A list that is not advertised: that of mirrors, when there is no room for one more. */
  isHidden(thing: u32): bool { return thing == Thing.Mirror && !mirrorHasRoom(asker); }
  value(value: u32, now: i64): i64 {
    if (value < <u32>Value.TimeEnd) return timeValue(value, now);
    if (value < <u32>Value.SelfEnd) return selfValue(ownExtended(), value);
    if (value < <u32>Value.DeviceEnd) return deviceValue(asked.id0, value);
    return value < <u32>Value.TariffEnd ? tariffValue(value, now) : mirrorValue(value);
  }
}

/** Answers `exchange`: a status. */
export function hubServe(now: i64): u32 {
  asker = exchange.peer == 0 ? -1 : memberOf(exchange.peer);
  let refused = serveFind(exchange.peer == 0 ? ANYONE : asker < 0 ? PROVEN : REGISTERED);
  if (refused != 0) return refused;
  if (!select(now)) return 404;
  if (serveIsOwned() && asker != (asked.thing == Thing.Mirror ? mirrorOwner() : <i32>asked.id0)) return 403;
  refused = serveMethod();
  if (refused != 0) return refused;
  return exchange.request.method <= <u32>Method.Head ? serveGet<HubModel>(changetype<HubModel>(0), now) : tell(now);
}

function select(now: i64): bool {
  switch (asked.thing) {
    case Thing.None: return true;
    case Thing.Device: return memberIs(asked.id0);
    case Thing.Usage: case Thing.MeterReading: case Thing.Mirror: return mirrorSelect(asked.thing);
    default: return tariffSelect(asked.thing, now);
  }
}

/** What only mirrors have: a usage point is told of, or its readings, or it is to be no more. */
function tell(now: i64): u32 {
  let request = exchange.request;
  if (request.method == Method.Delete) {
    mirrorForget(asked.id0);
    return 204;
  }
  let format: u32 = request.bodyType == ACCEPT_EXI ? Format.Exi : Format.Xml;
  let isReadings = asked.row == Row.Mirror && request.method == Method.Post;
  let status = isReadings ? mirrorPutReadings(format, exchange.input, request.bodySize)
    : mirrorPut(format, exchange.input, request.bodySize, asker, asked.row == Row.Mirror ? <i32>asked.id0 : -1);
  if (status == 201 || status == 204) {
    mirrorModel(now);
    exchange.size = resourcePath(isReadings ? Row.MeterReading : Row.Mirror);
    memory.copy(exchange.body, resourcePathAt, exchange.size);
  }
  return status;
}
