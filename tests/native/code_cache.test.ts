// The cache of translated code: functions dropped by chance before every call, rooms down to the floor, failures while translating.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, test } from "node:test";
import { Random } from "../../host/air/random.ts";
import { DEFAULT_PLAN, type DeviceId, planIds } from "../../host/home/plan.ts";
import { type HomeRecording, recordHome } from "../../host/measure/record.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { moduleBytes } from "../../host/modules.ts";
import { type NativeDevice, type NativeDeviceOptions, ReplayEnd, Stop } from "../../host/native/addon.ts";
import { hostileProgram } from "../hostile/program.ts";
import { device, surroundings } from "./harness.ts";
import * as w from "./wasm_bytes.ts";

const SIMULATED_MS = 60_000;
const ARENA_SIZE = 512 << 10;

let home: HomeRecording;
before(() => {
  home = recordHome(2, SIMULATED_MS);
});

function replayed(name: DeviceId, more: Partial<NativeDeviceOptions>): { d: NativeDevice; end: number; same: boolean; begins: boolean } {
  const wasm = moduleBytes(`${name}_sep1`);
  const d = device(wasm, { arenaSize: ARENA_SIZE, memoryLimit: memoryNeed(wasm), ...more });
  assert.equal(d.stop().code, Stop.None, d.stop().reason);
  const end = d.replay(home.recordings.get(name) as Buffer);
  const trace = d.takeTrace();
  const expected = home.traces.get(name) as Buffer;
  return { d, end, same: trace.equals(expected), begins: agreeing(trace, expected) };
}

/** Whether the first is what the second begins with, up to the record of a trap at its end. */
function agreeing(trace: Buffer, expected: Buffer): boolean {
  const shared = Math.min(trace.length, expected.length);
  let index = 0;
  while (index < shared && trace[index] === expected[index]) index++;
  return trace.length - index <= 8;
}

// ---- Whole devices ----

for (const name of planIds(DEFAULT_PLAN)) {
  test(`the ${name} whose functions are dropped by chance before every call does what V8 recorded`, (context) => {
    const seed = 1 + new Random(String(process.pid), "shake").below(0x7fffffff);
    context.diagnostic(`seed ${seed}`);
    const { d, end, same } = replayed(name, { shake: seed });
    assert.equal(end, ReplayEnd.Done);
    assert.ok(same, `shake ${seed}`);
    const { evictions, retranslations } = d.stats();
    assert.ok(retranslations > 10_000 && evictions > 10_000, `${retranslations} retranslations, ${evictions} evictions`);
  });

  test(`the ${name} does what V8 recorded in every room down to the floor, and below it stops with a full arena`, (context) => {
    let floor = 0;
    for (let room = 200_000, stopped = 0; stopped < 3; room = room > 60_000 ? room - 35_000 : room - 5_000) {
      const { d, end, same, begins } = replayed(name, { codeRoom: room });
      assert.ok(begins, `room ${room}`);
      const stats = d.stats();
      assert.ok(stats.arenaUsed <= stats.arenaLoaded + room, `room ${room}: ${stats.arenaUsed} octets in use`);
      assert.ok(stats.translatedPeak <= room, `room ${room}: ${stats.translatedPeak} octets translated`);
      if (end === ReplayEnd.Done) {
        assert.ok(same, `room ${room}`);
        floor = room;
        assert.equal(stopped, 0, `room ${room} is enough, a larger one was not`);
      } else {
        assert.match(d.stop().reason, /^the arena is full$/, `room ${room}`);
        assert.equal(d.poll(1n), null, "it stays stopped");
        stopped++;
      }
    }
    context.diagnostic(`the floor is between ${floor} and ${floor - 5_000} octets of 64-bit words`);
    assert.ok(floor > 0 && floor < 60_000, `${floor}`);
  });
}

// ---- Calls through a table, recursion, calls of another machine ----

const COUNT = 40;
const INDIRECT_TYPE = w.TYPES.length;

/** COUNT functions (depth, at) -> value; each mixes in its own number and calls the next one that `at` says through the table, until depth is 0. */
function tableModule(): Buffer<ArrayBuffer> {
  const work = (index: number): w.Octets => {
    const next = [0x20, 1, ...w.i32(5), 0x6c, ...w.i32(index), 0x6a, ...w.i32(COUNT), 0x70];
    const call = [0x20, 0, ...w.i32(1), 0x6b, ...next, ...next, 0x11, ...w.leb(INDIRECT_TYPE), 0];
    const mixed = Array.from({ length: 30 }, () => [0x20, 1, 0x73, 0x20, 0, 0x6a, 0x20, 1, 0x6c]).flat();
    return w.body([0x20, 0, 0x45, 0x04, w.I32, 0x20, 1, 0x05, ...call, 0x0b, ...mixed]);
  };
  // poll(now): the work of the function that now says, to a depth that now says too
  const start = [
    0x20,
    0,
    0xa7,
    ...w.i32(23),
    0x70,
    0x20,
    0,
    0xa7,
    0x20,
    0,
    0xa7,
    ...w.i32(COUNT),
    0x70,
    0x11,
    ...w.leb(INDIRECT_TYPE),
    0,
    0xac,
  ];
  return w.module({
    1: w.vector([...w.TYPES, w.type([w.I32, w.I32], [w.I32])]),
    3: w.vector([[0], [1], [2], ...Array.from({ length: COUNT }, () => [INDIRECT_TYPE])]),
    4: w.vector([[0x70, 1, COUNT, COUNT]]),
    9: w.vector([[0, ...w.i32(0), 0x0b, ...w.vector(Array.from({ length: COUNT }, (_, i) => w.leb(3 + i)))]]),
    10: w.vector([w.ABI_BODY, w.START_BODY, w.body(start), ...Array.from({ length: COUNT }, (_, i) => work(i))]),
  });
}

test("calls through a table find their functions while these come and go, many of them active at once", () => {
  const wasm = tableModule();
  const v8 = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as { poll(now: bigint): bigint };
  for (const more of [{}, { shake: 3 }, { codeRoom: 36_000 }, { codeRoom: 36_000, shake: 9 }]) {
    const d = device(wasm, { arenaSize: 131072, ...more });
    assert.ok(d.start(0n, 0), d.stop().reason);
    for (let now = 0n; now < 400n; now++)
      assert.equal(d.poll(now), v8.poll(now), `${JSON.stringify(more)}, poll ${now}: ${d.stop().reason}`);
    if ("shake" in more || "codeRoom" in more) assert.ok(d.stats().retranslations > 300, JSON.stringify(d.stats()));
  }
});

test("recursion without an end under eviction is a trap, and the module does not run again", () => {
  // poll calls itself; a second function between two calls is what comes and goes
  const wasm = w.module({
    3: w.vector([[0], [1], [2], [2]]),
    10: w.vector([w.ABI_BODY, w.START_BODY, w.body([0x20, 0, 0x10, 3, 0x10, 2]), w.body([0x20, 0, 0x42, 1, 0x7c])]),
  });
  const d = device(wasm, { shake: 5 });
  assert.ok(d.start(0n, 0));
  assert.equal(d.poll(0n), null);
  assert.equal(d.stop().code, Stop.Trap);
  assert.match(d.stop().reason, /stack overflow/);
  assert.equal(d.poll(1n), null);
});

test("an import may run another device, and each drops its own functions only", () => {
  const wasm = tableModule();
  const v8 = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as { poll(now: bigint): bigint };
  const inner = device(wasm, { arenaSize: 131072, shake: 11 });
  assert.ok(inner.start(0n, 0));
  const answers: (bigint | null)[] = [];
  const log = { name: "log", type: w.type([w.I32, w.I32, w.I32], []) };
  const logging = w.withPoll([...w.i32(1), ...w.i32(0), ...w.i32(4), 0x10, 0, 0x20, 0], { import: log });
  const outer = device(logging, {
    shake: 12,
    surroundings: { ...surroundings(), log: () => answers.push(inner.poll(BigInt(answers.length))) },
  });
  assert.ok(outer.start(0n, 0));
  for (let now = 0n; now < 60n; now++) assert.equal(outer.poll(now), now);
  assert.deepEqual(
    answers,
    Array.from({ length: 60 }, (_, now) => v8.poll(BigInt(now))),
  );
});

// ---- Failures while translating ----

test("an arena that is full at any allocation of a run that translates again and again stops the module and harms nothing", () => {
  const wasm = tableModule();
  const run = (more: Partial<NativeDeviceOptions>): NativeDevice => {
    const d = device(wasm, { arenaSize: 131072, codeRoom: 36_000, shake: 4, ...more });
    if (d.stop().code === Stop.None) d.start(0n, 0);
    for (let now = 0n; now < 24n && d.stop().code === Stop.None; now++) d.poll(now);
    return d;
  };
  const whole = run({});
  assert.equal(whole.stop().code, Stop.None, whole.stop().reason);
  const { allocations } = whole.stats();
  assert.ok(allocations > 300, `${allocations} allocations`);
  for (let at = 1; at <= allocations; at++) {
    const d = run({ failAllocation: at });
    assert.equal(d.stop().code, Stop.Memory, `allocation ${at}: ${d.stop().reason}`);
    assert.equal(d.poll(99n), null, `allocation ${at}: it stays stopped`);
    d.close();
  }
});

/** What V8 takes and the translator has no place for: 200 locals and 100 operands are more than its stack of 256. */
const TOO_HIGH = [...Array.from({ length: 100 }, () => [...w.i32(1)]).flat(), ...Array.from({ length: 100 }, () => 0x1a)];

test("a function that cannot be translated is refused before anything runs, whether or not it would ever be called", () => {
  const fourth = w.body(TOO_HIGH, [[...w.leb(200), w.I32]]);
  const wasm = w.module({
    3: w.vector([[0], [1], [2], [4]]),
    10: w.vector([w.ABI_BODY, w.START_BODY, w.body([0x20, 0, 0xa7, 0x04, w.VOID, 0x10, 3, 0x0b, 0x20, 0]), fourth]),
  });
  assert.ok(WebAssembly.validate(wasm));
  const d = device(wasm);
  assert.equal(d.stop().code, Stop.Refused);
  assert.match(d.stop().reason, /more operands and locals/);
});

test("a module larger than its room is translated at load, function by function, where that is asked for", () => {
  const wasm = tableModule();
  const all = device(wasm, { arenaSize: 131072, eager: true });
  assert.equal(all.stop().code, Stop.None);
  const { translated } = all.stats();
  const part = device(wasm, { arenaSize: 131072, eager: true, codeRoom: Math.floor(translated / 3) });
  assert.equal(part.stop().code, Stop.None, part.stop().reason);
  assert.ok(part.stats().evictions > COUNT / 3);
  assert.ok(part.stats().translated <= translated / 3);
});

// ---- Time ----

test("a poll that translates much tells the watchdog, and one that does nothing else for ever does not", async () => {
  const program = await hostileProgram();
  const alive = (wasm: Buffer, room: number): number[] => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(wasm.length, 0);
    head.writeUInt32LE(4096, 4);
    const { stdout, stderr } = spawnSync(program, ["alive", String(room)], { input: Buffer.concat([head, wasm]), encoding: "latin1" });
    assert.match(stdout, /^\d+ \d+\n$/, stderr);
    return stdout.split(" ").map(Number);
  };
  // poll calls two functions in turn for ever; in a room for one each call translates
  const large = (value: number): w.Octets => w.body(Array.from({ length: 300 }, () => [...w.i32(0), ...w.i32(value), 0x36, 2, 0]).flat());
  const endless = w.module({
    3: w.vector([[0], [1], [2], [4], [4]]),
    10: w.vector([w.ABI_BODY, w.START_BODY, w.body([0x03, w.VOID, 0x10, 3, 0x10, 4, 0x0c, 0, 0x0b, 0x20, 0]), large(1), large(2)]),
  });
  const [feeds, translations] = alive(endless, 32_000);
  assert.ok(translations > 5_000, `${translations} translations`);
  assert.equal(feeds, 64);
  const [few, once] = alive(endless, 200_000);
  assert.ok(once < 10, `${once} translations`);
  assert.equal(few, 0);
});
