// All fuzz targets, 20 s in total: the stack's parsers, whole devices, and the host's parsers.  A failure prints its seed and its input.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PLAN, planIds } from "../../host/home/plan.ts";
import { fuzzDevice } from "./device.ts";
import { homeAir } from "./home_air.ts";
import { fuzzHost, hostTargets } from "./host.ts";
import { fuzz } from "./run.ts";
import { targets } from "./targets.ts";

const PARSERS_S = 9;
const DEVICES_S = 8;
const HOST_S = 3;
/** The same each time, so that a red run is the change's doing; KILOWASM_SEED tries another. */
const SEED = Number(process.env.KILOWASM_SEED ?? 1);

test("no parser of the stack traps, hangs, writes, or gives back something else than it took", async (t) => {
  const all = await targets();
  assert.ok(all.length >= 24);
  t.diagnostic(`seed ${SEED}`);
  for (const target of all) {
    const { name, runs, accepted } = await fuzz(target, PARSERS_S / all.length, SEED);
    t.diagnostic(`${name}: ${runs} runs, ${accepted} accepted`);
  }
});

test("no device traps or hangs, whatever it hears with or without the right keys", (t) => {
  t.diagnostic(`seed ${SEED}`);
  const devices = planIds(DEFAULT_PLAN);
  const air = homeAir(SEED);
  for (const name of devices) {
    const { inputs, polls, sent, longestMs } = fuzzDevice(air, name, DEVICES_S / devices.length, SEED);
    t.diagnostic(`${name}: ${inputs} inputs, ${polls} polls, ${sent} frames sent, longest poll ${longestMs.toFixed(0)} ms`);
    assert.ok(sent > 0, "what it hears makes it answer");
  }
});

test("no parser of the host throws what it does not promise", (t) => {
  const { targets: all, close } = hostTargets();
  t.diagnostic(`seed ${SEED}`);
  try {
    for (const target of all) {
      const { name, runs } = fuzzHost(target, HOST_S / all.length, SEED);
      t.diagnostic(`${name}: ${runs} runs`);
    }
  } finally {
    close();
  }
});
