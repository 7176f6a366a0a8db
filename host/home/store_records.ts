// Records that outlive a module, as a reader of a store sees them.  Written by tools/records.ts from docs/records.md; change that page instead.

/** A meter: written each kilowatt-hour or quarter of an hour. */
export interface RegisterRecord {
  /** joules imported, by the register */
  register: bigint;
  /** joules by the measuring element at the same moment */
  element: bigint;
}

/** Of record 32; null for one of another size. */
export function registerRecordParse(octets: Uint8Array): RegisterRecord | null {
  if (octets.length !== 16) return null;
  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    register: at.getBigInt64(0, true),
    element: at.getBigInt64(8, true),
  };
}

/** The prices of a hub that count now and later. */
export interface Tariff {
  /** the issuer's number of this price */
  eventId: number;
  /** 0 = since ever */
  start: number;
  /** 0xffffffff = open */
  end: number;
  /** per kWh, in units of 10^-digits of the currency */
  price: number;
  /** as issued */
  minutes: number;
  /** ISO 4217 */
  currency: number;
  digits: number;
  tier: number;
  labelSize: number;
  /** 0: the row is free, 2: it started when it came */
  used: number;
  label: Uint8Array;
}

/** Of record 33; null for one of another size. */
export function tariffParse(octets: Uint8Array): Tariff[] | null {
  if (octets.length !== 288) return null;
  return Array.from({ length: 8 }, (_, row) => tariffRow(octets.subarray(row * 36, (row + 1) * 36)));
}

function tariffRow(octets: Uint8Array): Tariff {
  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    eventId: at.getUint32(0, true),
    start: at.getUint32(4, true),
    end: at.getUint32(8, true),
    price: at.getUint32(12, true),
    minutes: at.getUint16(16, true),
    currency: at.getUint16(18, true),
    digits: at.getUint8(20),
    tier: at.getUint8(21),
    labelSize: at.getUint8(22),
    used: at.getUint8(23),
    label: Uint8Array.from(octets.subarray(24, 36)),
  };
}

/** A display: today's cost. */
export interface Household {
  /** sum of watt-hours times price: thousandths of a price unit */
  milli: bigint;
  /** the last reading that was counted */
  wh: bigint;
  /** its time */
  utc: number;
  /** the local day that `milli` belongs to */
  day: number;
  /** ISO 4217 */
  currency: number;
  digits: number;
  /** 1: there is a last reading */
  begun: number;
}

/** Of record 35; null for one of another size. */
export function householdParse(octets: Uint8Array): Household | null {
  if (octets.length !== 28) return null;
  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    milli: at.getBigInt64(0, true),
    wh: at.getBigInt64(8, true),
    utc: at.getUint32(16, true),
    day: at.getUint32(20, true),
    currency: at.getUint16(24, true),
    digits: at.getUint8(26),
    begun: at.getUint8(27),
  };
}

/** Every device: when what was loaded is to be activated. */
export interface UpgradeRecord {
  /** of the file that it is for */
  version: number;
  /** 0xffffffff = when told, 0 = not by the clock */
  utc: number;
}

/** Of record 26; null for one of another size. */
export function upgradeRecordParse(octets: Uint8Array): UpgradeRecord | null {
  if (octets.length !== 8) return null;
  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    version: at.getUint32(0, true),
    utc: at.getUint32(4, true),
  };
}
