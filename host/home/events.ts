// What a run tells: one object an event, the same for the JSON lines and for the live view.  Numbers are in docs/abi.md, `Log`.
import { Drop, FileStatus, Layer, ResetReason } from "../abi.ts";
import { type LogEntry, readLog } from "../log.ts";
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

const READING_STALE = 1;
const READING_NO_PRICE = 2;
const READING_NO_REGISTER = 4;
const READING_NO_COST = 8;

/** One kind of entry. */
type LogOf<Name extends LogEntry["log"]> = Extract<LogEntry, { log: Name }>;
type Fields = Record<string, string | number | boolean | null>;

/** The event that a device's log entry means; null for a code or a size that the contract does not have. */
export function eventOfLog(t: number, device: DeviceId, code: number, octets: Uint8Array): HomeEvent | null {
  const entry = readLog(code, octets);
  if (entry === undefined) return null;
  // A hub notes its library's files like its own update; for a reader they are different things.
  const event = entry.log === "Update" && entry.image !== 0 ? "library" : entry.log.toLowerCase();
  return { t, device, event, ...fieldsOf(entry) };
}

function fieldsOf(entry: LogEntry): Fields {
  switch (entry.log) {
    case "Started":
      return { reason: nameOf(ResetReason, entry.reason) };
    case "Joined":
      return { address: hex(entry.address), pan: hex(entry.pan), parent: hex(entry.parent), channel: entry.channel };
    case "Key":
      return { suite: entry.suite, partner: extendedName(entry.partner) };
    case "Register":
      return { importWh: Number(entry.importWh), powerW: entry.powerW };
    case "Reading":
      return reading(entry);
    case "Formed":
      return { pan: hex(entry.pan), channel: entry.channel };
    case "Left":
      return { reason: entry.reason };
    case "Refused":
      return { layer: nameOf(Layer, entry.layer), reason: nameOf(Drop, entry.reason), count: entry.count };
    case "Admitted":
      return { partner: extendedName(entry.partner), address: hex(entry.address) };
    case "Failed":
      return { procedure: entry.procedure, reason: entry.reason };
    case "Bound":
      return { cluster: hex(entry.cluster), partner: hex(entry.partner) };
    case "Update":
      return update(entry);
    case "Rollout":
      return rollout(entry);
    case "Health":
      return { step: STEPS[entry.step] ?? String(entry.step), seconds: entry.seconds };
  }
}

/** `rate` in octets a second and `etaMs` follow from earlier events (progress.ts). */
function update({ image, status, reason, tries, running, version, offset, size }: LogOf<"Update">): Fields {
  const held = version === 0 ? null : versionName(version);
  const words = { status: statusName(status), reason: reasonName(reason) };
  return { image, ...words, tries, running: versionName(running), version: held, offset, size, rate: null, etaMs: null };
}

function rollout({ partner, status, file, version, offset, size }: LogOf<"Rollout">): Fields {
  return { partner: extendedName(partner), status: nameOf(FileStatus, status), file, version: versionName(version), offset, size };
}

/** Amounts are decimal numbers in the currency's main unit; null where the display shows that it does not know. */
function reading({ flags, digits, ...entry }: LogOf<"Reading">): Fields {
  const unit = 10 ** digits;
  const known = (flag: number, value: number): number | null => ((flags & flag) === 0 ? value : null);
  return {
    importWh: known(READING_NO_REGISTER, Number(entry.importWh)),
    powerW: known(READING_NO_REGISTER, entry.powerW),
    price: known(READING_NO_PRICE, entry.price / unit),
    costPerHour: known(READING_NO_COST | READING_NO_PRICE, entry.costPerHour / unit),
    costToday: known(READING_NO_COST, entry.costToday / unit),
    currency: currencyName(entry.currency),
    stale: (flags & READING_STALE) !== 0,
  };
}

/** The letter codes that a tariff may have. */
export const CURRENCY_CODES: readonly string[] = Object.values(CURRENCIES);

export function currencyNumber(code: string): number {
  return Number(Object.keys(CURRENCIES).find((number) => CURRENCIES[Number(number)] === code));
}

export function currencyName(number: number): string {
  return CURRENCIES[number] ?? String(number).padStart(3, "0");
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}

/** An IEEE address as people write it: the most significant octet first. */
export function extendedName(value: bigint): string {
  return (value.toString(16).padStart(16, "0").match(/../g) as string[]).join(":");
}
