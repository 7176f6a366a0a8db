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

/** A hub: who is to get which file of its library, a row for each file; row 0 is none's. */
export interface Plan {
  /** UTC of the activation */
  time: number;
  /** 1: devices may load, 0: stopped */
  go: number;
  /** how many may load at the same time, 0 = no limit */
  atOnce: number;
  /** it stops after so many failures, 0 = never */
  failuresMax: number;
  /** 0 now, 1 at the time, 2 on command */
  activate: number;
  failures: number;
  /** 1: for every device that asks; else for those whose `listed` names the file */
  everyone: number;
  /** 1: what waited for a command has got it */
  released: number;
  /** 1: by its failures; the same plan told again does not begin anew */
  stopped: number;
}

/** Of record 27; null for one of another size. */
export function planParse(octets: Uint8Array): Plan[] | null {
  if (octets.length !== 320) return null;
  return Array.from({ length: 5 }, (_, row) => planRow(octets.subarray(row * 12, (row + 1) * 12)));
}

function planRow(octets: Uint8Array): Plan {
  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    time: at.getUint32(0, true),
    go: at.getUint8(4),
    atOnce: at.getUint8(5),
    failuresMax: at.getUint8(6),
    activate: at.getUint8(7),
    failures: at.getUint8(8),
    everyone: at.getUint8(9),
    released: at.getUint8(10),
    stopped: at.getUint8(11),
  };
}

/** A hub: how far each device of its plans is. */
export interface RolloutDevice {
  /** 0: the row is free */
  extended: bigint;
  /** of the file that it is about */
  version: number;
  /** bit n: on the list of file n */
  listed: number;
  /** the file it loads or has loaded, 0 = none yet */
  file: number;
  /** `FileStatus` */
  status: number;
}

/** Of record 27; null for one of another size. */
export function rolloutDeviceParse(octets: Uint8Array): RolloutDevice[] | null {
  if (octets.length !== 320) return null;
  return Array.from({ length: 16 }, (_, row) => rolloutDeviceRow(octets.subarray(64 + row * 16, 64 + (row + 1) * 16)));
}

function rolloutDeviceRow(octets: Uint8Array): RolloutDevice {
  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    extended: at.getBigUint64(0, true),
    version: at.getUint32(8, true),
    listed: at.getUint8(12),
    file: at.getUint8(13),
    status: at.getUint8(14),
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

/** A hub: the devices that are registered in phase 2. */
export interface Member {
  /** 0: the row is free */
  extended: bigint;
  /** of its certificate */
  lfdi: Uint8Array;
  since: number;
}

/** Of record 56; null for one of another size. */
export function memberParse(octets: Uint8Array): Member[] | null {
  if (octets.length !== 512) return null;
  return Array.from({ length: 16 }, (_, row) => memberRow(octets.subarray(row * 32, (row + 1) * 32)));
}

function memberRow(octets: Uint8Array): Member {
  const at = new DataView(octets.buffer, octets.byteOffset, octets.length);
  return {
    extended: at.getBigUint64(0, true),
    lfdi: Uint8Array.from(octets.subarray(8, 28)),
    since: at.getUint32(28, true),
  };
}
