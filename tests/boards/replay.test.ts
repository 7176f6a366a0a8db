// The same recording on V8 and on the emulated board: the same trace; and the board's measurements.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { EVENT_HEAD, EVENT_KIND, EVENT_SIZE, EVENT_TIME, EventKind, ResetReason, Role } from "../../host/abi.ts";
import { replayOnBoard } from "../../host/board/replay.ts";
import type { Surroundings } from "../../host/engine.ts";
import { arenaSize } from "../../host/home/firmware.ts";
import { developmentIdentity } from "../../host/image/keys.ts";
import { packageBuild } from "../../host/image/package.ts";
import { ImageSlots } from "../../host/image/slots.ts";
import { memoryNeed } from "../../host/memory_need.ts";
import { replayOnWasm3 } from "../../host/replay/replay.ts";
import { int64, readTrace, startOctets, TraceFile, TraceKind } from "../../host/trace.ts";
import { traceDifference } from "../../host/trace_text.ts";
import { V8Engine } from "../../host/v8/engine.ts";
import { run } from "../home/process.ts";
import { probeModule, updateModule } from "./probe_module.ts";
import { Command } from "./updating.ts";

const quiet: Surroundings = {
  radioSend: () => 0,
  radioSet: () => 0,
  sense: () => 0,
  display: () => {},
  uplinkSend: () => 0,
  log: () => {},
  keySet: () => {},
};

let wasm: Uint8Array;

before(async () => {
  wasm = readFileSync(await probeModule());
});

function event(kind: number, time: bigint, payload: number[], head: Record<number, number> = {}): Buffer {
  const octets = Buffer.alloc(EVENT_HEAD);
  octets[EVENT_KIND] = kind;
  octets.writeUInt16LE(payload.length, EVENT_SIZE);
  octets.writeBigInt64LE(time, EVENT_TIME);
  for (const [at, value] of Object.entries(head)) octets[Number(at)] = value;
  return Buffer.concat([octets, Buffer.from(payload)]);
}

/** Commands that a board and a PC must answer alike: storage, randomness, sending, the busy rule, a burst that fills the queue. */
function perform(engine: V8Engine): void {
  let now = 1000n;
  const poll = (): void => {
    while (engine.waiting > 0) {
      engine.poll(now);
      now += 7n;
    }
  };
  engine.start(now, ResetReason.PowerOn);
  const commands = [[1], [10], [2, 0, 0xa3, 0x31], [4], [3, 1, 2, 3, 4], [3, 5, 6, 7, 8], [1], [0x7f, ...new Array(200).fill(0x5a)]];
  for (const command of commands) {
    engine.push(event(EventKind.Uplink, now, command));
    poll();
  }
  engine.push(event(EventKind.RadioSent, now, [], { 1: 0xf7, 6: 7 }));
  engine.push(event(EventKind.Uplink, now, [3, 9, 9, 9]));
  for (let burst = 0; burst < 20; burst++) engine.push(event(EventKind.RadioReceived, now, [burst, 1, 2], { 4: 200, 5: 0xc0 }));
  poll();
  engine.push(event(EventKind.Measured, now, [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]));
  poll();
}

test("the emulated board's trace of a recording is V8's, octet by octet", async () => {
  const store = new Map([[40, Uint8Array.of(9, 0, 0, 0)]]);
  const engine = new V8Engine({ wasm, seed: Buffer.alloc(32, 0x42), surroundings: quiet, store, record: true });
  perform(engine);
  const recording = engine.recording.bytes();
  const { trace } = await replayOnBoard({ wasm, recording, trace: true });
  assert.ok(readTrace(trace).length > 40);
  assert.deepEqual(readTrace(trace), readTrace(engine.trace.bytes()));
});

test("the recording of an update, with what its slots answered, replays without slots on the board and on wasm3 in Node", async () => {
  const modules = await updateModule();
  const [first, next] = [1, 2].map((version) => modules.of(version, 2048));
  const file = packageBuild({ wasm: next, role: Role.Ihd, version: 2, counter: 1 });
  const images = new ImageSlots({
    identity: developmentIdentity(Role.Ihd),
    address: Buffer.alloc(8, 1),
    installed: packageBuild({ wasm: first, role: Role.Ihd, version: 1, counter: 1 }),
    files: 0,
  });
  assert.equal(images.boot().source, "a");
  const engine = new V8Engine({ wasm: first, seed: Buffer.alloc(32, 3), surroundings: quiet, images, record: true });
  let now = 1n;
  const told = (...octets: number[]): void => {
    engine.push(event(EventKind.Uplink, now, [...octets, 0, 0, 0, 0, 0, 0]));
    engine.poll(now++);
  };
  engine.start(now, ResetReason.PowerOn);
  const key = Buffer.concat([file.subarray(10, 18), Buffer.alloc(4)]);
  key.writeUInt32LE(file.length, 8);
  told(Command.Begin, 0, ...key);
  for (let at = 0; at < file.length; at += 240) {
    const offset = Buffer.alloc(4);
    offset.writeUInt32LE(at);
    const block = [Command.Write, 0, ...offset, ...file.subarray(at, at + 240)];
    engine.push(event(EventKind.Uplink, now, block));
    engine.poll(now++);
  }
  for (const command of [Command.State, Command.Finish, Command.Activate, Command.State, Command.Confirm]) told(command);
  assert.equal(images.boot().source, "b");
  const recording = engine.recording.bytes();
  const { trace } = await replayOnBoard({ wasm: first, recording, trace: true });
  assert.deepEqual(readTrace(trace), readTrace(engine.trace.bytes()));
  assert.deepEqual(replayOnWasm3(first, recording, memoryNeed(first)), engine.trace.bytes());
});

test("a trap is in the trace", async () => {
  const engine = new V8Engine({ wasm, seed: Buffer.alloc(32, 1), surroundings: quiet, record: true });
  engine.start(5n, ResetReason.Watchdog);
  engine.push(event(EventKind.Uplink, 5n, [9]));
  assert.throws(() => engine.poll(6n));
  const { trace, reason } = await replayOnBoard({ wasm, recording: engine.recording.bytes(), trace: true });
  assert.deepEqual(readTrace(trace), readTrace(engine.trace.bytes()));
  assert.equal(readTrace(trace).at(-1)?.kind, TraceKind.Trap);
  assert.notEqual(reason, "");
});

test("a recording costs the same instructions every time, and more work costs more", async () => {
  const engine = new V8Engine({ wasm, seed: Buffer.alloc(32, 2), surroundings: quiet, record: true });
  perform(engine);
  const first = await replayOnBoard({ wasm, recording: engine.recording.bytes() });
  const second = await replayOnBoard({ wasm, recording: engine.recording.bytes() });
  assert.deepEqual(first.calls, second.calls);
  assert.deepEqual(first.values, second.values);
  assert.equal(first.calls[0].kind, "start");
  assert.equal(first.values.get("polls"), first.calls.length - 1);
  assert.equal(
    first.values.get("poll_instructions"),
    first.calls.slice(1).reduce((total, call) => total + call.instructions, 0),
  );
  for (const name of ["load_instructions", "arena_peak", "arena_loaded", "translated_peak", "stack_peak"])
    assert.ok((first.values.get(name) ?? 0) > 500, name);
  // The second command asks for 32 random octets, which takes an HMAC_DRBG; the last echoes.
  const [, , random] = first.calls;
  const measured = first.calls.at(-1);
  assert.ok(random.instructions > 5 * (measured?.instructions ?? 0), `${random.instructions} and ${measured?.instructions}`);
});

test("what is no recording is refused with a sentence", async () => {
  const recording = (fill: (file: TraceFile) => void): Buffer => {
    const file = TraceFile.recording();
    fill(file);
    return file.bytes();
  };
  await assert.rejects(replayOnBoard({ wasm, recording: Buffer.from("KWT1") }), /cannot read the recording/);
  const short = recording((file) => file.add(TraceKind.Seed, new Uint8Array(31)));
  await assert.rejects(replayOnBoard({ wasm, recording: short }), /cannot read the recording/);
  const whole = recording((file) => {
    file.add(TraceKind.Seed, new Uint8Array(32));
    file.add(TraceKind.Start, startOctets(0n, 0));
    file.add(TraceKind.Poll, int64(0n));
  });
  // With a limit of its own, because nobody can read the need of half a module from it.
  await assert.rejects(replayOnBoard({ wasm: wasm.subarray(0, 100), recording: whole, memoryLimit: 16384 }), /refuses the module/);
  assert.equal((await replayOnBoard({ wasm, recording: whole })).calls.length, 2);
});

test("each boot of a meter that lost its power twice runs on the board to the end that it had", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "kw-boots-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const cuts = [30, 50].flatMap((at) => [`  - {at: ${at}s, unplug: meter}`, `  - {at: ${at + 2}s, plug: meter}`]);
  const home = ["devices:", "  - {id: hub, role: hub}", "  - {id: meter, role: meter}", "events:", ...cuts, ""].join("\n");
  writeFileSync(join(folder, "home.yaml"), home);
  const ended = await run("--json", "--home", join(folder, "home.yaml"), "--duration", "70s", "--record", folder);
  assert.equal(ended.status, 0, ended.error);
  for (const name of ["meter", "meter.2", "meter.3"]) {
    const file = (ending: string): Buffer => readFileSync(join(folder, `${name}.${ending}`));
    const [module, recording] = [file("wasm"), file("recording")];
    const { trace } = await replayOnBoard({ wasm: module, recording, arenaSize: arenaSize("meter"), trace: true });
    assert.equal(traceDifference(trace, file("trace")), null, name);
  }
});
