// Pricing: IEEE 2030.5 section 12.4.  Prices of the same currency, digits and label are the intervals of one tariff profile.
import { constant } from "../../core/constants";
import { Row, Value } from "../rows";
import { Name } from "../schema/names";
import { CLOSE, END, FIXED, HEX, LINK, LIST_LINK, OPEN, TEXT, WHOLE } from "../template_rows";

/** A contracted supplier of the premises. */
const PRIMACY: u32 = 1;
const ELECTRICITY: u32 = 0;
// Of the commodity: electricity that is delivered, energy, as a sum, kWh.
const ELECTRICITY_SECONDARY: u32 = 1;
const FORWARD: u32 = 1;
const ENERGY: u32 = 12;
const WATT_HOURS: u32 = 72;
const THOUSANDS: u32 = 3;

export const TARIFF = constant<u16>([
  Name.mRID, HEX | Value.TariffMrid,
  Name.currency, WHOLE | Value.Currency,
  Name.pricePowerOfTenMultiplier, WHOLE | Value.PriceMultiplier,
  Name.primacy, FIXED | PRIMACY,
  Name.rateCode, TEXT | Value.RateCode,
  Name.RateComponentListLink, LIST_LINK | Row.Rates,
  Name.serviceCategoryKind, FIXED | ELECTRICITY,
  0, END,
]);

export const RATE = constant<u16>([
  Name.mRID, HEX | Value.RateMrid,
  Name.ReadingTypeLink, LINK | Row.RateType,
  Name.roleFlags, HEX | Value.RateRole,
  Name.TimeTariffIntervalListLink, LIST_LINK | Row.Intervals,
  0, END,
]);

export const RATE_TYPE = constant<u16>([
  Name.commodity, FIXED | ELECTRICITY_SECONDARY,
  Name.flowDirection, FIXED | FORWARD,
  Name.kind, FIXED | ENERGY,
  Name.powerOfTenMultiplier, FIXED | THOUSANDS,
  Name.uom, FIXED | WATT_HOURS,
  0, END,
]);

export const INTERVAL = constant<u16>([
  Name.mRID, HEX | Value.IntervalMrid,
  Name.creationTime, WHOLE | Value.IntervalCreated,
  Name.EventStatus, OPEN,
  Name.currentStatus, WHOLE | Value.IntervalStatus,
  Name.dateTime, WHOLE | Value.IntervalStatusTime,
  Name.potentiallySuperseded, FIXED | 0,
  0, CLOSE,
  Name.interval, OPEN,
  Name.duration, WHOLE | Value.IntervalDuration,
  Name.start, WHOLE | Value.IntervalStart,
  0, CLOSE,
  Name.ConsumptionTariffIntervalListLink, LIST_LINK | Row.Consumptions,
  Name.touTier, WHOLE | Value.IntervalTier,
  0, END,
]);

export const CONSUMPTION = constant<u16>([
  Name.consumptionBlock, FIXED | 0,
  Name.price, WHOLE | Value.Price,
  Name.startValue, FIXED | 0,
  0, END,
]);
