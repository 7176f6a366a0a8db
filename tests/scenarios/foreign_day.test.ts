// Our meter and our sleeping display behind zigbee-on-host, which is coordinator and trust centre; the test is the application on top of it, for what
// the package does not speak: key establishment, link keys, a parent's relay.  A day by `npm run foreign -- 24`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { foreignDay } from "./foreign/day.ts";
import { missing } from "./foreign/outside.ts";

const HOURS = 3;

test("meter and display join a stranger's network, get their keys, and tell their readings for hours", { skip: missing }, async (t) => {
  const { reports, answers, readings, frames, exchanges, cpuMs } = await foreignDay("foreign-hours", { seed: 142 }, HOURS);
  t.diagnostic(
    `${reports} reports, ${answers} answers, ${readings} readings, ${frames} frames, ${exchanges} turns, ${cpuMs.toFixed(0)} ms`,
  );
  assert.ok(frames > HOURS * 1000);
});
