// What can happen to a home for a minute or a week, and how long it takes until everything is as before, with nobody's help but the
// supplier's, who greets each hub that starts (docs/uplink.md) and, where a hub's memory is lost, admits its devices again.
import assert from "node:assert/strict";
import { EventKind } from "../../host/abi.ts";
import { admitRecord, clockRecord, PERMIT_PERIOD_MS, PERMIT_S, permitRecord, tariffRecord } from "../../host/home/head_end.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { TARIFF } from "../../host/home/tariff.ts";
import { rekeyEmit } from "../../host/home/uplink.ts";
import { BRISK, House, type Plug } from "./house.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const SPANS = { "1 min": MINUTE, "1 h": HOUR, "5 h": 5 * HOUR, "24 h": 24 * HOUR, "7 d": 7 * 24 * HOUR } as const;

/** The longest rest of a device's ladder, and what it does at both ends of it: beyond, nobody heals any more. */
export const PATIENCE_MS = 45 * MINUTE;
/** So long nobody looks for the network any more once all is well. */
const QUIET_MS = 40 * MINUTE;
/** From the telling of a network key to its use. */
const REKEY_S = 60;
const BEACON_REQUEST = "0308";

/** Each lets the time pass; what it leaves is what heals. */
export const OUTAGES = {
  "display off": (house, ms) => house.cut("ihd", ms),
  "display away": (house, ms) => {
    house.home.medium.partition(["ihd"], ["meter", "hub"]);
    house.run(ms);
    house.home.medium.heal();
  },
  "meter off": (house, ms) => house.cut("meter", ms),
  "hub off": (house, ms) => {
    house.cut("hub", ms);
    greet(house);
  },
  "hub replaced from a backup as old as that": (house, ms) => {
    const backup = backupOf(house.hub);
    house.run(ms);
    house.hub.cut();
    restore(house.hub, backup);
    house.run(MINUTE);
    house.hub.powerOn();
    greet(house);
  },
  "hub off, then erased": (house, ms) => {
    house.hub.cut();
    house.run(ms);
    restore(house.hub, { store: new Map(house.hub.factory.records), keys: [] });
    house.hub.powerOn();
    greet(house);
    admit(house);
  },
  "network key changed, display off meanwhile": (house, ms) => rekeyed(house, "ihd", ms),
  "network key changed, meter off meanwhile": (house, ms) => rekeyed(house, "meter", ms),
  "network key changed twice, display off meanwhile": (house, ms) => rekeyed(house, "ihd", ms, 2),
} satisfies Record<string, (house: House, ms: number) => void>;

export type Outage = keyof typeof OUTAGES;

/** A home that has run for a minute, the outage, and the milliseconds until it is healed; throws when it is not. */
export function outage(kind: Outage, ms: number, seed = 5): number {
  const name = `outages-${kind.replaceAll(/[^a-z]+/g, "-")}-${ms}`;
  const house = new House(name, { seed, load: BRISK });
  try {
    house.join();
    house.run(MINUTE);
    OUTAGES[kind](house, ms);
    const took = healed(house, `${kind} for ${ms} ms`);
    house.sound();
    return took;
  } finally {
    house.close();
  }
}

/** Until the display shows the meter's register and a price that the hub has only now, and nobody has a network to look for. */
export function healed(house: House, what: string): number {
  const from = house.nowMs;
  let scanned = 0;
  house.onFrame = ({ source, psdu }) => {
    const isScan = psdu.length === 10 && Buffer.from(psdu).toString("hex", 0, 2) === BEACON_REQUEST;
    if (isScan && source !== "hub") scanned = house.nowMs;
  };
  const price = TARIFF.price + 1 + house.of("hub", "started").length;
  house.hub.push(EventKind.Uplink, tariffRecord({ ...TARIFF, eventId: price, price }));
  const shown = (): boolean =>
    house.agrees(from) && Math.round(Number(house.last("ihd", "reading")?.price) * 10 ** TARIFF.digits) === price;
  assert.ok(house.until(shown, PATIENCE_MS, 1000), `${what}: not healed after ${PATIENCE_MS} ms; ${house.tail()}`);
  const shownAt = house.nowMs;
  house.run(QUIET_MS);
  assert.ok(house.until(shown, MINUTE, 1000), `${what}: lost again; ${house.tail()}`);
  assert.ok(scanned < shownAt + PATIENCE_MS - QUIET_MS, `${what}: somebody still looks for the network at ${scanned} ms; ${house.tail()}`);
  return Math.max(shownAt, scanned) - from;
}

function rekeyed(house: House, absent: DeviceId, ms: number, times = 1): void {
  house.plug(absent).cut();
  house.run(ms / 4);
  for (let time = 0; time < times; time++) {
    house.hub.push(EventKind.Uplink, rekeyEmit({ seconds: Math.min(REKEY_S, ms / 4000) }));
    house.run(ms / 4);
  }
  house.run((ms * (3 - times)) / 4);
  house.plug(absent).powerOn();
}

/** What the supplier says to a hub that has started. */
export function greet(house: House): void {
  house.hub.push(EventKind.Uplink, clockRecord(house.home.originMs + house.nowMs));
}

/** And to one that knows nothing; joining stays open for an hour. */
export function admit(house: House): void {
  for (const { factory } of [house.meter, house.ihd]) {
    house.hub.push(EventKind.Uplink, admitRecord(factory.extended, factory.installCode));
  }
  for (let at = 0; at < HOUR; at += PERMIT_PERIOD_MS) {
    house.home.clock.after(at * 1000, () => void house.hub.push(EventKind.Uplink, permitRecord(PERMIT_S)));
  }
}

interface Backup {
  store: Map<number, Uint8Array>;
  keys: [number, Buffer][];
}

export function backupOf({ flash }: Plug): Backup {
  const store = [...flash.store].map(([record, octets]): [number, Uint8Array] => [record, Uint8Array.from(octets)]);
  return { store: new Map(store), keys: flash.keys.entries() };
}

export function restore({ flash }: Plug, { store, keys }: Backup): void {
  flash.store.clear();
  for (const [record, octets] of store) flash.store.set(record, octets);
  for (const [slot] of flash.keys.entries()) flash.keys.clear(slot);
  for (const [slot, key] of keys) flash.keys.set(slot, key);
}
