// Price cluster, server: which prices are still to be told, and to whom.  SE 1.4a annex D.4.2.4.1.
//
//   a price came in, or begins to count  ->  clients that listen, and bindings          a question about several prices -> who asked
//
// One frame after the other, as APS has room for it.
import { Err } from "../../core/err";
import { NEVER } from "../../core/timers";
import { TIME_UNKNOWN, clockUtc } from "../../model/clock";
import { tariffAt, tariffFirst, tariffFresh, tariffIndex, tariffNext, tariffRow, tariffVersion } from "../../model/tariff";
import { bindingAt, bindingNext } from "../../zigbee/aps/binding";
import { ZCL_NO_DEFAULT_RESPONSE, ZCL_TO_CLIENT, ZCL_TYPE_CLUSTER } from "../../zigbee/zcl/frame";
import { ZCL_ENDPOINT, zclBegin, zclBeginAnswer, zclSend } from "../../zigbee/zcl/zcl";
import { CLUSTER_PRICE } from "../clusters";
import { PRICE_PUBLISH_PRICE } from "../descriptors/price";
import { priceEmit } from "./message";

/** Clients that listen, are bound or wait for an answer. */
export const PRICE_CLIENTS_MAX: u32 = 12;
const CONTROL: u32 = ZCL_TYPE_CLUSTER | ZCL_TO_CLIENT | ZCL_NO_DEFAULT_RESPONSE;
/** When APS has no room. */
const AGAIN_MS: i64 = 500;
const NO_QUESTION: u32 = 0xffff;

@unmanaged @final
class Client {
  extended: u64;
  endpoint: u32;
  /** Rows of the tariff that it is to be told, a bit each. */
  rows: u32;
  /** The number of its question while that is answered. */
  question: u32;
  /** Hears of every change. */
  listens: u32;
}
const clients = memory.data(PRICE_CLIENTS_MAX * offsetof<Client>(), 8);

@unmanaged @final
class State {
  /** The tariff as it was looked at last, and the price that counted. */
  version: u32;
  active: u32;
  /** When the price changes by itself, and when there is something to send. */
  turnsAt: i64;
  sendAt: i64;
}
const state = changetype<State>(memory.data(offsetof<State>(), 8));

export function publishReset(): void {
  memory.fill(clients, 0, PRICE_CLIENTS_MAX * offsetof<Client>());
  state.version = tariffVersion() - 1; // look at once
  state.active = 0;
  state.sendAt = NEVER;
  tariffFresh(); // what was held before is not news
}

export function publishDeadline(): i64 { return min<i64>(state.turnsAt, state.sendAt); }

export function publishTick(now: i64): void {
  if (state.version != tariffVersion() || state.turnsAt <= now) look(now);
  if (state.sendAt > now) return;
  state.sendAt = NEVER;
  for (let index: u32 = 0; index < PRICE_CLIENTS_MAX; index++) if (!tell(clientAt(index), now)) state.sendAt = now + AGAIN_MS;
}

/** Keeps a client that listens; when there is no room it has to ask. */
export function publishTo(extended: u64, endpoint: u32): void {
  let client = clientOf(extended, endpoint);
  if (client) client.listens = 1;
}

/** Tells a device that was removed nothing more. */
export function publishForget(extended: u64): void {
  for (let index: u32 = 0; index < PRICE_CLIENTS_MAX; index++) {
    if (clientAt(index).extended == extended) memory.fill(changetype<usize>(clientAt(index)), 0, offsetof<Client>());
  }
}

/** Begins to answer a question with these rows; false when there is no room for another client. */
export function publishAnswer(extended: u64, endpoint: u32, question: u32, rows: u32, now: i64): bool {
  let client = clientOf(extended, endpoint);
  if (!client) return false;
  client.question = question;
  client.rows |= rows;
  state.sendAt = now;
  publishTick(now);
  return true;
}

/** Finds what has changed, a price that came in or one that has begun to count, and who is to hear of it. */
function look(now: i64): void {
  let utc = clockUtc(now);
  let known = utc != TIME_UNKNOWN;
  let rows = tariffFresh();
  let tariff = tariffAt(utc);
  let active = tariff && known ? tariff.eventId : 0;
  if (tariff && active != state.active) rows |= 1 << tariffIndex(tariff);
  let next = known ? tariffNext(utc) : TIME_UNKNOWN;
  state.version = tariffVersion();
  state.active = active;
  state.turnsAt = next == TIME_UNKNOWN ? NEVER : now + <i64>(next - utc) * 1000;
  state.sendAt = now;
  for (let index = bindingNext(0, ZCL_ENDPOINT, CLUSTER_PRICE); index >= 0; index = bindingNext(index + 1, ZCL_ENDPOINT, CLUSTER_PRICE)) {
    let binding = bindingAt(index);
    let client = clientOf(binding.extended, binding.targetEndpoint);
    if (client) client.rows |= rows;
  }
  for (let index: u32 = 0; index < PRICE_CLIENTS_MAX; index++) {
    let client = clientAt(index);
    if (client.listens) client.rows |= rows;
  }
}

/** Tells a client what it is to be told, in order of the start; false when there is no room for all of it. */
function tell(client: Client, now: i64): bool {
  while (client.rows != 0) {
    let first = tariffFirst(client.rows);
    let tariff = tariffRow(first);
    if (tariff.used) {
      let question = client.question;
      let at = question == NO_QUESTION ? zclBegin(CONTROL, PRICE_PUBLISH_PRICE) : zclBeginAnswer(CONTROL, question, PRICE_PUBLISH_PRICE);
      let sent = zclSend(client.extended, client.endpoint, CLUSTER_PRICE, at + priceEmit(at, tariff, clockUtc(now)), now);
      if (sent == Err.NoBuffer || sent == Err.Busy) return false; // who cannot be reached at all is passed over
    }
    client.rows &= ~(1 << first);
  }
  client.question = NO_QUESTION;
  return true;
}

/** The row of a client, its own or one that nobody needs; null when there is none. */
function clientOf(extended: u64, endpoint: u32): Client | null {
  let free: Client | null = null;
  for (let index: u32 = 0; index < PRICE_CLIENTS_MAX; index++) {
    let client = clientAt(index);
    if (client.extended == extended && client.endpoint == endpoint) return client;
    if (client.rows == 0 && !client.listens) free = client;
  }
  if (free) {
    free.extended = extended;
    free.endpoint = endpoint;
    free.question = NO_QUESTION;
  }
  return free;
}

function clientAt(index: u32): Client { return changetype<Client>(clients + index * offsetof<Client>()); }
