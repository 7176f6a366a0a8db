// What a run tells: one object an event, the same for the JSON lines and for the live view.  Numbers are in docs/abi.md, `Log`.
import { Drop, FileStatus, Layer, ResetReason } from "../abi.ts";
import { Err } from "../err.ts";
import { type LogEntry, readLog } from "../log.ts";
import type { EventFields, EventName } from "./event_table.ts";
import type { DeviceId, Phase } from "./plan.ts";
import { nameOf, reasonName, STEPS, statusName, versionName } from "./update_words.ts";

export type EventOf<N extends EventName> = {
  /** Simulated milliseconds since the run began. */
  t: number;
  /** The same moment in the home's world, ISO 8601 in UTC: every event of a run has it. */
  date?: string;
  /** Of a device of a run: 1 or 2. */
  phase?: Phase;
  /** A row of the plan, or `home`. */
  device: DeviceId | "home";
  event: N;
} & EventFields<N>;

/** Told apart by `event`. */
export type HomeEvent = { [N in EventName]: EventOf<N> }[EventName];

/** The same for who looks at fields by their names, whatever the kind: `HomeEvent` is one. */
export interface EventLine {
  t: number;
  device: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: a field of any kind, as JSON gives it
  [field: string]: any;
}

/** ISO 4217 numbers that have a letter code here; another currency is shown by its number. */
const CURRENCIES: Record<number, string> = { 826: "GBP", 978: "EUR", 840: "USD", 36: "AUD", 124: "CAD", 554: "NZD" };

/** Of a log entry's time. */
const UNKNOWN = 0xffffffff;
/** From which its seconds count. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const READING_STALE = 1;
const READING_NO_PRICE = 2;
const READING_NO_REGISTER = 4;
const READING_NO_COST = 8;

/** One kind of entry. */
type LogOf<Name extends LogEntry["log"]> = Extract<LogEntry, { log: Name }>;
/** An event without its head. */
type Told = { [N in EventName]: { event: N } & EventFields<N> }[EventName];

/** The event that a device's log entry means; null for a code or a size that the contract does not have. */
export function eventOfLog(t: number, device: DeviceId, code: number, octets: Uint8Array): HomeEvent | null {
  const entry = readLog(code, octets);
  return entry === undefined ? null : { t, device, ...toldBy(entry) };
}

function toldBy(entry: LogEntry): Told {
  switch (entry.log) {
    case "Started":
      return { event: "started", reason: nameOf(ResetReason, entry.reason) };
    case "Joined":
      return { event: "joined", address: hex(entry.address), pan: hex(entry.pan), parent: hex(entry.parent), channel: entry.channel };
    case "Key":
      return { event: "key", suite: entry.suite, partner: extendedName(entry.partner) };
    case "Register":
      return { event: "register", importWh: Number(entry.importWh), powerW: entry.powerW };
    case "Reading":
      return { event: "reading", ...reading(entry) };
    case "Formed":
      return { event: "formed", pan: hex(entry.pan), channel: entry.channel };
    case "Left":
      return { event: "left", reason: entry.reason };
    case "Refused":
      return { event: "refused", layer: nameOf(Layer, entry.layer), reason: nameOf(Drop, entry.reason), count: entry.count };
    case "Admitted":
      return { event: "admitted", partner: extendedName(entry.partner), address: hex(entry.address) };
    case "Failed":
      return { event: "failed", procedure: entry.procedure, reason: entry.reason };
    case "Bound":
      return { event: "bound", cluster: hex(entry.cluster), partner: hex(entry.partner) };
    case "Update":
      // A hub notes its library's files like its own update; for a reader they are different things.
      return { event: entry.image === 0 ? "update" : "library", ...update(entry) };
    case "Rollout":
      return { event: "rollout", ...rollout(entry) };
    case "Reachable":
      return {
        event: "reachable",
        address: ipv6Name(entry.prefix, entry.identifier),
        parent: entry.parent ? extendedName(entry.parent) : null,
      };
    case "Answer":
      return { event: "answer", status: entry.status, clock: entry.utc === UNKNOWN ? null : clockName(entry.utc) };
    case "Certificate":
      return { event: "certificate", step: entry.reason === 0 ? "installed" : "refused", reason: errorName(entry.reason) };
    case "Health":
      return { event: "health", step: STEPS[entry.step] ?? String(entry.step), seconds: entry.seconds };
  }
}

function errorName(reason: number): string | null {
  return reason === 0 ? null : nameOf(Err, reason);
}

/** `rate` in octets a second and `etaMs` follow from earlier events (progress.ts). */
function update({ image, status, reason, tries, running, version, offset, size }: LogOf<"Update">): EventFields<"update"> {
  const held = version === 0 ? null : versionName(version);
  const words = { status: statusName(status), reason: reasonName(reason) };
  return { image, ...words, tries, running: versionName(running), version: held, offset, size, rate: null, etaMs: null };
}

function rollout({ partner, status, file, version, offset, size }: LogOf<"Rollout">): EventFields<"rollout"> {
  return { partner: extendedName(partner), status: nameOf(FileStatus, status), file, version: versionName(version), offset, size };
}

/** Amounts are decimal numbers in the currency's main unit; null where the display shows that it does not know. */
function reading({ flags, digits, ...entry }: LogOf<"Reading">): EventFields<"reading"> {
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

/** Seconds since 2000 as ISO 8601. */
function clockName(utc: number): string {
  return new Date(EPOCH_MS + utc * 1000).toISOString();
}

/** As RFC 5952 has it, which is how a URL's host is written. */
export function ipv6Name(prefix: bigint, identifier: bigint): string {
  const words = [prefix, identifier].flatMap((half) => half.toString(16).padStart(16, "0").match(/..../g));
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}

/** An IEEE address as people write it: the most significant octet first. */
export function extendedName(value: bigint): string {
  return (value.toString(16).padStart(16, "0").match(/../g) as string[]).join(":");
}
