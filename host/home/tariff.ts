// What the supplier takes for a kilowatt-hour.  The default is the unit rate of Great Britain's price cap for spring 2025.

export interface Tariff {
  eventId: number;
  /** ISO 4217. */
  currency: number;
  /** In units of 10^-digits of the currency, for a kilowatt-hour. */
  price: number;
  digits: number;
  tier: number;
  label: string;
}

/** 0.2703 pounds a kilowatt-hour. */
export const TARIFF: Tariff = { eventId: 1, currency: 826, price: 2703, digits: 4, tier: 1, label: "Standard" };
