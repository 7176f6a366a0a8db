// Price cluster, server: answers with the model's tariff, and tells awake clients when it changes.  SE 1.4a annex D.4.2.2.
import { TIME_UNKNOWN, clockUtc } from "../../model/clock";
import { Tariff, tariffAt, tariffFrom, tariffVersion } from "../../model/tariff";
import { apsHeard } from "../../zigbee/aps/aps";
import { ZCL_NOT_FOUND, ZCL_SUCCESS } from "../../zigbee/zcl/foundation";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { zclBegin, zclDefault, zclHeard, zclReply, zclSend, zclSendReply, zclTake } from "../../zigbee/zcl/zcl";
import { CLUSTER_PRICE } from "../clusters";
import {
  GetCurrentPrice, GetScheduledPrices, PRICE_GET_CURRENT_PRICE, PRICE_GET_SCHEDULED_PRICES, PRICE_PRICE_ACKNOWLEDGEMENT,
  PRICE_PUBLISH_PRICE,
} from "../descriptors/price";
import { PRICE_AWAKE, priceEmit } from "./message";

export const PRICE_CLIENTS_MAX: u32 = 8;
/** One answer after the other; a client asks again for what is further away. */
const ANSWERS_MAX: u32 = 3;

/** A client that listens all the time. */
@unmanaged @final
class Client {
  extended: u64;
  endpoint: u32;
  reserved: u32;
}
const clients = memory.data(PRICE_CLIENTS_MAX * offsetof<Client>(), 8);

@unmanaged @final
class State {
  /** The supplier's number, as the head-end gave it. */
  provider: u32;
  version: u32;
  acknowledged: u32;
}
export const priceServer = changetype<State>(memory.data(offsetof<State>()));

export function priceReset(): void {
  memory.fill(clients, 0, PRICE_CLIENTS_MAX * offsetof<Client>());
  priceServer.version = tariffVersion();
}

/** A command to the server, in `zclHeard`. */
export function priceServe(now: i64): void {
  if (!zclTake(now)) return;
  switch (zclHeard.command) {
    case PRICE_GET_CURRENT_PRICE: return current(now);
    case PRICE_GET_SCHEDULED_PRICES: return scheduled(now);
    case PRICE_PRICE_ACKNOWLEDGEMENT: {
      priceServer.acknowledged++;
      return zclDefault(ZCL_SUCCESS, now);
    }
  }
}

/** Tells clients that listen when the tariff has changed. */
export function priceTick(now: i64): void {
  if (priceServer.version == tariffVersion()) return;
  priceServer.version = tariffVersion();
  let utc = clockUtc(now);
  let tariff = tariffAt(utc);
  if (!tariff) return;
  for (let index: u32 = 0; index < PRICE_CLIENTS_MAX; index++) {
    let client = changetype<Client>(clients + index * offsetof<Client>());
    if (client.extended == 0) continue;
    let at = zclBegin(ZCL_TYPE_CLUSTER | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE, PRICE_PUBLISH_PRICE);
    zclSend(client.extended, client.endpoint, CLUSTER_PRICE, at + priceEmit(at, priceServer.provider, tariff, utc), now);
  }
}

function current(now: i64): void {
  if (changetype<GetCurrentPrice>(zclHeard.payload).options & PRICE_AWAKE) remember(apsHeard.sourceExtended, apsHeard.sourceEndpoint);
  let tariff = tariffAt(clockUtc(now));
  if (!tariff) return zclDefault(ZCL_NOT_FOUND, now);
  publish(tariff, now);
}

/** From a start time on, 0 = now; the number of prices, 0 = all.  The one that holds at the start is among them. */
function scheduled(now: i64): void {
  let view = changetype<GetScheduledPrices>(zclHeard.payload);
  let utc = clockUtc(now);
  let start = view.startTime;
  let after = start == 0 && utc != TIME_UNKNOWN ? utc : start;
  let count = view.numberOfEvents;
  if (count == 0 || count > ANSWERS_MAX) count = ANSWERS_MAX;
  let tariff = tariffFrom(0, after);
  if (!tariff) return zclDefault(ZCL_NOT_FOUND, now);
  for (; tariff && count > 0; count--) {
    publish(tariff, now);
    if (tariff.start == u32.MAX_VALUE) return;
    tariff = tariffFrom(tariff.start + 1, after);
  }
}

function publish(tariff: Tariff, now: i64): void {
  let at = zclReply(ZCL_TYPE_CLUSTER, PRICE_PUBLISH_PRICE);
  zclSendReply(at + priceEmit(at, priceServer.provider, tariff, clockUtc(now)), now);
}

/** Keeps a client; when there is no room it has to ask. */
function remember(extended: u64, endpoint: u32): void {
  for (let index: u32 = 0; index < PRICE_CLIENTS_MAX; index++) {
    let client = changetype<Client>(clients + index * offsetof<Client>());
    if (client.extended != 0 && client.extended != extended) continue;
    client.extended = extended;
    client.endpoint = endpoint;
    return;
  }
}
