// Price cluster, server: answers with the model's tariff.  SE 1.4a annex D.4.2.2.
import { TIME_UNKNOWN, clockUtc } from "../../model/clock";
import { tariffAt, tariffRows } from "../../model/tariff";
import { apsHeard } from "../../zigbee/aps/aps";
import { ZCL_INSUFFICIENT_SPACE, ZCL_NOT_FOUND, ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { zclDefault, zclHeard, zclReply, zclSendReply, zclTake } from "../../zigbee/zcl/zcl";
import {
  GetCurrentPrice, GetScheduledPrices, PRICE_GET_CURRENT_PRICE, PRICE_GET_SCHEDULED_PRICES, PRICE_PRICE_ACKNOWLEDGEMENT,
  PRICE_PUBLISH_PRICE,
} from "../descriptors/price";
import { PRICE_AWAKE, priceEmit } from "./message";
import { publishAnswer, publishDeadline, publishReset, publishTick, publishTo } from "./publish";

export { publishDeadline as priceDeadline, publishReset as priceReset, publishTick as priceTick };

/** A command to the server, in `zclHeard`. */
export function priceServe(now: i64): void {
  if (!zclTake(now)) return;
  switch (zclHeard.command) {
    case PRICE_GET_CURRENT_PRICE: return current(now);
    case PRICE_GET_SCHEDULED_PRICES: return scheduled(now);
    case PRICE_PRICE_ACKNOWLEDGEMENT: return zclDefault(ZCL_SUCCESS, now);
  }
}

function current(now: i64): void {
  if (changetype<GetCurrentPrice>(zclHeard.payload).options & PRICE_AWAKE) publishTo(apsHeard.sourceExtended, apsHeard.sourceEndpoint);
  let tariff = tariffAt(clockUtc(now));
  if (!tariff) return zclDefault(ZCL_NOT_FOUND, now);
  let at = zclReply(ZCL_TYPE_CLUSTER, PRICE_PUBLISH_PRICE);
  zclSendReply(at + priceEmit(at, tariff, clockUtc(now)), now);
}

/** From a start time on, 0 = now; the number of prices, 0 = all.  The one that holds at the start is among them. */
function scheduled(now: i64): void {
  let view = changetype<GetScheduledPrices>(zclHeard.payload);
  let utc = clockUtc(now);
  let start = view.startTime;
  let after = start == 0 && utc != TIME_UNKNOWN ? utc : start;
  let rows = tariffRows(after, view.numberOfEvents);
  if (rows == 0) return zclDefault(ZCL_NOT_FOUND, now);
  let room = publishAnswer(apsHeard.sourceExtended, apsHeard.sourceEndpoint, zclHeard.sequence, rows, now);
  if (!room) zclDefault(ZCL_INSUFFICIENT_SPACE, now);
}
