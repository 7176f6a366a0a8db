// Price: 07-5356 annex D.4.  Written by tools/clusters.ts from clusters/; change those files instead.
import { zclStringSize } from "../../zigbee/zcl/walk";

export const PRICE_GET_CURRENT_PRICE: u32 = 0x00; // to the server
export const PRICE_GET_SCHEDULED_PRICES: u32 = 0x01; // to the server
export const PRICE_PRICE_ACKNOWLEDGEMENT: u32 = 0x02; // to the server
export const PRICE_PUBLISH_PRICE: u32 = 0x00; // to the client

/** 0x00 to the server. */
@unmanaged @final
export class GetCurrentPrice {
  get options(): u32 { return load<u8>(changetype<usize>(this)); }
}

export function getCurrentPriceEmit(at: usize, options: u32): u32 {
  store<u8>(at, options);
  return 1;
}

/** 0x01 to the server. */
@unmanaged @final
export class GetScheduledPrices {
  get startTime(): u32 { return load<u32>(changetype<usize>(this)); }
  get numberOfEvents(): u32 { return load<u8>(changetype<usize>(this), 4); }
}

export function getScheduledPricesEmit(at: usize, startTime: u32, numberOfEvents: u32): u32 {
  store<u32>(at, startTime);
  store<u8>(at, numberOfEvents, 4);
  return 5;
}

/** 0x02 to the server. */
@unmanaged @final
export class PriceAcknowledgement {
  get providerId(): u32 { return load<u32>(changetype<usize>(this)); }
  get issuerEventId(): u32 { return load<u32>(changetype<usize>(this), 4); }
  get acknowledgedAt(): u32 { return load<u32>(changetype<usize>(this), 8); }
  get control(): u32 { return load<u8>(changetype<usize>(this), 12); }
}

export function priceAcknowledgementEmit(at: usize, providerId: u32, issuerEventId: u32, acknowledgedAt: u32, control: u32): u32 {
  store<u32>(at, providerId);
  store<u32>(at, issuerEventId, 4);
  store<u32>(at, acknowledgedAt, 8);
  store<u8>(at, control, 12);
  return 13;
}

/** 0x00 to the client. */
@unmanaged @final
export class PublishPrice {
  get providerId(): u32 { return load<u32>(changetype<usize>(this)); }
  get rateLabelSize(): u32 { return zclStringSize(changetype<usize>(this) + 4); }
  get rateLabel(): usize { return changetype<usize>(this) + 5; }
  get afterRateLabel(): usize { return this.rateLabel + this.rateLabelSize; }
  get issuerEventId(): u32 { return load<u32>(this.afterRateLabel); }
  get currentTime(): u32 { return load<u32>(this.afterRateLabel, 4); }
  get unit(): u32 { return load<u8>(this.afterRateLabel, 8); }
  get currency(): u32 { return load<u16>(this.afterRateLabel, 9); }
  get digitsTier(): u32 { return load<u8>(this.afterRateLabel, 11); }
  get tiersRegister(): u32 { return load<u8>(this.afterRateLabel, 12); }
  get startTime(): u32 { return load<u32>(this.afterRateLabel, 13); }
  get minutes(): u32 { return load<u16>(this.afterRateLabel, 17); }
  get price(): u32 { return load<u32>(this.afterRateLabel, 19); }
  get priceRatio(): u32 { return load<u8>(this.afterRateLabel, 23); }
  hasPriceRatio(known: u32): bool { return this.afterRateLabel + 24 <= changetype<usize>(this) + known; }
  get generationPrice(): u32 { return load<u32>(this.afterRateLabel, 24); }
  hasGenerationPrice(known: u32): bool { return this.afterRateLabel + 28 <= changetype<usize>(this) + known; }
  get generationPriceRatio(): u32 { return load<u8>(this.afterRateLabel, 28); }
  hasGenerationPriceRatio(known: u32): bool { return this.afterRateLabel + 29 <= changetype<usize>(this) + known; }
  get alternateCost(): u32 { return load<u32>(this.afterRateLabel, 29); }
  hasAlternateCost(known: u32): bool { return this.afterRateLabel + 33 <= changetype<usize>(this) + known; }
  get alternateCostUnit(): u32 { return load<u8>(this.afterRateLabel, 33); }
  hasAlternateCostUnit(known: u32): bool { return this.afterRateLabel + 34 <= changetype<usize>(this) + known; }
  get alternateCostDigits(): u32 { return load<u8>(this.afterRateLabel, 34); }
  hasAlternateCostDigits(known: u32): bool { return this.afterRateLabel + 35 <= changetype<usize>(this) + known; }
  get blockThresholds(): u32 { return load<u8>(this.afterRateLabel, 35); }
  hasBlockThresholds(known: u32): bool { return this.afterRateLabel + 36 <= changetype<usize>(this) + known; }
  get control(): u32 { return load<u8>(this.afterRateLabel, 36); }
  hasControl(known: u32): bool { return this.afterRateLabel + 37 <= changetype<usize>(this) + known; }
  get generationTiers(): u32 { return load<u8>(this.afterRateLabel, 37); }
  hasGenerationTiers(known: u32): bool { return this.afterRateLabel + 38 <= changetype<usize>(this) + known; }
  get generationTier(): u32 { return load<u8>(this.afterRateLabel, 38); }
  hasGenerationTier(known: u32): bool { return this.afterRateLabel + 39 <= changetype<usize>(this) + known; }
  get extendedTiers(): u32 { return load<u8>(this.afterRateLabel, 39); }
  hasExtendedTiers(known: u32): bool { return this.afterRateLabel + 40 <= changetype<usize>(this) + known; }
  get extendedTier(): u32 { return load<u8>(this.afterRateLabel, 40); }
  hasExtendedTier(known: u32): bool { return this.afterRateLabel + 41 <= changetype<usize>(this) + known; }
  get extendedRegisterTier(): u32 { return load<u8>(this.afterRateLabel, 41); }
  hasExtendedRegisterTier(known: u32): bool { return this.afterRateLabel + 42 <= changetype<usize>(this) + known; }
}

export function publishPriceEmit(
  at: usize, providerId: u32, rateLabel: usize, rateLabelSize: u32, issuerEventId: u32, currentTime: u32, unit: u32, currency: u32,
  digitsTier: u32, tiersRegister: u32, startTime: u32, minutes: u32, price: u32,
): u32 {
  let to = at;
  store<u32>(to, providerId);
  store<u8>(to, rateLabelSize, 4);
  memory.copy(to + 5, rateLabel, rateLabelSize);
  to += 5 + rateLabelSize;
  store<u32>(to, issuerEventId);
  store<u32>(to, currentTime, 4);
  store<u8>(to, unit, 8);
  store<u16>(to, currency, 9);
  store<u8>(to, digitsTier, 11);
  store<u8>(to, tiersRegister, 12);
  store<u32>(to, startTime, 13);
  store<u16>(to, minutes, 17);
  store<u32>(to, price, 19);
  return <u32>(to - at) + 23;
}
