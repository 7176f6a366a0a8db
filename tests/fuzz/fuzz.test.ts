// All fuzz targets, so many cases each: the stack's parsers, whole devices, and the host's parsers.  A failure prints its seed and its input.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PLAN, planIds } from "../../host/home/plan.ts";
import { fuzzDevice } from "./device.ts";
import { cases } from "./enough.ts";
import { homeAir } from "./home_air.ts";
import { fuzzHost, hostTargets } from "./host.ts";
import { fuzz } from "./run.ts";
import { targets } from "./targets.ts";

const PARSER_RUNS = 2048;
const DEVICE_INPUTS = 3000;
const HOST_RUNS = 1024;
/** The same each time, so that a red run is the change's doing; KILOWASM_SEED tries another. */
const SEED = Number(process.env.KILOWASM_SEED ?? 1);

test("no parser of the stack traps, hangs, writes, or gives back something else than it took", async (t) => {
  const all = await targets();
  assert.ok(all.length >= 24);
  t.diagnostic(`seed ${SEED}`);
  for (const target of all) {
    const { name, runs, accepted } = await fuzz(target, cases(PARSER_RUNS), SEED);
    t.diagnostic(`${name}: ${runs} runs, ${accepted} accepted`);
  }
});

test("no device traps or hangs, whatever it hears with or without the right keys", (t) => {
  t.diagnostic(`seed ${SEED}`);
  const devices = planIds(DEFAULT_PLAN);
  const air = homeAir(SEED);
  for (const name of devices) {
    const { inputs, polls, sent, longestMs } = fuzzDevice(air, name, cases(DEVICE_INPUTS), SEED);
    t.diagnostic(`${name}: ${inputs} inputs, ${polls} polls, ${sent} frames sent, longest poll ${longestMs.toFixed(0)} ms`);
    assert.ok(sent > 0, "what it hears makes it answer");
  }
});

test("no parser of the host throws what it does not promise", (t) => {
  const { targets: all, close } = hostTargets();
  t.diagnostic(`seed ${SEED}`);
  try {
    for (const target of all) {
      const { name, runs } = fuzzHost(target, cases(HOST_RUNS), SEED);
      t.diagnostic(`${name}: ${runs} runs`);
    }
  } finally {
    close();
  }
});
