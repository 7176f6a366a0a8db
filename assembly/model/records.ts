// Records that outlive a module.  Written by tools/records.ts from docs/records.md; change that page instead.

/** A meter: written each kilowatt-hour or quarter of an hour. */
@unmanaged @final
export class RegisterRecord {
  /** joules imported, by the register */
  register: i64;
  /** joules by the measuring element at the same moment */
  element: i64;
}
if (offsetof<RegisterRecord>() != 16) ERROR("the record is not laid out as its page says");

/** The prices of a hub that count now and later. */
@unmanaged @final
export class Tariff {
  /** the issuer's number of this price */
  eventId: u32;
  /** 0 = since ever */
  start: u32;
  /** 0xffffffff = open */
  end: u32;
  /** per kWh, in units of 10^-digits of the currency */
  price: u32;
  /** as issued */
  minutes: u16;
  /** ISO 4217 */
  currency: u16;
  digits: u8;
  tier: u8;
  labelSize: u8;
  /** 0: the row is free, 2: it started when it came */
  used: u8;
  label0: u32;
  label1: u32;
  label2: u32;
  get label(): usize { return changetype<usize>(this) + offsetof<Tariff>("label0"); }
}
if (offsetof<Tariff>() != 36) ERROR("the record is not laid out as its page says");

/** A display: today's cost. */
@unmanaged @final
export class Household {
  /** sum of watt-hours times price: thousandths of a price unit */
  milli: i64;
  /** the last reading that was counted */
  wh: i64;
  /** its time */
  utc: u32;
  /** the local day that `milli` belongs to */
  day: u32;
  /** ISO 4217 */
  currency: u16;
  digits: u8;
  /** 1: there is a last reading */
  begun: u8;
}
if (offsetof<Household>() != 28) ERROR("the record is not laid out as its page says");

/** Every device: when what was loaded is to be activated. */
@unmanaged @final
export class UpgradeRecord {
  /** of the file that it is for */
  version: u32;
  /** 0xffffffff = when told, 0 = not by the clock */
  utc: u32;
}
if (offsetof<UpgradeRecord>() != 8) ERROR("the record is not laid out as its page says");
