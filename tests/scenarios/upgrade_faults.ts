// A change to phase 2 in the worst ten minutes of a home's life: plugs, noise and lost frames at random moments, then calm.
//
// Whatever comes: each device runs a module of one phase or the other at every start, nobody is stopped by a fault of ours, what was
// measured stays measured, and after the calm the whole home is on phase 2.
import assert from "node:assert/strict";
import { Record } from "../../host/abi.ts";
import { Random } from "../../host/air/random.ts";
import type { DeviceId } from "../../host/home/plan.ts";
import { CHANGE_MS, type UpgradeHome } from "./upgrade_home.ts";

const MINUTE = 60_000;
/** The change begins, all load, the meter restarts, the display restarts: 270 seconds where nothing is in the way. */
const BAD_MS = 10 * MINUTE;
const FAULTS_MAX = 12;
/** A device that went back and whose hub waits for it in vain is given up after two hours; its next attempt comes half an hour later. */
const PATIENCE_MS = 8 * 60 * MINUTE;
/** Meter records are a quarter of an hour old at the most. */
const RECORD_MS = 20 * MINUTE;
const OFF_MAX_MS = 90_000;
const NOISE_MAX_MS = 45_000;
const LOSS_MAX = 0.3;

export function faults(home: UpgradeHome): void {
  const random = new Random(home.seed, "faults");
  home.expect("the display shows the meter's register", () => home.agrees() && home.nowMs > MINUTE, CHANGE_MS);
  const stations: readonly DeviceId[] = ["hub", "meter", "ihd"];
  const lossy = random.chance(0.5) ? (random.below(100) / 100) * LOSS_MAX : 0;
  const loss = (value: number): void => {
    for (const a of stations) for (const b of stations) if (a !== b) home.home.medium.setLink(a, b, { loss: value });
  };
  const { clock } = home.home;
  clock.at(CHANGE_MS * 1000, () => loss(lossy));
  clock.at((CHANGE_MS + BAD_MS) * 1000, () => loss(0));
  for (let left = random.below(FAULTS_MAX + 1); left > 0; left--) {
    const at = CHANGE_MS + random.below(BAD_MS);
    if (random.chance(0.25)) noise(home, random, at);
    else cut(home, stations[random.below(stations.length)] as DeviceId, at, 1 + random.below(OFF_MAX_MS));
  }
  healed(home);
}

function cut(home: UpgradeHome, device: DeviceId, atMs: number, forMs: number): void {
  const { clock } = home.home;
  clock.at(atMs * 1000, () => home.home.power(device, false));
  clock.at(Math.min(atMs + forMs, CHANGE_MS + BAD_MS) * 1000, () => home.home.power(device, true));
}

/** On every channel that a network of the home is on. */
function noise(home: UpgradeHome, random: Random, atMs: number): void {
  const forMs = 1 + random.below(NOISE_MAX_MS);
  home.home.clock.at(atMs * 1000, () => {
    const channels = new Set(home.events.filter(({ event }) => event === "formed").map(({ channel }) => channel as number));
    for (const channel of channels) home.home.jam(`noise ${atMs} ${channel}`, { channel, forMs, place: null });
  });
}

function healed(home: UpgradeHome): void {
  home.expect("the bad minutes are over", () => home.nowMs >= CHANGE_MS + BAD_MS, CHANGE_MS + BAD_MS);
  home.expect("the whole home is on phase 2", () => home.home.unchanged.length === 0, PATIENCE_MS);
  for (const { device, version, phase } of boots(home)) assert.match(`${version} ${phase}`, /^(0\.1\.0|2\.0\.\d) /, device);
  assert.deepEqual(
    home.events.filter(({ event }) => event === "trouble"),
    [],
    `seed ${home.seed}`,
  );
  assert.ok(home.home.changesOver || home.until(() => home.home.changesOver, 5000), "the supplier knows it");
  measured(home);
}

function boots({ events }: UpgradeHome) {
  return events.filter(({ event }) => event === "boot");
}

/** Register and measuring element have counted the same from the first day on. */
function measured(home: UpgradeHome): void {
  const record = (): Buffer => Buffer.from(home.records.get("meter")?.get(Record.Registers) ?? []);
  const before = record();
  home.expect("the register is written", () => !record().equals(before), RECORD_MS);
  assert.equal(record().readBigInt64LE(0), record().readBigInt64LE(8), `seed ${home.seed}`);
}
