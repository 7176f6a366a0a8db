// The engine of the boards in Node: hostile modules, full arenas, endless loops.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ABI_BASE, ABI_VERSION, ResetReason } from "../../host/abi.ts";
import { EngineStopped, type Surroundings } from "../../host/engine.ts";
import { Err } from "../../host/err.ts";
import { type NativeDevice, Stop } from "../../host/native/addon.ts";
import { blankFlash, Wasm3Engine } from "../../host/native/index.ts";
import { readTrace, TraceKind } from "../../host/trace.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { caller, device, LIMIT, poll, rowOf, surroundings } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

const SHARED = new URL("../../../shared/vectors/wasm/", import.meta.url);

// ---- Refusals at load ----

test("the hostile modules are refused and harm nothing", { skip: existsSync(SHARED) ? false : "no ../shared/vectors/wasm" }, () => {
  for (const name of ["lazybug.wasm", "oomimp.wasm"]) {
    const d = device(readFileSync(new URL(name, SHARED)));
    assert.equal(d.stop().code, Stop.Refused, name);
    assert.equal(d.start(0n, 0), false);
    assert.equal(d.poll(0n), null);
    d.close();
  }
});

test("a body with wrong types is refused before anything runs", () => {
  const wasm = w.withFunction([0x41, 0]);
  const d = device(wasm);
  assert.equal(d.stop().code, Stop.Refused);
  assert.throws(() => new Wasm3Engine({ wasm, seed: Buffer.alloc(32), surroundings: surroundings() }), /the module is refused/);
});

test("a module for another version of the contract is refused", () => {
  const built = (version: number): NativeDevice => device(w.module({ 10: w.vector([w.body(w.i32(version)), w.START_BODY, w.POLL_BODY]) }));
  const onV8 = (version: number): V8Engine =>
    new V8Engine({
      wasm: w.module({ 10: w.vector([w.body(w.i32(version)), w.START_BODY, w.POLL_BODY]) }),
      seed: Buffer.alloc(32),
      surroundings: surroundings(),
    });
  assert.equal(ABI_VERSION, 0x20001);
  assert.equal(ABI_BASE, 0x20000);
  for (const version of [ABI_BASE, ABI_VERSION]) {
    assert.equal(built(version).stop().code, Stop.None);
    onV8(version);
  }
  for (const version of [0x20002, 0x30000, 0x10001, 0x1ffff, 0, -1]) {
    assert.match(built(version).stop().reason, /the module was built for another version of the contract/);
    assert.throws(() => onV8(version), /the module was built for another version of the contract/);
  }
});

test("a module at every limit of the gate is loaded and translated", () => {
  const loops = Array.from({ length: 16 }, () => [0x03, w.VOID]).flat();
  const blocks = Array.from({ length: 47 - 16 }, () => [0x02, w.VOID]).flat();
  const ends = Array.from({ length: 47 }, () => 0x0b);
  const table = [0x41, 0, 0x0e, ...w.leb(256), ...Array.from({ length: 257 }, () => 47)];
  const wasm = w.withFunction([...loops, ...blocks, ...table, ...ends], {}, [
    [...w.leb(64), w.I32],
    [...w.leb(136), w.I64],
  ]);
  const d = device(wasm, { eager: true, arenaSize: 262144 });
  assert.equal(d.stop().code, Stop.None, d.stop().reason);
});

test("a module gets the memory that its section `han` asks for", () => {
  const section = w.section(0, [...w.text("han"), 0x00, 0x08, 0, 0]);
  const load = (at: number): Buffer => Buffer.concat([w.withPoll([...w.i32(at), 0x31, 0, 0]), Buffer.from(section)]);
  assert.equal(poll(load(2047), { memoryLimit: 0 }).stop, Stop.None);
  assert.equal(poll(load(2048), { memoryLimit: 0 }).stop, Stop.Trap);
});

test("data beyond the memory that the module is given is refused", () => {
  const wasm = w.module({ 11: w.vector([[0, ...w.i32(LIMIT), 0x0b, 1, 1]]) });
  assert.equal(device(wasm).stop().code, Stop.Refused);
  assert.equal(device(wasm, { memoryLimit: 0, arenaSize: 131072 }).stop().code, Stop.None);
});

// ---- The arena ----

/** poll(now) = now + 1 */
const increment = w.withPoll([0x20, 0, 0x42, 1, 0x7c]);

test("an arena that is full at any allocation stops the module and harms nothing", () => {
  for (const eager of [false, true]) {
    const whole = device(increment, { eager });
    whole.start(0n, 0);
    assert.equal(whole.poll(5n), 6n);
    const allocations = whole.stats().allocations;
    assert.ok(allocations > 20);
    for (let at = 1; at <= allocations; at++) {
      const d = device(increment, { eager, failAllocation: at });
      const ended = d.stop().code === Stop.None ? d.start(0n, 0) && d.poll(5n) !== null : false;
      assert.equal(ended, false, `allocation ${at}`);
      assert.equal(d.stop().code, d.stop().reason.includes("not loaded") ? Stop.Trap : Stop.Memory, `allocation ${at}: ${d.stop().reason}`);
      d.close();
    }
  }
});

test("an arena of any size is either enough or refused", () => {
  let enough = 0;
  for (let size = 1024; size <= 20480; size += 72) {
    const d = device(increment, { arenaSize: size });
    if (d.stop().code === Stop.None && d.start(0n, 0) && d.poll(5n) === 6n) enough++;
    else assert.equal(d.stop().code, Stop.Memory, `${size} octets: ${d.stop().reason}`);
    assert.ok(d.stats().arenaPeak <= size);
    d.close();
  }
  assert.ok(enough > 20, `${enough} sizes were enough`);
});

/** poll calls one of 40 functions by its time, so that a small arena cannot keep them all. */
function manyFunctions(): Buffer {
  const count = 40;
  const work = (index: number): w.Octets =>
    w.body([...w.i32(index), ...Array.from({ length: 60 }, (_, i) => [...w.i32(i + index), 0x6a]).flat(), 0xac]);
  const type = w.type([], [w.I64]);
  const blocks = Array.from({ length: count }, () => [0x02, w.VOID]).flat();
  const targets = [0x0e, ...w.leb(count - 1), ...Array.from({ length: count }, (_, i) => w.leb(i)).flat()];
  const calls = Array.from({ length: count }, (_, i) => [0x0b, 0x10, ...w.leb(3 + i), 0x0f]).flat();
  const pollBody = w.body([...blocks, 0x20, 0, 0xa7, ...w.i32(count), 0x70, ...targets, ...calls, 0x00]);
  return w.module({
    1: w.vector([...w.TYPES, type]),
    3: w.vector([[0], [1], [2], ...Array.from({ length: count }, () => [w.TYPES.length])]),
    10: w.vector([w.ABI_BODY, w.START_BODY, pollBody, ...Array.from({ length: count }, (_, i) => work(i))]),
  });
}

test("functions that outgrow their arena make way for each other, and nothing else changes", () => {
  const wasm = manyFunctions();
  const large = device(wasm, { arenaSize: 262144 });
  const small = device(wasm, { arenaSize: 32768 });
  for (const d of [large, small]) assert.ok(d.start(0n, 0), d.stop().reason);
  for (let now = 0n; now < 400n; now++) assert.equal(small.poll(now), large.poll(now));
  assert.equal(large.stats().evictions, 0);
  assert.equal(large.stats().retranslations, 0);
  assert.ok(small.stats().evictions >= 100, `${small.stats().evictions} evictions`);
  assert.ok(small.stats().retranslations >= 100, `${small.stats().retranslations} retranslations`);
  assert.ok(small.stats().arenaPeak <= 32768);
  assert.equal(small.stop().code, Stop.None);
});

// ---- How a run ends ----

test("traps are reported with their reason, and the module does not run again", () => {
  const traps: [string, w.Octets, RegExp][] = [
    ["unreachable", [0x00], /unreachable/],
    ["a division by zero", [0x42, 1, 0x42, 0, 0x7f], /divide by zero/],
    ["a load beyond the memory", [...w.i32(LIMIT - 7), 0x29, 0, 0], /out of bounds/],
    ["endless recursion", [0x20, 0, 0x10, 2], /stack overflow/],
  ];
  for (const [name, instructions, reason] of traps) {
    const d = device(w.withPoll(instructions), { trace: true });
    d.start(0n, 0);
    assert.equal(d.poll(1n), null, name);
    assert.equal(d.stop().code, Stop.Trap, name);
    assert.match(d.stop().reason, reason);
    assert.equal(readTrace(Buffer.concat([Buffer.from("KWT1"), d.takeTrace()])).at(-1)?.kind, TraceKind.Trap);
    assert.equal(d.poll(2n), null, "it stays stopped");
  }
});

test("a module that loops or calls for ever is stopped by its fuel, and one that does not is not", () => {
  const loops: w.Octets[] = [
    [0x03, w.VOID, 0x0c, 0, 0x0b, 0x42, 0],
    // poll(now) = now == 0 ? 0 : poll(now - 1) + poll(now - 1), 2^60 calls
    [0x20, 0, 0x50, 0x04, w.I64, 0x42, 0, 0x05, 0x20, 0, 0x42, 1, 0x7d, 0x10, 2, 0x20, 0, 0x42, 1, 0x7d, 0x10, 2, 0x7c, 0x0b],
  ];
  for (const instructions of loops) {
    const d = device(w.withPoll(instructions), { fuel: 1_000_000 });
    d.start(0n, 0);
    assert.equal(d.poll(60n), null);
    assert.equal(d.stop().code, Stop.Fuel, d.stop().reason);
  }
  const count = [0x03, w.VOID, 0x20, 0, 0x42, 1, 0x7d, 0x22, 0, 0x42, 0, 0x52, 0x0d, 0, 0x0b, 0x20, 0];
  assert.equal(poll(w.withPoll(count), { fuel: 100 }).stop, Stop.None);
  const engine = new Wasm3Engine({ wasm: w.withPoll(loops[0]), seed: Buffer.alloc(32), surroundings: surroundings(), fuel: 1000 });
  engine.start(0n, 0);
  assert.throws(
    () => engine.poll(0n),
    (error) => error instanceof EngineStopped && error.reason === ResetReason.Watchdog,
  );
});

test("halt ends the run with its reason", () => {
  const row = rowOf("halt");
  const d = device(caller(row, [77]));
  d.start(0n, 0);
  assert.equal(d.poll(1n), null);
  assert.deepEqual([d.stop().code, d.stop().halt], [Stop.Halt, 77]);
  const engine = new Wasm3Engine({ wasm: caller(row, [78]), seed: Buffer.alloc(32), surroundings: surroundings() });
  engine.start(0n, 0);
  assert.throws(
    () => engine.poll(0n),
    (error) => error instanceof EngineStopped && error.reason === ResetReason.Halt,
  );
});

test("what the surroundings throw comes out of poll", () => {
  const broken = { ...surroundings(), log: (): void => assert.fail("the log is full") };
  const d = device(caller(rowOf("log"), [1, 0, 4]), { surroundings: broken });
  d.start(0n, 0);
  assert.throws(() => d.poll(1n), /the log is full/);
  const missing = { ...surroundings(), log: undefined } as unknown as Surroundings;
  const e = device(caller(rowOf("log"), [1, 0, 4]), { surroundings: missing });
  e.start(0n, 0);
  assert.throws(() => e.poll(1n));
});

test("a module cannot be entered again from its own imports, and another one can", () => {
  const inner = device(w.withPoll([0x20, 0]));
  inner.start(0n, 0);
  const seen: (bigint | null)[] = [];
  let outer: NativeDevice;
  let again = (): unknown => outer.poll(2n);
  const nested = { ...surroundings(), log: (): void => void seen.push(inner.poll(42n), again() as null) };
  outer = device(caller(rowOf("log"), [1, 0, 4]), { surroundings: nested });
  outer.start(0n, 0);
  for (const call of [(): unknown => outer.poll(2n), (): unknown => outer.start(2n, 0), (): unknown => outer.replay(Buffer.alloc(4))]) {
    again = call;
    assert.throws(() => outer.poll(1n), /the module is running/);
  }
  // What was refused has changed nothing.
  again = () => null;
  assert.equal(outer.poll(3n), 0n);
  assert.deepEqual(seen, [42n, null]);
});

test("the flash keeps records and keys over a reboot, and an ill one is started afresh", () => {
  const nor = blankFlash();
  const write = device(caller(rowOf("store_write"), [100, 0, 8]), { nor });
  write.start(0n, 0);
  assert.equal(write.poll(1n), 0n);
  write.close();
  assert.equal(poll(caller(rowOf("store_read"), [100, 0, 8]), { nor }).deadline, 8n);
  assert.equal(poll(caller(rowOf("store_read"), [100, 0, 7]), { nor }).deadline, BigInt(Err.NoBuffer));
  assert.equal(poll(caller(rowOf("store_read"), [100, 0, 8]), { nor: Buffer.alloc(65536, 0x5a) }).deadline, BigInt(Err.NotFound));
});

test("wrong options are answered with a sentence", () => {
  const options = { wasm: w.module(), seed: Buffer.alloc(32), surroundings: surroundings() };
  assert.throws(() => new Wasm3Engine({ ...options, seed: Buffer.alloc(31) }), /seed must have 32 octets/);
  assert.throws(() => new Wasm3Engine({ ...options, nor: Buffer.alloc(100) }), /whole number of sectors/);
  assert.throws(() => new Wasm3Engine({ ...options, nor: Buffer.alloc(8192) }), /too few or too small sectors/);
  assert.throws(() => new Wasm3Engine({ ...options, arenaSize: 10 }), /arenaSize/);
  const engine = new Wasm3Engine(options);
  engine.close();
  engine.close();
  assert.throws(() => engine.poll(0n), /closed/);
});

test("no change of an octet of a module is more than a refusal or a trap", () => {
  const original = manyFunctions();
  let random = 12345;
  const next = (below: number): number => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    return (random >>> 8) % below;
  };
  const ends = new Map<number, number>();
  for (let i = 0; i < 1500; i++) {
    const wasm = Buffer.from(original);
    for (let k = next(3); k >= 0; k--) wasm[8 + next(wasm.length - 8)] = next(256);
    const d = device(wasm, { fuel: 20000, arenaSize: 49152 });
    if (d.stop().code === Stop.None && d.start(0n, 0)) for (let now = 0n; now < 40n && d.poll(now) !== null; now++);
    ends.set(d.stop().code, (ends.get(d.stop().code) ?? 0) + 1);
    d.close();
  }
  assert.ok((ends.get(Stop.Refused) ?? 0) > 100 && (ends.get(Stop.None) ?? 0) > 100, JSON.stringify([...ends]));
});
