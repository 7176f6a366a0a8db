// Modules that are signed and bad: each is tried three times at most, and the old one runs again with the reason shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ABI_BODY, body, module as moduleOf, POLL_BODY, START_BODY, VOID, vector } from "../native/wasm_bytes.ts";
import { agree } from "./agreement.ts";
import { type Line, run } from "./process.ts";
import { of, packageOf, path, refusedBy, saved } from "./update_kit.ts";

const POLL = body([0x42, ...Array(8).fill(0xff), 0xff, 0x00]); // i64.const 2^63 - 1: never again
const UNREACHABLE = body([0x00]);
const FOR_EVER = body([0x03, VOID, 0x0c, 0x00, 0x0b]);

const variant = (start: number[], poll: number[]): Buffer =>
  packageOf("ihd", { wasm: moduleOf({ 10: vector([ABI_BODY, start, poll]) }), memory: 65_536 });

/** The run after it: three tries, and back; then the old module reads the meter again. */
function reverted(lines: Line[], reason: string, tries = 3): void {
  const boots = of(lines, "ihd", "boot").map(({ version, trial }) => `${version}${trial ? " on trial" : ""}`);
  assert.deepEqual(boots, ["0.1.0", ...Array(tries).fill("0.2.0 on trial"), "0.1.0"]);
  const last = of(lines, "ihd", "update").at(-1) as Line;
  assert.deepEqual([last.status, last.reason, last.running], ["activationFailed", reason, "0.1.0"]);
  assert.equal(path(lines, "ihd").at(-1), "activationFailed");
  assert.equal(lines.at(-1)?.ihd, "0.1.0");
  const back = of(lines, "ihd", "boot").at(-1) as Line;
  assert.ok(of(lines, "ihd", "reading").some(({ t, stale, importWh }) => t > back.t && stale === false && importWh !== null));
}

test("a module that traps at its first poll is tried three times", async () => {
  const file = saved("trap.ota", variant(START_BODY, UNREACHABLE));
  const lines = refusedBy(await run("--duration", "3m", "--update", `ihd=${file}`));
  reverted(lines, "notConfirmed");
  assert.equal(of(lines, "ihd", "trouble").length, 3);
  agree(lines, 5);
});

test("a module that runs for ever is stopped by the boards' engine, three times", async () => {
  const file = saved("loop.ota", variant(FOR_EVER, POLL_BODY));
  const lines = refusedBy(await run("--duration", "3m", "--engine", "wasm3", "--update", `ihd=${file}`));
  reverted(lines, "notConfirmed");
  assert.match(String(of(lines, "ihd", "trouble")[0].sentence), /without an end/);
});

test("a module that sleeps and never confirms is stopped after twenty minutes, three times", async () => {
  const file = saved("sleeper.ota", variant(START_BODY, POLL));
  const lines = refusedBy(await run("--duration", "70m", "--update", `ihd=${file}`));
  reverted(lines, "notConfirmed");
  const [, first, second] = of(lines, "ihd", "boot");
  assert.ok(second.t - first.t >= 1_200_000 && second.t - first.t < 1_202_000, `${second.t - first.t} ms`);
});

test("a module that no board would load is never tried", async () => {
  const file = saved("gate.ota", packageOf("ihd", { wasm: moduleOf({ 7: vector([]) }), memory: 65_536 }));
  const lines = refusedBy(await run("--duration", "3m", "--update", `ihd=${file}`));
  assert.equal(of(lines, "ihd", "boot").length, 1);
  assert.ok(of(lines, "ihd", "update").some(({ status, reason }) => status === "signatureFailed" && reason === "gate"));
});
