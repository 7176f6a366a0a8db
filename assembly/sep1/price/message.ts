// Price cluster messages: SE 1.4a (07-5356), annex D.4.2.
//
//   get current price    | options |
//   get scheduled prices | start u32 | count |
//   acknowledgement      | provider u32 | event u32 | time u32 | control |
//   publish price        | provider u32 | label, counted | event u32 | now u32 | unit | currency u16 | digits:4 tier:4 |
//                        | tiers:4 register:4 |
//                        | start u32 | minutes u16 | price u32 |                                                    SE 1.0 ends here
//                        | ratio | generation price u32 | ratio | alternate cost u32 | unit | digits |                or after any of these
//                        | thresholds | control | generation tiers | generation tier | tiers | tier | register tier |
import { Err } from "../../core/err";
import { Tariff } from "../../model/tariff";

// Commands to the server
export const PRICE_GET_CURRENT: u32 = 0x00;
export const PRICE_GET_SCHEDULED: u32 = 0x01;
export const PRICE_ACKNOWLEDGE: u32 = 0x02;
// Command to the client
export const PRICE_PUBLISH: u32 = 0x00;

export const PRICE_GET_CURRENT_SIZE: u32 = 1;
export const PRICE_GET_SCHEDULED_SIZE: u32 = 5;
export const PRICE_ACKNOWLEDGE_SIZE: u32 = 13;

/** Options of get current price: the requester's receiver is on when idle. */
export const PRICE_AWAKE: u32 = 0x01;
/** Price control: an acknowledgement is asked for. */
export const PRICE_ACKNOWLEDGEMENT: u32 = 0x01;
/** kWh, binary and BCD; prices per another unit are not about electricity. */
export const PRICE_UNIT_KWH: u32 = 0x00;

const LABEL: u32 = 4;
// From the octet after the label
const EVENT: usize = 0;
const NOW: usize = 4;
const UNIT: usize = 8;
const CURRENCY: usize = 9;
const DIGITS_TIER: usize = 11;
const TIERS_REGISTER: usize = 12;
const START: usize = 13;
const MINUTES: usize = 17;
const PRICE: usize = 19;
const REST: u32 = 23;
// From there: what later editions added; fields end after these octets.
const THRESHOLDS: u32 = 12;
const CONTROL: u32 = 13;
const OPTIONAL_SIZE: u32 = 19;
// Ends of optional fields as a bitmap of octet counts: 0 1 5 6 10 11 12 13 14 15 16 17 18 19
const OPTIONAL_ENDS: u32 = 0b1111_1111_1100_0110_0011;

/** Publish Price where it lies.  Valid only where `pricePublishParse` accepted or `pricePublishEmit` wrote. */
@unmanaged @final
export class PricePublish {
  get provider(): u32 { return load<u32>(changetype<usize>(this)); }
  get labelSize(): u32 { return labelSize(changetype<usize>(this)); }
  get label(): usize { return changetype<usize>(this) + LABEL + 1; }
  get body(): usize { return this.label + this.labelSize; }
  get eventId(): u32 { return load<u32>(this.body, EVENT); }
  get now(): u32 { return load<u32>(this.body, NOW); }
  get unit(): u32 { return load<u8>(this.body, UNIT); }
  get currency(): u32 { return load<u16>(this.body, CURRENCY); }
  get digitsTier(): u32 { return load<u8>(this.body, DIGITS_TIER); }
  get digits(): u32 { return this.digitsTier >> 4; }
  get tier(): u32 { return this.digitsTier & 15; }
  get tiersRegister(): u32 { return load<u8>(this.body, TIERS_REGISTER); }
  get start(): u32 { return load<u32>(this.body, START); }
  get minutes(): u32 { return load<u16>(this.body, MINUTES); }
  get price(): u32 { return load<u32>(this.body, PRICE); }
  get rest(): usize { return this.body + REST; }
}

/** Accepts Publish Price; answers the size of the part that this edition knows. */
export function pricePublishParse(at: usize, have: u32): i32 {
  if (have < LABEL + 1) return Err.Truncated;
  let head = LABEL + 1 + labelSize(at) + REST;
  if (have < head) return Err.Truncated;
  let rest = have - head;
  if (rest >= OPTIONAL_SIZE) return head + OPTIONAL_SIZE; // later editions may add fields: 075123 section 2.3.3
  return (OPTIONAL_ENDS >>> rest) & 1 ? <i32>have : Err.Truncated;
}

/** Whether the sender asks for an acknowledgement; `size` is what the parser answered. */
export function priceWantsAcknowledgement(view: PricePublish, size: u32): bool {
  let at = view.rest + CONTROL;
  return at < changetype<usize>(view) + size && (load<u8>(at) & PRICE_ACKNOWLEDGEMENT) != 0 && load<u8>(at) != 0xff;
}

/** Writes Publish Price of a price of ours with every field of 1.4, unused ones as "not available"; answers its size. */
export function pricePublishEmit(at: usize, provider: u32, tariff: Tariff, utc: u32): u32 {
  let head = pricePublishHead(at, provider, tariff.label, tariff.labelSize, tariff.eventId, utc, PRICE_UNIT_KWH, tariff.currency,
    tariff.digits << 4 | tariff.tier, tariff.tier << 4 | tariff.tier, tariff.start, tariff.minutes, tariff.price);
  memory.fill(at + head, 0xff, OPTIONAL_SIZE);
  memory.fill(at + head + THRESHOLDS, 0, OPTIONAL_SIZE - THRESHOLDS); // no thresholds, no acknowledgement, no further tiers
  return head + OPTIONAL_SIZE;
}

/** Writes the fields of SE 1.0; answers their size. */
export function pricePublishHead(
  at: usize, provider: u32, label: usize, size: u32, eventId: u32, utc: u32, unit: u32, currency: u32, digitsTier: u32,
  tiersRegister: u32, start: u32, minutes: u32, price: u32,
): u32 {
  store<u32>(at, provider);
  store<u8>(at, size, LABEL);
  memory.copy(at + LABEL + 1, label, size);
  let body = at + LABEL + 1 + size;
  store<u32>(body, eventId, EVENT);
  store<u32>(body, utc, NOW);
  store<u8>(body, unit, UNIT);
  store<u16>(body, currency, CURRENCY);
  store<u8>(body, digitsTier, DIGITS_TIER);
  store<u8>(body, tiersRegister, TIERS_REGISTER);
  store<u32>(body, start, START);
  store<u16>(body, minutes, MINUTES);
  store<u32>(body, price, PRICE);
  return LABEL + 1 + size + REST;
}

export function priceAcknowledgeEmit(at: usize, view: PricePublish, utc: u32): u32 {
  store<u32>(at, view.provider);
  store<u32>(at, view.eventId, 4);
  store<u32>(at, utc, 8);
  store<u8>(at, PRICE_ACKNOWLEDGEMENT, 12);
  return PRICE_ACKNOWLEDGE_SIZE;
}

/** A label of 0xff octets is no label, 075123 section 2.6.2.12. */
function labelSize(at: usize): u32 {
  let size: u32 = load<u8>(at + LABEL);
  return size == 0xff ? 0 : size;
}
