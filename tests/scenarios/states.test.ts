// No state without a way out: a display is brought into every state of its procedures and then meets silence, loss, or a hub that does not
// know it any more.  It leaves the state, and when all is well again the home is as before.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Record as StoreRecord } from "../../host/abi.ts";
import { lab, STATES } from "../../host/build/labs.ts";
import { ROOT } from "../../host/modules.ts";
import { BRISK, House } from "./house.ts";
import { backupOf, greet, restore } from "./outages.ts";

const MINUTE = 60_000;
/** The longest rest, and what belongs to it. */
const LEAVES_MS = 17 * MINUTE;
/** A device looks for its network, or for a first one, each quarter of an hour at last; its keys and its meter come after that. */
const HEALS_MS = 35 * MINUTE;
/** Where a device may stay: nothing is under way. */
const AT_REST = ["Idle", "Ready", "Settled"];
/** A display comes into these in no way, or leaves them in the turn in which it enters them. */
const UNSEEN: Record<string, string> = {
  "exchange CheckEphemeral": "a responder's",
  "exchange MakeEphemeral": "its key is there before the answer, which comes in fragments",
  "exchange Confirm": "an initiator leaves it at once",
  "partners FindAddress": "it has heard the meter's name before",
  "associate Request": "left in the turn after it was entered",
};

interface Procedure {
  name: string;
  number: number;
  states: string[];
}

const COMMISSIONING = Object.keys(STATES).findIndex((path) => path.endsWith("commissioning.ts"));

/** Names of the states, as the sources have them. */
const PROCEDURES: Procedure[] = Object.keys(STATES).map((path, number) => {
  const name = (path.split("/").at(-1) as string).replace(".ts", "");
  const [, list] = /^enum (?:State|Step) \{([^}]*)\}/m.exec(readFileSync(join(ROOT, path), "utf8")) ?? [];
  return { name, number, states: (list as string).split(",").map((each) => each.split("=")[0].trim()) };
});

const stateOf = (house: House, { number, states }: Procedure): string => {
  const { exports } = house.ihd.engine as unknown as { exports: { stateOf(procedure: number): number } };
  return states[exports.stateOf(number)];
};

const away = (house: House): void => house.home.medium.partition(["ihd"], ["meter", "hub"]);
const back = (house: House): void => house.home.medium.heal();

/** Ways into a state: the first join; a display that was out of range; nobody there at all; a hub that leaves in the middle. */
const LEADS: ((house: House) => void)[] = [
  () => {},
  (house) => {
    house.join();
    away(house);
    house.until(() => stateOf(house, PROCEDURES[COMMISSIONING]) === "Climbing", MINUTE, 10);
    back(house);
  },
  (house) => {
    house.until(() => house.ihd.on, 120_000, 10);
    away(house);
  },
  (house) => {
    house.home.medium.setLink("hub", "ihd", { inRange: false });
    house.until(() => house.of("ihd", "joined").length > 0, 6 * MINUTE, 10); // the meter opens with the supplier's next word
    house.run(100);
    house.hub.cut();
  },
];

const FAULTS: Record<string, (house: House) => void> = {
  silence: away,
  loss: (house) => {
    away(house);
    house.run(700);
    back(house);
  },
  refusal: (house) => {
    const { store } = house.hub.flash;
    house.hub.cut(); // where it has not been cut before
    store.delete(StoreRecord.TrustCentre);
    store.delete(StoreRecord.Keys);
    house.hub.powerOn();
  },
};

/** A home whose display stands in the state, or nothing where no way leads there. */
function reach(name: string, procedure: Procedure, state: string): House | undefined {
  for (const lead of LEADS) {
    const house = new House(name, { seed: 5, load: BRISK, modules: { ihd: lab("states/ihd") } });
    assert.ok(house.until(() => house.ihd.on, 120_000, 10));
    lead(house);
    if (house.until(() => stateOf(house, procedure) === state, 3 * MINUTE, 2)) return house;
    house.close();
  }
  return undefined;
}

for (const procedure of PROCEDURES) {
  for (const state of procedure.states) {
    const what = `${procedure.name} ${state}`;
    if (UNSEEN[what]) continue;
    test(`${what}: silence, loss and refusal are left, and heal`, () => {
      for (const [fault, strike] of Object.entries(FAULTS)) {
        const house = reach(`states-${procedure.name}-${state}-${fault}`, procedure, state);
        assert.ok(house, "a way leads there");
        try {
          const backup = backupOf(house.hub);
          strike(house);
          if (!AT_REST.includes(state)) {
            const left = house.until(() => stateOf(house, procedure) !== state, LEAVES_MS, 100);
            assert.ok(left, `${fault}: it stays; ${house.tail()}`);
          }
          if (fault === "silence") house.run(20 * MINUTE);
          back(house);
          if (fault === "refusal") {
            house.run(5 * MINUTE);
            house.hub.cut();
            restore(house.hub, backup);
            house.hub.powerOn();
          }
          if (!house.hub.on) house.hub.powerOn();
          greet(house);
          house.heals(HEALS_MS, `${what}, ${fault}`);
          house.sound();
        } finally {
          house.close();
        }
      }
    });
  }
}
