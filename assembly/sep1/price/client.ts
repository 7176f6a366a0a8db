// Price cluster, client: the hub's prices become the model's tariff.
import { clockUtc } from "../../model/clock";
import { TARIFF_LABEL_MAX, tariffNew, tariffPut } from "../../model/tariff";
import { Err } from "../../core/err";
import { ZCL_INVALID_FIELD, ZCL_MALFORMED, ZCL_NO_CLUSTER_COMMAND, ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { zclDefault, zclHeard, zclReply, zclSendReply } from "../../zigbee/zcl/zcl";
import {
  PRICE_ACKNOWLEDGE, PRICE_PUBLISH, PRICE_UNIT_KWH, PricePublish, priceAcknowledgeEmit, pricePublishParse, priceWantsAcknowledgement,
} from "./message";

const UNIT_KWH_BCD: u32 = 0x80;

/** Writes the payload of get scheduled prices, all from now on; answers its end. */
export function priceAskAll(at: usize): usize {
  store<u32>(at, 0);
  store<u8>(at, 0, 4);
  return at + 5;
}

/** Writes the payload of get current price for a device that sleeps; answers its end. */
export function priceAsk(at: usize): usize {
  store<u8>(at, 0);
  return at + 1;
}

/** A command to the client, in `zclHeard`; answers whether it told a price. */
export function priceTake(now: i64): bool {
  if (zclHeard.command != PRICE_PUBLISH) {
    zclDefault(ZCL_NO_CLUSTER_COMMAND, now);
    return false;
  }
  let size = pricePublishParse(zclHeard.payload, zclHeard.size);
  if (size < 0) {
    zclDefault(ZCL_MALFORMED, now);
    return false;
  }
  let view = changetype<PricePublish>(zclHeard.payload);
  let taken = view.unit == PRICE_UNIT_KWH || view.unit == UNIT_KWH_BCD ? mirror(view, now) : Err.Reserved;
  if (taken == Err.Ok && priceWantsAcknowledgement(view, size)) {
    zclSendReply(acknowledge(view, now), now);
  } else zclDefault(taken == Err.Reserved ? ZCL_INVALID_FIELD : ZCL_SUCCESS, now);
  return taken == Err.Ok || taken == Err.Duplicate;
}

function acknowledge(view: PricePublish, now: i64): usize {
  let at = zclReply(ZCL_TYPE_CLUSTER, PRICE_ACKNOWLEDGE);
  return at + priceAcknowledgeEmit(at, view, clockUtc(now));
}

function mirror(view: PricePublish, now: i64): i32 {
  let tariff = tariffNew;
  tariff.eventId = view.eventId;
  tariff.start = view.start;
  tariff.minutes = <u16>view.minutes;
  tariff.currency = <u16>view.currency;
  tariff.price = view.price;
  tariff.digits = <u8>view.digits;
  tariff.tier = <u8>view.tier;
  tariff.labelSize = <u8>min<u32>(view.labelSize, TARIFF_LABEL_MAX);
  memory.copy(tariff.label, view.label, tariff.labelSize);
  return tariffPut(clockUtc(now));
}
