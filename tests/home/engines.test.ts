// The home on V8 and on wasm3 gives the same run to the line; tests/boards/home.test.ts has the emulated boards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, linesOf, run } from "./process.ts";

test("wasm3 and V8 give the same run, line by line", async () => {
  const [v8, wasm3] = [await run("--duration", "20m"), await run("--duration", "20m", "--engine", "wasm3")];
  assert.deepEqual([v8.status, wasm3.status], [0, 0], v8.error + wasm3.error);
  assert.ok(linesOf(v8).length > 100);
  assert.equal(bodyOf(wasm3.out), bodyOf(v8.out));
});
