// Whoever waits has a row in host/build/procedures.ts, and with it silence, loss and refusal in tests/scenarios/states.test.ts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { sources } from "../../host/build/built.ts";
import { PROCEDURES } from "../../host/build/procedures.ts";
import { ROOT } from "../../host/modules.ts";

/** A deadline, or a list of states. */
const WAITS = /^export function (\w*Deadline)\(|^(?:export )?enum (State|Step|Rung|Stage|Sending|\w+State) /gm;

/** What the devices of the table do not have. */
const PHASE_2 = ["assembly/ip/", "assembly/sep2/"];

/** Files with one that is no procedure of their own. */
const OTHERS: Record<string, string> = {
  "application/hub/hub.ts": "the earliest of its parts",
  "application/hub/own.ts": "the earliest of its parts, and a word to the head-end that is repeated",
  "application/ihd/ihd.ts": "when the screen is drawn",
  "crypto/agreement.ts": "computes and waits for nobody; the exchange has the deadline",
  "model/rollout.ts": "when a table is written",
  "sep1/establishment.ts": "the exchange's",
  "sep1/factory.ts": "the earliest of its parts",
  "sep1/hub_network.ts": "the earliest of its parts, and forming, which is tried again",
  "sep1/hub_proxy.ts": "the earliest of its parts",
  "sep1/ihd.ts": "the earliest of its parts",
  "sep1/member.ts": "the earliest of its parts",
  "sep1/meter.ts": "the earliest of its parts",
  "sep1/mirror_meter.ts": "the earliest of its parts",
  "sep1/mirror_proxy.ts": "the earliest of its parts",
  "sep1/ota/server.ts": "the earliest of its parts",
  "sep1/repeater.ts": "the earliest of its parts",
  "upgrade/health.ts": "a trial has one deadline, and its end is a reboot: tests/scenarios/update.test.ts",
  "upgrade/upgrade.ts": "the earliest of its parts",
  "zigbee/aps/aps.ts": "the earliest of its parts",
  "zigbee/nwk/conflict.ts": "said once, after a while",
  "zigbee/nwk/coordinator.ts": "the earliest of its parts",
  "zigbee/nwk/end_device.ts": "the earliest of its parts",
  "zigbee/nwk/form.ts": "the scan's",
  "zigbee/nwk/link_status.ts": "a period",
  "zigbee/nwk/mesh.ts": "the earliest of its parts",
  "zigbee/nwk/pan.ts": "moves once, after a while",
  "zigbee/nwk/router.ts": "the earliest of its parts",
  "zigbee/security/trust_centre.ts": "the devices'",
  "zigbee/stack_coordinator.ts": "the earliest of its parts",
  "zigbee/stack_end_device.ts": "the earliest of its parts",
  "zigbee/stack_router.ts": "the earliest of its parts",
};

test("every file that waits has its procedures in the table, and every other one a reason", () => {
  const known = new Set(PROCEDURES.map(({ path }) => path));
  const waiting = new Set<string>();
  for (const path of sources()) {
    const name = relative(ROOT, path);
    if (PHASE_2.some((folder) => name.startsWith(folder))) continue;
    const found = [...readFileSync(path, "utf8").matchAll(WAITS)];
    if (found.length > 0) waiting.add(name);
  }
  const reasons = Object.keys(OTHERS).map((name) => `assembly/${name}`);
  assert.deepEqual(
    [...waiting].filter((name) => !known.has(name) && !reasons.includes(name)),
    [],
    "neither row nor reason",
  );
  assert.deepEqual(
    reasons.filter((name) => !waiting.has(name) || known.has(name)),
    [],
    "a reason for nothing",
  );
});

test("every state of an enum of a procedure is a state in the table", () => {
  for (const path of new Set(PROCEDURES.map((each) => each.path))) {
    const text = readFileSync(join(ROOT, path), "utf8");
    for (const [, list] of text.matchAll(/^(?:export )?enum (?:State|Step|Sending|\w+State) \{([^}]*)\}/gm)) {
      const names = list.split(",").map((each) => each.split("=")[0].trim());
      const listed = PROCEDURES.filter((each) => each.path === path).map(({ states }) => states.join());
      assert.ok(listed.includes(names.join()), `${path}: ${names.join(", ")}`);
    }
  }
});
