// The bench of many devices: its homes are those of a home file, and what cannot be copied is refused in a sentence.
import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { InputError } from "../../host/files/input_error.ts";
import { HUB_DEVICES_MAX, membersOf } from "../../host/home/plan.ts";
import { ROOT } from "../../host/modules.ts";
import { askedMeter } from "../../tools/bench/asked_meter.ts";
import { FULL_HOUSE, manyDevices, street } from "../../tools/bench/devices.ts";
import { kilowasm } from "./process.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "kilowasm-bench-"));

test("whole houses of the file are timed once everybody has a key", async () => {
  const file = join(FOLDER, "pair.yaml");
  writeFileSync(file, "devices:\n  - {id: hub, role: hub, at: [0, 0]}\n  - {id: meter, role: meter, at: [3, 0]}\n");
  const said: string[] = [];
  const { devices, homes, simulated, processor, ratio } = await manyDevices(await street(file, 3), (line) => void said.push(line));
  assert.deepEqual([devices, homes], [4, 2]);
  assert.match(String(said.at(-1)), /: 4 of 4 devices have a key$/);
  assert.ok(processor > 0 && ratio === simulated / processor);
});

test("a home of the bench has as many devices as a hub has room for", async () => {
  const plan = await street(join(ROOT, "tools/bench/crowd.yaml"), 1000);
  const hubs = plan.rows.filter(({ role }) => role === "hub");
  for (const hub of hubs) assert.equal(membersOf(plan, hub.id).length, HUB_DEVICES_MAX);
  assert.equal(hubs.length, Math.ceil(1000 / (1 + HUB_DEVICES_MAX)));
});

test("the shipped meter answers the round trip's questions", async () => {
  assert.ok((await askedMeter(1, 0, 20)) > 0);
});

test("a home whose devices have no place cannot be copied", async () => {
  const file = join(ROOT, "docs/homes/default.yaml");
  await assert.rejects(street(file, 3), (error: Error) => error instanceof InputError && /hub has no place/.test(error.message));
  await assert.rejects(street(`${FULL_HOUSE}.not`, 3), /full\.yaml\.not/);
});

test("wrong words to the bench end in one sentence before anything is measured", async () => {
  for (const word of ["0", "1001", "many", "1.5"]) {
    const { status, out, error } = await kilowasm("bench", "--devices", word);
    assert.deepEqual([status, out], [2, ""]);
    assert.match(error, /^kilowasm: --devices takes a whole number from 1 to 1000, not "[^\n]*"\.\n$/);
  }
  const home = join(ROOT, "docs/homes/default.yaml");
  const { status, out, error } = await kilowasm("bench", "--home", home);
  assert.deepEqual([status, out], [2, ""]);
  assert.match(error, /^kilowasm: [^\n]*default\.yaml: hub has no place[^\n]*\n$/);
});
