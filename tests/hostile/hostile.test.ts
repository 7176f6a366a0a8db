// Random valid modules and their mutants: what the gate lets through makes no memory error, in the interpreter or in the imports.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { native } from "../../host/native/addon.ts";
import { generate } from "./generate.ts";
import { hostileProgram } from "./program.ts";
import { runHostile } from "./runner.ts";

/** Others in every run; by hand 200,000. */
const MODULES = 6500;

test("a generated module is valid for V8, passes the gate and uses the contract", () => {
  const wasm = generate(new Random("one module", "hostile"));
  const module = new WebAssembly.Module(new Uint8Array(wasm));
  assert.ok(native().gate(wasm, 0).ok);
  assert.deepEqual(
    WebAssembly.Module.exports(module)
      .map((each) => each.name)
      .sort(),
    ["abi", "memory", "poll", "start"],
  );
  assert.ok(WebAssembly.Module.imports(module).every((each) => each.module === "han"));
});

test("the harness sees a read behind what the interpreter allocated", async () => {
  const program = await hostileProgram();
  const ended = spawnSync(program, ["read-beyond"], { encoding: "utf8" });
  assert.notEqual(ended.status, 0);
  assert.match(ended.stderr, /AddressSanitizer: use-after-poison/);
});

test("thousands of hostile modules make no memory error", { timeout: 900_000 }, async (context) => {
  const seed = String(Date.now());
  context.diagnostic(`seed ${seed}`);
  const report = await runHostile(MODULES, seed, (line) => context.diagnostic(line));
  context.diagnostic(JSON.stringify(report));
  // Mutants that all stop at the gate would show nothing.
  assert.ok(report.ran > report.generated, "mutants run too");
  assert.ok(report.gate > 0 && report.load > 0 && report.generated > 30, JSON.stringify(report));
  assert.equal(report.gate + report.load + report.ran, MODULES, "each was answered for");
});
