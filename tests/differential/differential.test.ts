// The boards' engine and V8 on random modules: no difference, none loaded that V8 refuses, none that cannot be translated.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { native } from "../../host/native/addon.ts";
import * as w from "../native/wasm_bytes.ts";
import { Differential, runDifferential, runSmith } from "./differential.ts";
import { randomModule } from "./random_module.ts";

const MODULES = 3000;
const SMITH_MODULES = 1000;
const CASES = new URL("../../../shared/cases/wasm/", import.meta.url);

test("a random module is valid for V8 and passes the gate, but for rare ones with too many operands", () => {
  const random = new Random("valid", "modules");
  let passed = 0;
  for (let index = 0; index < 500; index++) {
    const wasm = randomModule(random);
    assert.ok(WebAssembly.validate(wasm), `module ${index}`);
    if (native().gate(wasm, 0).ok) passed++;
  }
  assert.ok(passed > 480, `${passed} of 500`);
});

test("the engines do the same on random modules and their mutants", (context) => {
  const seed = String(process.pid);
  context.diagnostic(`seed ${seed}`);
  const report = runDifferential(MODULES, seed, true);
  context.diagnostic(JSON.stringify(report));
  assert.ok(report.ran > MODULES * 0.6 && report.traps > 100 && report.metered > 10, JSON.stringify(report));
  assert.ok(report.deep < report.ran / 10, "deep recursion is rare");
});

test("a local that is set while the stack refers to it several times keeps its value there", () => {
  const [GET, SET, TEE, DROP] = [0x20, 0x21, 0x22, 0x1a];
  const differential = new Differential(1);
  let modules = 0;
  for (const type of [w.I32, w.I64]) {
    const [plus, times, constant] = type === w.I32 ? [0x6a, 0x6c, 0x41] : [0x7c, 0x7e, 0x42];
    const wide = type === w.I32 ? [0xad] : [];
    const narrow = type === w.I32 ? [0xa7] : [];
    for (const values of [
      [GET, 1],
      [constant, 5],
      [GET, 1, constant, 1, plus],
      [GET, 2],
    ])
      for (const set of [
        [SET, 1],
        [TEE, 1, DROP],
      ])
        for (let references = 1; references <= 4; references++)
          for (let dropped = 0; dropped < references; dropped++) {
            // So many references, the local set, some let go; a new value, then all that is left in one number.
            const refer = Array.from({ length: references }, () => [GET, 1]).flat();
            const fold = Array.from({ length: references - dropped }, () => [times]).flat();
            const kept = [...refer, ...values, ...set, ...Array(dropped).fill(DROP), GET, 2, constant, 3, plus, ...fold];
            const before = [GET, 0, ...narrow, constant, 9, plus, SET, 1, GET, 0, ...narrow, constant, 17, plus, SET, 2];
            const branched = [GET, 0, 0xa7, 0x04, type, constant, 60, 0x05, ...kept, 0x0b];
            for (const result of [kept, branched, [...branched, ...kept, times]]) {
              const poll = w.body([...before, ...result, GET, 1, times, ...wide], [[2, type]]);
              differential.look(w.module({ 10: w.vector([w.ABI_BODY, w.START_BODY, poll]) }));
              modules++;
            }
          }
  }
  assert.deepEqual([differential.report.ran, differential.report.traps], [modules, 0]);
});

test("a module that traps when it is asked for its version does so on both", () => {
  const differential = new Differential(1);
  differential.look(w.module({ 10: w.vector([w.body([0x00]), w.START_BODY, w.POLL_BODY]) }));
  assert.deepEqual([differential.report.refused, differential.report.ran], [0, 0]);
});

test("and on modules of a second generator, wasm-smith", { timeout: 900_000 }, (context) => {
  const seed = String(process.pid);
  context.diagnostic(`seed ${seed}`);
  const report = runSmith(SMITH_MODULES, seed);
  context.diagnostic(JSON.stringify(report));
  assert.ok(report.ran > SMITH_MODULES * 0.6 && report.traps > SMITH_MODULES / 20 && report.metered > 10, JSON.stringify(report));
});

test("modules on which the engines once differed are refused", { skip: existsSync(CASES) ? false : "no ../shared/cases/wasm" }, () => {
  for (const name of readdirSync(CASES)) {
    const differential = new Differential(1);
    differential.look(readFileSync(new URL(name, CASES)));
    assert.equal(differential.report.refused, 1, name);
  }
});
