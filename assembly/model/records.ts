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

/** A hub: who is to get which file of its library, a row for each file; row 0 is none's. */
@unmanaged @final
export class Plan {
  /** UTC of the activation */
  time: u32;
  /** 1: devices may load, 0: stopped */
  go: u8;
  /** how many may load at the same time, 0 = no limit */
  atOnce: u8;
  /** it stops after so many failures, 0 = never */
  failuresMax: u8;
  /** 0 now, 1 at the time, 2 on command */
  activate: u8;
  failures: u8;
  /** 1: for every device that asks; else for those whose `listed` names the file */
  everyone: u8;
  /** 1: what waited for a command has got it */
  released: u8;
  /** 1: by its failures; the same plan told again does not begin anew */
  stopped: u8;
}
if (offsetof<Plan>() != 12) ERROR("the record is not laid out as its page says");

/** A hub: how far each device of its plans is. */
@unmanaged @final
export class RolloutDevice {
  /** 0: the row is free */
  extended: u64;
  /** of the file that it is about */
  version: u32;
  /** bit n: on the list of file n */
  listed: u8;
  /** the file it loads or has loaded, 0 = none yet */
  file: u8;
  /** `FileStatus` */
  status: u8;
  reserved: u8;
}
if (offsetof<RolloutDevice>() != 16) ERROR("the record is not laid out as its page says");

/** Every device: when what was loaded is to be activated. */
@unmanaged @final
export class UpgradeRecord {
  /** of the file that it is for */
  version: u32;
  /** 0xffffffff = when told, 0 = not by the clock */
  utc: u32;
}
if (offsetof<UpgradeRecord>() != 8) ERROR("the record is not laid out as its page says");

/** A hub: the devices that are registered in phase 2. */
@unmanaged @final
export class Member {
  /** 0: the row is free */
  extended: u64;
  /** of its certificate */
  lfdi0: u32;
  lfdi1: u32;
  lfdi2: u32;
  lfdi3: u32;
  lfdi4: u32;
  since: u32;
  get lfdi(): usize { return changetype<usize>(this) + offsetof<Member>("lfdi0"); }
}
if (offsetof<Member>() != 32) ERROR("the record is not laid out as its page says");
