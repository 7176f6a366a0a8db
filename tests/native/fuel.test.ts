// Work is metered, by the same meter on the boards' engine in Node and on V8: turns, calls, octets filled and copied, octets given to imports.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ResetReason } from "../../host/abi.ts";
import { EngineStopped, FUEL } from "../../host/engine.ts";
import { moduleBytes } from "../../host/modules.ts";
import { native, Stop } from "../../host/native/addon.ts";
import { Wasm3Engine } from "../../host/native/index.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { metered } from "../../host/v8/meter.ts";
import { device, importType, rowOf, surroundings } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

const seed = Buffer.alloc(32, 7);
/** poll(now) runs `body` for ever. */
const forEver = (body: w.Octets): w.Octets => [0x03, w.VOID, ...body, 0x0c, 0, 0x0b, 0x42, 0];
/** poll(now) runs `body` so many times. */
const times = (body: w.Octets): w.Octets => [
  ...[0x03, w.VOID, ...body, 0x20, 0, 0x42, 1, 0x7d, 0x22, 0, 0x42, 0, 0x52, 0x0d, 0, 0x0b, 0x20, 0],
];
const FILL: w.Octets = [...w.i32(0), ...w.i32(1), ...w.i32(4096), 0xfc, 11, 0];
const COPY: w.Octets = [...w.i32(0), ...w.i32(8), ...w.i32(4000), 0xfc, 10, 0, 0];
const CALLS_ITSELF: w.Octets = [
  ...[0x20, 0, 0x50, 0x04, w.I64, 0x42, 0, 0x05, 0x20, 0, 0x42, 1, 0x7d, 0x10, 2, 0x20, 0, 0x42, 1, 0x7d, 0x10, 2, 0x7c, 0x0b],
];
const importing = (name: string, body: w.Octets): Buffer<ArrayBuffer> =>
  w.withPoll(body, { import: { name, type: importType(rowOf(name)) } });
const hash: w.Octets = [...w.i32(0), ...w.i32(4096), ...w.i32(0), 0x10, 0, 0x1a];
const write: w.Octets = [...w.i32(9), ...w.i32(0), ...w.i32(8), 0x10, 0, 0x1a];

const MODULES: [string, Buffer<ArrayBuffer>, Buffer<ArrayBuffer>?][] = [
  ["turns", w.withPoll(forEver([])), w.withPoll(times([]))],
  ["calls", w.withPoll(CALLS_ITSELF)],
  ["memory.fill", w.withPoll(forEver(FILL)), w.withPoll(times(FILL))],
  ["memory.copy", w.withPoll(forEver(COPY)), w.withPoll(times(COPY))],
  ["a hash", importing("hash_mmo", forEver(hash)), importing("hash_mmo", times(hash))],
  ["writes to the store", importing("store_write", forEver(write)), importing("store_write", times(write))],
];

/** How a poll ends on both engines with so many units. */
function ends(wasm: Buffer<ArrayBuffer>, now: bigint, fuel: number): [string, string] {
  const d = device(wasm, { fuel });
  assert.ok(d.start(0n, 0), d.stop().reason);
  const onBoards = d.poll(now) === null ? `stop ${d.stop().code}` : "ends";
  const engine = new V8Engine({ wasm, seed, surroundings: surroundings(), fuel });
  engine.start(0n, 0);
  let onV8 = "ends";
  try {
    engine.poll(now);
  } catch (error) {
    assert.ok(error instanceof EngineStopped, String(error));
    onV8 = `stop ${error.reason === ResetReason.Watchdog ? Stop.Fuel : Stop.Trap}`;
  }
  return [onBoards, onV8];
}

test("what runs for ever ends on both engines, whatever it does", () => {
  for (const [name, wasm] of MODULES) assert.deepEqual(ends(wasm, 60n, 1_000_000), [`stop ${Stop.Fuel}`, `stop ${Stop.Fuel}`], name);
});

test("the last unit is the same one on both engines", () => {
  for (const [name, , wasm] of MODULES) {
    if (!wasm) continue;
    // The fewest units that are enough for three turns.
    let low = 1;
    let high = 1 << 20;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      const [onBoards, onV8] = ends(wasm, 3n, middle);
      assert.equal(onBoards, onV8, `${name}, ${middle} units`);
      if (onBoards === "ends") high = middle;
      else low = middle;
    }
    assert.ok(high > 3, name);
    assert.deepEqual(ends(wasm, 3n, high), ["ends", "ends"], name);
    assert.deepEqual(ends(wasm, 3n, high - 1), [`stop ${Stop.Fuel}`, `stop ${Stop.Fuel}`], name);
  }
});

test("a loop that fills, and one that hashes, cost by their octets", () => {
  const turns = ends(w.withPoll(times(FILL)), 1000n, 10_000);
  assert.deepEqual(turns, [`stop ${Stop.Fuel}`, `stop ${Stop.Fuel}`]);
  assert.deepEqual(ends(w.withPoll(times([])), 1000n, 10_000), ["ends", "ends"]);
  assert.deepEqual(ends(importing("hash_mmo", times(hash)), 10n, 20_000), [`stop ${Stop.Fuel}`, `stop ${Stop.Fuel}`]);
});

test("an engine that nobody gave a limit has one, and start and abi are metered too", () => {
  const endless = [0x03, w.VOID, 0x0c, 0, 0x0b];
  const make = (wasm: Buffer<ArrayBuffer>): V8Engine => new V8Engine({ wasm, seed, surroundings: surroundings() });
  const watchdog = (error: unknown): boolean => error instanceof EngineStopped && error.reason === ResetReason.Watchdog;
  const poll = make(w.withPoll(forEver([])));
  assert.throws(() => poll.poll(0n), watchdog);
  const start = make(w.module({ 10: w.vector([w.ABI_BODY, w.body(endless), w.POLL_BODY]) }));
  assert.throws(() => start.start(0n, 0), watchdog);
  const abi = w.module({ 10: w.vector([w.body([...endless, ...w.i32(0x20000)]), w.START_BODY, w.POLL_BODY]) });
  assert.throws(() => make(abi), watchdog);
  assert.throws(() => new Wasm3Engine({ wasm: abi, seed, surroundings: surroundings() }), EngineStopped);
  assert.ok(FUEL < 2 ** 31, "a number of 32 bits");
});

test("what is metered is valid and exports what it did; a module with floats or imported memory runs as it is", () => {
  for (const name of ["hub_sep1", "ihd_sep1", "meter_sep1"]) {
    const wasm = moduleBytes(name);
    const counted = new WebAssembly.Module(metered(wasm));
    const names = (module: WebAssembly.Module): string[] => WebAssembly.Module.exports(module).map((each) => each.name);
    assert.deepEqual(names(counted), [...names(new WebAssembly.Module(Uint8Array.from(wasm))), "kilowasm fuel"]);
    assert.equal(native().gate(wasm, 0).ok, true);
  }
  const odd = w.withFunction([0xd0, 0x70, 0x1a]); // ref.null
  assert.deepEqual(Buffer.from(metered(odd)), odd);
});
