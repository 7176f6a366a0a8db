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
  get behind(): PublishPriceBehind { return changetype<PublishPriceBehind>(this.rateLabel + this.rateLabelSize); }
}

/** The fields behind the string; their presence is judged by the payload's end. */
@unmanaged @final
export class PublishPriceBehind {
  get issuerEventId(): u32 { return load<u32>(changetype<usize>(this)); }
  get currentTime(): u32 { return load<u32>(changetype<usize>(this), 4); }
  get unit(): u32 { return load<u8>(changetype<usize>(this), 8); }
  get currency(): u32 { return load<u16>(changetype<usize>(this), 9); }
  get digitsTier(): u32 { return load<u8>(changetype<usize>(this), 11); }
  get tiersRegister(): u32 { return load<u8>(changetype<usize>(this), 12); }
  get startTime(): u32 { return load<u32>(changetype<usize>(this), 13); }
  get minutes(): u32 { return load<u16>(changetype<usize>(this), 17); }
  get price(): u32 { return load<u32>(changetype<usize>(this), 19); }
  get priceRatio(): u32 { return load<u8>(changetype<usize>(this), 23); }
  hasPriceRatio(end: usize): bool { return changetype<usize>(this) + 24 <= end; }
  get generationPrice(): u32 { return load<u32>(changetype<usize>(this), 24); }
  hasGenerationPrice(end: usize): bool { return changetype<usize>(this) + 28 <= end; }
  get generationPriceRatio(): u32 { return load<u8>(changetype<usize>(this), 28); }
  hasGenerationPriceRatio(end: usize): bool { return changetype<usize>(this) + 29 <= end; }
  get alternateCost(): u32 { return load<u32>(changetype<usize>(this), 29); }
  hasAlternateCost(end: usize): bool { return changetype<usize>(this) + 33 <= end; }
  get alternateCostUnit(): u32 { return load<u8>(changetype<usize>(this), 33); }
  hasAlternateCostUnit(end: usize): bool { return changetype<usize>(this) + 34 <= end; }
  get alternateCostDigits(): u32 { return load<u8>(changetype<usize>(this), 34); }
  hasAlternateCostDigits(end: usize): bool { return changetype<usize>(this) + 35 <= end; }
  get blockThresholds(): u32 { return load<u8>(changetype<usize>(this), 35); }
  hasBlockThresholds(end: usize): bool { return changetype<usize>(this) + 36 <= end; }
  get control(): u32 { return load<u8>(changetype<usize>(this), 36); }
  hasControl(end: usize): bool { return changetype<usize>(this) + 37 <= end; }
  get generationTiers(): u32 { return load<u8>(changetype<usize>(this), 37); }
  hasGenerationTiers(end: usize): bool { return changetype<usize>(this) + 38 <= end; }
  get generationTier(): u32 { return load<u8>(changetype<usize>(this), 38); }
  hasGenerationTier(end: usize): bool { return changetype<usize>(this) + 39 <= end; }
  get extendedTiers(): u32 { return load<u8>(changetype<usize>(this), 39); }
  hasExtendedTiers(end: usize): bool { return changetype<usize>(this) + 40 <= end; }
  get extendedTier(): u32 { return load<u8>(changetype<usize>(this), 40); }
  hasExtendedTier(end: usize): bool { return changetype<usize>(this) + 41 <= end; }
  get extendedRegisterTier(): u32 { return load<u8>(changetype<usize>(this), 41); }
  hasExtendedRegisterTier(end: usize): bool { return changetype<usize>(this) + 42 <= end; }
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
