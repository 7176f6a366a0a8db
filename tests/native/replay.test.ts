// One module that uses every import, on V8 and on the boards' engine: the same effects, the same answers, octet by octet.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { compile } from "../../host/build/built.ts";
import { ROOT } from "../../host/modules.ts";
import { type NativeDevice, type NativeDeviceOptions, native, ReplayEnd, Stop } from "../../host/native/addon.ts";
import { blankFlash, SIMULATED_DEVICE_KEY } from "../../host/native/index.ts";
import { replayOnWasm3, SILENT } from "../../host/replay/replay.ts";
import { readTrace, TraceFile, TraceKind } from "../../host/trace.ts";
import { V8Engine } from "../../host/v8/engine.ts";

const FOLDER = join(ROOT, "build/native-test");
const FLAGS = [
  "--runtime",
  "assembly/core/runtime/index",
  "-O3",
  "--shrinkLevel",
  "2",
  "--use",
  "abort=",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "1",
];

// An event of kind Uplink says what to do: a number, then octets that become arguments.  Every answer is logged.
const SOURCE = `
import {
  ABI_VERSION, EVENT_HEAD, EVENT_SIZE, ccmOpen, constantRead, ccmSeal, display, entropy, gf2Multiply, halt, hashMmo, hmacMmo, keyClear, keySet, log, next, radioSend,
  radioSet, sense, storeRead, storeWrite, uplinkSend,
} from "../../assembly/core/host";
import { constant, constantText } from "../../assembly/core/constants";
const event = memory.data(320, 8);
const NUMBERS = constant<u16>([1, 2, 0x1234, 0xffff]);
const WORDS = constantText("read from flash");
const work = memory.data(1024, 8);
const answer = memory.data(8, 8);
export function abi(): u32 { return ABI_VERSION; }
export function start(now: i64, reason: u32): void { note(100, reason); }
export function poll(now: i64): i64 {
  for (let left: u32 = 16; left > 0; left--) {
    const size = next(event, 320);
    if (size <= 0) break;
    act(event + EVENT_HEAD, <u32>size - EVENT_HEAD);
  }
  return now + <i64>load<u8>(event + EVENT_HEAD);
}
function note(code: u32, value: i32): void { store<i32>(answer, value); log(code, answer, 4); }
function act(at: usize, size: u32): void {
  if (size < 4) return note(99, size);
  const a = <u32>load<u8>(at + 1), b = <u32>load<u8>(at + 2);
  const data = at + 3, rest = size - 3;
  memory.copy(work, data, rest);
  switch (load<u8>(at)) {
    case 1: note(1, radioSet(b & 15, a, <i64>b - 100)); break;
    case 2: note(2, radioSend(a, data, rest, b)); break;
    case 3: note(3, storeWrite(a, data, rest)); break;
    case 4: { const got = storeRead(a, work, 256); note(4, got); if (got > 0) log(104, work, got); break; }
    case 5: if (rest >= 16) note(5, keySet(a, data)); break;
    case 6: note(6, keyClear(a)); break;
    case 7: { const got = ccmSeal(a | b << 8, data, data, rest & 15, work, rest); note(7, got); log(107, work, rest + 4); break; }
    case 8: { const got = ccmSeal(a | b << 8, data, data, rest & 15, work, rest); if (got > 0 && a == 3) store<u8>(work, load<u8>(work) ^ 1);
      note(8, ccmOpen(a | b << 8, data, data, rest & 15, work, rest + 4)); log(108, work, rest + 4); break; }
    case 9: note(9, hashMmo(data, rest, work)); log(109, work, 16); break;
    case 10: note(10, hmacMmo(data, data, rest, work)); log(110, work, 16); break;
    case 11: note(11, gf2Multiply(a & 3, data, data + (a & 64), a & 32 ? data : work + 64, b)); log(111, a & 32 ? data : work + 64, 36); break;
    case 12: entropy(work, a); log(112, work, a); break;
    case 13: note(13, sense(a, b * 1000)); break;
    case 14: note(14, display(a, data, rest)); break;
    case 15: note(15, uplinkSend(data, rest)); break;
    case 16: halt(a); break;
    case 17: unreachable(); break;
    case 18: { const got = constantRead(a == 0 ? NUMBERS : WORDS + (a - 1) * 4, work, b); note(18, got); log(118, work, b); break; }
    default: log(98, data, rest);
  }
}
`;

let wasm: Uint8Array;
let memory = 0;

before(async () => {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, "all_imports.ts"), SOURCE);
  process.chdir(ROOT);
  const built = await compile("build/native-test/all_imports.ts", undefined, FLAGS);
  wasm = built.wasm;
  memory = built.memory;
});

/** Octets that follow from a label, so that a failure repeats. */
function octets(label: string, size: number): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; parts.length * 32 < size; i++) parts.push(createHash("sha256").update(`${label} ${i}`).digest());
  return Buffer.concat(parts).subarray(0, size);
}

function order(action: number, a: number, b: number, data: Uint8Array): Buffer {
  const event = Buffer.alloc(19 + data.length);
  event[0] = 4;
  event.writeUInt16LE(3 + data.length, 2);
  event.set([action, a, b], 16);
  event.set(data, 19);
  return event;
}

function sent(handle: number, interfaceNumber = 0): Buffer {
  const event = Buffer.alloc(16);
  event[0] = 2;
  event[4] = interfaceNumber;
  event[6] = handle;
  return event;
}

/** Events of every kind of order, good and odd. */
function script(): Buffer[] {
  const all: Buffer[] = [];
  for (let slot = 0; slot < 6; slot++) all.push(order(5, slot, 0, octets(`key ${slot}`, 16)));
  all.push(order(5, 24, 0, octets("no slot", 16)), order(6, 5, 0, octets("-", 1)), order(6, 30, 0, octets("-", 1)));
  for (let i = 0; i < 60; i++) {
    const data = octets(`text ${i}`, 13 + ((i * 3) % 100));
    all.push(order(7, i % 7, i % 4, data), order(8, i % 7, i % 3, data), order(9, 0, 0, data));
    if (data.length >= 16) all.push(order(10, 0, 0, data));
    all.push(order(12, (i * 5) % 100, 0, octets("-", 1)));
  }
  for (const squarings of [0, 1, 3, 255])
    for (let field = 0; field < 4; field++)
      for (const form of [0, 32, 64, 96]) all.push(order(11, field | form, squarings, octets(`field ${field} ${form}`, 100)));
  for (let record = 0; record < 4; record++) {
    all.push(order(3, record, 0, octets(`record ${record}`, 100)), order(4, record, 0, octets("-", 1)));
  }
  all.push(order(4, 77, 0, octets("-", 1)), order(3, 2, 0, new Uint8Array(1)), order(4, 2, 0, octets("-", 1)));
  for (let a = 0; a < 8; a++)
    all.push(order(18, a, 0, octets("-", 1)), order(18, a, 5, octets("-", 9)), order(18, a, 200, octets("-", 201)));
  for (let parameter = 1; parameter <= 10; parameter++) all.push(order(1, parameter, parameter, octets("-", 1)));
  for (const size of [1, 2, 3, 60, 125, 126]) {
    all.push(
      order(2, 0, size, octets("frame", size)),
      order(2, 1, size, octets("other", 20)),
      sent(size + 1),
      sent(size, 1),
      sent(size, 9),
    );
    all.push(
      order(2, 7, 1, octets("last", 9)),
      order(2, 8, 1, octets("none", 9)),
      order(2, 1, 3, octets("again", 9)),
      sent(size),
      sent(3, 1),
      sent(1, 7),
    );
  }
  for (const line of [0, 7, 8]) for (const size of [1, 32, 33]) all.push(order(14, line, 0, octets("line", size)));
  all.push(order(13, 1, 5, octets("-", 1)), order(15, 0, 0, octets("up", 200)), order(50, 0, 0, octets("log", 200)));
  return all;
}

const SEED = octets("seed", 32);

function record(events: Buffer[], store = new Map<number, Uint8Array>()): V8Engine {
  const engine = new V8Engine({ wasm, seed: SEED, surroundings: SILENT, store, record: true });
  const attempt = (call: () => void): boolean => {
    try {
      call();
      return true;
    } catch {
      return false; // a trap or halt ends the recording
    }
  };
  if (!attempt(() => engine.start(5n, 2))) return engine;
  for (const [index, event] of events.entries()) {
    engine.push(event);
    if (index % 3 === 2 && !attempt(() => engine.poll(BigInt(index * 100)))) return engine;
  }
  attempt(() => engine.poll(-1n));
  return engine;
}

function boardDevice(more: Partial<NativeDeviceOptions> = {}): NativeDevice {
  return new (native().NativeDevice)({
    wasm,
    seed: octets("another seed", 32),
    arenaSize: 262144,
    nor: blankFlash(),
    deviceKey: SIMULATED_DEVICE_KEY,
    surroundings: SILENT,
    ...more,
  });
}

function replayOnBoardCode(
  recording: Uint8Array,
  more: Partial<NativeDeviceOptions> = {},
): { end: number; trace: Buffer; device: NativeDevice } {
  const device = boardDevice(more);
  assert.equal(device.stop().code, Stop.None, device.stop().reason);
  const end = device.replay(recording);
  return { end, trace: device.takeTrace(), device };
}

function sameTrace(ours: Buffer, theirs: Buffer): void {
  if (ours.equals(theirs)) return;
  const [a, b] = [readTrace(ours), readTrace(theirs)];
  for (let i = 0; i < Math.max(a.length, b.length); i++) assert.deepEqual(a[i], b[i], `record ${i}`);
}

test("every import gives on the boards' engine what it gives on V8", () => {
  const engine = record(script());
  const { end, trace } = replayOnBoardCode(engine.recording.bytes());
  assert.equal(end, ReplayEnd.Done);
  sameTrace(trace, engine.trace.bytes());
  sameTrace(replayOnWasm3(wasm, engine.recording.bytes(), memory), engine.trace.bytes());
  const effects = readTrace(trace).filter((each) => each.kind === TraceKind.Effect);
  assert.ok(effects.length > 500, `${effects.length} effects`);
});

test("dropping functions by chance before every call of a recording changes nothing", () => {
  const engine = record(script());
  const { trace, device } = replayOnBoardCode(engine.recording.bytes(), { shake: 7 });
  assert.ok(device.stats().evictions > 500, `${device.stats().evictions} evictions`);
  sameTrace(trace, engine.trace.bytes());
});

test("records of the store that a recording begins with are there", () => {
  const engine = record([order(4, 20, 0, octets("-", 1)), order(4, 21, 0, octets("-", 1))], new Map([[20, octets("given", 90)]]));
  sameTrace(replayOnBoardCode(engine.recording.bytes()).trace, engine.trace.bytes());
});

for (const [name, action] of [
  ["a trap", 17],
  ["halt", 16],
] as const) {
  test(`${name} ends the trace of both`, () => {
    const engine = record([
      order(9, 0, 0, octets("-", 1)),
      order(action, 3, 0, octets("-", 1)),
      order(9, 0, 0, octets("-", 1)),
      order(9, 0, 0, octets("-", 1)),
    ]);
    const { trace } = replayOnBoardCode(engine.recording.bytes());
    sameTrace(trace, engine.trace.bytes());
    assert.equal(readTrace(trace).at(-1)?.kind, TraceKind.Trap);
  });
}

test("a recording that is cut short or contradicts itself is not run to its end", () => {
  const whole = record(script().slice(0, 6)).recording.bytes();
  assert.equal(replayOnBoardCode(whole).end, ReplayEnd.Done);
  assert.equal(replayOnBoardCode(Buffer.from("KWT1")).end, ReplayEnd.Bad);
  assert.equal(replayOnBoardCode(Buffer.alloc(0)).end, ReplayEnd.Bad);
  for (const cut of [1, 7, 8, 9, 10])
    assert.equal(replayOnBoardCode(whole.subarray(0, whole.length - cut)).end, ReplayEnd.Bad, `${cut} octets less`);
  const odd = (kind: number, size: number): Buffer => {
    const file = TraceFile.recording();
    file.add(kind, Buffer.alloc(size));
    return file.bytes();
  };
  for (const [kind, size] of [
    [TraceKind.Seed, 31],
    [TraceKind.Start, 11],
    [TraceKind.Poll, 9],
    [TraceKind.Event, 15],
    [TraceKind.Record, 1],
    [9, 0],
    [TraceKind.Effect, 5],
  ] as const)
    assert.equal(replayOnBoardCode(odd(kind, size)).end, ReplayEnd.Bad, `kind ${kind} with ${size} octets`);
});
