// What a run tells: one object an event, the same for the JSON lines and for the live view.  Numbers are in docs/abi.md, `Log`.
import { FileStatus, Log, ResetReason } from "../abi.ts";
import type { DeviceId } from "./plan.ts";
import { nameOf, reasonName, STEPS, statusName, versionName } from "./update_words.ts";

export interface HomeEvent {
  /** Simulated milliseconds since the run began. */
  t: number;
  /** A row of the plan, or `home`. */
  device: DeviceId | "home";
  event: string;
  [field: string]: string | number | boolean | null;
}

/** ISO 4217 numbers that have a letter code here; another currency is shown by its number. */
const CURRENCIES: Record<number, string> = { 826: "GBP", 978: "EUR", 840: "USD", 36: "AUD", 124: "CAD", 554: "NZD" };
const LAYERS = ["core", "mac", "nwk", "aps", "zdo", "zcl", "sep1", "model"];

const READING_STALE = 1;
const READING_NO_PRICE = 2;
const READING_NO_REGISTER = 4;
const READING_NO_COST = 8;

/** The event that a device's log entry means; null for a code or a size that the contract does not have. */
export function eventOfLog(t: number, device: DeviceId, code: number, octets: Uint8Array): HomeEvent | null {
  const body = FORMS[code];
  if (!body || octets.length < body.size) return null;
  // A hub notes its library's files like its own update; for a reader they are different things.
  const event = code === Log.Update && octets[0] !== 0 ? "library" : body.event;
  return { t, device, event, ...body.fields(new DataView(octets.buffer, octets.byteOffset, octets.byteLength)) };
}

interface Form {
  event: string;
  size: number;
  fields(at: DataView): Record<string, string | number | boolean | null>;
}

const FORMS: Record<number, Form> = {
  [Log.Started]: { event: "started", size: 4, fields: (at) => ({ reason: nameOf(ResetReason, at.getUint32(0, true)) }) },
  [Log.Joined]: {
    event: "joined",
    size: 7,
    fields: (at) => ({ address: hex(at, 0), pan: hex(at, 2), parent: hex(at, 4), channel: at.getUint8(6) }),
  },
  [Log.Key]: { event: "key", size: 9, fields: (at) => ({ suite: at.getUint8(0), partner: extended(at, 1) }) },
  [Log.Register]: {
    event: "register",
    size: 12,
    fields: (at) => ({ importWh: Number(at.getBigInt64(0, true)), powerW: at.getInt32(8, true) }),
  },
  [Log.Reading]: { event: "reading", size: 28, fields: reading },
  [Log.Formed]: { event: "formed", size: 3, fields: (at) => ({ pan: hex(at, 0), channel: at.getUint8(2) }) },
  [Log.Left]: { event: "left", size: 1, fields: (at) => ({ reason: at.getUint8(0) }) },
  [Log.Refused]: {
    event: "refused",
    size: 4,
    fields: (at) => ({ layer: LAYERS[at.getUint8(0)] ?? at.getUint8(0), reason: at.getInt8(1), detail: at.getUint16(2, true) }),
  },
  [Log.Admitted]: { event: "admitted", size: 10, fields: (at) => ({ partner: extended(at, 0), address: hex(at, 8) }) },
  [Log.Failed]: { event: "failed", size: 2, fields: (at) => ({ procedure: at.getUint8(0), reason: at.getInt8(1) }) },
  [Log.Bound]: { event: "bound", size: 4, fields: (at) => ({ cluster: hex(at, 0), partner: hex(at, 2) }) },
  [Log.Update]: { event: "update", size: 20, fields: update },
  [Log.Rollout]: { event: "rollout", size: 24, fields: rollout },
  [Log.Health]: {
    event: "health",
    size: 4,
    fields: (at) => ({ step: STEPS[at.getUint8(0)] ?? String(at.getUint8(0)), seconds: at.getUint16(2, true) }),
  },
};

/** `rate` in octets a second and `etaMs` follow from earlier events (progress.ts). */
function update(at: DataView): Record<string, string | number | boolean | null> {
  const version = at.getUint32(8, true);
  return {
    image: at.getUint8(0),
    status: statusName(at.getUint8(1)),
    reason: reasonName(at.getUint8(2)),
    tries: at.getUint8(3),
    running: versionName(at.getUint32(4, true)),
    version: version === 0 ? null : versionName(version),
    offset: at.getUint32(12, true),
    size: at.getUint32(16, true),
    rate: null,
    etaMs: null,
  };
}

function rollout(at: DataView): Record<string, string | number | boolean | null> {
  return {
    partner: extended(at, 0),
    status: nameOf(FileStatus, at.getUint8(8)),
    file: at.getUint8(9),
    version: versionName(at.getUint32(12, true)),
    offset: at.getUint32(16, true),
    size: at.getUint32(20, true),
  };
}

/** Amounts are decimal numbers in the currency's main unit; null where the display shows that it does not know. */
function reading(at: DataView): Record<string, string | number | boolean | null> {
  const unit = 10 ** at.getUint8(26);
  const flags = at.getUint8(27);
  const known = (flag: number, value: number): number | null => ((flags & flag) === 0 ? value : null);
  return {
    importWh: known(READING_NO_REGISTER, Number(at.getBigInt64(0, true))),
    powerW: known(READING_NO_REGISTER, at.getInt32(8, true)),
    price: known(READING_NO_PRICE, at.getInt32(12, true) / unit),
    costPerHour: known(READING_NO_COST | READING_NO_PRICE, at.getInt32(16, true) / unit),
    costToday: known(READING_NO_COST, at.getInt32(20, true) / unit),
    currency: currencyName(at.getUint16(24, true)),
    stale: (flags & READING_STALE) !== 0,
  };
}

export function currencyName(number: number): string {
  return CURRENCIES[number] ?? String(number).padStart(3, "0");
}

function hex(at: DataView, offset: number): string {
  return `0x${at.getUint16(offset, true).toString(16).padStart(4, "0")}`;
}

/** An IEEE address as people write it: the most significant octet first. */
export function extendedName(value: bigint): string {
  return (value.toString(16).padStart(16, "0").match(/../g) as string[]).join(":");
}

function extended(at: DataView, offset: number): string {
  return extendedName(at.getBigUint64(offset, true));
}
