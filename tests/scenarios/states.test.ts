// No state without a way out: hub, meter and display are brought into every state of their procedures and then meet silence, loss, or
// partners that refuse.  They leave the state within its deadline, and when all is well again the home is as before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Doored, PROCEDURES, type Procedure } from "../../host/build/procedures.ts";
import { FAULTS, heals, homeFor, LEADS, type LeadName, leaves, reaches, strike } from "./states_kit.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Until a lead has brought a device into a state. */
const REACHED_MS = 7 * MINUTE;
/** A device looks for its network, or for a first one, each quarter of an hour at last; its keys and its meter come after that. */
const HEALS_MS = 35 * MINUTE;

interface Terms {
  /** The longest that a state of the procedure may last. */
  leavesMs: number;
  /** States in which nothing is under way. */
  rest: string[];
  /** What leads there, where that is not the first join; by state, or by device and state. */
  by?: Record<string, LeadName>;
  /** What nothing leads to, and why. */
  unseen?: Record<string, string>;
  /** Only where a file is on its way. */
  updates?: boolean;
}

const AT_ONCE = "left in the turn after it was entered";
const SLEEPER = "an end device has its parent only";
const RESPONDER = "a responder's";
const INITIATOR = "an initiator's";

const TERMS: Record<string, Terms> = {
  associate: { leavesMs: 2 * SECOND, rest: ["Idle"], unseen: { Request: AT_ONCE } },
  scan: { leavesMs: 3 * SECOND, rest: ["Idle"], by: { Asking: "nobody is there" }, unseen: { "hub Asking": AT_ONCE } },
  serve: { leavesMs: 8 * SECOND, rest: ["Idle"] },
  join: {
    leavesMs: 10 * SECOND,
    rest: ["Idle"],
    by: { "ihd Rejoining": "out of range and back when it climbs", "meter Rejoining": "out of range and back when it climbs" },
  },
  poll: { leavesMs: MINUTE, rest: ["Stopped", "Asleep"] },
  child: { leavesMs: 31 * SECOND, rest: ["None"], by: { "meter Joining": "two hops away" } },
  slot: {
    leavesMs: 10 * SECOND,
    rest: ["Free"],
    by: { "meter Discover": "out of range", "meter Indirect": "two hops away", "hub Discover": "the hub without the meter" },
    unseen: { "ihd Discover": SLEEPER, "ihd Indirect": SLEEPER },
  },
  transmit: { leavesMs: MINUTE, rest: ["Free"], unseen: { Gap: "no message of a home has fragments: tests/scenarios/fragments.test.ts" } },
  joiner: { leavesMs: 11 * SECOND, rest: ["Idle"] },
  device: {
    leavesMs: 75 * MINUTE,
    rest: ["Free", "Admitted", "Established"],
    by: { Free: "the display is removed", Leaving: "the display is removed" },
  },
  rekey: {
    leavesMs: MINUTE,
    rest: ["Idle"],
    by: { Telling: "another network key", Waiting: "another network key", Switched: "another network key" },
  },
  report: { leavesMs: 6 * MINUTE, rest: ["Idle"], by: { BackOff: "out of range" } },
  exchange: {
    leavesMs: 30 * SECOND,
    rest: ["Idle"],
    unseen: {
      MakeEphemeral: "its key is there before the answer, which comes in fragments",
      Confirm: "the agreement is there before the partner's hash",
      "ihd CheckEphemeral": RESPONDER,
      "meter CheckEphemeral": RESPONDER,
      "hub AwaitInitiate": INITIATOR,
      "hub Agree": INITIATOR,
    },
  },
  commissioning: {
    leavesMs: 16 * MINUTE,
    rest: ["Ready"],
    by: { Pause: "nobody is there", Resting: "without the hub until it asks", Climbing: "out of range until it climbs" },
  },
  ladder: {
    leavesMs: 32 * SECOND,
    rest: ["Foot"],
    by: {
      Channel: "out of range until it climbs",
      Everywhere: "out of range until it climbs",
      TrustCentre: "out of range until it climbs",
      Anew: "out of range until it climbs",
    },
  },
  partners: { leavesMs: 11 * MINUTE, rest: ["Idle", "Settled"] },
  errands: { leavesMs: 13 * SECOND, rest: ["Nothing"] },
  prices: { leavesMs: MINUTE, rest: ["Idle"], unseen: { Telling: AT_ONCE } },
  update: {
    leavesMs: 65 * MINUTE,
    rest: ["Off"],
    unseen: {
      Verify: AT_ONCE,
      Specific: "only boards that can have a certificate and have none: tests/scenarios/enrolment.test.ts",
      Ask: "the same",
    },
    updates: true,
  },
  transfer: {
    leavesMs: 5 * MINUTE,
    rest: ["Off"],
    unseen: {
      Pause: "only a hub that makes it wait: tests/sep1/ota_client.test.ts",
      Block: "only a hub without pages: tests/sep1/ota_client.test.ts",
    },
    updates: true,
  },
  activation: { leavesMs: 3 * SECOND, rest: ["Idle"], updates: true },
  notify: { leavesMs: 20 * SECOND, rest: ["Idle"], updates: true },
  pages: { leavesMs: MINUTE, rest: ["Idle"], updates: true },
  fetch: { leavesMs: MINUTE, rest: ["Idle"], updates: true },
};

/** What a table says of a state of a device. */
const of = <T>(table: Record<string, T> | undefined, device: Doored, state: string): T | undefined =>
  table?.[`${device} ${state}`] ?? table?.[state];

function tried(device: Doored, procedure: Procedure, state: string, { leavesMs, rest, by, updates = false }: Terms): void {
  const lead = of(by, device, state) ?? "the first join";
  for (const fault of FAULTS) {
    const what = `${device} ${procedure.name} ${state}, ${fault}`;
    const home = homeFor(device, updates, `states-${what.replaceAll(/[ ,]+/g, "-")}`);
    try {
      LEADS[lead](home, device);
      assert.ok(reaches(home, device, procedure, state, REACHED_MS), `${what}: "${lead}" does not lead there`);
      const mend = strike(home, device, fault);
      if (!rest.includes(state)) leaves(home, device, procedure, state, leavesMs, what);
      mend();
      heals(home, device, fault, HEALS_MS, what);
    } finally {
      home.close();
    }
  }
}

for (const procedure of PROCEDURES) {
  const terms = TERMS[procedure.name];
  assert.ok(terms, `${procedure.name} has no terms`);
  for (const device of procedure.devices) {
    for (const state of procedure.states) {
      if (of(terms.unseen, device, state)) continue;
      if (terms.rest.includes(state) && device !== procedure.devices[0]) continue; // nothing is under way: one is as the others
      test(`${device}, ${procedure.name} ${state}: silence, loss and refusal are left, and heal`, () =>
        tried(device, procedure, state, terms));
    }
  }
}
