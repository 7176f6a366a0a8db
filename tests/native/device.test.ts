// The engine of the boards in Node: hostile modules, full arenas, wrong pointers, endless loops, and the rules of docs/abi.md.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { EventKind, IMPORTS, type ImportRow, ResetReason } from "../../host/abi.ts";
import { EngineStopped, type Surroundings } from "../../host/engine.ts";
import { Err } from "../../host/err.ts";
import { type NativeDevice, type NativeDeviceOptions, native, Stop } from "../../host/native/addon.ts";
import { blankFlash, SIMULATED_DEVICE_KEY, Wasm3Engine } from "../../host/native/index.ts";
import { readTrace, TraceKind } from "../../host/trace.ts";
import * as w from "./wasm_bytes.ts";

const SHARED = new URL("../../../shared/vectors/wasm/", import.meta.url);
const LIMIT = 4096;
const DROP = 0x1a;
const ANSWER_ZERO = [0x42, 0];

/** Notes what the module asks for. */
function surroundings(calls: string[] = [], answers: { send?: number } = {}): Surroundings {
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
  return {
    radioSend: (psdu, handle) => (calls.push(`send ${hex(psdu)} ${handle}`), answers.send ?? 0),
    radioSet: (parameter, value) => (calls.push(`set ${parameter} ${value}`), 0),
    sense: (quantity, period) => (calls.push(`sense ${quantity} ${period}`), 0),
    display: (line, text) => void calls.push(`display ${line} ${hex(text)}`),
    uplinkSend: (octets) => (calls.push(`uplink ${hex(octets)}`), 0),
    log: (code, octets) => void calls.push(`log ${code} ${hex(octets)}`),
    keySet: (slot, key) => void calls.push(`key ${slot} ${hex(key)}`),
  };
}

function device(wasm: Uint8Array, more: Partial<NativeDeviceOptions> = {}): NativeDevice {
  return new (native().NativeDevice)({
    wasm,
    seed: Buffer.alloc(32, 7),
    arenaSize: 65536,
    memoryLimit: LIMIT,
    nor: blankFlash(),
    deviceKey: SIMULATED_DEVICE_KEY,
    surroundings: surroundings(),
    ...more,
  });
}

function importType(row: ImportRow): w.Octets {
  return w.type(
    row.arguments.map((argument) => (argument.wide ? w.I64 : w.I32)),
    row.answers ? [w.I32] : [],
  );
}

/** A module whose poll calls one import with these arguments and logs nothing; the answer becomes the deadline. */
function caller(row: ImportRow, values: number[]): Buffer {
  const pushes = row.arguments.flatMap((argument, index) => (argument.wide ? [0x42, ...w.signed(values[index])] : w.i32(values[index])));
  const tail = row.answers ? [0xac] : ANSWER_ZERO;
  return w.withPoll([...pushes, 0x10, 0, ...tail], { import: { name: row.name, type: importType(row) } });
}

const rowOf = (name: string): ImportRow => IMPORTS.find((row) => row.name === name) as ImportRow;
const poll = (wasm: Uint8Array, more: Partial<NativeDeviceOptions> = {}): { stop: number; reason: string; deadline: bigint | null } => {
  const d = device(wasm, more);
  assert.equal(d.stop().code, Stop.None, d.stop().reason);
  assert.equal(d.start(0n, 0), true);
  const deadline = d.poll(1n);
  const { code, reason } = d.stop();
  d.close();
  return { stop: code, reason, deadline };
};

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

test("a body with wrong types passes the gate and is refused by wasm3's checker before anything runs", () => {
  const wasm = w.withFunction([0x41, 0]);
  assert.equal(native().gate(wasm, 0).ok, true);
  const d = device(wasm);
  assert.equal(d.stop().code, Stop.Refused);
  assert.throws(() => new Wasm3Engine({ wasm, seed: Buffer.alloc(32), surroundings: surroundings() }), /the module is refused/);
});

test("a module for another version of the contract is refused", () => {
  const built = (version: number): NativeDevice => device(w.module({ 10: w.vector([w.body(w.i32(version)), w.START_BODY, w.POLL_BODY]) }));
  assert.equal(built(0x10000).stop().code, Stop.None);
  assert.match(built(0x10001).stop().reason, /another version/);
  assert.match(built(0x20000).stop().reason, /another version/);
  assert.match(built(0x0ffff).stop().reason, /another version/);
});

test("data beyond the memory that the module is given is refused", () => {
  const wasm = w.module({ 11: w.vector([[0, ...w.i32(LIMIT), 0x0b, 1, 1]]) });
  assert.equal(device(wasm).stop().code, Stop.Refused);
  assert.equal(device(wasm, { memoryLimit: 0 }).stop().code, Stop.None);
});

// ---- The arena ----

const busyPoll = w.withPoll([0x20, 0, 0x42, 1, 0x7c, 0x10, 2 + 1, 0x0b].slice(0, 5));

test("an arena that is full at any allocation stops the module and harms nothing", () => {
  for (const eager of [false, true]) {
    const whole = device(busyPoll, { eager });
    whole.start(0n, 0);
    assert.equal(whole.poll(5n), 6n);
    const allocations = whole.stats().allocations;
    assert.ok(allocations > 20);
    for (let at = 1; at <= allocations; at++) {
      const d = device(busyPoll, { eager, failAllocation: at });
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
    const d = device(busyPoll, { arenaSize: size });
    if (d.stop().code === Stop.None && d.start(0n, 0) && d.poll(5n) === 6n) enough++;
    else assert.equal(d.stop().code, Stop.Memory, `${size} octets: ${d.stop().reason}`);
    assert.ok(d.stats().arenaPeak <= size);
    d.close();
  }
  assert.ok(enough > 20, `${enough} sizes were enough`);
});

/** poll calls one of 40 functions by its time, so that a small arena must drop what it translated. */
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

test("translated code that outgrows its arena is dropped between polls, and nothing else changes", () => {
  const wasm = manyFunctions();
  const large = device(wasm, { arenaSize: 262144 });
  const small = device(wasm, { arenaSize: 32768 });
  for (const d of [large, small]) assert.ok(d.start(0n, 0));
  for (let now = 0n; now < 400n; now++) assert.equal(small.poll(now), large.poll(now));
  assert.equal(large.stats().drops, 0);
  assert.ok(small.stats().drops >= 3, `${small.stats().drops} drops`);
  assert.ok(small.stats().arenaPeak <= 32768);
  assert.equal(small.stop().code, Stop.None);
});

// ---- Pointers ----

/** Arguments that fit: every address 0, every size 16, and a number of words that the contract has. */
function fitting(row: ImportRow): number[] {
  return row.arguments.map(({ name }) => (name === "words" ? 2 : /size|capacity/.test(name) ? 16 : name === "record" ? 100 : 0));
}

for (const row of IMPORTS) {
  const names = row.arguments.map((argument) => argument.name);
  for (const range of [...row.reads, ...row.writes]) {
    const at = names.indexOf(range.pointer);
    const sizeAt = names.findIndex((name) => range.size.startsWith(name));
    const extent = (values: number[]): number => {
      const [, term, operator, operand] = /^(\w+?)(?:([+*])(\d+))?$/.exec(range.size) ?? [];
      const value = sizeAt < 0 ? Number(term) : values[sizeAt];
      return operator === "+" ? value + Number(operand) : operator === "*" ? value * Number(operand) : value;
    };
    test(`${row.name} takes a range at the very end of the memory as ${range.pointer}, and one octet later it is a trap`, () => {
      const values = fitting(row);
      values[at] = LIMIT - extent(values);
      if (row.name !== "halt") assert.equal(poll(caller(row, values)).stop, Stop.None);
      values[at] += 1;
      const calls: string[] = [];
      const result = poll(caller(row, values), { surroundings: surroundings(calls) });
      assert.equal(result.stop, Stop.Trap, result.reason);
      assert.match(result.reason, /out of bounds/);
      assert.deepEqual(calls, [], "nothing has happened");
    });
    test(`${row.name} with an address or a size near 2^32 as ${range.pointer} is a trap`, () => {
      for (const value of [-1, -16, 0x7fffffff, -0x80000000]) {
        const values = fitting(row);
        values[at] = value;
        assert.equal(poll(caller(row, values)).stop, Stop.Trap, `address ${value}`);
        if (sizeAt < 0) continue;
        const sizes = fitting(row);
        sizes[sizeAt] = value;
        assert.equal(poll(caller(row, sizes)).stop, Stop.Trap, `size ${value}`);
      }
    });
  }
}

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
  const nested = { ...surroundings(), log: (): void => void seen.push(inner.poll(42n), outer.poll(2n)) };
  outer = device(caller(rowOf("log"), [1, 0, 4]), { surroundings: nested });
  outer.start(0n, 0);
  outer.poll(1n);
  assert.deepEqual(seen, [42n, null]);
});

// ---- Events and the radio ----

function event(kind: number, handle: number, payload = 0): Buffer {
  const octets = Buffer.alloc(16 + payload, 0xa5);
  octets[0] = kind;
  octets.writeUInt16LE(payload, 2);
  octets[6] = handle;
  return octets;
}

test("the queue takes 16 events, drops and counts the 17th, and gives them back in order", () => {
  const d = device(caller(rowOf("next"), [0, 200]));
  d.start(0n, 0);
  for (let i = 0; i < 16; i++) assert.equal(d.push(event(EventKind.Measured, i, i)), true);
  assert.equal(d.push(event(EventKind.Measured, 16)), false);
  assert.equal(d.stats().eventsDropped, 1);
  for (let i = 0; i < 16; i++) assert.equal(d.poll(1n), BigInt(16 + i));
  assert.equal(d.poll(1n), 0n);
});

test("an event whose head contradicts its size is refused", () => {
  const d = device(w.module());
  assert.equal(d.push(event(EventKind.Uplink, 0, 264)), true);
  assert.equal(d.push(event(EventKind.Uplink, 0, 265)), false);
  assert.equal(d.push(event(EventKind.Uplink, 0).subarray(0, 15)), false);
  const wrong = event(EventKind.Uplink, 0, 4);
  wrong.writeUInt16LE(5, 2);
  assert.equal(d.push(wrong), false);
});

test("an event that is larger than its place is lost, and the next one comes", () => {
  const d = device(caller(rowOf("next"), [0, 20]));
  d.start(0n, 0);
  d.push(event(EventKind.Uplink, 0, 5));
  d.push(event(EventKind.Uplink, 0, 4));
  assert.equal(d.poll(1n), BigInt(Err.NoBuffer));
  assert.equal(d.poll(1n), 20n);
});

/** poll sends a frame with handle 5 for a time of 1, takes an event for any other. */
function sender(): Buffer {
  const types = [...w.TYPES, importType(rowOf("radio_send"))];
  const choose = [
    0x20,
    0,
    0x42,
    1,
    0x51,
    0x04,
    w.I32,
    ...w.i32(0),
    ...w.i32(20),
    ...w.i32(5),
    0x10,
    0,
    0x05,
    ...w.i32(64),
    ...w.i32(200),
    0x10,
    1,
    0x0b,
    0xac,
  ];
  const names = ["abi", "start", "poll"].map((name, index) => w.exported(name, 0, index + 2));
  return w.module({
    1: w.vector(types),
    2: w.vector([w.imported("han", "radio_send", w.TYPES.length), w.imported("han", "next", 3)]),
    7: w.vector([...names, w.exported("memory", 2, 0)]),
    10: w.vector([w.ABI_BODY, w.START_BODY, w.body(choose)]),
  });
}

test("the radio is busy until its RadioSent with the same handle has been taken", () => {
  const calls: string[] = [];
  const answers = { send: Err.NoBuffer as number };
  const d = device(sender(), { surroundings: surroundings(calls, answers) });
  d.start(0n, 0);
  assert.equal(d.poll(1n), BigInt(Err.NoBuffer), "a refused frame");
  answers.send = Err.Ok;
  assert.equal(d.poll(1n), 0n, "leaves the radio free");
  assert.equal(d.poll(1n), BigInt(Err.Busy));
  d.push(event(EventKind.RadioSent, 4));
  assert.equal(d.poll(2n), 16n);
  assert.equal(d.poll(1n), BigInt(Err.Busy), "another handle");
  d.push(event(EventKind.RadioSent, 5));
  assert.equal(d.poll(1n), BigInt(Err.Busy), "not taken yet");
  assert.equal(d.poll(2n), 16n);
  assert.equal(d.poll(1n), 0n);
  assert.equal(calls.length, 3);
});

test("frames of 3 to 125 octets are sent, others are BadLength", () => {
  const answer = (size: number): bigint | null => poll(caller(rowOf("radio_send"), [0, size, 1])).deadline;
  assert.deepEqual([2, 3, 125, 126].map(answer), [BigInt(Err.BadLength), 0n, 0n, BigInt(Err.BadLength)]);
});

test("unknown parameters, lines and lengths are refused before the surroundings hear of them", () => {
  const calls: string[] = [];
  const answer = (name: string, values: number[]): bigint | null =>
    poll(caller(rowOf(name), values), { surroundings: surroundings(calls) }).deadline;
  assert.equal(answer("radio_set", [0, 1]), BigInt(Err.Reserved));
  assert.equal(answer("radio_set", [11, 1]), BigInt(Err.Reserved));
  assert.equal(answer("display", [8, 0, 4]), BigInt(Err.Reserved));
  assert.equal(answer("display", [0, 0, 33]), BigInt(Err.BadLength));
  assert.equal(answer("gf2_multiply", [0, 0, 100, 0]), BigInt(Err.BadLength));
  assert.equal(answer("gf2_multiply", [0, 0, 100, 10]), BigInt(Err.BadLength));
  assert.equal(answer("key_set", [24, 0]), BigInt(Err.NoBuffer));
  assert.equal(answer("ccm_seal", [0, 0, 0, 0, 0, 4]), BigInt(Err.NotFound));
  assert.equal(answer("store_write", [0, 0, 4]), BigInt(Err.Reserved));
  assert.equal(answer("store_write", [1, 0, 513]), BigInt(Err.NoBuffer));
  assert.deepEqual(calls, []);
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
