// A home whose devices have doors to where their procedures stand, what can befall a device of it, and how all becomes well again.
import assert from "node:assert/strict";
import { EventKind, FileStatus, ImageReason, Record as StoreRecord } from "../../host/abi.ts";
import { lab } from "../../host/build/labs.ts";
import { type Doored, PROCEDURES, type Procedure } from "../../host/build/procedures.ts";
import { rekeyEmit } from "../../host/home/uplink.ts";
import { BRISK, House } from "./house.ts";
import { admit, backupOf, greet, restore } from "./outages.ts";
import { nextPackage, UpdateHome } from "./update_home.ts";

const MINUTE = 60_000;
const EVERYBODY: Doored[] = ["hub", "meter", "ihd"];
const SILENCE_MS = 20 * MINUTE;
const REFUSAL_MS = 5 * MINUTE;
/** Some frames of a procedure, with all repetitions of one of them. */
const LOSS_MS = 700;
/** Between two looks at a device's states. */
const LOOK_MS = 1;
const MODULES = { hub: lab("states/hub"), ihd: lab("states/ihd"), meter: lab("states/meter") };

export const FAULTS = ["silence", "loss", "refusal"] as const;
export type Fault = (typeof FAULTS)[number];

export type AnyHome = House | UpdateHome;
type Lead = (home: AnyHome, device: Doored) => void;

/** The name of the state in which the device's procedure stands, or nothing where the device is off. */
export function stateOf(home: AnyHome, device: Doored, { name, states }: Procedure): string | undefined {
  const on = home instanceof House ? home.plug(device).on : true;
  const engine = home instanceof House ? home.plug(device).engine : home.engines.get(device);
  const exports = (engine as unknown as { exports?: { stateOf?(procedure: number): number } } | undefined)?.exports;
  if (!on || !exports?.stateOf) return undefined; // a module that was loaded from the air has no doors
  return states[exports.stateOf(PROCEDURES.findIndex((each) => each.name === name))];
}

const away = (home: AnyHome, device: Doored): void =>
  home.home.medium.partition(
    [device],
    EVERYBODY.filter((each) => each !== device),
  );
const back = (home: AnyHome): void => home.home.medium.heal();
/** Lets time pass until a procedure of the device stands so. */
function until(home: AnyHome, device: Doored, name: string, state: string): void {
  const procedure = PROCEDURES.find((each) => each.name === name) as Procedure;
  assert.ok(home.until(() => stateOf(home, device, procedure) === state, 40 * MINUTE, 10));
}

function lost(home: AnyHome, device: Doored): void {
  home.join();
  away(home, device);
}

function climbs(home: AnyHome, device: Doored): void {
  lost(home, device);
  until(home, device, "commissioning", "Climbing");
}

function hubless(home: AnyHome): void {
  home.join();
  if (home instanceof House) home.hub.cut();
}

/** Ways into a state. */
export const LEADS = {
  "the first join": () => {},
  "nobody is there": away,
  "out of range": lost,
  "out of range until it climbs": climbs,
  "out of range and back when it climbs": (home, device) => {
    climbs(home, device);
    back(home);
  },
  "without the hub": hubless,
  "without the hub until it asks": (home, device) => {
    hubless(home);
    until(home, device, "commissioning", "Finding");
  },
  "two hops away": (home) => home.home.medium.setLink("hub", "ihd", { inRange: false }),
  "the hub without the meter": (home) => {
    home.join();
    if (home instanceof House) home.meter.cut();
  },
  "another network key": (home) => {
    home.join();
    if (home instanceof House) home.hub.push(EventKind.Uplink, rekeyEmit({ seconds: 10 }));
  },
  "the display is removed": (home) => {
    home.join();
    home.home.remove("ihd");
  },
} satisfies Record<string, Lead>;

export type LeadName = keyof typeof LEADS;

/** A home of this kind: with image slots and a file on its way, or without. */
export function homeFor(device: Doored, updates: boolean, name: string): AnyHome {
  if (!updates) return new House(name, { seed: 5, load: BRISK, modules: MODULES });
  const home = new UpdateHome(5, {}, MODULES);
  home.offer(1, target(device), nextPackage(target(device)));
  return home;
}

const target = (device: Doored): "ihd" | "meter" => (device === "ihd" ? "ihd" : "meter");

/** Whether the lead brought the device into the state, before anything befalls it. */
export function reaches(home: AnyHome, device: Doored, procedure: Procedure, state: string, withinMs: number): boolean {
  return home.until(() => stateOf(home, device, procedure) === state, withinMs, LOOK_MS);
}

/** Lets it befall the device; answers what makes all well again. */
export function strike(home: AnyHome, device: Doored, fault: Fault): () => void {
  switch (fault) {
    case "silence":
      away(home, device);
      return () => {
        home.run(SILENCE_MS);
        back(home);
      };
    case "loss":
      away(home, device);
      home.run(LOSS_MS);
      back(home);
      return () => {};
    case "refusal":
      back(home);
      return home instanceof House ? refuse(home, device) : withdraw(home, device);
  }
}

/** A member meets a hub that does not know it any more; a hub meets devices that know nothing any more. */
function refuse(house: House, device: Doored): () => void {
  if (device === "hub") {
    for (const plug of [house.meter, house.ihd].filter(({ boots }) => boots > 0)) {
      plug.cut();
      restore(plug, { store: new Map(plug.factory.records), keys: [] });
      plug.powerOn();
    }
    return () => house.run(REFUSAL_MS);
  }
  const backup = backupOf(house.hub);
  house.hub.cut(); // where it has not been cut before
  house.hub.flash.store.delete(StoreRecord.TrustCentre);
  house.hub.flash.store.delete(StoreRecord.Keys);
  house.hub.powerOn();
  return () => {
    house.run(REFUSAL_MS);
    house.hub.cut();
    restore(house.hub, backup);
    house.hub.powerOn();
  };
}

/** The supplier takes the plan back, and later makes it again. */
function withdraw(home: UpdateHome, device: Doored): () => void {
  const devices = [home.address(target(device))];
  const plan = { atOnce: 2, failures: 0, activate: 0, devices };
  home.source.rollout(1, { ...plan, go: false });
  return () => {
    home.run(REFUSAL_MS);
    home.source.rollout(1, { ...plan, go: true });
  };
}

/** Everything works again, within so long.  Who was refused may have been sent away for good: the supplier opens the door again. */
export function heals(home: AnyHome, device: Doored, fault: Fault, withinMs: number, what: string): void {
  for (const id of ["ihd", "meter"]) home.home.medium.setLink("hub", id, { inRange: true });
  if (home instanceof UpdateHome) {
    const { status, reason } = home.status(target(device));
    const triedInVain = status === FileStatus.ActivationFailed && reason === ImageReason.Unhealthy; // its trial met silence: not for a day
    if (!triedInVain) home.updated(target(device), withinMs);
    home.goesOn(withinMs);
  } else {
    for (const id of EVERYBODY) if (!home.plug(id).on && home.plug(id).boots > 0) home.plug(id).powerOn(); // who never ran comes by the plan
    greet(home);
    if (device === "hub" || fault === "refusal") admit(home);
    home.heals(withinMs, what);
  }
  home.sound();
}

export function leaves(home: AnyHome, device: Doored, procedure: Procedure, state: string, withinMs: number, what: string): void {
  const left = home.until(() => stateOf(home, device, procedure) !== state, withinMs, 10);
  assert.ok(left, `${what}: it stays for ${withinMs} ms; ${home.tail()}`);
}
