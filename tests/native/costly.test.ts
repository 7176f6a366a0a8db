// The worst of valid modules, whose cost on a board is budgeted: the gate and V8 take them all, and each has its budget.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { octetsOf, SHAPES } from "../../host/measure/costly.ts";
import { ROOT } from "../../host/modules.ts";
import { native } from "../../host/native/addon.ts";

const PAGE = 65_536;

for (const [shape, make] of Object.entries(SHAPES)) {
  test(`${shape}: valid at both sizes, and as large as it says`, () => {
    for (const part of [0.5, 1]) {
      const wasm = make(part * octetsOf(shape));
      const { ok, reason, offset } = native().gate(wasm, PAGE);
      assert.ok(ok, `${reason} at ${offset}`);
      assert.ok(WebAssembly.validate(new Uint8Array(wasm)));
      assert.ok(Math.abs(wasm.length / (part * octetsOf(shape)) - 1) < 0.15, `${wasm.length} octets`);
    }
  });
}

test("each shape has its budget", () => {
  const { loading } = JSON.parse(readFileSync(join(ROOT, "tests/budgets.json"), "utf8")) as { loading: Record<string, number> };
  assert.deepEqual(Object.keys(loading).sort(), Object.keys(SHAPES).sort());
});
