// The energy supplier behind the hub: tells it the time, the tariff, and which devices belong to the home.
//
// Records: docs/uplink.md; those of updates are in update_records.ts.

import { Err } from "../err.ts";
import { extendedName } from "./events.ts";
import type { Tariff } from "./tariff.ts";
import { nameOf } from "./update_words.ts";
import { admitEmit, clockEmit, DownKind, memberEmit, openEmit, permitEmit, rekeyEmit, removeEmit, tariffEmit } from "./uplink.ts";
import { upParse } from "./uplink_parse.ts";

/** The supplier sets a hub's clock this often. */
export const CLOCK_PERIOD_MS = 24 * 3_600_000;
/** Permit join never 255: at most 254 s, repeated every 240 s (07-5356, 5.5.5). */
export const PERMIT_S = 254;
export const PERMIT_PERIOD_MS = 240_000;

/** 2000-01-01T00:00:00Z, from which ZigBee counts seconds. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const DST_SHIFT_S = 3600;

const FOR_EVER_MIN = 0xffff;

/** The time in London: UTC, an hour more from the last Sunday of March to the last of October, 01:00 UTC each. */
export function clockRecord(utcMs: number): Buffer {
  const year = new Date(utcMs).getUTCFullYear();
  return clockEmit({
    utc: seconds(utcMs),
    offset: 0,
    summerStart: seconds(lastSunday(year, 2)),
    summerEnd: seconds(lastSunday(year, 9)),
    summerShift: DST_SHIFT_S,
  });
}

export function tariffRecord({ label, ...tariff }: Tariff): Buffer {
  return tariffEmit({ ...tariff, start: 0, minutes: FOR_EVER_MIN, label: Buffer.from(label, "latin1") });
}

export function admitRecord(extended: bigint, code: Uint8Array): Buffer {
  return admitEmit({ extended, code });
}

export function removeRecord(extended: bigint): Buffer {
  return removeEmit({ extended });
}

export function rekeyRecord(forSeconds: number): Buffer {
  return rekeyEmit({ seconds: forSeconds });
}

/** A device may be a member of the network of phase 2, by the LFDI of its certificate. */
export function memberRecord(extended: bigint, lfdi: Uint8Array): Buffer {
  return memberEmit({ extended, lfdi, state: 1 });
}

/** A service of a device is to be reached from the hub's Ethernet. */
export function openRecord(extended: bigint, port: number): Buffer {
  return openEmit({ extended, port, open: 1 });
}

export function permitRecord(forSeconds: number): Buffer {
  return permitEmit({ seconds: forSeconds });
}

/** What the hub did not take, and why, as the fields of an event; null for another record. */
export function declined(octets: Uint8Array): { record: string; reason: string; id: number } | null {
  const told = upParse(octets);
  if (told?.kind !== "refused") return null;
  return { record: nameOf(DownKind, told.what), reason: nameOf(Err, -told.error), id: told.id };
}

/** The device that the hub has forgotten, as the fields of an event; null for another record. */
export function removed(octets: Uint8Array): { partner: string } | null {
  const told = upParse(octets);
  return told?.kind === "removed" ? { partner: extendedName(told.extended) } : null;
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
