// No use of the add-on from JavaScript ends the process: by chance, under AddressSanitizer, in a process of its own.
//
//   longer: npm run fuzz:addon -- 1000000 SEED
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADDON_STEPS, runAddonFuzz } from "./addon_run.ts";

test("thirty thousand wrong uses of the add-on make no memory error", { timeout: 900_000 }, (context) => {
  const seed = String(process.pid);
  context.diagnostic(`seed ${seed}`);
  const counts = runAddonFuzz(ADDON_STEPS, seed);
  context.diagnostic(JSON.stringify(counts));
  const did = Object.keys(counts).filter((name) => name.startsWith("did ") || name.startsWith("made "));
  // Everything was done, and not all of it was refused.
  assert.ok(did.length > 40 && counts.asked > 50, JSON.stringify(counts));
  assert.ok(counts.thrown > 100 && counts["did NativeDevice.poll"] > 50, JSON.stringify(counts));
});
