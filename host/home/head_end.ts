// The energy supplier behind the hub: tells it the time, the tariff, and which devices belong to the home.
//
// Records to the hub: a kind and its fields, little-endian; those of updates are in update_records.ts.
import { addressOctets } from "./provision.ts";
import type { Tariff } from "./tariff.ts";

/** The supplier sets a hub's clock this often. */
export const CLOCK_PERIOD_MS = 24 * 3_600_000;
/** Permit join never 255: at most 254 s, repeated every 240 s (07-5356, 5.5.5). */
export const PERMIT_S = 254;
export const PERMIT_PERIOD_MS = 240_000;

const KIND_CLOCK = 1;
const KIND_TARIFF = 2;
const KIND_ADMIT = 3;
const KIND_PERMIT = 4;
/** From the hub: a reading that it passes on. */
const KIND_READING = 1;
const READING_SIZE = 21;

/** 2000-01-01T00:00:00Z, from which ZigBee counts seconds. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const DST_SHIFT_S = 3600;

const FOR_EVER_MIN = 0xffff;

/** The time in London: UTC, an hour more from the last Sunday of March to the last of October, 01:00 UTC each. */
export function clockRecord(utcMs: number): Buffer {
  const year = new Date(utcMs).getUTCFullYear();
  const out = Buffer.alloc(21);
  out.writeUInt8(KIND_CLOCK, 0);
  out.writeUInt32LE(seconds(utcMs), 1);
  out.writeInt32LE(0, 5);
  out.writeUInt32LE(seconds(lastSunday(year, 2)), 9);
  out.writeUInt32LE(seconds(lastSunday(year, 9)), 13);
  out.writeInt32LE(DST_SHIFT_S, 17);
  return out;
}

export function tariffRecord(tariff: Tariff): Buffer {
  const label = Buffer.from(tariff.label, "latin1");
  const out = Buffer.alloc(20 + label.length);
  out.writeUInt8(KIND_TARIFF, 0);
  out.writeUInt32LE(tariff.eventId, 1);
  out.writeUInt32LE(0, 5);
  out.writeUInt16LE(FOR_EVER_MIN, 9);
  out.writeUInt16LE(tariff.currency, 11);
  out.writeUInt32LE(tariff.price, 13);
  out.writeUInt8(tariff.digits, 17);
  out.writeUInt8(tariff.tier, 18);
  out.writeUInt8(label.length, 19);
  label.copy(out, 20);
  return out;
}

export function admitRecord(extended: bigint, installCode: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([KIND_ADMIT]), addressOctets(extended), Buffer.from([installCode.length]), installCode]);
}

export function permitRecord(forSeconds: number): Buffer {
  return Buffer.from([KIND_PERMIT, forSeconds]);
}

export interface Passed {
  extended: bigint;
  importWh: number;
  powerW: number;
}

/** A reading that the hub passed on; null for another record. */
export function passedReading(octets: Uint8Array): Passed | null {
  if (octets.length < READING_SIZE || octets[0] !== KIND_READING) return null;
  const at = Buffer.from(octets);
  return { extended: at.readBigUInt64LE(1), importWh: Number(at.readBigInt64LE(9)), powerW: at.readInt32LE(17) };
}

/** 01:00 UTC on the last Sunday of a month of 31 days. */
function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month, 31, 1));
  return last.getTime() - last.getUTCDay() * 86_400_000;
}

/** Seconds since 2000, as ZigBee counts them. */
export function seconds(utcMs: number): number {
  return Math.max(0, Math.floor((utcMs - EPOCH_MS) / 1000)) >>> 0;
}
