// Price cluster: values of its commands' fields, SE 1.4a (07-5356) annex D.4.2, and Publish Price of a price of ours.  The formats are in
// descriptors/price.ts.
import { TIME_UNKNOWN } from "../../model/clock";
import { TARIFF_OPEN_MINUTES, Tariff, tariffTiers } from "../../model/tariff";
import { PublishPriceBehind, publishPriceEmit } from "../descriptors/price";

/** Options of get current price: the requester's receiver is on when idle. */
export const PRICE_AWAKE: u32 = 0x01;
/** Price control: an acknowledgement is asked for. */
export const PRICE_ACKNOWLEDGEMENT: u32 = 0x01;
/** The supplier is not numbered: there is one. */
const PROVIDER: u32 = 0;
/** kWh, binary and BCD; prices per another unit are not about electricity. */
export const PRICE_UNIT_KWH: u32 = 0x00;

// Behind the price: what editions after SE 1.0 added.
const THRESHOLDS: u32 = 12;
const OPTIONAL_SIZE: u32 = 19;

/** Whether the sender asks for an acknowledgement; what is known of the payload ends at `end`. */
export function priceWantsAcknowledgement(view: PublishPriceBehind, end: usize): bool {
  return view.hasControl(end) && (view.control & PRICE_ACKNOWLEDGEMENT) != 0 && view.control != 0xff;
}

/** Writes Publish Price of a price of ours with every field of 1.4, unused ones as "not available"; answers its size. */
export function priceEmit(at: usize, tariff: Tariff, utc: u32): u32 {
  let minutes = tariff.end == TIME_UNKNOWN ? TARIFF_OPEN_MINUTES : (tariff.end - tariff.start) / 60; // as it now ends
  let head = publishPriceEmit(at, PROVIDER, tariff.label, tariff.labelSize, tariff.eventId, utc, PRICE_UNIT_KWH, tariff.currency,
    tariff.digits << 4 | tariff.tier, tariffTiers() << 4 | tariff.tier, tariff.start, minutes, tariff.price);
  memory.fill(at + head, 0xff, OPTIONAL_SIZE);
  memory.fill(at + head + THRESHOLDS, 0, OPTIONAL_SIZE - THRESHOLDS); // no thresholds, no acknowledgement, no further tiers
  return head + OPTIONAL_SIZE;
}
