// No test's verdict hangs on the wall clock: machines are shared and noisy.  Who reads it all the same is named here with the reason.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../host/modules.ts";

const READS = new RegExp(["Date", "performance"].map((name) => `\\b${name}\\.now\\(`).join("|"));

/** What no verdict depends on. */
const MAY: Record<string, string> = {
  "tests/fuzz/enough.ts": "how long a command goes on",
  "tests/hostile/hostile.test.ts": "a seed, which is printed",
  "tests/hostile/runner.ts": "a seed, which is printed",
  "tests/native/images_power.test.ts": "a seed, which is printed",
  "tests/scenarios/day.test.ts": "a figure for the reader",
  "tests/scenarios/storm_run.ts": "the pace of a run by hand, for its reader",
  "tests/scenarios/upgrade_run.ts": "the same",
  "tests/home/zep.test.ts": "a time stamp that is sent",
  "tests/ip/wire.ts": "the pace of a module whose other end is this machine's own TCP",
  "tests/air/support.ts": "the pace of an air in real time for a program outside, and patience with that program",
  "tests/boards/device.test.ts": "the pace of an air in real time for an emulated board",
  "tests/boards/update.test.ts": "when to cut the power of an emulated board",
  "tests/home/head_end.test.ts": "the pacer's subject is real time: it must not run ahead of it",
};

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return /\.(ts|mjs)$/.test(entry.name) ? [path] : [];
  });
}

test("only those read the wall clock whose verdict does not depend on it", () => {
  const readers = files(join(ROOT, "tests"))
    .filter((path) => READS.test(readFileSync(path, "utf8")))
    .map((path) => relative(ROOT, path))
    .sort();
  assert.deepEqual(readers, Object.keys(MAY).sort());
});
