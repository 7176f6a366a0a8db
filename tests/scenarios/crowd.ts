// A crowd at one hub: so many meters and displays in one room, and what it takes until all are served.
import assert from "node:assert/strict";
import { planOf, planRow } from "../../host/home/plan.ts";
import { BRISK, House } from "./house.ts";

const MINUTE = 60_000;

export interface Crowd {
  house: House;
  displays: string[];
  meters: string[];
}

export function crowd(name: string, meters: number, displays: number, seed = 1): Crowd {
  const ids = (role: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${role}-${index + 1}`);
  const members = { meters: ids("meter", meters), displays: ids("ihd", displays) };
  const rows = [
    planRow("hub", "hub", "hub"),
    ...members.meters.map((id) => planRow(id, "meter", "hub")),
    ...members.displays.map((id) => planRow(id, "ihd", "hub")),
  ];
  return { house: new House(name, { seed, plan: planOf(rows), load: BRISK, suite: 1 }), ...members };
}

/** All have their key and every display is bound and shows a reading; answers when that was. */
export function settles({ house, meters, displays }: Crowd, patienceMs: number): number {
  const keyed = (id: string): boolean => house.of(id, "key").some(({ suite }) => Number(suite) > 0);
  const missing = (): string[] => [
    ...[...meters, ...displays].filter((id) => !keyed(id)).map((id) => `${id} has no key`),
    ...displays.filter((id) => house.of(id, "bound").length === 0).map((id) => `${id} is not bound`),
    ...displays.filter((id) => house.last(id, "reading")?.importWh === undefined).map((id) => `${id} shows nothing`),
  ];
  const done = house.until(() => missing().length === 0, patienceMs, 5000);
  assert.ok(done, `after ${patienceMs} ms: ${missing().join("; ")}`);
  return house.nowMs;
}

/** For some minutes each display shows a new reading in every minute, and a price; answers how many each showed. */
export function served({ house, displays }: Crowd, minutes: number): number[] {
  const from = house.nowMs;
  house.run(minutes * MINUTE);
  return displays.map((id) => {
    const readings = house.of(id, "reading", from).filter(({ stale, price, importWh }) => !stale && price !== null && importWh !== null);
    return new Set(readings.map(({ importWh }) => importWh)).size;
  });
}
