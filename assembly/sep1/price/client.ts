// Price cluster, client: the hub's prices become the model's tariff.
import { clockUtc } from "../../model/clock";
import { TARIFF_LABEL_MAX, tariffNew, tariffPut } from "../../model/tariff";
import { Err } from "../../core/err";
import { ZCL_INVALID_FIELD, ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { zclDefault, zclHeard, zclReply, zclSendReply, zclTake } from "../../zigbee/zcl/zcl";
import {
  PRICE_PRICE_ACKNOWLEDGEMENT, PublishPrice, PublishPriceBehind, getCurrentPriceEmit, getScheduledPricesEmit, priceAcknowledgementEmit,
} from "../descriptors/price";
import { PRICE_ACKNOWLEDGEMENT, PRICE_UNIT_KWH, priceWantsAcknowledgement } from "./message";

const UNIT_KWH_BCD: u32 = 0x80;

/** Writes the payload of get scheduled prices, all from now on; answers its end. */
export function priceAskAll(at: usize): usize {
  return at + getScheduledPricesEmit(at, 0, 0);
}

/** Writes the payload of get current price for a device that sleeps; answers its end. */
export function priceAsk(at: usize): usize {
  return at + getCurrentPriceEmit(at, 0);
}

/** A command to the client, in `zclHeard`; answers whether it told a price. */
export function priceTake(now: i64): bool {
  if (!zclTake(now)) return false;
  let view = changetype<PublishPrice>(zclHeard.payload);
  let behind = view.behind;
  let taken = behind.unit == PRICE_UNIT_KWH || behind.unit == UNIT_KWH_BCD ? mirror(view, behind, now) : Err.Reserved;
  let held = taken == Err.Ok || taken == Err.Duplicate;
  if (held && priceWantsAcknowledgement(behind, zclHeard.payload + zclHeard.known)) {
    zclSendReply(acknowledge(view.providerId, behind.issuerEventId, now), now);
  } else zclDefault(taken == Err.Reserved ? ZCL_INVALID_FIELD : ZCL_SUCCESS, now);
  return held;
}

function acknowledge(provider: u32, eventId: u32, now: i64): usize {
  let at = zclReply(ZCL_TYPE_CLUSTER, PRICE_PRICE_ACKNOWLEDGEMENT);
  return at + priceAcknowledgementEmit(at, provider, eventId, clockUtc(now), PRICE_ACKNOWLEDGEMENT);
}

function mirror(view: PublishPrice, behind: PublishPriceBehind, now: i64): i32 {
  let tariff = tariffNew;
  tariff.eventId = behind.issuerEventId;
  tariff.start = behind.startTime;
  tariff.minutes = <u16>behind.minutes;
  tariff.currency = <u16>behind.currency;
  tariff.price = behind.price;
  tariff.digits = <u8>(behind.digitsTier >> 4);
  tariff.tier = <u8>(behind.digitsTier & 15);
  tariff.labelSize = <u8>min<u32>(view.rateLabelSize, TARIFF_LABEL_MAX);
  memory.copy(tariff.label, view.rateLabel, tariff.labelSize);
  return tariffPut(clockUtc(now));
}
